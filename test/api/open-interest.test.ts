import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import type { Database } from '../../src/store/database.ts'
import { observeSizes } from '../support/sizes.ts'
import { insertInstrument, NOW_MS, testApi } from './fixture.ts'

const BTC = 'binance:BTC/USDT:USDT'
const ETH = 'bybit:ETH/USDT:USDT'
const MINUTE = 60_000

async function seed(db: Database): Promise<void> {
  await insertInstrument(db, { key: 'binance:BTC/USDT' })
  await observeSizes(db, await insertInstrument(db, { key: BTC }), {})
  await observeSizes(db, await insertInstrument(db, { key: ETH }), {
    base: '1000',
    quote: '3000000',
    usd: '3000000',
    sides: 2,
    venueTime: NOW_MS - 11_000
  })
  await insertInstrument(db, { key: 'okx:SOL/USDT:USDT' })
}

test('open interest is told in base, quote and dollars, with what the venue counted; volume with its unit', async () => {
  await using api = await testApi({ seed })
  const { body } = await request(api.url).get('/v1/open-interest?sort=-openInterestUsd')
  assert.deepEqual(
    body.data.map(({ instrument }: { instrument: string }) => instrument),
    [ETH, BTC, 'okx:SOL/USDT:USDT']
  )
  const [eth, btc, sol] = body.data
  assert.deepEqual(btc, {
    instrument: BTC,
    venue: 'binance',
    asset: 'BTC',
    kind: 'perpetual',
    quote: 'USDT',
    settle: 'USDT',
    inverse: false,
    openInterestBase: '10',
    openInterestQuote: '640000',
    openInterestUsd: '640000',
    unit: 'base',
    sides: 1,
    volume24hUsd: '1280000',
    volume24hUnit: 'quote',
    reasons: [],
    absent: { openInterestVenueTime: 'not_published' },
    openInterestAgeMs: 10_000,
    openInterestObservedAt: new Date(NOW_MS - 10_000).toISOString(),
    openInterestVenueTime: null,
    volumeObservedAt: new Date(NOW_MS - 10_000).toISOString()
  })
  assert.deepEqual([eth.sides, eth.reasons, eth.absent], [2, ['oi_sides_inferred'], {}])
  for (const field of ['openInterestBase', 'openInterestUsd', 'volume24hUsd', 'openInterestAgeMs'])
    assert.deepEqual([sol[field], sol.absent[field]], [null, 'not_observed'], field)
})

test('open interest that was not asked for three times is no longer told as that of now', async () => {
  await using api = await testApi({ seed })
  const told = async () => (await request(api.url).get(`/v1/open-interest?instrument=${BTC}`)).body.data[0]
  api.clock.advance(14 * MINUTE)
  assert.equal((await told()).openInterestBase, '10')
  api.clock.advance(2 * MINUTE)
  const stale = await told()
  assert.deepEqual(
    [stale.openInterestBase, stale.openInterestUsd, stale.unit, stale.absent.openInterestUsd, stale.openInterestAgeMs],
    [null, null, null, 'stale', 16 * MINUTE + 10_000]
  )
})

test('open interest is filtered as the board is, and pages go on in the order asked for', async () => {
  await using api = await testApi({ seed })
  const keys = async (query: string) => {
    const { body } = await request(api.url).get(`/v1/open-interest?${query}`)
    return body.data.map(({ instrument }: { instrument: string }) => instrument)
  }
  assert.deepEqual(await keys('venue=bybit'), [ETH])
  assert.deepEqual(await keys('minOpenInterestUsd=1000000'), [ETH])
  assert.deepEqual(await keys('asset=BTC&quote=usdt&kind=perpetual'), [BTC])
  const { body } = await request(api.url).get('/v1/open-interest?sort=openInterestUsd&limit=1')
  const { body: rest } = await request(api.url).get(
    `/v1/open-interest?sort=openInterestUsd&limit=5&cursor=${body.page.next}`
  )
  assert.deepEqual(
    [...body.data, ...rest.data].map(({ instrument }) => instrument),
    [BTC, ETH, 'okx:SOL/USDT:USDT']
  )
  const unknown = await request(api.url).get('/v1/open-interest?asset=NOPE')
  assert.deepEqual([unknown.status, unknown.body.code], [400, 'unknown_asset'])
})

test('the history of open interest says when each amount was received; a spot has none', async () => {
  await using api = await testApi({ seed })
  const { body } = await request(api.url).get(`/v1/open-interest/history?instrument=${ETH}&from=2026-06-15`)
  const [row] = body.data
  assert.deepEqual(
    [row.openInterestBase, row.openInterestQuote, row.openInterestUsd, row.unit, row.sides, row.reasons, row.source],
    ['1000', '3000000', '3000000', 'base', 2, ['oi_sides_inferred'], 'polled']
  )
  assert.equal(row.observedAt, new Date(NOW_MS - 10_000).toISOString())
  const spot = await request(api.url).get('/v1/open-interest/history?instrument=binance:BTC/USDT')
  assert.deepEqual([spot.status, spot.body.code], [400, 'invalid_parameter'])
  const csv = await request(api.url).get(`/v1/open-interest/history?instrument=${ETH}&from=2026-06-15&format=csv`)
  assert.match(csv.text.split('\n')[1]!, /3000000/)
})
