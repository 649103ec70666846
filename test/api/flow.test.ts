import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import type { Database } from '../../src/store/database.ts'
import { observeFlow } from '../support/sizes.ts'
import { insertInstrument, NOW_MS, testApi } from './fixture.ts'

const BTC = 'binance:BTC/USDT:USDT'
const ETH = 'bybit:ETH/USDT:USDT'
const MINUTE = 60_000

async function seed(db: Database): Promise<void> {
  await observeFlow(db, await insertInstrument(db, { key: BTC }), {})
  const none = { takerBuy: null, takerSell: null, takerAt: null }
  await observeFlow(db, await insertInstrument(db, { key: ETH }), none)
  await insertInstrument(db, { key: 'okx:SOL/USDT:USDT' })
}

const flowOf = async (api: { url: string }, query = '') => (await request(api.url).get(`/v1/flow${query}`)).body.data

test('taker flow and accounts are told with the venue’s own stamps and its window', async () => {
  await using api = await testApi({ seed })
  const [row] = await flowOf(api, '?venue=binance')
  assert.deepEqual(row, {
    instrument: BTC,
    venue: 'binance',
    asset: 'BTC',
    kind: 'perpetual',
    longShortAccountRatio: 1.5,
    longShare: 0.6,
    netLongShare: 0.2,
    longShortAt: new Date(NOW_MS - 70_000).toISOString(),
    takerBuyVolume: '30',
    takerSellVolume: '10',
    takerImbalance: 0.5,
    takerAt: new Date(NOW_MS - 370_000).toISOString(),
    windowMs: 300_000,
    reasons: [],
    absent: {},
    ageMs: 10_000,
    observedAt: new Date(NOW_MS - 10_000).toISOString()
  })
})

test('what a venue does not publish, and a perpetual that is not asked, say so and are no zero', async () => {
  await using api = await testApi({ seed })
  assert.equal((await flowOf(api)).length, 2)
  const [eth] = await flowOf(api, '?venue=bybit')
  assert.deepEqual([eth.longShare, eth.takerBuyVolume, eth.takerImbalance], [0.6, null, null])
  assert.deepEqual(eth.absent, {
    takerBuyVolume: 'not_published',
    takerSellVolume: 'not_published',
    takerImbalance: 'not_published',
    takerAt: 'not_published'
  })
  const [sol] = await flowOf(api, '?instrument=okx:SOL/USDT:USDT')
  assert.deepEqual([sol.longShare, sol.windowMs, sol.absent.longShare], [null, null, 'not_observed'])
})

test('flow that was not asked for three times, or that the venue has not sampled since, is none', async () => {
  await using api = await testApi({ seed })
  const { rows } = await api.db.query<{ id: number }>('select id from instrument where key = $1', [BTC])
  api.clock.advance(14 * MINUTE)
  assert.equal((await flowOf(api, '?venue=binance'))[0].longShare, 0.6)
  api.clock.advance(MINUTE)
  const [late] = await flowOf(api, '?venue=binance')
  assert.deepEqual([late.longShare, late.takerBuyVolume, late.absent.takerImbalance], [null, null, 'stale'])
  // Asked just now, and told what was sampled an hour ago.
  const observedAt = NOW_MS + 15 * MINUTE
  await observeFlow(api.db, rows[0]!.id, {
    observedAt,
    longShortAt: observedAt - 60 * MINUTE,
    takerAt: observedAt - 6 * MINUTE
  })
  const [frozen] = await flowOf(api, '?venue=binance')
  assert.deepEqual([frozen.longShare, frozen.absent.longShare, frozen.takerImbalance], [null, 'stale', 0.5])
})
