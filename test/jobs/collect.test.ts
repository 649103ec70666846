import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { floorTo } from '../../src/domain/time.ts'
import { collect } from '../../src/jobs/collect.ts'
import type { Database } from '../../src/store/database.ts'
import { claimTick, finishTick, StaleClaimError } from '../../src/store/ticks.ts'
import { findAdapter } from '../../src/venues/registry.ts'
import { testDatabase } from '../support/database.ts'
import { type Fault, startExchange } from '../support/exchange.ts'
import { openLine } from '../support/line.ts'

/** Where one venue is enough: each market list takes its time. */
const BYBIT = { adapters: [findAdapter('bybit')!] }
const storeTick = () => floorTo(systemClock.now(), 60_000)
const html: Fault = {
  kind: 'answer',
  status: 200,
  body: '<html><body>Attention required</body></html>',
  headers: { 'content-type': 'text/html' }
}
const isMarketList = (path: string) => path.includes('exchangeInfo') || path.includes('instruments-info')

async function count(db: Database, sql: string, values: unknown[] = []): Promise<number> {
  const { rows } = await db.query<{ n: number }>(`select count(*) as n ${sql}`, values)
  return rows[0]!.n
}
async function gapReasons(db: Database): Promise<string[]> {
  const { rows } = await db.query<{ reason: string }>('select distinct reason from gap order by reason')
  return rows.map(({ reason }) => reason)
}
async function venueState(db: Database, venue: string) {
  const { rows } = await db.query<{ state: string; state_reason: string | null; banned_until: Date | null }>(
    'select state, state_reason, banned_until from venue where id = $1',
    [venue]
  )
  return rows[0]!
}

test('one sweep stores one observation for every followed instrument of both venues, and the tick says how many', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  await using line = await openLine(t.db, exchange)
  const tickAt = storeTick()
  for (const venue of Object.values(line.venues)) {
    assert.deepEqual(await collect(line.deps, venue, tickAt), { isSuccess: true })
    const followed = venue.instruments.size
    assert.ok(followed >= 5, `${venue.adapter.id} follows ${followed} instruments`)
    assert.equal(
      await count(t.db, 'from market_snapshot s join instrument i on i.id = s.instrument_id where i.venue_id = $1', [
        venue.adapter.id
      ]),
      followed
    )
    assert.equal((await venueState(t.db, venue.adapter.id)).state, 'up')
  }
  const { rows } = await t.db.query<{ bad: number }>(
    `select count(*) as bad from market_snapshot where bid is null or ask is null or bid >= ask or observed_at < tick_at - interval '1 minute'`
  )
  assert.equal(rows[0]!.bad, 0)
  assert.equal(await count(t.db, 'from funding_estimate where interval_hours is null or interval_source is null'), 0)
  assert.ok((await count(t.db, 'from funding_estimate')) >= 8)
  assert.equal(
    await count(t.db, `from tick where job = 'collect' and state = 'done' and rows > 0`),
    Object.keys(line.venues).length
  )
})

test('two collectors with the same tick write it once', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  await using one = await openLine(t.db, exchange, { ...BYBIT, holder: 'one' })
  await using two = await openLine(t.db, exchange, { ...BYBIT, holder: 'two' })
  const tickAt = storeTick()
  const outcomes = await Promise.all([
    collect(one.deps, one.venues.bybit!, tickAt),
    collect(two.deps, two.venues.bybit!, tickAt)
  ])
  assert.equal(outcomes.filter((outcome) => outcome !== undefined).length, 1)
  assert.equal(await count(t.db, 'from market_snapshot'), one.venues.bybit!.instruments.size)
})

test('a holder whose lease has lapsed cannot commit what it finishes late', async () => {
  await using t = await testDatabase()
  const tickAt = storeTick()
  const frozen = await claimTick(t.db, { job: 'collect', scope: 'bybit', tickAt, holder: 'frozen', leaseMs: -1 })
  const next = await claimTick(t.db, { job: 'collect', scope: 'bybit', tickAt, holder: 'next', leaseMs: 10_000 })
  assert.equal(frozen!.epoch, 1)
  assert.equal(next!.epoch, 2)
  const finish = (claim: NonNullable<typeof frozen>) =>
    t.db.transaction((client) => finishTick(client, claim, { state: 'done', rows: 0, skipped: 0 }))
  await assert.rejects(finish(frozen!), StaleClaimError)
  await finish(next!)
  await assert.rejects(finish(next!), StaleClaimError)
})

test('a page of HTML with status 200 stores nothing, and the gap and the venue say why', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  await using line = await openLine(t.db, exchange)
  exchange.fault = (venue) => (venue === 'bybit' ? html : undefined)
  assert.deepEqual(await collect(line.deps, line.venues.bybit!, storeTick()), { isSuccess: false })
  assert.deepEqual(await collect(line.deps, line.venues.binance!, storeTick()), { isSuccess: true })
  assert.ok(exchange.injected > 0)
  assert.equal(
    await count(t.db, `from market_snapshot s join instrument i on i.id = s.instrument_id where i.venue_id = 'bybit'`),
    0
  )
  assert.deepEqual(await gapReasons(t.db), ['bad_response'])
  assert.equal((await venueState(t.db, 'bybit')).state, 'down')
  assert.match((await venueState(t.db, 'bybit')).state_reason!, /not JSON/)
})

test('an answer without half of the symbols stores the other half and names each missing instrument as a gap', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  await using line = await openLine(t.db, exchange, BYBIT)
  const kept = new Set(['BTCUSDT', 'BTCUSD'])
  exchange.fault = (venue, path) =>
    venue === 'bybit' && path.includes('/tickers')
      ? {
          kind: 'rewrite',
          rewrite: (body) => {
            const answer = JSON.parse(body)
            answer.result.list = answer.result.list.filter(({ symbol }: { symbol: string }) => kept.has(symbol))
            return JSON.stringify(answer)
          }
        }
      : undefined
  const { instruments } = line.venues.bybit!
  assert.deepEqual(await collect(line.deps, line.venues.bybit!, storeTick()), { isSuccess: true })
  assert.ok(exchange.injected > 0)
  const stored = await count(t.db, 'from market_snapshot')
  assert.equal(stored, [...instruments.values()].filter(({ nativeId }) => kept.has(nativeId!)).length)
  assert.equal(
    await count(t.db, `from gap where reason = 'absent_from_answer' and fact = 'market' and instrument_id > 0`),
    instruments.size - stored
  )
  const { state, state_reason } = await venueState(t.db, 'bybit')
  assert.equal(state, 'degraded')
  assert.match(state_reason!, /coverage/)
})

test('a venue that says 429 is left alone until it said, also by another collector that starts meanwhile', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  await using line = await openLine(t.db, exchange, BYBIT)
  await using other = await openLine(t.db, exchange, { ...BYBIT, holder: 'other' })
  exchange.fault = (venue) =>
    venue === 'bybit' ? { kind: 'answer', status: 429, body: '{}', headers: { 'retry-after': '30' } } : undefined
  await collect(line.deps, line.venues.bybit!, storeTick())
  assert.ok(exchange.injected > 0)
  const { state, banned_until } = await venueState(t.db, 'bybit')
  assert.equal(state, 'banned')
  const waitMs = banned_until!.getTime() - systemClock.now()
  assert.ok(waitMs > 25_000 && waitMs <= 30_000, `banned for ${waitMs} ms`)
  exchange.fault = () => undefined
  const before = exchange.requests.length
  assert.deepEqual(await collect(other.deps, other.venues.bybit!, storeTick() + 10_000), { isSuccess: false })
  assert.equal(exchange.requests.length, before)
  assert.deepEqual(await gapReasons(t.db), ['banned', 'rate_limited'])
  // When the time has passed, it is asked again and is well.
  await t.db.query(`update venue set banned_until = now() - interval '1 second'`)
  assert.deepEqual(await collect(other.deps, other.venues.bybit!, storeTick() + 20_000), { isSuccess: true })
  assert.equal((await venueState(t.db, 'bybit')).state, 'up')
})

for (const fault of [{ kind: 'silence' }, { kind: 'headers_only' }] as const) {
  test(`an exchange that ${fault.kind === 'silence' ? 'never answers' : 'stops after its headers'} costs one deadline and leaves a gap`, async () => {
    await using t = await testDatabase()
    await using exchange = await startExchange(systemClock)
    await using line = await openLine(t.db, exchange, BYBIT)
    exchange.fault = (_venue, path) => (isMarketList(path) ? undefined : fault)
    // Without the deadline of 2 s, which holds for the body too, this would never end.
    assert.deepEqual(await collect(line.deps, line.venues.bybit!, storeTick()), { isSuccess: false })
    assert.ok(exchange.injected > 0)
    assert.deepEqual(await gapReasons(t.db), ['timeout'])
  })
}

test('ticks that nobody ran become a gap that ends where collecting goes on', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  await using line = await openLine(t.db, exchange, BYBIT)
  const tickAt = storeTick()
  await collect(line.deps, line.venues.bybit!, tickAt - 60_000)
  await collect(line.deps, line.venues.bybit!, tickAt)
  const { rows } = await t.db.query<{ from_at: Date; to_at: Date; reason: string }>(
    'select from_at, to_at, reason from gap'
  )
  assert.deepEqual(rows, [{ from_at: new Date(tickAt - 50_000), to_at: new Date(tickAt), reason: 'not_polled' }])
})

test('a tick whose holder died becomes a gap with that reason', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  await using line = await openLine(t.db, exchange, BYBIT)
  const tickAt = storeTick()
  await claimTick(t.db, { job: 'collect', scope: 'bybit', tickAt: tickAt - 10_000, holder: 'dead', leaseMs: -1 })
  await collect(line.deps, line.venues.bybit!, tickAt)
  assert.deepEqual(await gapReasons(t.db), ['lease_lapsed'])
  assert.equal(await count(t.db, `from tick where state = 'missed'`), 1)
})
