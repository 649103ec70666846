import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  breakEvenSettlements,
  expectedFunding,
  expectedRate,
  type FundingPath,
  fitFundingPath
} from '../../src/domain/funding-path.ts'

const path = (next: number, longRun: number, persistence: number, bounds = {}): FundingPath => ({
  next,
  longRun,
  persistence,
  ...bounds
})

test('a spike pays for itself later than its own rate says', () => {
  const spike = path(0.0005, 0.0001, 0.8)
  assert.equal(breakEvenSettlements(spike, 0.0034), 15)
  assert.equal(breakEvenSettlements(path(0.0005, 0.0005, 0.8), 0.0034), 7)
})

test('no cost is met at once, and what decays to nothing or to paying never meets one beyond its sum', () => {
  assert.equal(breakEvenSettlements(path(0.0001, 0.0001, 0.9), 0), 0)
  assert.equal(breakEvenSettlements(path(0.001, 0, 0.5), 0.0021), null)
  assert.equal(breakEvenSettlements(path(0.001, 0, 0.5), 0.0019), 5)
  assert.equal(breakEvenSettlements(path(0.001, -0.0001, 0.5), 0.01), null)
  assert.equal(breakEvenSettlements(path(-0.0001, -0.0001, 0.9), 0.001), null)
  assert.equal(breakEvenSettlements(path(0.0001, 0.0001, 1), 0.001), 10)
  assert.equal(breakEvenSettlements(path(0.0001, 0.0001, 1.1), 0.001), null)
  assert.equal(breakEvenSettlements(path(Number.NaN, 0.0001, 0.9), 0.001), null)
})

test('no settlement is expected beyond what the venue allows', () => {
  const bounded = path(0.01, -0.02, 0.9, { cap: 0.003, floor: -0.003 })
  assert.equal(expectedRate(bounded, 1), 0.003)
  assert.equal(expectedRate(bounded, 200), -0.003)
  assert.ok(Math.abs(expectedFunding({ ...bounded, longRun: 0.02 }, 5) - 0.015) < 1e-15)
})

test('break-even is the first number of settlements whose sum meets the cost', () => {
  const rate = fc.double({ min: -0.002, max: 0.002, noNaN: true })
  fc.assert(
    fc.property(
      rate,
      rate,
      fc.double({ min: 0, max: 0.98, noNaN: true }),
      fc.double({ min: 1e-6, max: 0.01, noNaN: true }),
      (next, longRun, persistence, cost) => {
        const expected = path(next, longRun, persistence, { cap: 0.0015, floor: -0.0015 })
        const found = breakEvenSettlements(expected, cost)
        const meets = (k: number) => expectedFunding(expected, k) >= cost * (1 - 1e-9)
        if (found === null) {
          for (const k of [1, 5, 50, 500]) assert.ok(expectedFunding(expected, k) < cost)
        } else if (found < 5_000) {
          assert.ok(meets(found))
          assert.ok(expectedFunding(expected, found - 1) < cost * (1 + 1e-9))
        }
      }
    )
  )
})

const HOUR8 = 8 * 3_600_000
const settled = (rates: readonly number[]) => rates.map((rate8h, index) => ({ at: index * HOUR8, rate8h }))
const fit = (rates: readonly number[], next8h = 0.0003, side: 1 | -1 = 1) =>
  fitFundingPath({ next8h, settled: settled(rates), longRunSince: 0, anchor8h: 0.0001, side })

test('with few settlements the rate that pays its holder less, of the next and the anchor, is taken for all', () => {
  const short = fit([0.0002, 0.0003])
  assert.deepEqual([short.method, short.path.next, short.path.longRun], ['short_history', 0.0001, 0.0001])
  assert.equal(fit([], -0.0002).path.next, -0.0002)
  assert.equal(fit([], -0.0008, -1).path.next, 0.0001)
})

test('the long run is the median, the persistence what a fit of each rate on the one before gives, within bounds', () => {
  const decaying = [0.0009]
  while (decaying.length < 60) decaying.push(0.0001 + 0.7 * (decaying.at(-1)! - 0.0001))
  const { path: fitted, method } = fit(decaying)
  assert.equal(method, 'fitted')
  assert.ok(Math.abs(fitted.persistence - 0.7) < 1e-9)
  assert.equal(fit(Array.from({ length: 60 }, (_, k) => (k % 2 === 0 ? 0.0002 : 0.0001))).path.persistence, 0)
  assert.equal(fit(Array.from({ length: 60 }, (_, k) => k * 0.0001)).path.persistence, 0.98)
  const constant = fit(Array(60).fill(0.0001))
  assert.deepEqual([constant.method, constant.path.persistence, constant.path.longRun], ['fallback', 0.9, 0.0001])
})
