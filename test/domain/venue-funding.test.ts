import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  coinbaseIntlFunding,
  deribitPayment,
  deribitRealised,
  dydxHourlyRate,
  hyperliquidFunding,
  hyperliquidRate,
  krakenRelativeInverse,
  krakenRelativeLinear,
  okxIntervals
} from '../../src/domain/venue-funding.ts'

function near(actual: number | null, expected: number): void {
  assert.ok(
    actual !== null && Math.abs(actual - expected) <= 1e-9 * Math.max(1e-3, Math.abs(expected)),
    `${actual} is not ${expected}`
  )
}

test('Kraken divides a linear absolute rate by the index and multiplies an inverse one', () => {
  near(
    krakenRelativeLinear({ absoluteRate: -0.3761286388681191, indexPrice: 71684, capPerHour: 0.0025 }).relative,
    -5.24703753792e-6
  )
  near(
    krakenRelativeInverse({ absoluteRate: 2.18900669884e-7, indexPrice: 277.66, capPerHour: 0.0025 }).relative,
    6.077996e-5
  )
})

test('a Kraken rate beyond the cap is cut there and says so; without an index there is none', () => {
  const cut = krakenRelativeLinear({ absoluteRate: -0.00053266204286, indexPrice: 0.136173, capPerHour: 0.0025 })
  assert.deepEqual([cut.relative, cut.capped, cut.rate8h], [-0.0025, true, -0.02])
  const nothing = { relative: null, capped: null, rate8h: null, apr: null }
  assert.deepEqual(krakenRelativeLinear({ absoluteRate: 1, indexPrice: 0, capPerHour: 0.0025 }), nothing)
})

test('Deribit charges nothing within its damper, the excess beyond it, at most its cap', () => {
  const hour = { indexPrice: 64_000, cap8h: 0.005, longPositionUsd: 100_000, minutes: 60 }
  near(deribitPayment({ ...hour, markPrice: 64_025.6 }).paymentToLongUsd, -1.875)
  near(deribitPayment({ ...hour, markPrice: 63_974.4 }).paymentToLongUsd, 1.875)
  near(deribitPayment({ ...hour, markPrice: 64_012.8 }).rate8h, 0)
  near(deribitPayment({ ...hour, markPrice: 70_000 }).rate8h, 0.005)
  assert.equal(deribitPayment({ ...hour, markPrice: null }).rate8h, null)
})

test('Deribit realised is the sum of hours, and nothing over no hours', () => {
  near(deribitRealised(Array(8).fill(0.0000125)).apr, 0.1095)
  assert.equal(deribitRealised([]).apr, null)
})

test('Hyperliquid pays an eighth of the 8 h rate on the oracle price', () => {
  const paid = hyperliquidFunding({ impactBid: 10_100, impactAsk: 10_101, oracle: 10_000, longPositionBase: 10 })
  near(paid.rate1h, 0.0011875)
  near(paid.longPaysUsdc, 118.75)
  near(hyperliquidFunding({ impactBid: 9899, impactAsk: 9900, oracle: 10_000, longPositionBase: 10 }).premium, -0.01)
  assert.equal(hyperliquidFunding({ impactBid: null, impactAsk: 1, oracle: 1, longPositionBase: 1 }).rate1h, null)
})

test('dYdX and Coinbase International give hourly rates', () => {
  near(dydxHourlyRate(100).rate1h, 0.0000125)
  near(dydxHourlyRate(100).apr, 0.1095)
  near(coinbaseIntlFunding({ twapPremium1h: 0.0024, previousFunding: 0.00001 }).rate1h, 0.0000775)
  assert.equal(coinbaseIntlFunding({ twapPremium1h: 0.0024, previousFunding: null }).rate1h, null)
})

test("OKX's current interval ends at the coming settlement, and one without a past is unknown", () => {
  const times = {
    prevFundingTime: 1_794_096_000_000,
    fundingTime: 1_794_124_800_000,
    nextFundingTime: 1_794_139_200_000
  }
  assert.deepEqual(okxIntervals(times), { currentIntervalHours: 8, nextIntervalHours: 4 })
  assert.equal(okxIntervals({ ...times, prevFundingTime: null }).currentIntervalHours, null)
})

const RECORDED = ['BTC', 'ETH'].map((coin) =>
  fileURLToPath(new URL(`../../../shared/data/history/yuchengzhang966/hl_${coin}_funding_rates.json`, import.meta.url))
)

test('Hyperliquid’s rate follows from its premium on every recorded hour, to the last digit that was written', {
  skip: RECORDED.every(existsSync) ? false : 'the recorded histories in ../shared/data are not here'
}, () => {
  for (const file of RECORDED) {
    const rows: { funding_rate: string; premium: string }[] = JSON.parse(readFileSync(file, 'utf8'))
    const errors = rows.map((row) => Math.abs(hyperliquidRate(Number(row.premium)).rate1h - Number(row.funding_rate)))
    assert.equal(errors.length, 12_192)
    // Ten digits are written: half of the last one, and what float64 makes of it.
    assert.ok(errors.reduce((a, b) => Math.max(a, b)) < 5.001e-11)
  }
})
