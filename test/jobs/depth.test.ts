import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import type { BucketType } from '../../src/domain/signal-types.ts'
import { floorTo } from '../../src/domain/time.ts'
import { collect } from '../../src/jobs/collect.ts'
import { pollDepth } from '../../src/jobs/depth.ts'
import { pollOpenInterest } from '../../src/jobs/open-interest.ts'
import { sweepVenue } from '../../src/jobs/sweep.ts'
import { insertDepths, listDepthTargets } from '../../src/store/depth.ts'
import { writeSignals } from '../../src/store/signals.ts'
import { findAdapter } from '../../src/venues/registry.ts'
import { eventually } from '../api/fixture.ts'
import { testDatabase } from '../support/database.ts'
import { type Fault, startExchange } from '../support/exchange.ts'
import { openLine } from '../support/line.ts'
import { aCarry } from '../support/signals.ts'

const never = new AbortController().signal
const DEPTH = { contracts: 2, everyMs: 60_000 }
const isBook = (path: string) => /depth|Depth|orderbook|market\/books|get_order_book|l2Book/.test(path)

/** Venues whose prices and open interest are known, and nothing of their books. */
async function collected(ids: readonly string[], isFull = false) {
  const t = await testDatabase()
  const exchange = await startExchange(systemClock)
  const line = await openLine(t.db, exchange, { isFull, adapters: ids.map((id) => findAdapter(id)!) })
  const tickAt = floorTo(systemClock.now(), 60_000)
  for (const id of ids) {
    await collect(line.deps, line.venues[id]!, tickAt)
    await collect({ ...line.deps, storeMs: 10_000 }, line.venues[id]!, tickAt + 10_000)
    await pollOpenInterest(line.deps, line.venues[id]!, tickAt, never)
  }
  exchange.requests.length = 0
  return {
    db: t.db,
    exchange,
    venues: line.venues,
    tickAt,
    poll: (id: string, at = tickAt) => pollDepth({ ...line.deps, depth: DEPTH }, line.venues[id]!, at, never),
    books: () => exchange.requests.filter(({ path }) => isBook(path)),
    async [Symbol.asyncDispose]() {
      await line[Symbol.asyncDispose]()
      await exchange[Symbol.asyncDispose]()
      await t[Symbol.asyncDispose]()
    }
  }
}

const STORED = `select i.key, i.kind, i.inverse, d.mid, d.spread_bps, d.bid_depth_10 as bid, d.ask_depth_10 as ask, d.bid_depth_50 as wide
  from depth_snapshot d join instrument i on i.id = d.instrument_id`

test('the books of the largest contracts of every venue and of their spot legs are kept, and no others are asked', async () => {
  const ids = ['binance', 'bybit', 'okx', 'deribit', 'kraken', 'hyperliquid']
  await using run = await collected(ids)
  for (const id of ids) {
    run.exchange.requests.length = 0
    await run.poll(id)
    const targets = await listDepthTargets(run.db, id, DEPTH.contracts)
    assert.equal(run.books().length, targets.size, id)
    const { rows } = await run.db.query(`${STORED} where i.venue_id = $1`, [id])
    assert.equal(rows.length, targets.size, id)
    assert.ok(rows.filter(({ kind }) => kind !== 'spot').length === DEPTH.contracts, id)
    for (const { key, mid, spread_bps: spread } of rows) assert.ok(Number(mid) > 0 && spread > 0 && spread < 30, key)
    // Twenty levels of Hyperliquid end before 10 bps.
    const told = rows.filter(({ bid }) => bid !== null)
    assert.equal(told.length > 0, id !== 'hyperliquid', id)
    // A wrong unit is off by the price of a coin, or by the size of a contract.
    for (const { key, bid, ask } of told) assert.ok(Number(bid) > 20_000 && Number(ask) < 100e6, `${key} ${bid} ${ask}`)
  }
})

test('nothing is asked while prices are polled', async () => {
  await using run = await collected(['bybit'])
  const { promise, resolve } = Promise.withResolvers<void>()
  run.venues.bybit!.memory.sweeping = promise
  const round = run.poll('bybit')
  const claims = () => run.db.query(`select 1 from tick where job = 'depth'`)
  await eventually(claims, ({ rows }) => rows.length === 1)
  // Whatever was asked before this has arrived before it.
  const { client } = run.venues.bybit!
  for (let asked = 0; asked < 3; asked += 1) await client.call((exchange) => exchange.fetchTime())
  assert.deepEqual(run.books(), [])
  resolve()
  await round
  assert.ok(run.books().length > 0)
})

test('the poll of prices that runs is the one that is waited for', async () => {
  await using run = await collected(['bybit'])
  const { adapter, client, memory } = run.venues.bybit!
  const order: string[] = []
  const sweep = sweepVenue(adapter, client, memory, systemClock.now()).then(() => order.push('polled'))
  await memory.sweeping.then(() => order.push('quiet'))
  await sweep
  assert.deepEqual(order.toSorted(), ['polled', 'quiet'])
  assert.equal(run.exchange.requests.filter(({ path }) => path.includes('tickers')).length, 3)
})

test('a refusal ends the round, a failing book costs itself alone', async () => {
  await using run = await collected(['bybit'])
  let fault: Fault = { kind: 'answer', status: 500, body: '{}' }
  run.exchange.fault = (_, path) => (isBook(path) && path.includes('spot') ? fault : undefined)
  await run.poll('bybit')
  const { rows } = await run.db.query<{ state: string; rows: number; skipped: number }>(
    `select state, rows, skipped from tick where job = 'depth'`
  )
  assert.equal(rows[0]!.state, 'done')
  assert.ok(rows[0]!.rows === DEPTH.contracts && rows[0]!.skipped > 0, JSON.stringify(rows))
  fault = { kind: 'answer', status: 429, body: '{}' }
  run.exchange.fault = (_, path) => (isBook(path) ? fault : undefined)
  run.exchange.requests.length = 0
  await run.db.query('delete from tick')
  await run.poll('bybit')
  assert.equal(run.books().length, 1)
})

test('without room for history no book is asked, and a gap says why', async () => {
  await using run = await collected(['bybit'], true)
  await run.poll('bybit')
  assert.deepEqual(run.books(), [])
  const { rows } = await run.db.query(
    `select venue_id, reason, to_at - from_at = interval '60 seconds' as "isOneRound" from gap where fact = 'depth'`
  )
  assert.deepEqual(rows, [{ venue_id: 'bybit', reason: 'disk_limit', isOneRound: true }])
})

const GAPS = `select g.fact, i.kind, g.reason, g.from_at, g.to_at from gap g left join instrument i on i.id = g.instrument_id
  where g.fact <> 'market' order by g.from_at, i.id`

test('what a round does not bring is a gap with its reason: of an instrument, or of all of them', async () => {
  await using run = await collected(['bybit'])
  let status = 500
  run.exchange.fault = (_, path) =>
    isBook(path) && (status === 429 || path.includes('spot')) ? { kind: 'answer', status, body: '{}' } : undefined
  await run.poll('bybit')
  const single = await run.db.query(GAPS)
  assert.ok(single.rows.length > 0)
  const span = { from_at: new Date(run.tickAt), to_at: new Date(run.tickAt + DEPTH.everyMs) }
  for (const row of single.rows) assert.deepEqual(row, { fact: 'depth', kind: 'spot', reason: 'unavailable', ...span })
  status = 429
  await run.db.query('delete from gap')
  await run.poll('bybit', run.tickAt + DEPTH.everyMs)
  const { rows } = await run.db.query(GAPS)
  assert.deepEqual(
    rows.map(({ kind, fact, reason, from_at: from }) => [kind, fact, reason, from.getTime()]),
    [[null, 'depth', 'rate_limited', run.tickAt + DEPTH.everyMs]]
  )
})

test('rounds that nobody ran, or whose holder died, are gaps of the venue', async () => {
  await using run = await collected(['bybit'])
  const at = (rounds: number) => run.tickAt + rounds * DEPTH.everyMs
  await run.poll('bybit')
  await run.poll('bybit', at(1))
  assert.deepEqual((await run.db.query(GAPS)).rows, [])
  await run.db.query(
    `insert into tick (job, scope, tick_at, state, holder, lease_until, claimed_at)
     values ('depth', 'bybit', $1, 'claimed', 'dead', now() - interval '1 s', now())`,
    [new Date(at(2))]
  )
  await run.poll('bybit', at(5))
  const { rows } = await run.db.query(GAPS)
  assert.deepEqual(
    rows.map(({ fact, reason, from_at: from, to_at: to }) => [fact, reason, from.getTime(), to.getTime()]),
    [
      ['depth', 'lease_lapsed', at(2), at(3)],
      ['depth', 'not_polled', at(3), at(5)]
    ]
  )
})

test('a contract that falls a place keeps its book, and as long as a signal of it is open it does wherever it is', async () => {
  await using run = await collected(['bybit'])
  const { db } = run
  const { rows: contracts } = await db.query<{ id: number }>(
    `select i.id from instrument i join market_latest l on l.instrument_id = i.id
     where i.venue_id = 'bybit' and i.kind <> 'spot' and i.tracked and l.open_interest_usd is not null order by i.id`
  )
  const ids = contracts.map(({ id }) => id)
  assert.ok(ids.length >= 15)
  const rank = (order: readonly number[]) =>
    db.query(
      `update market_latest l set open_interest_usd = 1e9 / o.place from unnest($1::int[]) with ordinality as o (id, place)
       where l.instrument_id = o.id`,
      [order]
    )
  const MOST = 5
  const asked = async (askedSinceMs: number | null = run.tickAt) => {
    const targets = await listDepthTargets(db, 'bybit', MOST, askedSinceMs)
    return ids.filter((id) => targets.has(id))
  }
  await rank(ids)
  assert.deepEqual(await asked(), ids.slice(0, MOST))
  const last = ids[MOST - 1]!
  const depth = { mid: '1', spreadBps: 1, observedAt: run.tickAt, venueTime: null }
  const amounts = { bid10: '1', ask10: '1', bid25: '1', ask25: '1', bid50: '1', ask50: '1' }
  await db.transaction((client) =>
    insertDepths(client, [{ instrumentId: last, ...depth, ...amounts }], {
      ...{ tickAt: run.tickAt, spanMs: 60_000, source: 'polled', formulaVersion: 1, adapterVersion: 1, epoch: 1 }
    })
  )
  /** The last of them falls by so many places. */
  const fall = (by: number) =>
    rank([...ids.slice(0, MOST - 1), ...ids.slice(MOST, MOST + by), last, ...ids.slice(MOST + by)])
  await fall(1)
  const risen = ids.slice(0, MOST + 1)
  assert.deepEqual(await asked(), risen)
  const without = risen.filter((id) => id !== last)
  assert.deepEqual(await asked(run.tickAt + 1), without, 'it was asked before then')
  assert.deepEqual(await asked(null), without, 'other rounds go by rank alone')
  await fall(2)
  assert.deepEqual(await asked(), without)

  const open = (type: BucketType, id: number) =>
    db.transaction((client) =>
      writeSignals(client, [aCarry({ id: `sig_${type}_${id}`, type, instrumentId: id, spotId: id })])
    )
  await open('leverage_buildup', last)
  assert.deepEqual(await asked(), without, 'that signal sees no books')
  await open('liquidity_thinning', last)
  await fall(5)
  assert.deepEqual(await asked(), risen)
  const next = run.tickAt + DEPTH.everyMs
  await run.poll('bybit', next)
  const { rows } = await db.query('select from depth_snapshot where instrument_id = $1 and tick_at = $2', [
    last,
    new Date(next)
  ])
  assert.equal(rows.length, 1, 'a round asks for it')
  for (const id of ids) await open('carry_opportunity', id)
  assert.equal((await asked()).length, 2 * MOST)
  await db.query(`update signal set state = 'closed', closed_at = now(), close_reason = 'exit'`)
  assert.deepEqual(await asked(), without)
})
