import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compare, decimalOf } from '../../src/domain/decimal.ts'
import { driverHoursOf, type HourFacts } from '../../src/domain/driver-features.ts'
import { expectedExcess } from '../../src/domain/expected-excess.ts'
import { DAY, HOUR } from '../../src/domain/time.ts'

const START = Date.UTC(2026, 0, 1)
const HOURS = 60

const factsOf = (hour: number): HourFacts => ({
  basis: {
    at: START + hour * HOUR,
    observedBps: 10 + hour / 7,
    adjustedBps: 9,
    crossCostBps: 0.5,
    skewMs: 1000,
    contractMid: '100',
    spotMid: String(100 * (hour % 2 === 0 ? 1 : 1.01)),
    priceKind: 'mid'
  },
  depth: { bids: 300, asks: 100 },
  spotDepth: { bids: 50, asks: 50 },
  flow: { bought: 30, sold: 10, longShortRatio: hour < 30 ? 1 : 3 },
  size: { openInterestBase: hour < 30 ? 100 : 80, openInterestUsd: 8000, volume24hUsd: 40_000 }
})

function made(change: (facts: HourFacts, hour: number) => HourFacts = (facts) => facts, fair: number | null = -4.5) {
  const hours = Array.from({ length: HOURS }, (_, hour) => change(factsOf(hour), hour))
  const funding = hours.map(() => null)
  return driverHoursOf({ startMs: START, hours, funding, fairCarryBps: () => fair, priceKind: 'mid' })
}

const valuesOf = ({ series }: ReturnType<typeof made>, name: string) =>
  series.features.find((feature) => feature.name === name)!.values
const near = (actual: number | null | undefined, expected: number) =>
  assert.ok(typeof actual === 'number' && Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`)

test('features are what the glossary says, with their signs', () => {
  const hours = made()
  near(valuesOf(hours, 'takerImbalance')[40], 0.5)
  near(valuesOf(hours, 'depthImbalance')[40], 0.5)
  near(valuesOf(hours, 'longShareChange')[30], 0.25)
  near(valuesOf(hours, 'longShareChange')[31], 0)
  near(valuesOf(hours, 'thinness')[40], -Math.log(100))
  near(valuesOf(hours, 'crossCost')[40], 0.5)
  near(valuesOf(hours, 'openInterestChange')[40], (8000 * (1 - 100 / 80)) / 40_000)
  near(valuesOf(hours, 'openInterestChange')[59], 0)
  near(valuesOf(hours, 'volatility')[40], Math.log(1.01) * Math.sqrt(8760))
})

test('a part that was not observed is not known, which is not zero', () => {
  const without = made((facts) => ({ ...facts, depth: null, flow: null, size: null }))
  for (const name of ['takerImbalance', 'depthImbalance', 'longShareChange', 'thinness', 'openInterestChange']) {
    assert.ok(
      valuesOf(without, name).every((value) => value === null),
      name
    )
  }
  const [first] = valuesOf(made(), 'openInterestChange')
  assert.equal(first, null, 'a day before the first hour nothing is known')
  assert.equal(valuesOf(made(), 'volatility')[15], null)
  const idle = made((facts) => ({ ...facts, flow: { bought: 0, sold: 0, longShortRatio: null } }))
  assert.equal(valuesOf(idle, 'takerImbalance')[40], null, 'nothing was traded')
})

test('the residual is what fx and fair carry leave, and none without either', () => {
  const { series, parts, noiseBps } = made()
  near(series.y[7], 9 + 4.5)
  assert.equal(compare(parts[7]!.sumCheckBps, decimalOf(11)!), 0)
  near(noiseBps[40], 10_000 * Math.log(1.01) * Math.sqrt(8760) * Math.sqrt(1000 / (365 * DAY)))
  assert.deepEqual([noiseBps[5], parts[5]!.residualSignificant], [null, null])
  assert.equal(made((facts) => facts, null).series.y[7], null)
  const unadjusted = made((facts) => ({ ...facts, basis: { ...facts.basis!, adjustedBps: null } }))
  assert.equal(unadjusted.series.y[7], null)
})

test('bases of another kind of price are another series, and are left out', () => {
  const mixed = made((facts, hour) => (hour < 20 ? { ...facts, basis: { ...facts.basis!, priceKind: 'last' } } : facts))
  assert.deepEqual([mixed.series.y[19], mixed.parts[19]], [null, null])
  near(mixed.series.y[20], 9 + 4.5)
})

const settled = (count: number, rateOf: (index: number) => number) =>
  Array.from({ length: count }, (_, index) => ({
    at: START + (index - count + 1) * 8 * HOUR,
    rate: rateOf(index),
    intervalHours: 8
  }))

test('expected funding is the excess over the interest of the next 21 settlements, from the last one on', () => {
  const pinned = { startMs: START, hours: 3, anchor8h: 0.0001 }
  const flat = expectedExcess({ ...pinned, settled: settled(60, () => 0.0001) })
  for (const value of flat) near(value, 0)
  const spike = settled(60, (index) => (index === 59 ? 0.001 : 0.0001 + (index % 2) * 1e-6))
  const [afterSpike] = expectedExcess({ ...pinned, settled: spike })
  assert.ok(afterSpike! > 8 && afterSpike! < 21 * 9, `${afterSpike} bps: more than one settlement, less than for ever`)
})

test('expected funding knows nothing that settled after its hour, and says nothing of thirty settlements less one', () => {
  const past = settled(60, (index) => 0.0001 + index * 1e-6)
  const later = [...past, { at: START + 2 * HOUR, rate: 0.01, intervalHours: 8 }]
  const question = { startMs: START, hours: 6, anchor8h: 0.0001 }
  const [without, withLater] = [past, later].map((rates) => expectedExcess({ ...question, settled: rates }))
  assert.deepEqual(withLater!.slice(0, 2), without!.slice(0, 2))
  assert.ok(withLater![2]! > without![2]!, 'settled within the third hour')
  assert.equal(expectedExcess({ ...question, settled: past.slice(-29) })[0], null)
})
