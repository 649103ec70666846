import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { NO_REGIME, REGIME_BOUNDS } from '../../src/domain/funding-regime.ts'
import { episodesOf } from '../../src/domain/regime-episodes.ts'
import {
  anchor8hOf,
  createRegimeSeries,
  endingAfter,
  type RegimeFact,
  type RegimeSettings,
  type RegimeStep
} from '../../src/domain/regime-series.ts'
import { DAY, HOUR } from '../../src/domain/time.ts'

const SETTINGS: RegimeSettings = {
  staleIntervals: 3,
  rules: { ...REGIME_BOUNDS, persistHours: 24 },
  windowMs: 90 * DAY,
  minSpanMs: 5 * DAY,
  minObservations: 15,
  interest8h: 0.0001,
  endings: []
}
const CALM = 0.0001
const HOT = 0.001

const fact = (hours: number, rate: number, fields: Partial<RegimeFact> = {}): RegimeFact => ({
  at: hours * HOUR,
  rate,
  intervalHours: 8,
  intervalSource: 'observed',
  cap: null,
  floor: null,
  ...fields
})
const every8h = (from: number, rates: readonly number[]) => rates.map((rate, step) => fact(from + step * 8, rate))
const repeat = (count: number, rate: number): number[] => Array(count).fill(rate)
/** Each above the ones before: always at the top of its window. */
const rising = (count: number) => repeat(count, HOT).map((rate, step) => rate + step * 1e-5)
const CALMNESS = every8h(0, repeat(60, CALM))

function walk(facts: readonly RegimeFact[], settings = SETTINGS): RegimeStep[] {
  const series = createRegimeSeries(settings)
  return facts.map((each) => series.observe(each))
}
const stateOf = (steps: readonly RegimeStep[]) => steps.map(({ row }) => row.state)

/** Settlements of changing rates and intervals, now and then with holes. */
const anyFacts = fc
  .array(
    fc.record({
      rate: fc.constantFrom(CALM, CALM, CALM, HOT, HOT, HOT, 0.0012, -HOT, -HOT, 0),
      run: fc.integer({ min: 1, max: 6 }),
      intervalHours: fc.constantFrom(1, 4, 8, 8, 8),
      source: fc.constantFrom('observed', 'observed', 'declared', 'assumed'),
      hole: fc.constantFrom(0, 0, 0, 20, 60)
    }),
    { minLength: 5, maxLength: 30 }
  )
  .map((runs) => {
    let hours = 480
    const facts = [...CALMNESS]
    for (const { rate, run, intervalHours, source, hole } of runs) {
      hours += hole
      for (let step = 0; step < run; step += 1) {
        hours += intervalHours
        const scaled = (rate * intervalHours) / 8
        facts.push(fact(hours, scaled, { intervalHours, intervalSource: source as 'observed' }))
      }
    }
    return facts
  })

test('what comes later never changes what was said earlier', () => {
  fc.assert(
    fc.property(anyFacts, anyFacts, fc.integer({ min: 0, max: 200 }), (facts, others, cut) => {
      const until = facts[Math.min(cut, facts.length - 1)]!.at
      const known = facts.filter(({ at }) => at <= until)
      const otherFuture = others.filter(({ at }) => at > until)
      const whole = walk(facts).slice(0, known.length)
      assert.deepEqual(walk([...known, ...otherFuture]).slice(0, known.length), whole)
    })
  )
})

test('the same settlements give the same states, regimes and numbers every time', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const [once, again] = [walk(facts), walk(facts)]
      assert.deepEqual(again, once)
      assert.deepEqual(episodesOf(again, 'NEUTRAL', null), episodesOf(once, 'NEUTRAL', null))
    })
  )
})

test('going on from what was remembered is the same as going over everything', () => {
  fc.assert(
    fc.property(anyFacts, fc.integer({ min: 1, max: 150 }), (facts, count) => {
      const whole = walk(facts)
      const before = whole[Math.min(count, facts.length - 1) - 1]!.row
      const side = (before.rate8h ?? 0) > 0 ? ('OVERHEATED' as const) : ('PANIC' as const)
      const { state, heldHours } = before
      const series = createRegimeSeries(SETTINGS, { state, heldHours, towards: heldHours > 0 ? side : null })
      const rest = facts.flatMap((each) => {
        if (each.at > before.at) return [series.observe(each)]
        series.remember(each)
        return []
      })
      assert.deepEqual(
        rest.map(({ row }) => row),
        whole.map(({ row }) => row).filter(({ at }) => at > before.at)
      )
    })
  )
})

test('after more than three intervals without a settlement everything begins anew, and what was open was stale', () => {
  const hot = every8h(480, repeat(3, HOT))
  const at3 = walk([...CALMNESS, ...hot, fact(496 + 24, HOT)])
  assert.equal(at3.at(-1)!.cut, null)
  assert.equal(at3.at(-1)!.row.state, 'OVERHEATED')
  const beyond = walk([...CALMNESS, ...hot, fact(496 + 25, HOT)])
  assert.deepEqual(beyond.at(-1)!.cut, { at: (496 + 24) * HOUR, reason: 'stale' })
  assert.equal(beyond.at(-1)!.row.state, 'NEUTRAL')
  assert.ok(beyond.at(-1)!.row.flags.includes('after_gap'))
  const [episode] = episodesOf(beyond, 'NEUTRAL', null)
  assert.deepEqual(episode!.end, { at: (496 + 24) * HOUR, reason: 'stale', row: null })
})

test('settlements that become rarer are no silence', () => {
  const hourly = Array.from({ length: 24 }, (_, step) =>
    fact(473 + step, (HOT + step * 1e-5) / 8, { intervalHours: 1 })
  )
  const steps = walk([...CALMNESS.slice(0, -1), ...hourly, fact(504, 2 * HOT), fact(512, 2 * HOT)])
  assert.deepEqual(stateOf(steps).slice(-3), ['OVERHEATED', 'OVERHEATED', 'OVERHEATED'])
})

test('an interval that is assumed or unknown bars the signal and ends none', () => {
  const assumed = { intervalSource: 'assumed' as const }
  const unknown = { intervalHours: null, intervalSource: null }
  for (const fields of [assumed, unknown]) {
    const barred = every8h(480, repeat(9, HOT)).map((each) => ({ ...each, ...fields }))
    assert.deepEqual(new Set(stateOf(walk([...CALMNESS, ...barred]))), new Set(['NEUTRAL']))
    const open = [...CALMNESS, ...every8h(480, repeat(3, HOT)), fact(504, CALM, fields)]
    const last = walk(open).at(-1)!.row
    assert.deepEqual([last.state, last.percentile, last.heldHours], ['OVERHEATED', null, 0])
    const [episode] = episodesOf(walk(open), 'NEUTRAL', null)
    assert.deepEqual(
      [episode!.lastAt, episode!.lastValue, episode!.end],
      [496 * HOUR, HOT, null],
      'nor is it its last value'
    )
  }
  const rows = walk([fact(8, HOT, assumed), fact(16, HOT, unknown)]).map(({ row }) => row)
  assert.deepEqual(
    rows.map(({ flags, rate8h, observations }) => [flags, rate8h, observations]),
    [
      [['interval_assumed'], HOT, 0],
      [['interval_unknown'], null, 0]
    ]
  )
})

test('flags say what stands at the anchor and what was cut at the bounds', () => {
  const flagsOf = (rate: number, fields: Partial<RegimeFact> = {}) => walk([fact(8, rate, fields)])[0]!.row.flags
  assert.deepEqual(flagsOf(0.0001), ['anchored'])
  assert.deepEqual(flagsOf(0.00010009), ['anchored'])
  assert.deepEqual(flagsOf(0.0001002), [])
  assert.deepEqual(flagsOf(0.0000125, { intervalHours: 1 }), ['anchored'])
  assert.deepEqual(flagsOf(0.003, { cap: 0.003, floor: -0.003 }), ['at_cap'])
  assert.deepEqual(flagsOf(-0.003, { cap: 0.003, floor: -0.003 }), ['at_floor'])
  assert.deepEqual(flagsOf(0.0029, { cap: 0.003, floor: -0.003 }), [])
  assert.deepEqual(
    [
      { venue: 'bybit', base: 'BTC' },
      { venue: 'binance', base: 'BNB' },
      { venue: 'deribit', base: 'BTC' },
      { venue: 'kraken', base: 'BTC' }
    ].map(anchor8hOf),
    [0.0001, 0, 0, null]
  )
})

test('equal rates of different intervals are ties', () => {
  const pairs = [
    [1, 0.0000125],
    [4, 0.00005],
    [8, 0.0001],
    [12, 0.00015],
    [24, 0.0003]
  ] as const
  const rates = pairs.map(([intervalHours, rate], step) => fact(step * 24, rate, { intervalHours }))
  assert.deepEqual(new Set(walk(rates).map(({ row }) => row.rate8h)), new Set([0.0001]))
})

test('an end that was told ends the regime, and a day counts anew after it', () => {
  const facts = [...CALMNESS, ...every8h(480, rising(9))]
  const endings = [{ at: 514 * HOUR, reason: 'delisted' as const }]
  const steps = walk(facts, { ...SETTINGS, endings })
  assert.deepEqual(stateOf(steps).slice(-9), [
    'NEUTRAL',
    'NEUTRAL',
    'OVERHEATED',
    'OVERHEATED',
    'OVERHEATED',
    'NEUTRAL',
    'NEUTRAL',
    'OVERHEATED',
    'OVERHEATED'
  ])
  assert.deepEqual(
    episodesOf(steps, 'NEUTRAL', null).map(({ openedAt, end }) => [openedAt / HOUR, end && end.at / HOUR]),
    [
      [496, 514],
      [536, null]
    ]
  )
})

test('a regime that was open before goes on, and one whose end was told is not begun again', () => {
  const series = createRegimeSeries(SETTINGS, { ...NO_REGIME, state: 'OVERHEATED' })
  for (const each of CALMNESS) series.remember(each)
  const steps = every8h(480, [HOT, 0.002, CALM]).map((each) => series.observe(each))
  const open = { label: 'OVERHEATED' as const, openedAt: 1, lastAt: 2, lastValue: HOT, peakValue: HOT }
  const [episode, ...more] = episodesOf(steps, 'OVERHEATED', open)
  assert.deepEqual(more, [])
  assert.deepEqual(
    [episode!.openedAt, episode!.peakValue, episode!.lastValue, episode!.end?.reason],
    [1, 0.002, CALM, 'exit']
  )
  assert.deepEqual(episodesOf(steps, 'OVERHEATED', null), [])
})

test('after the last settlement a regime ends by silence, if we know of it, or by delisting', () => {
  const last = { at: 0, intervalHours: 8 }
  const outlook = { isDelisted: false, delistedAt: null, knownTo: 24 * HOUR, declaredHours: null }
  assert.equal(endingAfter(last, outlook, 3), null)
  const silent = { ...outlook, knownTo: 25 * HOUR }
  assert.deepEqual(endingAfter(last, silent, 3), { at: 24 * HOUR, reason: 'stale' })
  assert.equal(endingAfter({ at: 0, intervalHours: 1 }, { ...outlook, knownTo: 5 * HOUR, declaredHours: 8 }, 3), null)
  const delisted = { ...outlook, isDelisted: true, delistedAt: 3 * HOUR }
  assert.deepEqual(endingAfter(last, delisted, 3), { at: 3 * HOUR, reason: 'delisted' })
  assert.deepEqual(endingAfter({ ...last, at: 4 * HOUR }, delisted, 3), { at: 4 * HOUR, reason: 'delisted' })
})
