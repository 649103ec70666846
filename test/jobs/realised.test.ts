import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import request from 'supertest'
import { realisedOf } from '../../src/contract/realised.ts'
import { trailingOf } from '../../src/contract/trailing.ts'
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts'
import { sumDue } from '../../src/jobs/realised.ts'
import type { Database } from '../../src/store/database.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { insertSettlements } from '../../src/store/settlement-intake.ts'
import { insertInstrument, NOW_MS, type TestApi, testApi } from '../api/fixture.ts'

const PERP = 'binance:BTC/USDT:USDT'

/** Stores rates as the service does. */
async function settle(db: Database, instrumentId: number, rates: readonly { at: number; rate: string }[]) {
  await ensurePartitions(
    db,
    'settlement',
    rates.map(({ at }) => at),
    NOW_MS
  )
  const stamp = { source: 'polled' as const, observedAt: NOW_MS, venue: 'binance', adapterVersion: 1, epoch: 0 }
  const settled = rates.map(({ at, rate }) => ({ settledAt: at, venueTime: at, rate, mark: null, availableAt: at }))
  await db.transaction((client) => insertSettlements(client, instrumentId, settled, stamp))
}

/** `count` settlements, the last at `lastMs`. */
const every8h = (count: number, lastMs: number, rate = '0.0001') =>
  Array.from({ length: count }, (_, index) => ({ at: lastMs - (count - 1 - index) * 8 * HOUR, rate }))

async function sumAll({ db, clock }: Pick<TestApi, 'db' | 'clock'>): Promise<number> {
  let summed = 0
  for (let more = 1; more > 0; summed += more) more = await sumDue({ db, clock })
  return summed
}

const rowsOf = async (api: TestApi, query = '') =>
  (await request(api.url).get(`/v1/funding/trailing${query}`)).body.data

test('what a perpetual paid over each trailing window is there with its coverage, and follows settlements, corrections and the hours', async () => {
  await using api = await testApi()
  const id = await insertInstrument(api.db, { key: PERP })
  const midday = NOW_MS - 4 * HOUR
  await settle(api.db, id, every8h(30, midday))
  assert.equal(await sumAll(api), 1)
  assert.equal(await sumAll(api), 0, 'nothing came and no hour has passed')
  const [first] = await rowsOf(api)
  assert.equal(first.to, new Date(NOW_MS - HOUR).toISOString())
  assert.deepEqual(
    [first.realised1dApr, first.realised1dSumRate, first.realised1dHours, first.realised1dSettlements],
    [0.1095, 0.0003, 24, 3]
  )
  assert.deepEqual([first.realised7dSettlements, first.realised7dExpected, first.realised7dCoverage], [21, 21, 1])
  assert.deepEqual([first.realised30dSettlements, first.realised30dExpected], [30, 90])
  assert.ok(Math.abs(first.realised30dCoverage - 1 / 3) < 1e-12)

  await settle(api.db, id, [{ at: midday, rate: '0.0004' }])
  assert.equal(await sumAll(api), 1, 'a correction is summed')
  assert.equal((await rowsOf(api))[0].realised1dSumRate, 0.0006)

  api.clock.advance(4 * HOUR)
  await settle(api.db, id, [{ at: midday + 8 * HOUR, rate: '0.0002' }])
  await sumAll(api)
  const [later] = await rowsOf(api)
  assert.equal(later.to, new Date(midday + 8 * HOUR).toISOString(), 'a settlement that came ends the windows')
  assert.equal(later.realised1dSumRate, 0.0007)

  api.clock.advance(9 * HOUR + 11 * MINUTE)
  assert.equal(await sumAll(api), 1, 'windows move on without a settlement')
  const [silent] = await rowsOf(api)
  assert.deepEqual([silent.realised1dSettlements, silent.realised1dExpected], [2, 3])
  api.clock.advance(4 * HOUR)
  const [stale] = await rowsOf(api)
  assert.deepEqual([stale.realised1dApr, stale.absent.realised1dApr], [null, 'stale'], 'nobody sums: nothing is said')
})

test('the address of realised funding answers the list when it names no instrument, and the one when it does', async () => {
  await using api = await testApi()
  for (const [asset, rate] of [
    ['BTC', '0.0001'],
    ['ETH', '0.0003'],
    ['SOL', '-0.0002']
  ] as const) {
    await settle(
      api.db,
      await insertInstrument(api.db, { key: `binance:${asset}/USDT:USDT` }),
      every8h(9, NOW_MS, rate)
    )
  }
  await insertInstrument(api.db, { key: 'binance:PEPE/USDT:USDT' })
  await sumAll(api)
  const ask = async (query: string) => (await request(api.url).get(`/v1/funding/realised${query}`)).body
  const sorted = await ask('?sort=-realised1dApr&limit=2')
  assert.deepEqual(
    sorted.data.map(({ asset }: { asset: string }) => asset),
    ['ETH', 'BTC']
  )
  const rest = await ask(`?sort=-realised1dApr&limit=2&cursor=${sorted.page.next}`)
  assert.deepEqual(
    rest.data.map((row: { asset: string; absent: object }) => [row.asset, row.absent]),
    [
      ['SOL', {}],
      ['PEPE', Object.fromEntries([1, 7, 30, 90].map((days) => [`realised${days}dApr`, 'no_settlements']))]
    ]
  )
  assert.equal((await ask('?asset=SOL')).data.length, 1)
  const single = await ask(`?instrument=${PERP}`)
  assert.equal(single.data.instrument, PERP)
  assert.equal((await ask('?from=2026-06-01')).errors[0].path, 'from', 'a window is of one instrument')
})

test('a settlement that commits while its instrument is being summed is summed afterwards', async () => {
  await using api = await testApi()
  const id = await insertInstrument(api.db, { key: PERP })
  await settle(api.db, id, every8h(3, NOW_MS - 8 * HOUR))
  const arrived = Promise.withResolvers<void>()
  let late: Promise<void> | undefined
  const db: Database = {
    ...api.db,
    // Between the reading of the settlements and the commit of their sums.
    transaction: (work) =>
      api.db.transaction(async (client) => {
        const result = await work(client)
        late = settle(api.db, id, [{ at: NOW_MS, rate: '0.0005' }])
        await arrived.promise
        return result
      })
  }
  const summing = sumDue({ db, clock: api.clock })
  await eventuallyWaits(api.db)
  arrived.resolve()
  assert.equal(await summing, 1)
  await late
  assert.equal(await sumAll(api), 1)
  assert.equal((await rowsOf(api))[0].realised1dSumRate, 0.0007)
})

/** Until a session waits for another's lock. */
async function eventuallyWaits(db: Database): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    const { rows } = await db.query(
      `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
    )
    if (rows.length > 0) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('nobody waits')
}

test('the trailing windows say what the same window says when it is asked for', () => {
  const settlement = fc.record({
    hoursAgo: fc.integer({ min: 0, max: 24 * 95 }),
    rate: fc.integer({ min: -9_999, max: 9_999 }).map((digits) => String(digits / 1e7)),
    intervalHours: fc.constantFrom(1, 4, 8)
  })
  fc.assert(
    fc.property(fc.uniqueArray(settlement, { selector: ({ hoursAgo }) => hoursAgo, minLength: 1 }), (drawn) => {
      const paid = drawn
        .map(({ hoursAgo, ...rest }) => ({ settledAt: NOW_MS - hoursAgo * HOUR, ...rest }))
        .sort((a, b) => a.settledAt - b.settledAt)
      const windows = trailingOf(paid, NOW_MS, { listedAt: null, delistedAt: null })
      for (const days of [1, 7, 30, 90] as const) {
        const fromMs = NOW_MS - days * DAY
        const within = paid.filter(({ settledAt }) => settledAt > fromMs)
        assert.deepEqual(windows[days], realisedOf(within, { fromMs, toMs: NOW_MS }, paid.at(-1)!.intervalHours))
      }
    })
  )
})
