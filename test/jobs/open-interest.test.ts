import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { floorTo } from '../../src/domain/time.ts'
import { collect } from '../../src/jobs/collect.ts'
import { toOpenInterest } from '../../src/jobs/collected-facts.ts'
import { pollOpenInterest } from '../../src/jobs/open-interest.ts'
import { listLatest } from '../../src/store/latest.ts'
import { binance } from '../../src/venues/binance.ts'
import { testDatabase } from '../support/database.ts'
import { type Fault, startExchange } from '../support/exchange.ts'
import { openLine } from '../support/line.ts'

const never = new AbortController().signal
const failing = (status: number): Fault => ({ kind: 'answer', status, body: '{}' })

/** A collected Binance whose open interest has not been asked for yet. */
async function collected(fault: (path: string) => Fault | undefined, signal = never) {
  const t = await testDatabase()
  const exchange = await startExchange(systemClock)
  const line = await openLine(t.db, exchange, { adapters: [binance] })
  const venue = line.venues.binance!
  const tickAt = floorTo(systemClock.now(), 60_000)
  await collect(line.deps, venue, tickAt)
  exchange.fault = (_, path) => (path.includes('openInterest') ? fault(path) : undefined)
  exchange.requests.length = 0
  await pollOpenInterest(line.deps, venue, tickAt, signal)
  const contracts = [...venue.instruments.values()].filter(({ kind }) => kind !== 'spot')
  const latest = await listLatest(
    t.db,
    contracts.map(({ id }) => id)
  )
  const { rows } = await t.db.query<{ state: string; rows: number; skipped: number; failure: string | null }>(
    `select state, rows, skipped, failure from tick where job = 'open-interest'`
  )
  return {
    contracts,
    latest,
    tick: rows[0]!,
    asked: exchange.requests.filter(({ path }) => path.includes('openInterest')).length,
    async [Symbol.asyncDispose]() {
      await line[Symbol.asyncDispose]()
      await exchange[Symbol.asyncDispose]()
      await t[Symbol.asyncDispose]()
    }
  }
}

test('open interest that is asked for contract by contract is valued at the mark', async () => {
  await using run = await collected(() => undefined)
  assert.deepEqual(run.tick, { state: 'done', rows: run.contracts.length, skipped: 0, failure: null })
  for (const { id, inverse, key } of run.contracts) {
    const { mark, openInterest } = run.latest.get(id)!
    const atMark = Number(openInterest!.base) * Number(mark!.mark)
    assert.ok(Math.abs(Number(openInterest!.usd) / atMark - 1) < 1e-9, key)
    assert.deepEqual([openInterest!.quote, openInterest!.sides], [openInterest!.usd, 1], key)
    assert.equal(openInterest!.unit, inverse ? 'contracts' : 'base', key)
  }
})

test('a contract whose open interest cannot be had costs itself alone', async () => {
  await using run = await collected((path) => (path.includes('ETHUSDT') ? failing(500) : undefined))
  const unknown = run.contracts.filter(({ id }) => !run.latest.get(id)?.openInterest)
  assert.ok(unknown.length > 0 && unknown.every(({ nativeId }) => nativeId?.startsWith('ETHUSDT')))
  assert.deepEqual(run.tick, {
    state: 'done',
    rows: run.contracts.length - unknown.length,
    skipped: unknown.length,
    failure: null
  })
})

test('a refusal ends the round: nothing more is asked', async () => {
  await using run = await collected(() => failing(429))
  assert.equal(run.asked, 1)
  assert.deepEqual(run.tick, { state: 'failed', rows: 0, skipped: run.contracts.length, failure: 'rate_limited' })
})

test('a round that was frozen and taken over stores nothing more', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  await using line = await openLine(t.db, exchange, { adapters: [binance] })
  const venue = line.venues.binance!
  const tickAt = floorTo(systemClock.now(), 60_000)
  let calls = 0
  const client: typeof venue.client = {
    ...venue.client,
    call: async (work, options) => {
      calls += 1
      // Its lease lapses while it asks, and another takes the round over.
      if (calls === 1) {
        await t.db.query(`update tick set epoch = epoch + 1, holder = 'another' where job = 'open-interest'`)
      }
      return venue.client.call(work, options)
    }
  }
  await pollOpenInterest(line.deps, { ...venue, client }, tickAt, never)
  assert.ok(calls > 0)
  const { rows } = await t.db.query('select 1 from market_latest where open_interest_observed_at is not null')
  assert.deepEqual(rows, [])
  const { rows: ticks } = await t.db.query(`select state, holder from tick where job = 'open-interest'`)
  assert.deepEqual(ticks, [{ state: 'claimed', holder: 'another' }])
})

test('a round that a stop cuts is not a finished one', async () => {
  const stop = new AbortController()
  await using run = await collected(() => {
    stop.abort()
    return undefined
  }, stop.signal)
  assert.ok(run.tick.rows < run.contracts.length)
  assert.deepEqual([run.tick.state, run.tick.failure], ['failed', 'stopped'])
})

/** What each venue's figure counts (domain-spec 1.5), of linear and of inverse contracts. */
const UNITS: Record<string, readonly [string, string]> = {
  bybit: ['base', 'usd'],
  okx: ['base', 'base'],
  hyperliquid: ['base', 'base'],
  kraken: ['base', 'usd'],
  deribit: ['base', 'usd']
}

test('a poll of every venue stores open interest in base, quote and dollars, with the unit that the venue counts', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  await using line = await openLine(t.db, exchange)
  const tickAt = floorTo(systemClock.now(), 60_000)
  for (const [id, [linear, inverse]] of Object.entries(UNITS)) {
    const venue = line.venues[id]!
    await collect(line.deps, venue, tickAt)
    // What is asked once a minute is brought by the sweep after.
    await collect({ ...line.deps, storeMs: 10_000 }, venue, tickAt + 10_000)
    const { rows } = await t.db.query(
      `select i.key, i.inverse, s.open_interest_base as base, s.open_interest_quote as quote, s.open_interest_usd as usd,
         s.open_interest_sides as sides, s.open_interest_unit as unit, l.volume_unit, s.mark
       from market_snapshot s join instrument i on i.id = s.instrument_id join market_latest l using (instrument_id)
       where i.venue_id = $1 and i.kind <> 'spot' and s.tick_at = $2`,
      [id, new Date(tickAt + 10_000)]
    )
    assert.ok(rows.length >= 4, id)
    for (const row of rows) {
      const label = JSON.stringify(row)
      // A venue's own coins and dollars are at a price of its own; a wrong unit is off by the price itself.
      assert.ok(Math.abs(Number(row.quote) / (Number(row.base) * Number(row.mark)) - 1) < 0.1, label)
      assert.ok(Math.abs(Number(row.quote) / Number(row.usd) - 1) < 0.1, label)
      assert.equal(row.unit, row.inverse ? inverse : linear, label)
      assert.equal(row.sides, 1, label)
      assert.ok(row.volume_unit, label)
    }
  }
})

test('a quanto, whose size is neither base nor quote, has no open interest', () => {
  const said = { symbol: 'XRP/USD:BTC', base: '10', quote: null, usd: '5', sides: 1 as const, unit: 'base' as const }
  const read = { ...said, observedAt: 1, venueTime: null }
  const quanto = { id: 1, kind: 'perpetual' as const, base: 'XRP', quote: 'USD', settle: 'BTC', inverse: false }
  const { base, quote, usd } = toOpenInterest(read, quanto, '2')
  assert.deepEqual([base, quote, usd], [null, null, null])
  const linear = toOpenInterest(read, { ...quanto, settle: 'USD' }, '2')
  assert.deepEqual([linear.base, linear.quote, linear.usd], ['10', '20', '5'])
})
