import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { breadthOf, movementOf, standingOf, weightByOpenInterest } from '../../src/domain/aggregates.ts'
import { fairBand } from '../../src/domain/fair-band.ts'
import { normalQuantile } from '../../src/domain/normal.ts'
import { createRandom } from '../../src/domain/random.ts'
import { DAY, HOUR } from '../../src/domain/time.ts'

const contract = fc.record({
  value: fc.option(fc.integer({ min: -500, max: 500 })),
  openInterestUsd: fc.option(fc.integer({ min: 0, max: 1e9 }))
})
const near = (actual: number | null, expected: number, by: number) =>
  assert.ok(actual !== null && Math.abs(actual - expected) <= by, `${actual} is not ${expected}`)

test('a mean by open interest lies between its contracts, and splitting one in two does not move it', () => {
  fc.assert(
    fc.property(fc.array(contract, { maxLength: 20 }), (contracts) => {
      const whole = weightByOpenInterest(contracts)
      const used = contracts.filter(({ value, openInterestUsd }) => value !== null && (openInterestUsd ?? 0) > 0)
      assert.equal(whole.counted, used.length)
      assert.equal(whole.value === null, used.length === 0)
      if (whole.value === null) return
      const values = used.map(({ value }) => value!)
      assert.ok(whole.value >= Math.min(...values) - 1e-9 && whole.value <= Math.max(...values) + 1e-9)
      const halves = contracts.flatMap(({ value, openInterestUsd }) => {
        const half = { value, openInterestUsd: openInterestUsd === null ? null : openInterestUsd / 2 }
        return [half, half]
      })
      near(weightByOpenInterest(halves).value, whole.value, 1e-9)
    })
  )
})

test('what is left out of a mean is told: no value is a hole in the coverage, no weight is not known at all', () => {
  const seen = weightByOpenInterest([
    { value: 10, openInterestUsd: 300 },
    { value: -20, openInterestUsd: 100 },
    { value: null, openInterestUsd: 600 },
    { value: 99, openInterestUsd: null }
  ])
  assert.deepEqual(seen, { value: 2.5, counted: 2, of: 4, openInterestUsd: 400, coverage: 0.4, withoutWeight: 1 })
  const none = weightByOpenInterest([{ value: 1, openInterestUsd: null }])
  assert.deepEqual([none.value, none.coverage], [null, null])
})

test('breadth is of those whose bound is known: without the lower one nobody is cheap, and nobody is not', () => {
  const band = (observedBps: number, costReverseBps: number | null = 5) =>
    fairBand({ observedBps, fairLowBps: 0, fairHighBps: 0, costForwardBps: 5, costReverseBps })
  assert.deepEqual(breadthOf([band(9), band(8), band(-7), band(1), null]), {
    rich: 0.5,
    cheap: 0.25,
    inside: 0.25,
    upperKnown: 4,
    lowerKnown: 4,
    bothKnown: 4,
    of: 5
  })
  const { rich, cheap, inside, upperKnown, lowerKnown } = breadthOf([
    band(9, null),
    band(-7, null),
    band(1, null),
    band(8)
  ])
  assert.deepEqual([rich, upperKnown], [0.5, 4])
  assert.deepEqual([cheap, inside, lowerKnown], [0, 0, 1])
  assert.deepEqual(breadthOf([null]).rich, null)
})

test('a number is held against its own window alone, and not before a third of its days and as many observations as days', () => {
  const hourly = (days: number) =>
    Array.from({ length: days * 24 + 1 }, (_, hour) => ({ at: hour * HOUR, value: hour % 24 }))
  assert.equal(standingOf(hourly(9), 30).percentile, null)
  near(standingOf(hourly(10), 30).percentile, 2.3, 0.5)
  assert.equal(standingOf(hourly(29), 90).percentile, null)
  assert.equal(standingOf(hourly(30), 90).observations, 721)
  const daily = Array.from({ length: 89 }, (_, day) => ({ at: day * DAY, value: day }))
  assert.equal(standingOf(daily, 90).percentile, null, 'eighty-nine are too few')
  const older = [{ at: -400 * DAY, value: 1e6 }, ...hourly(40)]
  assert.deepEqual(standingOf(older, 30), standingOf(hourly(40), 30))
  assert.deepEqual(standingOf([], 30), {
    days: 30,
    observations: 0,
    spanDays: 0,
    percentile: null,
    z: null,
    method: null
  })
})

test('a pinned history has its last number in the middle and no distance from it', () => {
  const pinned = Array.from({ length: 300 }, (_, at) => ({ at: at * 8 * HOUR, value: 0.0001 }))
  const { percentile, z, method } = standingOf(pinned, 90)
  assert.deepEqual([percentile, z, method], [50, 0, 'degenerate'])
})

test('half-life and volatility of a basis that was made to come back are found', () => {
  for (const [seed, phi] of [
    [1, 0.9],
    [2, 0.97],
    [3, 0.5]
  ] as const) {
    const random = createRandom(seed)
    let value = 0
    const made = Array.from({ length: 20_000 }, (_, hour) => {
      value = phi * value + normalQuantile(random() || 0.5)
      return { at: hour * HOUR, value }
    })
    const { halfLifeMs, perStep, perDay } = movementOf(made, HOUR)
    const expected = (-Math.LN2 / Math.log(phi)) * HOUR
    near(halfLifeMs, expected, 0.12 * expected)
    near(perStep, Math.sqrt(2 / (1 + phi)), 0.03)
    near(perDay, perStep! * Math.sqrt(24), 1e-9)
  }
})

test('a hole is no change, a walk has no half-life, and few neighbours say nothing', () => {
  const steps = Array.from({ length: 100 }, (_, hour) => ({
    at: (hour + (hour >= 50 ? 10 : 0)) * HOUR,
    value: hour >= 50 ? 1000 : 0
  }))
  const { perStep, pairs } = movementOf(steps, HOUR)
  assert.deepEqual([perStep, pairs], [0, 98])
  const line = Array.from({ length: 100 }, (_, hour) => ({ at: hour * HOUR, value: hour }))
  assert.equal(movementOf(line, HOUR).halfLifeMs, null)
  assert.equal(movementOf(line.slice(0, 30), HOUR).perStep, null)
})
