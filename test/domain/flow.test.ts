import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseDecimal } from '../../src/domain/decimal.ts'
import { flowMetrics, speculationRatios } from '../../src/domain/flow.ts'

const exact = (text: string) => parseDecimal(text)!
const flow = (bought: string | null, sold: string | null, ratio: string | null) =>
  flowMetrics({
    takerBuyVolume: bought === null ? null : exact(bought),
    takerSellVolume: sold === null ? null : exact(sold),
    longShortAccountRatio: ratio === null ? null : exact(ratio)
  })

test('nobody long is zero, nothing traded is unknown, and a missing or negative number is unknown', () => {
  assert.deepEqual(flow('5', '0', '0'), { takerImbalance: 1, longShare: 0, netLongShare: -1 })
  const unknown = { takerImbalance: null, longShare: null, netLongShare: null }
  assert.deepEqual(flow('0', '0', null), unknown)
  assert.deepEqual(flow('1', null, '-1'), unknown)
  assert.deepEqual(flow('-1', '3', null), unknown)
})

test('imbalance is within one either way and turns with its sides; shares follow the ratio', () => {
  const amount = fc.integer({ min: 0, max: 1_000_000_000 }).map(String)
  fc.assert(
    fc.property(amount, amount, fc.integer({ min: 1, max: 1_000_000 }), (bought, sold, ratio) => {
      const { takerImbalance, longShare, netLongShare } = flow(bought, sold, String(ratio))
      const turned = flow(sold, bought, null).takerImbalance
      assert.equal(takerImbalance === null, bought === '0' && sold === '0')
      assert.ok(takerImbalance === null || (Math.abs(takerImbalance) <= 1 && takerImbalance + turned! === 0))
      assert.ok(Math.abs(longShare! - ratio / (1 + ratio)) < 1e-12)
      assert.ok(Math.abs(netLongShare! - (2 * longShare! - 1)) < 1e-12)
    })
  )
})

const NONE = { oiUsd: null, marketCapUsd: null, adv24hUsd: null, exchangeReserveUsd: null }

test('each ratio stands on its own two numbers, and is unknown without them or against nothing', () => {
  const unknown = { oiToMcap: null, oiToAdv: null, estimatedLeverage: null }
  assert.deepEqual(speculationRatios({ ...NONE, adv24hUsd: exact('5') }), unknown)
  assert.deepEqual(speculationRatios({ ...NONE, oiUsd: exact('3'), marketCapUsd: exact('0') }), unknown)
  assert.deepEqual(speculationRatios({ ...NONE, oiUsd: exact('3'), adv24hUsd: exact('2') }), {
    ...unknown,
    oiToAdv: 1.5
  })
  assert.equal(speculationRatios({ ...NONE, oiUsd: exact('0'), adv24hUsd: exact('2') }).oiToAdv, 0)
})

test('ratios do not depend on the unit of money', () => {
  const amount = fc.integer({ min: 1, max: 1_000_000_000 })
  fc.assert(
    fc.property(amount, amount, amount, (oi, cap, scale) => {
      const of = (unit: bigint) => ({
        ...NONE,
        oiUsd: exact(String(BigInt(oi) * unit)),
        marketCapUsd: exact(String(BigInt(cap) * unit))
      })
      assert.equal(speculationRatios(of(BigInt(scale))).oiToMcap, speculationRatios(of(1n)).oiToMcap)
    })
  )
})
