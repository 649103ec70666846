import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { realisedOf } from '../../src/contract/realised.ts'
import { realisedFunding } from '../../src/domain/funding.ts'
import { settledIntervals } from '../../src/domain/settled-intervals.ts'
import { HOUR, HOURS_PER_YEAR } from '../../src/domain/time.ts'

const START = Date.UTC(2026, 0, 1)

/** Hours of settlements with what was declared of each, and what comes of it. */
const resolve = (times: readonly (readonly [hour: number, declaredHours: number | null])[]) =>
  settledIntervals(times.map(([hour, declaredHours]) => ({ settledAt: START + hour * HOUR, declaredHours }))).map(
    (interval) => (interval === null ? null : `${interval.hours} ${interval.source}`)
  )

test('a settlement that nothing was declared of goes by the gaps', () => {
  assert.deepEqual(resolve([[0, null]]), [null])
  assert.deepEqual(
    resolve([
      [0, null],
      [8, null],
      [16, null],
      [20, null]
    ]),
    ['8 observed', '8 observed', '8 observed', '4 observed']
  )
})

test('a first settlement has the interval that was declared of it', () => {
  assert.deepEqual(resolve([[0, 4]]), ['4 declared'])
})

test('longer periods show at their first settlement when they were declared, and at their second otherwise', () => {
  const times = [0, 4, 8, 16]
  assert.equal(resolve(times.map((hour) => [hour, null])).at(-1), '4 observed')
  assert.equal(resolve(times.map((hour) => [hour, hour === 16 ? 8 : 4])).at(-1), '8 declared')
})

test('a declaration that the gap contradicts is an old one; one that the gap holds several times has holes', () => {
  assert.equal(
    resolve([
      [0, 8],
      [8, 8],
      [9, 8]
    ]).at(-1),
    '1 observed'
  )
  assert.equal(
    resolve([
      [0, 4],
      [4, 4],
      [12, 4]
    ]).at(-1),
    '4 declared'
  )
  // Announced early: the period that ended was still of eight hours.
  assert.equal(
    resolve([
      [0, 8],
      [8, 8],
      [16, 1]
    ]).at(-1),
    '8 observed'
  )
})

/** Stretches of intervals that fill whole days, each with its own rate per hour. */
const split = fc.array(
  fc.record({ hours: fc.constantFrom(1, 2, 4, 8, 12, 24), count: fc.integer({ min: 1, max: 12 }) }),
  {
    minLength: 1,
    maxLength: 8
  }
)

/** Settlements of constant funding per hour, however the hours are split. The rate per hour is a whole number of 1e-9. */
function settlementsOf(stretches: readonly { readonly hours: number; readonly count: number }[], nanosPerHour: number) {
  let at = START
  return stretches.flatMap(({ hours, count }) =>
    Array.from({ length: count }, () => {
      at += hours * HOUR
      return { settledAt: at, rate: (nanosPerHour * hours) / 1e9, intervalHours: hours }
    })
  )
}

test('however the hours are split into intervals, what was paid and a year of it are the same', () => {
  fc.assert(
    fc.property(split, fc.integer({ min: -50_000, max: 50_000 }), (stretches, nanosPerHour) => {
      const settlements = settlementsOf(stretches, nanosPerHour)
      const hours = stretches.reduce((sum, each) => sum + each.hours * each.count, 0)
      const realised = realisedFunding(settlements)
      assert.equal(realised.hours, hours)
      assert.ok(Math.abs(realised.sumRate - (nanosPerHour * hours) / 1e9) < 1e-12)
      assert.ok(Math.abs(realised.apr! - (nanosPerHour / 1e9) * HOURS_PER_YEAR) < 1e-9)
      // As it is served: the sum is exact, nothing is missing, and one rounding is the only one.
      const exact = settlements.map((each) => ({ ...each, rate: each.rate.toFixed(9) }))
      const served = realisedOf(exact, { fromMs: START, toMs: START + hours * HOUR }, null)
      assert.equal(served.sumRate, (nanosPerHour * hours) / 1e9)
      assert.equal(served.realisedApr, Number((BigInt(nanosPerHour) * 8_760n).toString() + 'e-9'))
      assert.deepEqual([served.expected, served.coverage], [settlements.length, 1])
    })
  )
})

test('a settlement that is cut into shorter ones that pay the same leaves the sum and the year as they are', () => {
  const settled = fc.record({
    hours: fc.constantFrom(2, 4, 8),
    parts: fc.constantFrom(1, 2),
    nanos: fc.integer({ min: -9_999, max: 9_999 })
  })
  fc.assert(
    fc.property(fc.array(settled, { minLength: 1, maxLength: 30 }), (periods) => {
      const whole = periods.map(({ hours, nanos }) => ({ rate: (2 * nanos) / 1e9, intervalHours: hours }))
      const cut = periods.flatMap(({ hours, parts, nanos }) =>
        Array.from({ length: parts }, () => ({ rate: (2 * nanos) / parts / 1e9, intervalHours: hours / parts }))
      )
      const [a, b] = [realisedFunding(whole), realisedFunding(cut)]
      assert.equal(b.hours, a.hours)
      assert.ok(Math.abs(b.sumRate - a.sumRate) < 1e-15 && Math.abs(b.apr! - a.apr!) < 1e-11)
    })
  )
})
