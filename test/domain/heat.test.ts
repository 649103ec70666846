import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type HeatInputs, type HeatSeries, heatAt, openInterestChanges } from '../../src/domain/heat.ts'
import { DAY, HOUR } from '../../src/domain/time.ts'

const AT = 200 * HOUR
const seriesOf = (values: readonly number[], last: number): HeatSeries => ({
  points: [...values, last].map((value, index, all) => ({ at: AT - (all.length - 1 - index) * HOUR, value })),
  maxAgeMs: 2 * HOUR,
  minObservations: 3
})
const inputsOf = (given: Partial<HeatInputs>): HeatInputs => ({
  basisExcess: 'none',
  funding: 'none',
  oiChange: 'none',
  termSlope: 'none',
  takerFlow: 'none',
  longShort: 'none',
  ...given
})
const PAST = [1, 2, 3, 4, 5]

test('a component is its last value among those before it, and says how many these are', () => {
  const { components, sentiment } = heatAt(inputsOf({ basisExcess: seriesOf(PAST, 6) }), AT)
  const [basis, funding] = components
  assert.deepEqual([basis!.value, basis!.observations, basis!.method, basis!.absent], [6, 5, 'mad', null])
  assert.ok(Math.abs(basis!.z! - 3 / 1.4826) < 1e-12)
  assert.deepEqual([funding!.z, funding!.absent], [null, 'none'])
  assert.equal(sentiment.reason, 'too_few_components')
})

test('what is old, or has too little of a past, has no z and says so', () => {
  const of = (series: HeatSeries, atMs: number) => heatAt(inputsOf({ funding: series }), atMs).components[1]!.absent
  assert.equal(of(seriesOf(PAST, 6), AT + 2 * HOUR), null)
  assert.equal(of(seriesOf(PAST, 6), AT + 2 * HOUR + 1), 'stale')
  assert.equal(of(seriesOf([1, 2], 6), AT), 'too_few_observations')
  assert.equal(of(seriesOf([], 6), AT - 1), 'not_observed')
  assert.equal(of(seriesOf(PAST, 6), AT + 91 * DAY), 'not_observed', 'the window is 90 days')
})

test('nothing that comes later changes the heat of a moment', () => {
  const values = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 5, maxLength: 30 })
  fc.assert(
    fc.property(values, values, (past, future) => {
      const known = seriesOf(past, 1)
      const later = future.map((value, index) => ({ at: AT + (index + 1) * HOUR, value }))
      const inputs = (series: HeatSeries) => inputsOf({ basisExcess: series, funding: series, oiChange: series })
      assert.deepEqual(heatAt(inputs({ ...known, points: [...known.points, ...later] }), AT), heatAt(inputs(known), AT))
    })
  )
})

test('open interest is compared in coins with a day before, over the volume of a day', () => {
  const hour = (at: number, base: number, price: number) => ({ at, base, usd: base * price, volumeUsd: 1_000 })
  assert.deepEqual(openInterestChanges([hour(0, 10, 100), hour(DAY, 12, 200)]), [{ at: DAY, value: 0.4 }])
  assert.deepEqual(
    openInterestChanges([hour(0, 10, 100), hour(DAY, 10, 200)]),
    [{ at: DAY, value: 0 }],
    'no price moves it'
  )
  assert.deepEqual(openInterestChanges([hour(HOUR, 10, 100), hour(DAY, 12, 200)]), [], 'nothing a day before')
})

test('whatever is observed, or corrected, after a time changes nothing of the heat at it', () => {
  const value = fc.double({ min: -100, max: 100, noNaN: true })
  const later = fc.array(fc.tuple(fc.integer({ min: 1, max: 100 }), value), { maxLength: 20 })
  fc.assert(
    fc.property(fc.array(value, { minLength: 6, maxLength: 40 }), later, fc.nat(), (values, news, which) => {
      const known = seriesOf(values, 1)
      const corrected = which % known.points.length
      // A correction stands beside what it takes the place of, from when it was told on.
      const points = known.points.flatMap((point, index) =>
        index === corrected
          ? [
              { ...point, until: AT + 1 },
              { at: AT + 1, value: 1e6 }
            ]
          : [point]
      )
      const more = {
        ...known,
        points: [...points, ...news.map(([hours, value]) => ({ at: AT + hours * HOUR, value }))]
      }
      const heat = (series: HeatSeries) =>
        heatAt(inputsOf({ basisExcess: series, funding: series, oiChange: series }), AT)
      assert.deepEqual(heat(more), heat(known))
    })
  )
})

test('a correction takes the place of what it corrects from when it was told on', () => {
  const series = seriesOf(PAST, 6)
  const last = series.points.at(-1)!
  const points = [...series.points.slice(0, -1), { ...last, until: AT + 1 }, { at: AT + 1, value: 60 }]
  const [basis] = heatAt(inputsOf({ basisExcess: { ...series, points } }), AT + 1).components
  assert.deepEqual([basis!.value, basis!.observations], [60, 5])
})
