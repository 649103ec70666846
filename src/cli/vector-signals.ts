import { NO_REGIME, type RegimeBounds, type RegimeRules, stepRegime } from '../domain/funding-regime.ts'
import { type Fields, fieldsOf, listOf, numberOf, requiredOf } from './vector-values.ts'

/** The functions behind the vectors of signals. */
export const SIGNAL_VECTOR_FUNCTIONS: Readonly<Record<string, (input: Fields) => unknown>> = {
  'signals.fundingRegime': statesOfRegime
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
