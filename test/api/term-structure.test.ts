import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import type { Database } from '../../src/store/database.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { observeQuote } from '../support/sizes.ts'
import { insertBasis, insertInstrument, insertSettlements, NOW_MS, testApi } from './fixture.ts'

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
      const { spot, perp } = await seed(db)
      await insertSettlements(db, perp, [
        { atMs: atMs - DAY, rate: '0.0001' },
        { atMs: atMs - DAY, rate: '0.0009', revision: 1, knownAtMs: NOW_MS }
      ])
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
  assert.ok(Math.abs(points[0].realisedFundingApr - 0.1095) < 1e-9, 'as it had been told then')
  await insertInstrument(api.db, { key: 'binance:BTC/USDT:USDT-271231' })
  await api.db.query('update instrument set tracked = false')
  api.clock.advance(10_000)
  assert.deepEqual((await curveOf(api, `&at=${atMs}`)).points, points, 'no longer followed, and never followed')
  assert.equal(await curveOf(api), undefined)
  await api.db.query(`update instrument set tracked = status = 'listed'`)
  api.clock.advance(10_000)
  assert.equal(
    (await curveOf(api)).points.some(({ instrument }: { instrument: string }) => instrument === key(-1)),
    false
  )
  const later = await request(api.url).get(`/v1/term-structure?asset=BTC&at=${NOW_MS + HOUR}`)
  assert.deepEqual([later.status, later.body.errors[0].path], [400, 'at'])
})

const history = (api: { url: string }, query = '') =>
  request(api.url).get(`/v1/term-structure/history?asset=BTC${query}`)
/** Bases at the last minute of each of the last `hours` full hours, newest first. */
const closing = (hours: number, basisBps: number) =>
  Array.from({ length: hours }, (_, index) => ({ atMs: NOW_MS - index * HOUR - 60_000, basisBps }))

async function seedBases(db: Database): Promise<{ spot: number; front: number; back: number }> {
  const spot = await insertInstrument(db, { key: SPOT })
  const [front, back] = [await future(db, spot, 20, 101_000), await future(db, spot, 110, 104_000)]
  await insertBasis(db, front, spot, closing(4, 100))
  await insertBasis(db, back, spot, closing(3, 400))
  return { spot, front, back }
}

test('a curve over time has its maturities of every hour that is over, between which contracts, or why there is none', async () => {
  await using api = await testApi({ seed: seedBases })
  api.clock.advance(10 * 60_000)
  const { body } = await history(api, `&from=${NOW_MS - 4 * HOUR}`)
  assert.deepEqual(
    [body.meta.asset, body.meta.venue, body.meta.resolution, body.meta.to],
    ['BTC', 'binance', '1h', new Date(NOW_MS).toISOString()]
  )
  assert.equal(body.data.length, 4, 'the hour that still runs has not closed')
  const [first, , , last] = body.data
  const growth = Math.log(1.01) + ((Math.log(1.04) - Math.log(1.01)) * 40) / 90
  assert.ok(Math.abs(last.maturity60dApr - (growth * 365) / 60) < 1e-5)
  assert.deepEqual(last.maturity60dBetween, [key(20), key(110)])
  assert.deepEqual(
    [last.maturity7dApr, last.absent.maturity7dApr, last.absent.maturity180dApr, last.structure],
    [null, 'before_first_expiry', 'after_last_expiry', 'contango']
  )
  assert.equal(last.at, new Date(NOW_MS).toISOString())
  assert.equal(last.contracts[0].closedAt, new Date(NOW_MS - 60_000).toISOString())
  assert.equal(first.contracts[1].closedAt, null)
  assert.deepEqual([first.maturity60dApr, first.absent.maturity60dApr], [null, 'after_last_expiry'])
  assert.deepEqual(
    first.contracts.map(({ absent }: { absent: string | null }) => absent),
    [null, 'not_observed']
  )
  await api.db.query('update instrument set tracked = false')
  api.clock.advance(60_000)
  assert.deepEqual((await history(api, `&from=${NOW_MS - 4 * HOUR}`)).body.data, body.data, 'no longer followed')
  const csv = await history(api, `&from=${NOW_MS - 4 * HOUR}&format=csv`)
  assert.ok(csv.text.startsWith('start,at,asset,venue,maturity7dApr,maturity7dBetween'))
  assert.equal(csv.text.trim().split('\r\n').length, 5)
  const paged = await history(api, `&from=${NOW_MS - 4 * HOUR}&limit=3`)
  const rest = await history(api, `&from=${NOW_MS - 4 * HOUR}&limit=3&cursor=${paged.body.page.next}`)
  assert.deepEqual([...paged.body.data, ...rest.body.data], body.data)
})

test('what became known later changes no curve as it was known before, and a lesser grade is left out', async () => {
  await using api = await testApi({
    seed: async (db) => {
      const { spot, front } = await seedBases(db)
      const atMs = NOW_MS - HOUR - 60_000
      await insertBasis(db, front, spot, [
        { atMs, basisBps: 900, revision: 1, knownAtMs: NOW_MS - 30 * 60_000 },
        { atMs: NOW_MS - 30_000, basisBps: 5_000, grade: 'none' }
      ])
    }
  })
  const ofHour = async (query: string) =>
    (await history(api, `&from=${NOW_MS - 2 * HOUR}&to=${NOW_MS}${query}`)).body.data.map(
      ({ contracts: [near] }: { contracts: { adjustedBasisBps: number }[] }) => near?.adjustedBasisBps
    )
  assert.deepEqual(await ofHour(''), [900, 100])
  assert.deepEqual(await ofHour(`&knownAt=${NOW_MS - 45 * 60_000}`), [100, null])
  assert.deepEqual(await ofHour('&minGrade=none'), [900, 5_000])
})

test('contracts of another currency are on the curve after fx, where that was known', async () => {
  await using api = await testApi({
    seed: async (db) => {
      const { back } = await seedBases(db)
      const dollar = await insertInstrument(db, { key: 'binance:BTC/USD' })
      await db.query('update instrument set spot_id = $2 where id = $1', [back, dollar])
      await insertBasis(db, back, dollar, closing(2, 500))
      await db.query(
        `update basis_snapshot set adjusted_basis_bps = case when tick_at > $2 then 420 end where spot_id = $1`,
        [dollar, new Date(NOW_MS - HOUR)]
      )
    }
  })
  const { body } = await history(api, `&from=${NOW_MS - 2 * HOUR}&to=${NOW_MS}&resolution=1h`)
  const backs = body.data.map(({ contracts }: { contracts: Record<string, unknown>[] }) => contracts[1])
  assert.deepEqual(
    backs.map(({ adjustedBasisBps, absent }: Record<string, unknown>) => [adjustedBasisBps, absent]),
    [
      [null, 'fx_unadjusted'],
      [420, null]
    ]
  )
})

test('what is no curve of the past is refused by name, and only what needed fx is no longer kept', async () => {
  await using api = await testApi({
    config: { rawDays: 30 },
    seed: async (db) => {
      const { back } = await seedBases(db)
      const dollar = await insertInstrument(db, { key: 'binance:BTC/USD' })
      await db.query('update instrument set spot_id = $2 where id = $1', [back, dollar])
      await insertInstrument(db, { key: 'binance:ETH/USDT:USDT' })
    }
  })
  for (const [query, path, code] of [
    ['&resolution=raw', 'resolution', 'invalid_parameter'],
    ['&resolution=5m&from=2020-01-01', 'resolution', 'history_not_kept'],
    ['&resolution=1h&from=2000-01-01', 'resolution', 'range_too_long'],
    ['&venue=binanse', 'venue', 'unknown_venue'],
    [`&knownAt=${Date.now() + DAY}`, 'knownAt', 'known_at_ahead']
  ]) {
    const { status, body } = await history(api, query)
    assert.deepEqual([status, body.errors?.[0]?.path ?? body.code, body.code], [400, path, code], query)
  }
  const none = await request(api.url).get('/v1/term-structure/history?asset=ETH')
  assert.deepEqual([none.status, none.body.code, none.body.errors[0].path], [400, 'no_curve', 'asset'])
  const { body } = await history(api, `&resolution=1d&from=${NOW_MS - 100 * DAY}&to=${NOW_MS - 99 * DAY}`)
  const missing = body.data[0].contracts.map((each: Record<string, unknown>) => [each.instrument, each.absent])
  assert.deepEqual(missing, [
    [key(20), 'not_observed'],
    [key(110), 'not_kept']
  ])
  const unnamed = await request(api.url).get('/v1/term-structure/history')
  assert.deepEqual([unnamed.status, unnamed.body.errors[0].path], [400, 'asset'])
})

/** Mids of a contract at the last minute of every hour of [fromMs, toMs). */
async function quoteHours(db: Database, id: number, [fromMs, toMs]: readonly number[], mid: number): Promise<void> {
  const hours = Array.from({ length: (toMs! - fromMs!) / HOUR }, (_, index) => fromMs! + (index + 1) * HOUR - 60_000)
  await ensurePartitions(db, 'market_snapshot', hours, NOW_MS)
  await db.query(
    `insert into market_snapshot (instrument_id, tick_at, observed_at, known_at, available_at, bid, ask, span_ms, source, adapter_version)
     select $1, at, at, at, at, $3::numeric - 1, $3::numeric + 1, 60000, 'polled', 1 from unnest($2::timestamptz[]) at`,
    [id, hours.map((at) => new Date(at)), mid]
  )
}

const rolled = (api: { url: string }, query = '') => request(api.url).get(`/v1/term-structure/rolled?asset=BTC${query}`)
type Rolled = Readonly<Record<'start' | 'instrument' | 'price' | 'adjusted' | 'stretch', unknown>> & {
  readonly rolls: readonly Readonly<Record<string, unknown>>[]
}

test('dated contracts make one series, each roll with both its prices and no return, the same on every page and whatever came later', async () => {
  // Expired a day ago: left two days before, three days ago.
  const dueMs = NOW_MS - 3 * DAY
  const span = [NOW_MS - 4 * DAY, NOW_MS - 2 * DAY]
  await using api = await testApi({
    seed: async (db) => {
      const spot = await insertInstrument(db, { key: SPOT })
      const front = await future(db, spot, -1, 100_000)
      await db.query(`update instrument set status = 'expired', tracked = false where id = $1`, [front])
      await quoteHours(db, front, span, 100_000)
      await quoteHours(db, await future(db, spot, 60, 110_000), span, 110_000)
      // Settles in another currency: never in the same series.
      await insertInstrument(db, { key: 'binance:BTC/USD:BTC-261225' })
    }
  })
  await api.db.query(`update instrument set expires_at = '2026-12-25T08:00Z' where key = 'binance:BTC/USD:BTC-261225'`)
  const range = `&settle=usdt&from=${NOW_MS - 4 * DAY}&to=${NOW_MS - 2 * DAY}`
  const { body } = await rolled(api, range)
  assert.deepEqual([body.data.length, body.meta.settle, body.meta.venue], [48, 'USDT', 'binance'])
  const rows: Rolled[] = body.data
  const [at] = rows.filter(({ rolls }) => rolls.length > 0)
  assert.deepEqual(at?.rolls, [
    {
      rollAt: new Date(dueMs + HOUR - 60_000).toISOString(),
      from: key(-1),
      to: key(60),
      fromPrice: '100000',
      toPrice: '110000',
      ratio: 1.1,
      absent: null
    }
  ])
  assert.deepEqual(
    [rows[0]?.instrument, rows[0]?.price, rows.at(-1)?.instrument, rows.at(-1)?.price],
    [key(-1), '100000', key(60), '110000']
  )
  for (const { adjusted, stretch } of rows) assert.ok(stretch === 0 && Math.abs(Number(adjusted) - 100_000) < 1e-6)
  const first = await rolled(api, `${range}&limit=30`)
  const rest = await rolled(api, `${range}&limit=30&cursor=${first.body.page.next}`)
  assert.deepEqual([...first.body.data, ...rest.body.data], rows)
  const csv = await rolled(api, `${range}&format=csv`)
  assert.equal(csv.text.trim().split('\r\n').length, 49)
  const before = await rolled(api, `${range}&knownAt=${dueMs}`)
  assert.deepEqual(before.body.data.slice(0, 24), rows.slice(0, 24))
  assert.deepEqual(
    [before.body.data[30].instrument, before.body.data[30].price, before.body.data[30].absent.price],
    [key(-1), null, 'not_observed']
  )
  const unnamed = await rolled(api, `&from=${NOW_MS - 4 * DAY}`)
  assert.deepEqual([unnamed.status, unnamed.body.errors[0].path], [400, 'settle'])
  assert.match(unnamed.body.errors[0].message, /BTC, USDT/)
})
