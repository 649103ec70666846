import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import request from 'supertest'
import { type FundingStanding, fundingStandingOf, type SettledFunding } from '../../src/domain/funding-standing.ts'
import { DAY, HOUR } from '../../src/domain/time.ts'
import { rankDue } from '../../src/jobs/standings.ts'
import type { Database } from '../../src/store/database.ts'
import { type KeptStanding, listStandings } from '../../src/store/funding-standing.ts'
import { reviseIntervals } from '../../src/store/imported-settlements.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { insertSettlements } from '../../src/store/settlement-intake.ts'
import { insertInstrument, NOW_MS, type TestApi, testApi } from '../api/fixture.ts'

const STAMP = { source: 'polled' as const, observedAt: NOW_MS, venue: 'binance', adapterVersion: 1, epoch: 0 }

type Paid = { readonly at: number; readonly rate: string }

/** Stores rates as the service does. */
async function settle(db: Database, instrumentId: number, rates: readonly Paid[]): Promise<void> {
  const settled = rates.map(({ at, rate }) => ({ settledAt: at, venueTime: at, rate, mark: null, availableAt: at }))
  await db.transaction((client) => insertSettlements(client, instrumentId, settled, STAMP))
}

const every8h = (count: number, lastMs: number, rateOf = (_: number) => '0.0001') =>
  Array.from({ length: count }, (_, n) => ({ at: lastMs - (count - 1 - n) * 8 * HOUR, rate: rateOf(n) }))

async function rankAll({ db, clock }: Pick<TestApi, 'db' | 'clock'>): Promise<number> {
  let ranked = 0
  for (let more = 1; more > 0; ranked += more) more = await rankDue({ db, clock })
  return ranked
}

/** What the domain says of all that is stored. */
async function fromScratch(db: Database, instrumentId: number) {
  const { rows } = await db.query<{ at: Date; rate: string; hours: number; source: 'declared'; version: number }>(
    `select distinct on (settled_at) settled_at as at, rate, interval_hours as hours, interval_source as source, formula_version as version
     from settlement where instrument_id = $1 order by settled_at, revision desc`,
    [instrumentId]
  )
  const settled: SettledFunding[] = rows.map(({ at, rate, hours, source, version }) => ({
    settledAt: at.getTime(),
    rate: Number(rate),
    intervalHours: hours,
    intervalSource: source,
    formulaVersion: version
  }))
  return fundingStandingOf(settled, null)
}

function rankedOf(kept: KeptStanding | undefined): FundingStanding {
  const standing = kept?.standing ?? null
  assert.ok(standing !== null && !('refusal' in standing))
  return standing
}

const keptOf = async (db: Database, id: number) => (await listStandings(db, [id])).get(id)

test('whatever the order in which settlements and corrections come, a standing is what the domain makes of all of them', async () => {
  await using api = await testApi()
  const { db } = api
  const times = Array.from({ length: 3 }, (_, year) => NOW_MS - year * 300 * DAY)
  await ensurePartitions(db, 'settlement', times, NOW_MS)
  const rate = fc.integer({ min: -3, max: 3 }).map((step) => String(step / 1e4))
  const history = fc.record({
    intervalHours: fc.constantFrom(4, 8),
    rates: fc.constantFrom(40, 95, 200, 400).chain((n) => fc.array(rate, { minLength: n, maxLength: n, size: 'max' })),
    holes: fc.array(fc.nat(), { maxLength: 3 }),
    corrections: fc.array(fc.tuple(fc.nat(), rate), { maxLength: 5 }),
    keys: fc.infiniteStream(fc.nat()),
    cuts: fc.array(fc.nat(), { minLength: 1, maxLength: 3 })
  })
  let number = 0
  await fc.assert(
    fc.asyncProperty(history, async ({ intervalHours, rates, holes, corrections, keys, cuts }) => {
      const all = rates
        .map((each, n) => ({ at: NOW_MS - n * intervalHours * HOUR, rate: each }))
        .filter((_, n) => n < 2 || !holes.some((hole) => hole % rates.length === n))
      const shuffled = all
        .map((each) => ({ each, key: keys.next().value! }))
        .sort((a, b) => a.key - b.key)
        .map(({ each }) => each)
      const ids: number[] = []
      for (const [order, sent] of [all, shuffled].entries()) {
        number += 1
        const id = await insertInstrument(db, { key: `venue${number}:BTC/USDT:USDT` })
        ids.push(id)
        const places = [0, ...cuts.map((cut) => cut % sent.length).sort((a, b) => a - b), sent.length]
        for (const [part, from] of places.slice(0, -1).entries()) {
          await settle(db, id, sent.slice(from, places[part + 1]))
          if ((part + order) % 2 === 0) await rankAll(api)
        }
        for (const [place, corrected] of corrections) {
          await settle(db, id, [{ at: all[place % all.length]!.at, rate: corrected }])
          if (place % 2 === 0) await rankAll(api)
        }
        await rankAll(api)
        assert.deepEqual((await keptOf(db, id))!.standing, await fromScratch(db, id))
        // An interval that nobody declares is seen from what is stored by then: the whole history says which it was.
        await db.transaction((client) => reviseIntervals(client, id, STAMP))
        await rankAll(api)
      }
      const [first, second] = await Promise.all(ids.map((id) => keptOf(db, id)))
      assert.deepEqual(rankedOf(second).windows[90].percentile, rankedOf(first).windows[90].percentile)
    }),
    { numRuns: 4, endOnFailure: true }
  )
})

test('only what settled is ranked again, and the table sorts by where it stands', async () => {
  await using api = await testApi()
  const { db } = api
  await ensurePartitions(db, 'settlement', [NOW_MS, NOW_MS - 300 * DAY], NOW_MS)
  const [high, low] = [
    await insertInstrument(db, { key: 'binance:BTC/USDT:USDT' }),
    await insertInstrument(db, { key: 'binance:ETH/USDT:USDT' })
  ]
  await settle(
    db,
    high,
    every8h(300, NOW_MS - 8 * HOUR, (n) => String(n / 1e6))
  )
  await settle(
    db,
    low,
    every8h(300, NOW_MS - 8 * HOUR, (n) => String(-n / 1e6))
  )
  assert.equal(await rankAll(api), 2)
  assert.equal(await rankAll(api), 0)
  const first = await keptOf(db, low)
  api.clock.advance(HOUR)
  await settle(db, high, [{ at: NOW_MS, rate: '0.0001' }])
  assert.equal(await rankAll(api), 1, 'a settlement is ranked, and nobody else')
  await settle(db, high, [{ at: NOW_MS, rate: '0.0001' }])
  assert.equal(await rankAll(api), 0, 'the same settlement once more changes nothing')
  assert.deepEqual(await keptOf(db, low), first)
  await settle(db, high, [{ at: NOW_MS, rate: '0.01' }])
  assert.equal(await rankAll(api), 1, 'a correction is ranked')
  const { body } = await request(api.url).get('/v1/funding/standings?sort=percentile90d')
  const shown = body.data.map((row: Record<string, unknown>) => [row.asset, row.percentile90d, row.settlements90d])
  const [lowest, highest] = [(100 * 0.5) / 270, (100 * 269.5) / 270]
  assert.deepEqual(shown, [
    ['ETH', lowest, 270],
    ['BTC', highest, 270]
  ])
  assert.deepEqual([body.data[1].rate, body.data[1].intervalHours, body.data[1].zMethod90d], [0.01, 8, 'mad'])
})

test('several instances rank everything once, and what one leaves half done another does', async () => {
  await using api = await testApi()
  const { db, clock } = api
  await ensurePartitions(db, 'settlement', [NOW_MS, NOW_MS - 60 * DAY], NOW_MS)
  const ids: number[] = []
  for (let number = 0; number < 45; number += 1) {
    const id = await insertInstrument(db, { key: `binance:COIN${number}/USDT:USDT` })
    await settle(
      db,
      id,
      every8h(5, NOW_MS, (n) => String((n + number) / 1e5))
    )
    ids.push(id)
  }
  const dying: Database = {
    ...db,
    transaction: (work) =>
      db.transaction(async (client) => {
        await work(client)
        throw new Error('killed before the commit')
      })
  }
  await assert.rejects(rankDue({ db: dying, clock }), /killed/)
  const ranked = await Promise.all([rankAll(api), rankAll(api), rankAll(api)])
  assert.equal(
    ranked.reduce((sum, each) => sum + each),
    ids.length
  )
  const kept = await listStandings(db, ids)
  for (const id of ids) assert.deepEqual(kept.get(id)!.standing, await fromScratch(db, id))
})

test('a settlement that commits while its instrument is being ranked is ranked afterwards', async () => {
  await using api = await testApi()
  await ensurePartitions(api.db, 'settlement', [NOW_MS], NOW_MS)
  const id = await insertInstrument(api.db, { key: 'binance:BTC/USDT:USDT' })
  await settle(api.db, id, every8h(3, NOW_MS - 8 * HOUR))
  const arrived = Promise.withResolvers<void>()
  let late: Promise<void> | undefined
  const db: Database = {
    ...api.db,
    // Between the reading of the settlements and the commit of their standing.
    transaction: (work) =>
      api.db.transaction(async (client) => {
        const result = await work(client)
        late = settle(api.db, id, [{ at: NOW_MS, rate: '0.0005' }])
        await arrived.promise
        return result
      })
  }
  const ranking = rankDue({ db, clock: api.clock })
  await untilSomebodyWaits(api.db)
  arrived.resolve()
  assert.equal(await ranking, 1)
  await late
  assert.equal(await rankAll(api), 1)
  assert.equal(rankedOf(await keptOf(api.db, id)).rate, 0.0005)
})

async function untilSomebodyWaits(db: Database): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    const { rows } = await db.query(
      `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
    )
    if (rows.length > 0) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('nobody waits')
}
