import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type FundingStanding,
  fundingStandingOf,
  type SettledFunding,
  STANDING_DAYS
} from '../../src/domain/funding-standing.ts'
import { midrankPercentile, robustZ } from '../../src/domain/statistics.ts'
import { DAY, HOUR } from '../../src/domain/time.ts'

/** Of settlements the newest of which can be ranked. */
function standingOf(of: readonly SettledFunding[], listedAt: number | null): FundingStanding {
  const found = fundingStandingOf(of, listedAt)
  assert.ok(found !== null && !('refusal' in found))
  return found
}

const NOW = Date.UTC(2026, 5, 15)

/** `count` settlements of one interval, the last at `lastMs`. */
function settled(count: number, intervalHours: number, fields: Partial<SettledFunding> & { lastMs?: number } = {}) {
  const { lastMs = NOW, ...rest } = fields
  return Array.from(
    { length: count },
    (_, n): SettledFunding => ({
      settledAt: lastMs - (count - 1 - n) * intervalHours * HOUR,
      rate: ((n * 37) % 101) / 1e6,
      intervalHours,
      intervalSource: 'declared',
      formulaVersion: 1,
      ...rest
    })
  )
}

test('percentile and z of each window are those of the rates per 8 h in it, whatever the intervals were', () => {
  const interval = fc.constantFrom(1, 4, 8)
  fc.assert(
    fc.property(fc.array(interval, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 400 }), (hours, each) => {
      const all: SettledFunding[] = []
      for (const own of hours) all.unshift(...settled(each, own, { lastMs: (all[0]?.settledAt ?? NOW + HOUR) - HOUR }))
      const found = standingOf(all, null)
      for (const days of STANDING_DAYS) {
        const values = all
          .filter(({ settledAt }) => settledAt > NOW - days * DAY)
          .map(({ rate, intervalHours }) => Number(((rate * 8) / intervalHours!).toPrecision(12)))
        const { percentile, z, observations } = found.windows[days]
        assert.equal(observations, values.length)
        if (percentile === null) continue
        assert.equal(percentile, midrankPercentile(values.at(-1)!, values))
        assert.equal(z, robustZ(values.at(-1)!, values).z)
      }
    })
  )
})

test('a rate that an older formula made for less than 8 h is of another kind, and its window says so', () => {
  const before = (hours: number) => settled(2_000, hours, { lastMs: NOW - 40 * DAY })
  const since = settled(40 * 24, 1, { formulaVersion: 2 })
  const mixed = standingOf([...before(1), ...since], null)
  assert.deepEqual([mixed.windows[90].observations, mixed.windows[90].refusal], [since.length, null])
  assert.ok(mixed.windows[90].coverage! < 0.5, 'what is left out is not covered')
  assert.equal(mixed.windows[365].percentile, null, 'forty days are no third of a year')
  const long = standingOf([...settled(4_000, 1, { lastMs: NOW - 40 * DAY }), ...since], null)
  assert.equal(long.windows[365].refusal, 'formula_changed')
  assert.equal(mixed.windows[365].refusal, 'formula_changed')
  const of8h = standingOf([...before(8), ...since], null)
  assert.ok(of8h.windows[365].observations > since.length, '8 h rates were the same before')
})

test('a window says how much of what was due since the listing is in it, and refuses one that holds too little', () => {
  const all = settled(400, 8)
  const holed = all.filter((_, n) => n < 380 || n % 2 === 1)
  const found = standingOf(holed, null)
  assert.deepEqual(
    STANDING_DAYS.map((days) => [found.windows[days].expected, found.windows[days].observations]),
    [
      [90, 80],
      [270, 260],
      [1_095, 390]
    ]
  )
  assert.deepEqual(
    STANDING_DAYS.map((days) => found.windows[days].refusal),
    [null, null, null]
  )
  const thin = standingOf(all.slice(0, -61).concat(all.slice(-1)), null)
  assert.deepEqual([thin.windows[30].observations, thin.windows[30].refusal], [30, null])
  const thinner = standingOf(all.slice(0, -62).concat(all.slice(-1)), null)
  assert.deepEqual([thinner.windows[30].observations, thinner.windows[30].refusal], [29, 'short_history'])
  for (const [count, hours] of [
    [89, 8],
    [29 * 24, 1]
  ] as const) {
    const { percentile, refusal } = standingOf(settled(count, hours), null).windows[30]
    assert.deepEqual([percentile, refusal], [null, 'short_history'], 'a new listing has no percentile')
  }
  const young = standingOf(all.slice(-100), all.at(-101)!.settledAt)
  assert.deepEqual([young.windows[90].coverage, young.windows[365].coverage], [1, 1])
})

test('what has no interval that somebody knows is not ranked, nor an older one in its stead, and coverage then cannot be said', () => {
  assert.equal(fundingStandingOf([], null), null)
  const refused = (settledAt: number) => ({ settledAt, refusal: 'interval_unknown' })
  assert.deepEqual(fundingStandingOf(settled(10, 8, { intervalSource: 'assumed' }), null), refused(NOW))
  const all = settled(300, 8)
  const unknown = { ...all[299]!, settledAt: NOW + 8 * HOUR, intervalHours: null, intervalSource: null }
  assert.deepEqual(fundingStandingOf([...all, unknown], null), refused(NOW + 8 * HOUR))
  const inside = all.map((each, n) => (n === 250 ? { ...each, intervalHours: null, intervalSource: null } : each))
  const { expected, coverage, observations } = standingOf(inside, null).windows[90]
  assert.deepEqual([expected, coverage, observations], [null, null, 269])
})
