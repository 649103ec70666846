import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import type { Database } from '../../src/store/database.ts'
import { observeQuote } from '../support/sizes.ts'
import { insertInstrument, NOW_MS, testApi } from './fixture.ts'

async function seed(db: Database): Promise<void> {
  await observeQuote(db, await insertInstrument(db, { key: 'kraken:USDT/USD' }), {})
  await observeQuote(db, await insertInstrument(db, { key: 'binance:USDC/USDT' }), { bid: '1.006', ask: '1.0062' })
  await observeQuote(db, await insertInstrument(db, { key: 'bybit:USDC/USDT' }), { bid: '1.01', ask: '1.01' })
  await insertInstrument(db, { key: 'okx:USDC/USDT' })
  await observeQuote(db, await insertInstrument(db, { key: 'kraken:BTC/USD' }), { bid: '64000', ask: '64001' })
}

const ratesOf = async (api: { url: string }, query = '') =>
  (await request(api.url).get(`/v1/stablecoins${query}`)).body.data

test('a stablecoin’s rate is the mid of its own book, with how far from par it is', async () => {
  await using api = await testApi({ seed })
  const [row] = await ratesOf(api, '?venue=kraken')
  assert.deepEqual(
    { ...row, deviationBps: Math.round(row.deviationBps * 1e6) / 1e6 },
    {
      instrument: 'kraken:USDT/USD',
      venue: 'kraken',
      currency: 'USDT',
      quote: 'USD',
      rate: 0.9998,
      deviationBps: -2,
      isDepegged: false,
      bid: '0.9997',
      ask: '0.9999',
      absent: { venueTime: 'not_published' },
      ageMs: 10_000,
      observedAt: new Date(NOW_MS - 10_000).toISOString(),
      venueTime: null
    }
  )
})

test('a depeg is said, a crossed book and one never seen have no rate; coins are no stablecoins', async () => {
  await using api = await testApi({ seed })
  const rows = await ratesOf(api, '?currency=usdc')
  assert.deepEqual(
    rows.map(({ instrument, rate, isDepegged, absent }: Record<string, unknown>) => [
      instrument,
      rate,
      isDepegged,
      (absent as Record<string, string>).rate
    ]),
    [
      ['binance:USDC/USDT', 1.0061, true, undefined],
      ['bybit:USDC/USDT', null, null, 'crossed_book'],
      ['okx:USDC/USDT', null, null, 'not_observed']
    ]
  )
  assert.equal((await ratesOf(api)).length, 4)
})

test('a rate is none after a minute: its age says why, its last quote stays', async () => {
  await using api = await testApi({ seed })
  api.clock.advance(50_000)
  assert.equal((await ratesOf(api, '?quote=USD'))[0].rate, 0.9998)
  api.clock.advance(1)
  const [row] = await ratesOf(api, '?quote=USD')
  assert.deepEqual(
    [row.rate, row.isDepegged, row.absent.rate, row.ageMs, row.bid],
    [null, null, 'stale', 60_001, '0.9997']
  )
})
