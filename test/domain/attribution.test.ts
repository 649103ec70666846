import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AttributedHour, type Attribution, createAttributor } from '../../src/domain/attribution.ts'
import { diagnoseErrors, sharesOf, signStability } from '../../src/domain/driver-diagnostics.ts'
import { betaIntervals } from '../../src/domain/driver-intervals.ts'
import { DRIVERS, type DriverSeries, TRAIN_HOURS } from '../../src/domain/driver-model.ts'
import { createRandom } from '../../src/domain/random.ts'
import { madeSeries, SERIES_HOURS } from './driver-series.ts'

const LAST = SERIES_HOURS - 3
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
const partsOf = ({ baseline, drivers, unattributed }: AttributedHour) => [
  baseline,
  ...DRIVERS.map((driver) => drivers[driver] ?? 0),
  unattributed
]

test('the shares of known drivers, and of what none of them explains, come back within ten points', () => {
  for (const [seed, noise] of [
    [1, 1],
    [2, 1],
    [3, 3],
    [4, 3]
  ] as const) {
    const { series, features } = madeSeries(seed, { noise })
    const { judged, refusals } = createAttributor(series).at(LAST)
    assert.deepEqual(refusals, [])
    const sizes = judged.map(({ hour, y }) => {
      const pushed = DRIVERS.map((driver) =>
        total(features.filter((each) => each.driver === driver).map(({ weight, values }) => weight * values[hour - 1]!))
      )
      return [...pushed, y - 2 - total(pushed)].map(Math.abs)
    })
    const sums = [...DRIVERS, 'unattributed'].map((_, index) => total(sizes.map((each) => each[index]!)))
    const found = Object.values(sharesOf(judged))
    for (const [index, sum] of sums.entries()) {
      const apart = Math.abs(found[index]! - sum / total(sums))
      assert.ok(apart < 0.1, `seed ${seed}, part ${index}: ${apart}`)
    }
  }
})

test('drivers that were shuffled in time are refused in nineteen of twenty runs, and so is a basis that nothing moves', () => {
  for (const kind of [{ isShuffled: true }, { isPureNoise: true }]) {
    const runs = Array.from({ length: 40 }, (_, run) => createAttributor(madeSeries(100 + run, kind).series).at(LAST))
    const refused = runs.filter(({ refusals }) => refusals.length > 0)
    assert.ok(refused.length >= 38, `${refused.length} of ${runs.length} were refused with ${JSON.stringify(kind)}`)
  }
})

test('the parts of an hour are its residual to nine places', () => {
  for (const seed of [5, 6]) {
    const { judged, hour } = createAttributor(madeSeries(seed).series).at(LAST)
    assert.ok(judged.length === 720 && hour !== null)
    for (const each of [...judged, hour]) assert.ok(Math.abs(total(partsOf(each)) - each.y) < 1e-9)
  }
})

test('nothing that comes after an hour, nor what its own hour brought, changes what is said of it', () => {
  const { series } = madeSeries(7)
  const random = createRandom(99)
  for (const hour of [LAST, LAST - 30, LAST - 100]) {
    const scrambled: DriverSeries = {
      ...series,
      y: series.y.map((value, at) => (at > hour ? 1000 * random() : value)),
      features: series.features.map((feature) => ({
        ...feature,
        values: feature.values.map((value, at) => (at >= hour ? 1000 * random() : value))
      }))
    }
    assert.deepEqual(told(createAttributor(scrambled).at(hour)), told(createAttributor(series).at(hour)))
  }
})

const told = ({ model, ...rest }: Attribution) => ({ ...rest, betas: model!.fit.betas, lambda: model!.lambda })

test('an hour whose drivers are not known has no attribution, and a driver that was never seen is not zero', () => {
  const { series } = madeSeries(8)
  const without = (name: string, from: number): DriverSeries => ({
    ...series,
    features: series.features.map((feature) =>
      feature.name === name
        ? { ...feature, values: feature.values.map((value, at) => (at >= from ? null : value)) }
        : feature
    )
  })
  assert.equal(createAttributor(without('depth', LAST - 1)).at(LAST).hour, null)
  const unseen = createAttributor(without('depth', 0)).at(LAST)
  assert.equal(unseen.hour!.drivers.liquidity, null)
  assert.ok(Math.abs(total(partsOf(unseen.hour!)) - unseen.hour!.y) < 1e-9)
  assert.equal(sharesOf(unseen.judged).liquidity, null)
})

test('too short a past, holes, a basis that explains itself better and drivers that say one thing are refused by name', () => {
  const { series } = madeSeries(9)
  const refusalsAt = (changed: Partial<DriverSeries>, hour = LAST) =>
    createAttributor({ ...series, ...changed }).at(hour).refusals
  assert.deepEqual(refusalsAt({}), [])
  assert.deepEqual(refusalsAt({}, TRAIN_HOURS), ['too_few_hours'])
  assert.deepEqual(refusalsAt({ y: series.y.map((value, at) => (at % 8 === 0 ? null : value)) }), ['low_coverage'])
  const walk = series.y.map((_, hour) => total(series.y.slice(0, hour + 1).map((value) => value ?? 0)))
  assert.ok(refusalsAt({ y: walk }).includes('no_better_than_persistence'))
  const twin = { ...series.features[0]!, values: series.features[0]!.values.map((value) => (value ?? 0) + 1e-3) }
  assert.deepEqual(refusalsAt({ features: [...series.features, twin] }), ['collinear'])
})

test('an interval of a β holds what made the series nine times in ten, and is the same for the same seed', () => {
  let held = 0
  let all = 0
  for (let seed = 20; seed < 28; seed += 1) {
    const { series, features } = madeSeries(seed)
    const model = createAttributor(series).at(LAST).model!
    const intervals = betaIntervals(model, seed)
    assert.deepEqual(betaIntervals(model, seed), intervals)
    assert.notDeepEqual(betaIntervals(model, seed + 1), intervals)
    for (const [place, { low, high }] of intervals.entries()) {
      const weight = features[place]!.weight * model.fit.deviations[place]!
      all += 1
      if (low <= weight && weight <= high) held += 1
    }
  }
  assert.ok(held / all > 0.75 && held / all <= 1, `${held} of ${all}`)
})

test('errors without pattern look so; errors that hang together, and a break, show', () => {
  const judged = (values: readonly number[]) =>
    values.map((unattributed, hour) => ({ hour, unattributed }) as AttributedHour)
  const { series } = madeSeries(10, { isPureNoise: true })
  const noise = series.y.slice(0, 720).map((value) => value!)
  const calm = diagnoseErrors(judged(noise))
  assert.ok(calm.ljungBoxP! > 0.01 && calm.hasBreak === false && calm.effectiveHours! > 600)
  const hanging = diagnoseErrors(judged(noise.map((_, at) => total(noise.slice(Math.max(0, at - 10), at + 1)))))
  assert.ok(hanging.ljungBoxP! < 1e-6 && hanging.effectiveHours! < 200)
  assert.equal(diagnoseErrors(judged(noise.map((value, at) => value + (at < 360 ? 0 : 1)))).hasBreak, true)
  assert.equal(diagnoseErrors(judged(noise.slice(0, 40))).ljungBoxP, null)
})

test('a sign that held in every one of the last ten models is stable', () => {
  const { series } = madeSeries(11)
  const models = createAttributor(series).models(LAST, 10)
  assert.equal(models.length, 10)
  assert.deepEqual([...signStability(models).values()], [1, 1, 1, 1, 1, 1])
  const noise = createAttributor(madeSeries(12, { isPureNoise: true }).series)
  assert.ok([...signStability(noise.models(LAST, 10)).values()].some((share) => share < 1))
})
