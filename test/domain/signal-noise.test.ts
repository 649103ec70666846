import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { NO_REGIME, REGIME_BOUNDS, REGIMES, stepRegime } from '../../src/domain/funding-regime.ts'
import {
  IDLE,
  type LifecycleEvent,
  type LifecycleMemory,
  readingOf,
  stepLifecycle
} from '../../src/domain/lifecycle.ts'
import { BUCKET_PARAMETERS, BUCKET_TYPES, type BucketParameters } from '../../src/domain/signal-types.ts'

const CROSSINGS = 1_000

/** Every event of a type over values of one bucket each. */
function run(parameters: BucketParameters, values: readonly number[]): LifecycleEvent<string>[] {
  let memory = IDLE as LifecycleMemory<string>
  return values.flatMap((value, index) => {
    const seen = readingOf(parameters.thresholds, { at: (index + 1) * parameters.bucketMs, value, weight: 1 })
    const step = stepLifecycle(memory, seen, parameters)
    memory = step.memory
    return step.event === null ? [] : [step.event]
  })
}

/** A thousand times over a bound and back: far and near are on its two sides, for as many buckets as chance has it. */
const crossing = (far: number, near: number) =>
  fc
    .array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })), {
      minLength: CROSSINGS,
      maxLength: CROSSINGS
    })
    .map((lengths) => lengths.flatMap(([out, back]) => [...Array(out).fill(far), ...Array(back).fill(near)]))

for (const type of BUCKET_TYPES) {
  const parameters = BUCKET_PARAMETERS[type]
  for (const [label, { enter, exit }] of Object.entries(parameters.thresholds)) {
    const far = enter + (enter - exit) / 10
    test(`${type} ${label}: noise that crosses the bound to enter a thousand times, and never the one to leave, opens once and closes never`, () => {
      fc.assert(
        fc.property(crossing(far, exit + (enter - exit) / 2), (values) => {
          const told = run(parameters, [...Array(parameters.persist).fill(far), ...values])
          assert.deepEqual(
            told.filter((event) => event.type !== 'update').map((event) => [event.type, event.label]),
            [['open', label]]
          )
        }),
        { numRuns: 5, endOnFailure: true }
      )
    })

    test(`${type} ${label}: noise across both bounds opens no more often than persistence and cool-down allow`, () => {
      const { persist, exitPersist, coolDownMs, bucketMs } = parameters
      const apart = exitPersist + persist + Math.max(0, coolDownMs / bucketMs - 1)
      fc.assert(
        fc.property(crossing(far, exit - (enter - exit) / 10), (values) => {
          const told = run(parameters, values)
          const at = (what: string) => told.filter((event) => event.type === what).map((event) => event.at)
          const [opened, closed] = [at('open'), at('close')]
          assert.ok(opened.length <= Math.ceil(values.length / apart), `${opened.length} of ${values.length}`)
          assert.ok(opened.length - closed.length === 0 || opened.length - closed.length === 1)
          for (const [index, time] of closed.entries()) {
            const next = opened[index + 1]
            if (next !== undefined) assert.ok(next - time >= coolDownMs + (persist - 1) * bucketMs)
          }
        }),
        { numRuns: 5, endOnFailure: true }
      )
    })
  }
}

for (const regime of REGIMES) {
  const rules = { ...REGIME_BOUNDS, persistHours: 24 }
  const { enterRate8h, exitRate8h, enterPercentile } = REGIME_BOUNDS[regime]
  const far = enterRate8h + (enterRate8h - exitRate8h) / 10
  const statesOf = (rates: readonly number[]) => {
    let memory = NO_REGIME
    return rates.map((rate8h) => {
      memory = stepRegime(memory, { rate8h, percentile: enterPercentile, intervalHours: 8 }, rules)
      return memory.state
    })
  }
  const openings = (states: readonly string[]) =>
    states.filter((state, index) => state === regime && states[index - 1] !== regime).length

  test(`a regime of ${regime}: noise that crosses the bound to enter a thousand times opens it once and never ends it`, () => {
    fc.assert(
      fc.property(crossing(far, (enterRate8h + exitRate8h) / 2), (rates) => {
        const states = statesOf([far, far, far, ...rates])
        assert.deepEqual([openings(states), states.at(-1)], [1, regime])
      }),
      { numRuns: 5, endOnFailure: true }
    )
  })

  test(`a regime of ${regime}: noise across both bounds opens it only after a whole day of extreme funding each time`, () => {
    fc.assert(
      fc.property(crossing(far, exitRate8h - (enterRate8h - exitRate8h) / 10), (rates) => {
        const states = statesOf(rates)
        for (const [index, state] of states.entries())
          if (state === regime && states[index - 1] !== regime)
            assert.ok(index >= 2 && rates.slice(index - 2, index + 1).every((rate) => rate === far))
      }),
      { numRuns: 5, endOnFailure: true }
    )
  })
}
