import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FEE_TABLE_VERSION } from '../../src/domain/fees.ts'
import { BUCKET_MS, BUCKET_TYPES, type BucketType } from '../../src/domain/signal-types.ts'
import { floorTo, HOUR, SECOND } from '../../src/domain/time.ts'
import { evaluateBuckets, hashedBuckets } from '../../src/jobs/bucket-signals.ts'
import { collect } from '../../src/jobs/collect.ts'
import { pollDepth } from '../../src/jobs/depth.ts'
import { derive } from '../../src/jobs/derive.ts'
import { pollOpenInterest } from '../../src/jobs/open-interest.ts'
import { BUCKET_SOURCES } from '../../src/store/closed-buckets/sources.ts'
import type { Database } from '../../src/store/database.ts'
import { activate } from '../../src/store/signal-activations.ts'
import { ADAPTERS } from '../../src/venues/registry.ts'
import { insertSettlements } from '../api/fixture.ts'
import { testDatabase } from '../support/database.ts'
import { startExchange } from '../support/exchange.ts'
import { openLine, silentLog, testConfig } from '../support/line.ts'

const PERP = 'binance:BTC/USDT:USDT'
const TYPES: readonly BucketType[] = ['expectation', 'carry_opportunity']
const never = new AbortController().signal

/** Days to expiry, and so carries, are those of this day. */
const START = Date.UTC(2026, 10, 30, 10)

/** Simulated Binance, polled once in every bucket, books as well; `paid`: what the perpetual has settled at for twenty days. */
async function openMarket(paid?: string, types = TYPES, env: Record<string, string> = {}) {
  const t = await testDatabase()
  let nowMs = START + 2 * SECOND
  const clock = { now: () => nowMs }
  const exchange = await startExchange(clock)
  const adapters = ADAPTERS.filter(({ id }) => id === 'binance')
  const line = await openLine(t.db, exchange, { clock, assets: ['BTC'], adapters })
  const deps = { db: t.db, clock, log: silentLog, holder: 'test', bucketParameters: testConfig(env).bucketParameters }
  for (const type of types) await activate(t.db, type, hashedBuckets(type, deps))
  const perp = line.venues.binance!.instruments.get('BTC/USDT:USDT')!
  const newest = floorTo(nowMs, 8 * HOUR)
  const times = paid === undefined ? [] : Array.from({ length: 60 }, (_, index) => newest - index * 8 * HOUR)
  await insertSettlements(
    t.db,
    perp.id,
    times.map((atMs) => ({ atMs, rate: paid! }))
  )
  const order = async (regime: string) => {
    const body = JSON.stringify({ BTC: regime })
    assert.ok((await fetch(`${exchange.controlUrl}/regimes`, { method: 'PUT', body })).ok)
  }
  return {
    db: t.db,
    deps,
    order,
    /** How many buckets have closed since the beginning. */
    bucketOf: (at: Date) => (at.getTime() - floorTo(START, BUCKET_MS)) / BUCKET_MS,
    /** Polls as long as so many buckets close. */
    buckets: async (count: number) => {
      for (let bucket = 0; bucket < count; bucket += 1) {
        const tickAt = floorTo(nowMs, 60 * SECOND)
        await collect(line.deps, line.venues.binance!, tickAt)
        await pollOpenInterest(line.deps, line.venues.binance!, tickAt, never)
        await pollDepth({ ...line.deps, depth: { contracts: 5, everyMs: 60_000 } }, line.venues.binance!, tickAt, never)
        await derive(line.deps, 'binance', tickAt)
        nowMs += BUCKET_MS + 30 * SECOND
        for (const type of types) await evaluateBuckets(deps, type)
        nowMs -= 30 * SECOND
      }
    },
    signals: async (type: BucketType) =>
      (
        await t.db.query(
          `select s.opening, s.closing, s.instrument_id, s.spot_id, s.opened_at, s.closed_at, s.peak_at, s.peak_value, s.label, s.state, s.close_reason, s.value, s.asset, s.venue_id, i.key from signal s
             left join instrument i on i.id = s.instrument_id where s.type = $1 order by s.opened_at, i.key`,
          [type]
        )
      ).rows,
    /** What every bucket since the beginning says, gone over again. */
    carries: (db: Pick<Database, 'query'> = t.db) => {
      const span = { from: floorTo(START, BUCKET_MS), to: floorTo(nowMs, BUCKET_MS), bucketMs: BUCKET_MS }
      return BUCKET_SOURCES.carry_opportunity.list(db, span, null)
    },
    async [Symbol.asyncDispose]() {
      await line[Symbol.asyncDispose]()
      await exchange[Symbol.asyncDispose]()
      await t[Symbol.asyncDispose]()
    }
  }
}

test('a carry that euphoric futures lock is worth its costs until the market panics; a perpetual with no past that pays is not', async () => {
  await using market = await openMarket()
  await market.order('calm')
  await market.buckets(3)
  assert.deepEqual(await market.signals('carry_opportunity'), [])
  await market.order('euphoric')
  await market.buckets(8)
  const [open, ...others] = await market.signals('carry_opportunity')
  assert.deepEqual([open?.key, open?.label, open?.state, others], ['binance:BTC/USDT:USDT-270326', 'CARRY', 'open', []])
  assert.ok(open!.value >= 0.08 && open!.value < 0.15)
  const { carry } = open!.opening
  assert.deepEqual(
    [carry.netAprCapital, carry.exit, carry.fundingSum, carry.notional, carry.feeTableVersion],
    [open!.value, 'locked', 0, 50_000, FEE_TABLE_VERSION]
  )
  assert.ok(carry.impactFrac >= 0 && carry.costFrac > 0 && open!.peak_at >= open!.opened_at)
  await market.order('panic')
  await market.buckets(8)
  const [closed] = await market.signals('carry_opportunity')
  assert.deepEqual([closed?.state, closed?.close_reason], ['closed', 'exit'])
})

test('a perpetual that has paid its shorts well for weeks is a carry, and nothing that is learned later changes what it was worth', async () => {
  await using market = await openMarket('0.001')
  await market.order('calm')
  await market.buckets(3)
  const [open, ...others] = await market.signals('carry_opportunity')
  assert.deepEqual([open?.key, open?.state, others], [PERP, 'open', []])
  assert.ok(open!.value >= 0.08)
  const seen = await market.carries()
  assert.ok(seen.some(({ value, mayOpen }) => value === open!.value && mayOpen === true))
  await learnLater(market.db)
  assert.deepEqual(await market.carries(), seen)
  await pollLater(market.db)
  assert.deepEqual(await market.carries(), seen)

  const lastOf = async () =>
    (await market.carries()).findLast(({ subject }) => subject.instrumentId === open!.instrument_id)
  assert.equal((await lastOf())?.carry?.fundingSum, open!.opening.carry.fundingSum)
  await market.db.query(`update settlement set interval_source = 'assumed'`)
  const assumed = await lastOf()
  assert.equal(assumed!.mayOpen, false)
  assert.ok(assumed!.carry!.fundingSum < open!.opening.carry.fundingSum / 4 && assumed!.value! < 0.08)
  await market.db.query(
    `update market_snapshot set tick_at = tick_at - interval '2 minutes' where instrument_id = $1 and revision = 0`,
    [open!.spot_id]
  )
  assert.equal((await lastOf())?.value, null, 'a leg of another minute is not what was judged')
})

/** Prices of the perpetual alone, a minute after each of its bases, and bases of both that are good for nothing. */
async function pollLater(db: Database) {
  const minute = `'tick_at', f.tick_at + interval '1 minute', 'observed_at', f.observed_at + interval '1 minute'`
  for (const [table, changes] of [
    ['market_snapshot', `'bid', f.bid * 0.9, 'ask', f.ask * 0.9`],
    ['basis_snapshot', `'adjusted_basis_bps', -1000, 'grade', 'display'`]
  ])
    await db.query(
      `insert into ${table} select (jsonb_populate_record(f, jsonb_build_object(${minute}, ${changes}))).*
       from ${table} f join instrument i on i.id = f.instrument_id where i.key = '${PERP}' and f.revision = 0 and f.source = 'polled'`
    )
}

/** Corrections of every price, book, rate and settlement, and rows that were fetched long after, each later in its minute. */
async function learnLater(db: Database) {
  const facts = {
    market_snapshot: `'bid', f.bid * 1.05, 'ask', f.ask * 1.05`,
    depth_snapshot: `'bid_depth_10', 1, 'ask_depth_10', 1, 'bid_depth_25', 1, 'ask_depth_25', 1, 'bid_depth_50', 1, 'ask_depth_50', 1`,
    funding_estimate: `'rate', -0.01`
  }
  const copy = (table: string, changes: string, where = '') =>
    db.query(
      `insert into ${table} select (jsonb_populate_record(f, jsonb_build_object('known_at', timestamptz '2027-01-01', ${changes}))).* from ${table} f ${where}`
    )
  for (const [table, changes] of Object.entries(facts)) {
    await copy(table, `'source', 'backfill', 'tick_at', f.tick_at + interval '1 second', ${changes}`)
    await copy(table, `'revision', f.revision + 1, ${changes}`)
  }
  await copy('settlement', `'revision', f.revision + 1, 'rate', -0.01`)
}

test('going over many contracts asks for the books of those that have one, for the rates between dollars once, and stays its holder’s', async () => {
  await using market = await openMarket('0.001', ['carry_opportunity'])
  await market.order('calm')
  await market.buckets(3)
  const { db, deps } = market
  const few = await market.carries()
  assert.ok(few.length > 0)
  // Sixty more contracts like the perpetual, each with its books.
  const more = `from generate_series(1, 60) n, instrument i where i.key = '${PERP}'`
  await db.query(
    `insert into instrument select (jsonb_populate_record(i, jsonb_build_object('id', 100000 + n, 'key', 'x:' || n, 'native_id', 'x' || n))).* ${more}`
  )
  for (const table of ['basis_snapshot', 'depth_snapshot'])
    await db.query(
      `insert into ${table} select (jsonb_populate_record(f, jsonb_build_object('instrument_id', 100000 + n))).*
       from generate_series(1, 60) n, ${table} f join instrument i on i.id = f.instrument_id where i.key = '${PERP}'`
    )
  const { rows } = await db.query<{ id: number }>(
    `select id from instrument where key = 'binance:USDC/USDT' and tracked`
  )
  const fxId = rows[0]!.id
  const asked: [sql: string, ids: unknown][] = []
  const counting: Pick<Database, 'query'> = {
    query: (sql, values) => {
      asked.push([sql, values?.[0]])
      return db.query(sql, values)
    }
  }
  const many = await market.carries(counting)
  const buckets = new Set(many.map(({ at }) => at)).size
  assert.equal(many.length, few.length + 60 * buckets)
  const isFx = ([sql, ids]: (typeof asked)[number]) =>
    sql.includes('market_snapshot') && Array.isArray(ids) && ids.includes(fxId)
  assert.equal(asked.filter(isFx).length, buckets)

  // As if every bucket took longer than a lease.
  const { rows: before } = await db.query(
    `update signal_progress set evaluated_to = evaluated_to - interval '15 minutes' where type = 'carry_opportunity' returning evaluated_to`
  )
  const others: boolean[] = []
  const slow: Database = {
    ...db,
    query: async (sql, values) => {
      if (sql.includes('market_snapshot')) {
        others.push(await evaluateBuckets({ ...deps, holder: 'other' }, 'carry_opportunity'))
        await db.query(`update signal_progress set lease_until = now() - interval '1 second'`)
      }
      return await db.query(sql, values)
    }
  }
  assert.equal(await evaluateBuckets({ ...deps, db: slow }, 'carry_opportunity'), true)
  assert.ok(others.length >= 4)
  assert.ok(others.every((isTaken) => !isTaken))
  const { rows: after } = await db.query(`select evaluated_to from signal_progress where type = 'carry_opportunity'`)
  assert.ok(after[0]!.evaluated_to > before[0]!.evaluated_to)

  await db.query('delete from depth_snapshot')
  asked.length = 0
  assert.deepEqual(await market.carries(counting), [])
  assert.equal(asked.filter(([sql]) => sql.includes('depth_snapshot')).length, 1)
})

test('the futures of a market in contango are an expectation of it, and of backwardation once it panics', async () => {
  await using market = await openMarket()
  await market.order('calm')
  await market.buckets(4)
  const [open] = await market.signals('expectation')
  assert.deepEqual(
    [open?.label, open?.state, open?.asset, open?.venue_id, open?.key],
    ['CONTANGO', 'open', 'BTC', 'binance', null]
  )
  await market.order('panic')
  await market.buckets(8)
  const [closed] = await market.signals('expectation')
  assert.deepEqual([closed?.state, closed?.close_reason], ['closed', 'exit'])
})

test('a market that goes from calm to euphoria, panic and calm opens and closes what it should, once each and in time', {
  timeout: 240_000
}, async () => {
  const quick = Object.fromEntries(BUCKET_TYPES.map((type) => [`${type.toUpperCase()}_COOL_DOWN_HOURS`, '0.25']))
  await using market = await openMarket(undefined, BUCKET_TYPES, quick)
  const phases = [
    ['calm', 4],
    ['euphoric', 7],
    ['panic', 13],
    ['calm', 7]
  ] as const
  const starts: number[] = []
  let bucket = 0
  for (const [regime, count] of phases) {
    starts.push(bucket)
    await market.order(regime)
    await market.buckets(count)
    bucket += count
  }
  const [, euphoria, panic, calm] = starts as [number, number, number, number]
  // Ten minutes until a market has changed its mind, three buckets in or out, and the one in which it was asked to.
  const soon = (from: number) => from + 2 + 3 + 1
  const dislocations = (await market.signals('basis_dislocation')).filter(({ key }) => key === PERP)
  assert.deepEqual(
    dislocations.map(({ label, close_reason }) => [label, close_reason]),
    [
      ['RICH', 'exit'],
      ['CHEAP', 'exit']
    ]
  )
  const [rich, cheap] = dislocations.map((one) => [market.bucketOf(one.opened_at), market.bucketOf(one.closed_at)])
  const isIn = (at: number, from: number, to: number) => assert.ok(at > from && at <= to, `${at} in (${from}, ${to}]`)
  isIn(rich![0]!, euphoria, soon(euphoria))
  isIn(rich![1]!, panic, soon(panic))
  // Nothing counts for three buckets after a close.
  isIn(cheap![0]!, rich![1]!, rich![1]! + 3 + 3)
  isIn(cheap![1]!, calm, soon(calm))

  const { rows } = await market.db.query(
    `select type, instrument_id, venue_id, asset, spot_id, label, opened_at from signal order by opened_at`
  )
  const phaseOf = (at: Date) => starts.findLastIndex((start) => market.bucketOf(at) > start)
  const openings = rows.map(({ opened_at, ...subject }) => JSON.stringify([subject, phaseOf(opened_at)]))
  assert.equal(new Set(openings).size, openings.length, 'nothing opens twice in one regime')
  const types = new Set(rows.map(({ type }) => type))
  for (const type of ['basis_dislocation', 'expectation', 'carry_opportunity']) assert.ok(types.has(type), type)
  for (const type of ['stablecoin_depeg', 'interval_change', 'venue_trouble']) assert.ok(!types.has(type), type)
})
