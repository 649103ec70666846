import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import type { Database } from '../../src/store/database.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { observeQuote } from '../support/sizes.ts'
import { insertInstrument, insertSettlements, NOW_MS, testApi } from './fixture.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
const SPOT = 'binance:BTC/USDT'
const PERP = 'binance:BTC/USDT:USDT'
const key = (days: number) => {
  const at = new Date(NOW_MS + days * DAY)
  return `binance:BTC/USDT:USDT-${at.toISOString().slice(2, 10).replaceAll('-', '')}`
}

async function future(db: Database, spot: number, days: number, mid: number): Promise<number> {
  const id = await insertInstrument(db, { key: key(days), spotId: spot })
  await db.query('update instrument set expires_at = $2 where id = $1', [id, new Date(NOW_MS + days * DAY)])
  await observeQuote(db, id, { bid: String(mid - 1), ask: String(mid + 1) })
  return id
}

async function seed(db: Database): Promise<{ spot: number; perp: number }> {
  const spot = await insertInstrument(db, { key: SPOT })
  const perp = await insertInstrument(db, { key: PERP, spotId: spot })
  await observeQuote(db, spot, { bid: '99999', ask: '100001' })
  await observeQuote(db, perp, { bid: '100009', ask: '100011' })
  await future(db, spot, 1.5, 100_400)
  await future(db, spot, 47, 101_800)
  await future(db, spot, 138, 104_100)
  return { spot, perp }
}

const curveOf = async (api: { url: string }, query = '') =>
  (await request(api.url).get(`/v1/term-structure?asset=BTC${query}`)).body.data[0]

test('a curve has its dated contracts by maturity, the perpetual at day 0 and out of its shape', async () => {
  await using api = await testApi({
    seed: async (db) => {
      const { perp } = await seed(db)
      await insertSettlements(db, perp, [{ atMs: NOW_MS - 4 * HOUR, rate: '0.0001' }])
    }
  })
  const curve = await curveOf(api)
  const [perpetual, near, front, back] = curve.points
  assert.deepEqual(
    [perpetual.days, perpetual.isFitted, perpetual.absent, perpetual.aprContinuous],
    [0, false, 'perpetual', null]
  )
  assert.ok(Math.abs(perpetual.realisedFundingApr - 0.1095) < 1e-9)
  // A day and a half: annualised, flagged, not fitted.
  assert.deepEqual([near.isFitted, near.shortTenor, near.aprContinuous > 0.5], [false, true, true])
  assert.ok(Math.abs(front.aprContinuous - (Math.log(1.018) * 365) / 47) < 1e-9)
  assert.deepEqual([front.isFitted, back.isFitted, curve.structure], [true, true, 'contango'])
  assert.ok(curve.slopePer30d < 0)
  assert.ok(Math.abs(curve.forwards[0].forwardAprContinuous - (Math.log(104_100 / 101_800) * 365) / 91) < 1e-9)
  assert.ok(Math.abs(curve.excessApr - (curve.levelMean - 0.05)) < 1e-12)
  const maturities = curve.constantMaturities.map(({ days, absent }: { days: number; absent: string }) => [
    days,
    absent
  ])
  assert.deepEqual(maturities, [
    [7, 'before_first_expiry'],
    [30, 'before_first_expiry'],
    [60, null],
    [90, null],
    [180, 'after_last_expiry']
  ])
})

test('prices that are old make no point, and an asset without dated contracts has no curve', async () => {
  await using api = await testApi({
    seed: async (db) => {
      await seed(db)
      await insertInstrument(db, { key: 'binance:ETH/USDT:USDT' })
    }
  })
  api.clock.advance(60_000)
  const stale = await curveOf(api)
  assert.deepEqual([stale.points[2].absent, stale.structure, stale.levelMean], ['stale', null, null])
  const none = await request(api.url).get('/v1/term-structure?asset=ETH')
  assert.deepEqual([none.status, none.body.data], [200, []])
})

test('a curve of the past has the contracts of then, those that have expired since as well', async () => {
  const atMs = NOW_MS - 5 * DAY
  await using api = await testApi({
    seed: async (db) => {
      const { spot } = await seed(db)
      const gone = await future(db, spot, -1, 100_000)
      await db.query(`update instrument set status = 'expired', tracked = false where id = $1`, [gone])
      await ensurePartitions(db, 'market_snapshot', [atMs], NOW_MS)
      for (const [id, mid] of [
        [spot, 90_000],
        [gone, 90_090]
      ] as const) {
        await db.query(
          `insert into market_snapshot (instrument_id, tick_at, observed_at, known_at, available_at, bid, ask, span_ms, source, adapter_version)
           values ($1, $2, $2, $2, $2, $3, $4, 60000, 'polled', 1)`,
          [id, new Date(atMs - 30_000), mid - 1, mid + 1]
        )
      }
    }
  })
  const { points, structure } = await curveOf(api, `&at=${atMs}`)
  const then = points.find(({ instrument }: { instrument: string }) => instrument === key(-1))
  assert.ok(Math.abs(then.aprSimple - (0.001 * 365) / 4) < 1e-9)
  assert.equal(structure, 'contango')
  assert.equal(
    (await curveOf(api)).points.some(({ instrument }: { instrument: string }) => instrument === key(-1)),
    false
  )
  const later = await request(api.url).get(`/v1/term-structure?asset=BTC&at=${NOW_MS + HOUR}`)
  assert.deepEqual([later.status, later.body.errors[0].path], [400, 'at'])
})
