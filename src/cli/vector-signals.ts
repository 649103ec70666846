import { NO_REGIME, type RegimeBounds, type RegimeRules, stepRegime } from '../domain/funding-regime.ts'
import { IDLE, type LifecycleMemory, readingOf, stepLifecycle } from '../domain/lifecycle.ts'
import { compositeSentiment } from '../domain/sentiment.ts'
import { type Fields, fieldsOf, listOf, numberOf, plain, requiredOf, textOf } from './vector-values.ts'

/** The functions behind the vectors of signals. */
export const SIGNAL_VECTOR_FUNCTIONS: Readonly<Record<string, (input: Fields) => unknown>> = {
  'signals.fundingRegime': statesOfRegime,
  'signals.lifecycle': eventsOfLifecycle,
  'signals.compositeSentiment': (input) =>
    plain(
      compositeSentiment({
        components: listOf(input.components)
          .map(fieldsOf)
          .map(({ name, z, weight }) => ({ name: textOf(name) ?? '', z: numberOf(z), weight: requiredOf(weight) })),
        minCoverage: requiredOf(input.minCoverage),
        minComponents: requiredOf(input.minComponents)
      })
    )
}

/** One label, persistence in steps. */
function eventsOfLifecycle({ config, steps }: Fields): unknown {
  const { enter, exit, minPersist, exitPersist, cooldownMs, updateDelta, staleCloseMs } = fieldsOf(config)
  const thresholds = { ON: { enter: requiredOf(enter), exit: requiredOf(exit), below: false } }
  const rules = {
    persist: requiredOf(minPersist),
    exitPersist: requiredOf(exitPersist),
    coolDownMs: requiredOf(cooldownMs),
    updateDelta: requiredOf(updateDelta),
    staleMs: requiredOf(staleCloseMs)
  }
  let memory: LifecycleMemory<'ON'> = IDLE
  const events = listOf(steps).flatMap((item) => {
    const { ts, value, delisted } = fieldsOf(item)
    const seen = { at: requiredOf(ts), value: numberOf(value), weight: 1 }
    const step = stepLifecycle(
      memory,
      readingOf(thresholds, { ...seen, ending: delisted === true ? 'delisted' : null }),
      rules
    )
    memory = step.memory
    if (step.event === null) return []
    const { at, label: _, ...told } = step.event
    return [{ ts: at, ...told }]
  })
  return { events }
}

function statesOfRegime(input: Fields): unknown {
  const rules = rulesOf(fieldsOf(input.config))
  let memory = NO_REGIME
  const states = listOf(input.observations).map((item) => {
    const { rate8h, pct, intervalHours } = fieldsOf(item)
    const seen = { rate8h: numberOf(rate8h), percentile: numberOf(pct), intervalHours: numberOf(intervalHours) }
    memory = stepRegime(memory, seen, rules)
    return memory.state
  })
  return { states }
}

function rulesOf(config: Fields): RegimeRules {
  const bounds = (enterPct: string, exitPct: string, enterRate: string, exitRate: string): RegimeBounds => ({
    enterPercentile: requiredOf(config[enterPct]),
    exitPercentile: requiredOf(config[exitPct]),
    enterRate8h: requiredOf(config[enterRate]),
    exitRate8h: requiredOf(config[exitRate])
  })
  return {
    OVERHEATED: bounds('hiEnterPct', 'hiExitPct', 'absHi', 'absHiExit'),
    PANIC: bounds('loEnterPct', 'loExitPct', 'absLo', 'absLoExit'),
    persistHours: requiredOf(config.persistHours)
  }
}
