import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY, HOUR } from '../../src/domain/time.ts'
import type { Database } from '../../src/store/database.ts'
import { testDatabase } from '../support/database.ts'
import type { Exchange } from '../support/exchange.ts'
import { openPast } from '../support/past.ts'

/** Switches faults of the simulated exchanges on. */
async function misbehave(exchange: Exchange, rules: readonly object[]): Promise<void> {
  const answer = await fetch(`${exchange.controlUrl}/faults`, { method: 'PUT', body: JSON.stringify(rules) })
  assert.ok(answer.ok, await answer.text())
}

async function injected(exchange: Exchange): Promise<number> {
  const { faults } = (await (await fetch(`${exchange.controlUrl}/faults`)).json()) as { faults: { injected: number }[] }
  return faults.reduce((sum, fault) => sum + fault.injected, 0)
}

async function timesOf(db: Database, table: 'settlement' | 'market_snapshot', id: number): Promise<number[]> {
  const column = table === 'settlement' ? 'settled_at' : 'tick_at'
  const { rows } = await db.query<{ at: Date }>(
    `select distinct ${column} as at from ${table} where instrument_id = $1 order by 1`,
    [id]
  )
  return rows.map(({ at }) => at.getTime())
}

/** Whatever comes of the past of one contract: nothing is missing between its first and its last. */
function assertWithoutHole(times: readonly number[], stepMs: number, days: number): void {
  assert.ok(times.length >= (days * DAY) / stepMs, `${times.length} of ${(days * DAY) / stepMs}`)
  for (const [index, at] of times.slice(1).entries()) assert.equal(at - times[index]!, stepMs)
}

const PAST = '/funding|history|kline|open-interest|openInterestHist|chart|candle/i'
const path = PAST.slice(1, -2)

for (const { key, settlesMs } of [
  { key: 'binance:BTC/USDT:USDT', settlesMs: 8 * HOUR },
  { key: 'bybit:BTC/USDT:USDT', settlesMs: 8 * HOUR },
  { key: 'okx:BTC/USDT:USDT', settlesMs: 8 * HOUR }
]) {
  test(`pages of ${key} that hold twenty rows, whatever is asked for, lose nothing`, async () => {
    await using t = await testDatabase()
    await using past = await openPast(t.db, key)
    const { venue, id } = past.instrument
    await misbehave(past.exchange, [{ venue, kind: 'short_pages', path }])
    await past.want('settlement', 30)
    await past.want('price_1h', 4)
    await past.want('open_interest_1h', 4)
    while (await past.run()) {}
    assert.ok((await injected(past.exchange)) > 12)
    assertWithoutHole(await timesOf(t.db, 'settlement', id), settlesMs, 30)
    assertWithoutHole(await timesOf(t.db, 'market_snapshot', id), HOUR, 4)
    const { rows } = await t.db.query(
      `select distinct on (tick_at) tick_at from market_snapshot where instrument_id = $1
         and (last is null or mark is null or open_interest_base is null)
         and not exists (select from market_snapshot n where n.instrument_id = $1 and n.tick_at = market_snapshot.tick_at and n.revision > market_snapshot.revision)`,
      [id]
    )
    // What stands at the first moment of all closed an hour that began before it.
    assert.deepEqual(rows.slice(1), [], 'every hour has its price, its mark and its open interest')
  })
}

test('an empty page in the middle is a window like any other: what lies before it is fetched, and what it lacks is a gap', async () => {
  await using t = await testDatabase()
  await using past = await openPast(t.db, 'bybit:BTC/USDT:USDT')
  const { id } = past.instrument
  await past.want('settlement', 200)
  // The second page back has nothing, as where a venue has lost some days.
  let pages = 0
  past.exchange.fault = (_venue, request) =>
    request.includes('/funding/history') && ++pages === 2
      ? { kind: 'rewrite', rewrite: (body) => body.replace(/"list":\[.*?\]/, '"list":[]') }
      : undefined
  while (await past.run()) {}
  assert.equal(past.exchange.injected, 1)
  const times = await timesOf(t.db, 'settlement', id)
  assert.ok(times[0]! <= Date.now() - 199 * DAY, 'what lies before it came')
  const holes = times
    .slice(1)
    .flatMap((at, index) => (at - times[index]! > 8 * HOUR ? [[times[index]! + 8 * HOUR, at]] : []))
  assert.equal(holes.length, 1)
  const { rows } = await t.db.query<{ from_at: Date; to_at: Date; reason: string; filled_at: Date | null }>(
    `select from_at, to_at, reason, filled_at from gap where instrument_id = $1 and fact = 'settlement'`,
    [id]
  )
  assert.deepEqual(
    rows.map((row) => [row.from_at.getTime(), row.to_at.getTime(), row.reason, row.filled_at]),
    [[...holes[0]!, 'absent_from_answer', null]]
  )
  // Fetched again when the venue has found them: the gap is filled.
  await t.db.query(`update backfill set state = 'waiting', done_from = null, done_to = null, not_before = null`)
  while (await past.run()) {}
  const { rows: after } = await t.db.query(`select from_at from gap where instrument_id = $1 and filled_at is null`, [
    id
  ])
  assert.deepEqual(after, [])
})

test('a venue that answers its newest rows whatever is asked for is believed once, and is not asked for ever', async () => {
  await using t = await testDatabase()
  await using past = await openPast(t.db, 'bybit:ETH/USDT:USDT')
  const { id, venue } = past.instrument
  await misbehave(past.exchange, [{ venue, kind: 'window_ignored', path }])
  await past.want('settlement', 1_500)
  while (await past.run()) {}
  const asked = () => past.exchange.requests.filter(({ path: request }) => request.includes('/funding/history')).length
  const first = asked()
  assert.ok(first > 1 && first < 12, `${first} questions`)
  const times = await timesOf(t.db, 'settlement', id)
  assert.equal(times.length, 200)
  const gaps = async () => {
    const { rows } = await t.db.query<{ to_at: Date }>(
      `select to_at from gap where instrument_id = $1 and fact = 'settlement' and reason = 'not_kept_by_venue'`,
      [id]
    )
    return rows.map(({ to_at }) => to_at.getTime())
  }
  assert.deepEqual(await gaps(), [times[0]])
  // Somebody who wants still more is told the same, without a question.
  await past.want('settlement', 2_000)
  while (await past.run()) {}
  const { rows } = await t.db.query<{ state: string; kept_from: Date }>('select state, kept_from from backfill')
  assert.deepEqual([rows[0]!.state, rows[0]!.kept_from.getTime()], ['done', times[0]])
  assert.ok(asked() - first <= 2, 'only what is newer is looked for')
})

for (const { key, fact, days } of [
  { key: 'binance:SOL/USDT:USDT', fact: 'open_interest_1h', days: 30 },
  { key: 'okx:SOL/USDT:USDT', fact: 'open_interest_1h', days: 60 },
  { key: 'kraken:BTC/USD', fact: 'price_1h', days: 30 },
  { key: 'hyperliquid:BTC/USDC:USDC', fact: 'price_1h', days: 208 }
] as const) {
  test(`what ${key} no longer has of ${fact} is a gap with that reason, and no question asks for it`, async () => {
    await using t = await testDatabase()
    await using past = await openPast(t.db, key)
    const from = Date.UTC(2020, 0, 1)
    await t.db.query('update instrument set listed_at = $2 where id = $1', [past.instrument.id, new Date(from)])
    past.instrument.listedAt satisfies number | null
    await past.want(fact, Math.round((Date.now() - from) / DAY))
    while (await past.run()) {}
    const times = await timesOf(t.db, 'market_snapshot', past.instrument.id)
    assertWithoutHole(times, HOUR, days - 1)
    const { rows } = await t.db.query<{ fact: string; to_at: Date; reason: string }>(
      "select fact, to_at, reason from gap where instrument_id = $1 and to_at - from_at > interval '1 day'",
      [past.instrument.id]
    )
    const expected = fact === 'price_1h' ? 'market' : 'open_interest'
    assert.deepEqual(rows, [{ fact: expected, to_at: new Date(times[0]!), reason: 'not_kept_by_venue' }])
    assert.equal(past.exchange.requests.filter(({ path: request }) => /startTime=1[45]/.test(request)).length, 0)
  })
}
