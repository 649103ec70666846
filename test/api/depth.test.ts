import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import type { Database } from '../../src/store/database.ts'
import { observeDepth } from '../support/sizes.ts'
import { insertInstrument, NOW_MS, testApi } from './fixture.ts'

const PERP = 'binance:BTC/USDT:USDT'
const SPOT = 'binance:BTC/USDT'
const UNASKED = 'bybit:DOGE/USDT:USDT'
const MINUTE = 60_000

async function seed(db: Database): Promise<void> {
  const spot = await insertInstrument(db, { key: SPOT })
  const perp = await insertInstrument(db, { key: PERP, spotId: spot })
  await observeDepth(db, perp, {})
  await observeDepth(db, spot, { observedAt: NOW_MS - 30_000, bid50: null, ask50: null, venueTime: null })
  await insertInstrument(db, { key: UNASKED })
}

const depthOf = async (api: { url: string }, query = '') => (await request(api.url).get(`/v1/depth${query}`)).body.data

test('depth is told of both legs, each with its own age; a band that the book ends in is null and says so', async () => {
  await using api = await testApi({ seed })
  const rows = await depthOf(api)
  assert.equal(rows.length, 1)
  const [{ contractBook, spotBook, ...row }] = rows
  assert.deepEqual(row, {
    instrument: PERP,
    spot: SPOT,
    venue: 'binance',
    asset: 'BTC',
    kind: 'perpetual',
    skewMs: 20_000,
    reasons: [],
    absent: {}
  })
  assert.deepEqual(
    [contractBook.ageMs, contractBook.mid, contractBook.quotedSpreadBps, contractBook.absent],
    [10_000, '64000', 0.5, {}]
  )
  assert.deepEqual(contractBook.bands[0], {
    bandBps: 10,
    bidDepth: '300.00000000',
    askDepth: '100.00000000',
    bidDepthUsd: '300.00000000',
    askDepthUsd: '100.00000000',
    imbalance: 0.5,
    absent: {}
  })
  assert.deepEqual(
    [spotBook.instrument, spotBook.ageMs, spotBook.absent],
    [SPOT, 30_000, { venueTime: 'not_published' }]
  )
  const why = 'book_ends_in_band'
  assert.deepEqual(spotBook.bands[2], {
    bandBps: 50,
    bidDepth: null,
    askDepth: null,
    bidDepthUsd: null,
    askDepthUsd: null,
    imbalance: null,
    absent: { bidDepth: why, askDepth: why, bidDepthUsd: why, askDepthUsd: why, imbalance: why }
  })
})

test('a book of three rounds ago tells its age and no numbers', async () => {
  await using api = await testApi({ seed })
  api.clock.advance(3 * MINUTE)
  const [{ contractBook }] = await depthOf(api)
  assert.equal(contractBook.ageMs, 3 * MINUTE + 10_000)
  assert.deepEqual([contractBook.mid, contractBook.quotedSpreadBps, contractBook.bands[0].bidDepth], [null, null, null])
  assert.deepEqual([contractBook.absent.mid, contractBook.bands[0].absent.bidDepth], ['stale', 'stale'])
})

test('a contract whose book is not asked for is there when it is named, with the reason; one that is crossed has no numbers', async () => {
  await using api = await testApi({ seed })
  const [row] = await depthOf(api, `?instrument=${UNASKED}`)
  assert.deepEqual([row.contractBook, row.spotBook], [null, null])
  assert.deepEqual(row.absent, {
    contractBook: 'not_observed',
    spot: 'no_spot_leg',
    spotBook: 'no_spot_leg',
    skewMs: 'not_observed'
  })
  const { rows } = await api.db.query<{ id: number }>('select id from instrument where key = $1', [UNASKED])
  const none = { bid10: null, ask10: null, bid25: null, ask25: null, bid50: null, ask50: null }
  await observeDepth(api.db, rows[0]!.id, { mid: null, spreadBps: null, ...none })
  const [crossed] = await depthOf(api, `?instrument=${UNASKED}`)
  assert.equal(crossed.contractBook.absent.quotedSpreadBps, 'crossed_or_empty_book')
  assert.equal(crossed.contractBook.bands[1].absent.askDepth, 'crossed_or_empty_book')
})
