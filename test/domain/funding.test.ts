import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  annualiseFunding,
  countExpected,
  expectedSettlements,
  fundingCoverage,
  fundingFromPremium,
  includedSettlements,
  inverseFundingPayment,
  parseIntervalHours,
  realisedFunding,
  snapSettlement
} from '../../src/domain/funding.ts'

const HOUR_MS = 3_600_000
const intervals = fc.constantFrom(1, 2, 4, 8)
const rates = fc.integer({ min: -300_000, max: 300_000 }).map((millionths) => millionths / 1e8)
const USUAL = { interest8h: 0.0001, damper: 0.0005, intervalHours: 8, scheme: '8/N', cap: 0.003 } as const

function near(actual: number | null, expected: number, tolerance = 1e-12): void {
  assert.ok(
    actual !== null && Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)),
    `${actual} is not ${expected}`
  )
}

test('inside the dead band funding is exactly the interest, whatever the premium', () => {
  fc.assert(
    fc.property(fc.double({ min: -0.0004, max: 0.0006, noNaN: true }), (premiumAverage) => {
      assert.equal(fundingFromPremium({ ...USUAL, premiumAverage }).rate, 0.0001)
    })
  )
})

test('outside the dead band funding follows the premium at a distance of the damper', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.00061, max: 0.0034, noNaN: true }), (premiumAverage) => {
      near(fundingFromPremium({ ...USUAL, premiumAverage }).rate, premiumAverage - 0.0005)
      near(fundingFromPremium({ ...USUAL, premiumAverage: -premiumAverage }).uncapped, -premiumAverage + 0.0005)
    })
  )
})

test('a premium never lowers funding, and funding stays within cap and floor', () => {
  fc.assert(
    fc.property(rates, rates, intervals, (a, b, intervalHours) => {
      const low = fundingFromPremium({ ...USUAL, intervalHours, premiumAverage: Math.min(a, b) * 10 })
      const high = fundingFromPremium({ ...USUAL, intervalHours, premiumAverage: Math.max(a, b) * 10 })
      assert.ok(low.rate <= high.rate)
      for (const { rate, uncapped, capped } of [low, high]) {
        assert.ok(Math.abs(rate) <= USUAL.cap)
        assert.equal(capped, rate !== uncapped)
      }
    })
  )
})

test('with 8/N the rate per 8 h does not depend on the interval', () => {
  fc.assert(
    fc.property(rates, intervals, (premiumAverage, intervalHours) => {
      const rate8h = fundingFromPremium({ ...USUAL, cap: null, premiumAverage }).rate8h
      near(fundingFromPremium({ ...USUAL, cap: null, intervalHours, premiumAverage }).rate8h, rate8h)
    })
  )
})

test('the floor is its own where given, else the cap below zero', () => {
  const premiumAverage = -0.01
  assert.equal(fundingFromPremium({ ...USUAL, premiumAverage }).rate, -0.003)
  assert.equal(fundingFromPremium({ ...USUAL, premiumAverage, floor: -0.001 }).rate, -0.001)
})

test('the older formula scales only the interest: 0.10 % premium is 0.05 % an hour', () => {
  const hourly = { ...USUAL, premiumAverage: 0.001, intervalHours: 1, cap: 0.015 }
  near(fundingFromPremium({ ...hourly, scheme: 'none' }).rate, 0.0005)
  near(fundingFromPremium(hourly).rate, 0.0000625)
})

test('the same rate per hour has the same APR at every interval', () => {
  fc.assert(
    fc.property(rates, intervals, (hourlyRate, intervalHours) => {
      const apr = annualiseFunding({ rate: hourlyRate, intervalHours: 1 }).apr!
      near(annualiseFunding({ rate: hourlyRate * intervalHours, intervalHours }).apr, apr)
    })
  )
})

test('annualising is linear in the rate, and re-investing never pays less', () => {
  fc.assert(
    fc.property(rates, intervals, (rate, intervalHours) => {
      const year = annualiseFunding({ rate, intervalHours })
      near(annualiseFunding({ rate: 3 * rate, intervalHours }).apr, 3 * year.apr!)
      assert.ok(year.apy! >= year.apr! - 1e-9)
    })
  )
})

test('without an interval a rate is not annualised', () => {
  for (const intervalHours of [null, 0, -8, Number.NaN]) {
    const nothing = { periodsPerYear: null, apr: null, apy: null, rate8h: null }
    assert.deepEqual(annualiseFunding({ rate: 0.0001, intervalHours }), nothing)
  }
})

test('the realised sum and APR do not depend on how the settlements are split', () => {
  const settlements = fc.array(fc.record({ rate: rates, intervalHours: intervals }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(settlements, fc.nat(), (all, at) => {
      const cut = at % (all.length + 1)
      const whole = realisedFunding(all)
      const parts = [realisedFunding(all.slice(0, cut)), realisedFunding(all.slice(cut))]
      near(
        parts.reduce((sum, part) => sum + part.sumRate, 0),
        whole.sumRate
      )
      assert.equal(
        parts.reduce((sum, part) => sum + part.hours, 0),
        whole.hours
      )
      assert.equal(realisedFunding(all.toReversed()).hours, whole.hours)
      near(whole.apr, (whole.sumRate * 8760) / whole.hours)
    })
  )
})

test('a changed interval is weighed by its hours, not by the latest one', () => {
  const of = (count: number, rate: number, intervalHours: number) =>
    Array.from({ length: count }, () => ({ rate, intervalHours }))
  near(realisedFunding([...of(3, 0.0003, 8), ...of(6, 0.0002, 4), ...of(24, 0.00005, 1)]).apr, 0.4015)
})

test('no settlements, or one whose interval is unknown, have no APR', () => {
  assert.deepEqual(realisedFunding([]), { sumRate: 0, hours: 0, apr: null })
  const partly = realisedFunding([
    { rate: 0.0001, intervalHours: 8 },
    { rate: 0.0002, intervalHours: null }
  ])
  assert.equal(partly.apr, null)
  near(partly.sumRate, 0.0003)
})

test('an interval is read from hours or raw milliseconds, and from nothing else', () => {
  const read: [unknown, number | null][] = [
    ['8h', 8],
    ['1h', 1],
    ['24h', 24],
    ['7200000', 2],
    ['28800000', 8]
  ]
  const refused = [
    '0h',
    '0',
    '',
    'h',
    '-8h',
    '8H',
    ' 8h',
    '8',
    '1.5h',
    '30m',
    '1d',
    'NaN',
    'abc',
    null,
    undefined,
    8,
    Number.NaN,
    {}
  ]
  for (const [value, hours] of read) assert.equal(parseIntervalHours(value), hours, String(value))
  for (const value of refused) assert.equal(parseIntervalHours(value), null, String(value))
})

test('the settlement at the start of a window is not due in it, the one at its end is', () => {
  assert.deepEqual(expectedSettlements(0, 16 * HOUR_MS, 8), [8 * HOUR_MS, 16 * HOUR_MS])
  assert.deepEqual(includedSettlements({ settlementTs: [0, 8, 16, 24], entryMs: 0, exitMs: 16 }), [8, 16])
})

test('settlements due are counted as they are listed', () => {
  const times = fc.integer({ min: 0, max: 400 * HOUR_MS })
  fc.assert(
    fc.property(times, times, fc.oneof(intervals, fc.constantFrom(0, -8, Number.NaN)), (from, to, hours) => {
      assert.equal(countExpected(from, to, hours), expectedSettlements(from, to, hours).length)
    })
  )
})

test('a settlement seen twice or a little late counts once, one before the window not at all', () => {
  const late = 13
  const coverage = fundingCoverage({
    windowStartMs: 0,
    windowEndMs: 24 * HOUR_MS,
    intervalHours: 8,
    settlementTs: [0, late, 8 * HOUR_MS, 8 * HOUR_MS + late, 24 * HOUR_MS + late]
  })
  assert.deepEqual(coverage, { expectedCount: 3, observedCount: 2, coverage: 2 / 3, complete: false })
})

test('coverage refuses an unknown interval and a window in which nothing was due', () => {
  const window = { windowStartMs: 0, windowEndMs: HOUR_MS, settlementTs: [] }
  assert.deepEqual(fundingCoverage({ ...window, intervalHours: null }), {
    expectedCount: null,
    observedCount: null,
    coverage: null,
    complete: false
  })
  assert.equal(fundingCoverage({ ...window, intervalHours: 8 }).coverage, null)
})

test('a stamp a little off is the settlement it means; one that is not is kept to the minute', () => {
  const due = Date.UTC(2026, 10, 22, 8)
  for (const jitter of [0, 11, 13, 60_000, -60_000]) assert.equal(snapSettlement(due + jitter), due)
  assert.equal(snapSettlement(due + 30 * 60_000 + 400), due + 30 * 60_000)
  assert.equal(snapSettlement(due + 90_500, 400), due + 90_500)
})

test('the payments of the two sides of an inverse contract cancel', () => {
  const position = { notionalUsd: 10_000_000, mark: 64_000, rate: 0.0001 }
  assert.deepEqual(inverseFundingPayment({ ...position, side: 'short' }), { coin: 0.015625, usd: 1000 })
  assert.deepEqual(inverseFundingPayment({ ...position, side: 'long' }), { coin: -0.015625, usd: -1000 })
  assert.deepEqual(inverseFundingPayment({ ...position, mark: 0, side: 'long' }), { coin: null, usd: null })
})
