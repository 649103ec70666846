import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { floorTo } from '../../src/domain/time.ts'
import { collect } from '../../src/jobs/collect.ts'
import { pollDepth } from '../../src/jobs/depth.ts'
import { pollOpenInterest } from '../../src/jobs/open-interest.ts'
import { sweepVenue } from '../../src/jobs/sweep.ts'
import { listDepthTargets } from '../../src/store/depth.ts'
import { findAdapter } from '../../src/venues/registry.ts'
import { eventually } from '../api/fixture.ts'
import { testDatabase } from '../support/database.ts'
import { type Fault, startExchange } from '../support/exchange.ts'
import { openLine } from '../support/line.ts'

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
