import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import type { BoardRow } from '../../src/domain/board-row.ts'
import { floorTo } from '../../src/domain/time.ts'
import { collect } from '../../src/jobs/collect.ts'
import { derive } from '../../src/jobs/derive.ts'
import { readBoard } from '../../src/store/board.ts'
import type { Database } from '../../src/store/database.ts'
import { claimTick, listUnderivedTicks } from '../../src/store/ticks.ts'
import { findAdapter } from '../../src/venues/registry.ts'
import { testDatabase } from '../support/database.ts'
import { startExchange } from '../support/exchange.ts'
import { type Line, openLine } from '../support/line.ts'

/** Two seconds into a minute, for as long as a test takes: what is collected now belongs to the storing tick that has just begun. */
const nowMs = floorTo(systemClock.now(), 60_000) + 2_000
const clock = { now: () => nowMs }
/** Where not every venue is needed: each market list takes its time. */
const only = (...ids: string[]) => ids.map((id) => findAdapter(id)!)
const storeTick = () => floorTo(clock.now(), 60_000)

async function sweep(line: Line, tickAt: number): Promise<void> {
  await Promise.all(Object.values(line.venues).map((venue) => collect(line.deps, venue, tickAt)))
  for (const id of Object.keys(line.venues)) await derive(line.deps, id, tickAt)
}
const rowOf = (rows: readonly BoardRow[], key: string) => rows.find(({ instrument }) => instrument === key)!

test('a sweep of both venues makes a board whose numbers follow from its own prices', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(clock)
  await using line = await openLine(t.db, exchange, { clock })
  await sweep(line, storeTick())
  const rows = await readBoard(t.db)
  const linear = rows.filter((row) => row.settle === 'USDT' && row.kind === 'perpetual')
  assert.ok(linear.length >= 8)
  for (const row of linear) {
    const label = `${row.instrument} ${row.reasons.join()}`
    assert.equal(row.grade, 'signal', label)
    const mid = (Number(row.contractBid) + Number(row.contractAsk)) / 2
    const spot = (Number(row.spotBid) + Number(row.spotAsk)) / 2
    assert.ok(Math.abs(row.basisBps! - (mid / spot - 1) * 1e4) < 1e-6, label)
    assert.ok(row.carryEntryBps! <= row.basisBps! && row.basisBps! <= row.reverseEntryBps!, label)
    assert.equal(row.adjustedBasisBps, row.basisBps)
    assert.ok(Math.abs(row.fundingApr! - (row.fundingRate! * 8760) / row.fundingIntervalHours!) < 1e-12, label)
    assert.equal(row.fundingIntervalSource, 'declared')
    assert.equal(row.basisApr, null)
  }
  const future = rows.find((row) => row.kind === 'future' && row.quote === 'USDT')!
  assert.ok(Math.abs(future.basisApr! - ((future.basisBps! / 1e4) * 365) / future.daysToExpiry!) < 1e-9)
  assert.equal(future.fundingRate, null)
})

test('1000PEPE is compared with a thousand PEPE, and its asset is PEPE', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(clock)
  await using line = await openLine(t.db, exchange, { clock, adapters: only('binance') })
  await sweep(line, storeTick())
  const row = rowOf(await readBoard(t.db), 'binance:1000PEPE/USDT:USDT')
  assert.equal(row.multiplier, 1000)
  assert.equal(row.asset, 'PEPE')
  assert.equal(row.spot, 'binance:PEPE/USDT')
  assert.ok(Math.abs(row.basisBps!) < 300)
})

test('a contract in dollars against a coin in USDT says that nothing adjusted it, and is not for signals', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(clock)
  // Only Kraken trades USDT against dollars.
  exchange.fault = (venue, path) =>
    venue === 'kraken' && path.includes('/Ticker') ? { kind: 'answer', status: 503, body: '{}' } : undefined
  await using line = await openLine(t.db, exchange, { clock })
  await sweep(line, storeTick())
  assert.ok(exchange.injected > 0)
  const row = rowOf(await readBoard(t.db), 'binance:BTC/USD:BTC')
  assert.deepEqual([row.fx, row.adjustedBasisBps, row.fxBps, row.grade], [null, null, null, 'display'])
  assert.ok(row.reasons.includes('fx_unadjusted'))
  assert.equal(row.absent.adjustedBasisBps, 'fx_unadjusted')
})

test('a contract in USDC against a coin in USDT is adjusted by the traded price of USDC', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(clock)
  await using line = await openLine(t.db, exchange, { clock })
  await sweep(line, storeTick())
  const rows = (await readBoard(t.db)).filter((row) => row.quote === 'USDC' && row.spot?.endsWith('/USDT'))
  for (const row of rows) {
    assert.ok(row.fx !== null && Math.abs(row.fx - 1) < 0.01, row.instrument)
    assert.ok(Math.abs(row.fxBps! - (row.basisBps! - row.adjustedBasisBps!)) < 1e-9)
  }
  const { rows: stables } = await t.db.query(
    `select 1 from instrument where base = 'USDC' and kind = 'spot' and tracked`
  )
  assert.ok(stables.length > 0, 'the stablecoin pair itself is followed')
})

test('a basis is kept once a storing interval, and deriving a tick again changes nothing', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(clock)
  await using line = await openLine(t.db, exchange, { clock, adapters: only('binance', 'bybit') })
  const tickAt = storeTick()
  await sweep(line, tickAt)
  await sweep(line, tickAt)
  const { rows } = await t.db.query<{ contracts: number; kept: number }>(
    'select count(*) as kept, count(distinct instrument_id) as contracts from basis_snapshot'
  )
  assert.equal(rows[0]!.kept, rows[0]!.contracts)
  assert.ok(rows[0]!.kept > 8)
  await sweep(line, tickAt + 10_000)
  const { rows: after } = await t.db.query<{ kept: number }>('select count(*) as kept from basis_snapshot')
  assert.equal(after[0]!.kept, rows[0]!.kept, 'the tick between two storing ones keeps nothing')
  assert.deepEqual(await listUnderivedTicks(t.db), [])
})

test('when the spot venue goes silent its prices grow old: no repeated basis is kept, and the gap says why', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  let now = systemClock.now()
  const clock = { now: () => now }
  await using line = await openLine(t.db, exchange, { clock, adapters: only('bybit') })
  const first = floorTo(now, 60_000)
  await sweep(line, first)
  now += 60_000
  // Only the contracts answer: the coins of the same venue stay as they were a minute ago.
  exchange.fault = (_venue, path) =>
    path.includes('category=spot') ? { kind: 'answer', status: 500, body: '{}' } : undefined
  await collect(line.deps, line.venues.bybit!, first + 60_000)
  await derive(line.deps, 'bybit', first + 60_000)
  assert.ok(exchange.injected > 0)
  const row = rowOf(await readBoard(t.db), 'bybit:BTC/USDT:USDT')
  assert.equal(row.grade, 'none')
  assert.ok(row.reasons.includes('stale_spot') && row.reasons.includes('leg_skew'), row.reasons.join())
  const { rows } = await t.db.query(`select 1 from basis_snapshot where tick_at = $1`, [new Date(first + 60_000)])
  assert.equal(rows.length, 0)
  const { rows: gaps } = await t.db.query<{ reason: string }>(`select distinct reason from gap where fact = 'basis'`)
  assert.deepEqual(gaps, [{ reason: 'stale_leg' }])
})

test('when the database may not grow the board goes on, nothing is kept, and gaps and the venue say why, until there is room', async () => {
  await using t = await testDatabase()
  let now = nowMs
  const clock = { now: () => now }
  await using exchange = await startExchange(clock)
  let isFull = true
  await using line = await openLine(t.db, exchange, { clock, adapters: only('binance', 'bybit'), isFull: () => isFull })
  const kept = async () =>
    await Promise.all(
      ['market_snapshot', 'funding_estimate', 'basis_snapshot'].map(
        async (table) => (await t.db.query(`select 1 from ${table} limit 1`)).rows.length
      )
    )
  const reasons = async () =>
    (await t.db.query<{ reason: string | null }>('select distinct state_reason as reason from venue')).rows
  const first = storeTick()
  await sweep(line, first)
  assert.ok((await readBoard(t.db)).some(({ grade }) => grade === 'signal'))
  assert.deepEqual(await kept(), [0, 0, 0])
  const { rows: gaps } = await t.db.query<{ fact: string; reason: string }>(
    'select distinct fact, reason from gap order by fact'
  )
  const reason = 'disk_limit'
  assert.deepEqual(gaps, [
    { fact: 'basis', reason },
    { fact: 'funding_estimate', reason },
    { fact: 'market', reason }
  ])
  now += 10_000
  await sweep(line, first + 10_000)
  assert.equal((await reasons()).length, 1)
  assert.match((await reasons())[0]!.reason!, /MAX_DISK_GB/, 'also between two ticks that would be kept')
  isFull = false
  now += 50_000
  await sweep(line, first + 60_000)
  assert.deepEqual(await kept(), [1, 1, 1])
  assert.deepEqual(await reasons(), [{ reason: null }])
  const { rows: ends } = await t.db.query<{ to_at: Date }>(`select distinct to_at from gap where reason = 'disk_limit'`)
  assert.deepEqual(ends, [{ to_at: new Date(first + 20_000) }], 'of the ticks that found no room')
})

const basisGaps = async (db: Database) =>
  (
    await db.query<{ from_at: Date; to_at: Date; reason: string }>(
      `select from_at, to_at, reason from gap where fact = 'basis' and instrument_id = 0 order by from_at`
    )
  ).rows.map(({ from_at, to_at, reason }) => ({ from: from_at.getTime(), to: to_at.getTime(), reason }))

test('a kept tick whose deriver died, and one that was collected after the next had been derived, have no basis: their gaps say why', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(clock)
  await using line = await openLine(t.db, exchange, { clock, adapters: only('bybit') })
  const deps = { ...line.deps, storeMs: line.deps.pollMs }
  const [died, late, next, last] = [10_000, 20_000, 30_000, 40_000].map((ms) => storeTick() + ms)
  const collectAt = (tickAt: number) => collect(deps, line.venues.bybit!, tickAt)
  await collectAt(died!)
  await claimTick(t.db, { job: 'derive', scope: 'bybit', tickAt: died!, holder: 'dead', leaseMs: -1 })
  await collectAt(next!)
  await derive(deps, 'bybit', next!)
  await collectAt(late!)
  await collectAt(last!)
  await derive(deps, 'bybit', last!)
  assert.deepEqual(await basisGaps(t.db), [
    { from: died!, to: late!, reason: 'lease_lapsed' },
    { from: late!, to: next!, reason: 'not_derived' }
  ])
})
