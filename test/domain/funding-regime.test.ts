import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  NO_REGIME,
  REGIME_BOUNDS,
  type RegimeObservation,
  type RegimeRules,
  stepRegime
} from '../../src/domain/funding-regime.ts'

const RULES: RegimeRules = { ...REGIME_BOUNDS, persistHours: 24 }
const hot = (hours: number | null = 8): RegimeObservation => ({ rate8h: 0.0004, percentile: 97, intervalHours: hours })
const cold = (hours: number | null = 8): RegimeObservation => ({ rate8h: -0.0004, percentile: 3, intervalHours: hours })
const calm: RegimeObservation = { rate8h: 0.0001, percentile: 45, intervalHours: 8 }

/** First letters of the states after each observation. */
function statesOf(seen: readonly RegimeObservation[], rules = RULES): string {
  let memory = NO_REGIME
  return seen
    .map((observation) => {
      memory = stepRegime(memory, observation, rules)
      return memory.state[0]
    })
    .join('')
}

const times = <T>(count: number, item: T): T[] => Array(count).fill(item)

test('a regime begins when a day has been extreme, counted in hours and not in settlements', () => {
  assert.equal(statesOf(times(4, hot(8))), 'NNOO')
  assert.equal(statesOf(times(7, hot(4))), 'NNNNNOO')
  assert.equal(statesOf(times(25, hot(1))), `${'N'.repeat(23)}OO`)
  assert.equal(statesOf([hot(8), hot(8), hot(4), hot(1), hot(1), hot(1), hot(1)]), 'NNNNNNO')
  assert.equal(statesOf(times(4, cold(8))), 'NNPP')
})

test('one observation that does not qualify begins the count anew', () => {
  for (const between of [calm, cold(8), { ...hot(), percentile: 94.9 }, { ...hot(), rate8h: 0.000299 }]) {
    assert.equal(statesOf([hot(), hot(), between, hot(), hot(), hot()]), 'NNNNNO')
  }
})

test('what is not known never qualifies', () => {
  for (const unknown of [{ ...hot(), percentile: null }, { ...hot(), rate8h: null }, hot(null), hot(0)]) {
    assert.equal(statesOf(times(9, unknown)), 'N'.repeat(9))
    assert.equal(statesOf([hot(), hot(), unknown, hot(), hot(), hot()]), 'NNNNNO')
  }
})

test('both thresholds must be met, and being at one is enough', () => {
  assert.equal(statesOf(times(3, { rate8h: 0.0003, percentile: 95, intervalHours: 8 })), 'NNO')
  assert.equal(statesOf(times(3, { rate8h: -0.0001, percentile: 5, intervalHours: 8 })), 'NNP')
  assert.equal(statesOf(times(3, { rate8h: 0.0003, percentile: 50, intervalHours: 8 })), 'NNN')
  assert.equal(statesOf(times(3, { rate8h: 0.0001, percentile: 99, intervalHours: 8 })), 'NNN')
  assert.equal(statesOf(times(3, { rate8h: -0.00009, percentile: 1, intervalHours: 8 })), 'NNN')
})

test('a regime ends at the first settlement beyond either exit threshold, and not at it', () => {
  const overheated = times(3, hot())
  for (const [seen, state] of [
    [{ rate8h: 0.00015, percentile: 80, intervalHours: 8 }, 'O'],
    [{ rate8h: 0.00014, percentile: 99, intervalHours: 8 }, 'N'],
    [{ rate8h: 0.0009, percentile: 79.9, intervalHours: 8 }, 'N']
  ] as const) {
    assert.equal(statesOf([...overheated, seen]), `NNO${state}`)
  }
  const panic = times(3, cold())
  for (const [seen, state] of [
    [{ rate8h: -0.00005, percentile: 20, intervalHours: 8 }, 'P'],
    [{ rate8h: -0.00004, percentile: 1, intervalHours: 8 }, 'N'],
    [{ rate8h: -0.0009, percentile: 20.1, intervalHours: 8 }, 'N']
  ] as const) {
    assert.equal(statesOf([...panic, seen]), `NNP${state}`)
  }
})

test('a percentile that cannot be told ends nothing: the rate alone does', () => {
  assert.equal(statesOf([...times(3, hot()), { rate8h: 0.0004, percentile: null, intervalHours: 8 }]), 'NNOO')
  assert.equal(statesOf([...times(3, hot()), { rate8h: 0.0001, percentile: null, intervalHours: 8 }]), 'NNON')
  assert.equal(statesOf([...times(3, hot()), { rate8h: null, percentile: null, intervalHours: null }]), 'NNOO')
})

test('one regime never turns into the other: there is a settlement without one between them', () => {
  assert.equal(statesOf([...times(3, hot()), ...times(3, cold())]), 'NNONNP')
  assert.equal(statesOf([...times(3, hot()), ...times(2, cold(24))]), 'NNONP')
})

test('whatever comes, panic is the mirror of overheating', () => {
  const observation = fc.record({
    rate8h: fc.option(fc.constantFrom(-0.0004, -0.0003, -0.0001, 0, 0.0001, 0.0003, 0.0004)),
    percentile: fc.option(fc.constantFrom(1, 5, 6, 20, 21, 50, 79, 80, 94, 95, 99)),
    intervalHours: fc.option(fc.constantFrom(1, 4, 8))
  })
  const { OVERHEATED } = REGIME_BOUNDS
  const mirror = {
    enterPercentile: 100 - OVERHEATED.enterPercentile,
    exitPercentile: 100 - OVERHEATED.exitPercentile,
    enterRate8h: -OVERHEATED.enterRate8h,
    exitRate8h: -OVERHEATED.exitRate8h
  }
  const rules: RegimeRules = { OVERHEATED, PANIC: mirror, persistHours: 16 }
  const turned = (seen: RegimeObservation): RegimeObservation => ({
    ...seen,
    rate8h: seen.rate8h === null ? null : -seen.rate8h,
    percentile: seen.percentile === null ? null : 100 - seen.percentile
  })
  const swap: Record<string, string> = { N: 'N', O: 'P', P: 'O' }
  fc.assert(
    fc.property(fc.array(observation, { maxLength: 40 }), (seen) => {
      const states = statesOf(seen, rules)
      assert.equal(statesOf(seen.map(turned), rules), [...states].map((state) => swap[state]).join(''))
    })
  )
})
