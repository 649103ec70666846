import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { DAY, floorTo, HOUR, MINUTE } from '../../src/domain/time.ts'
import { priceReach } from '../../src/jobs/past-hours.ts'
import { reopenForGaps } from '../../src/store/backfill.ts'
import type { Database } from '../../src/store/database.ts'
import { fillHourlyGaps, judgeGaps } from '../../src/store/gap-judging.ts'
import { type Gap, recordGaps } from '../../src/store/gaps.ts'
import { openPast as openHours } from '../../src/store/past-observations.ts'
import { noteQuietHours } from '../../src/store/quiet-hours.ts'
import { FACTS } from '../../src/store/sealed/facts.ts'
import { sealFact } from '../../src/store/sealed/seal.ts'
import { readBackfillProgress } from '../../src/store/status.ts'
import { testDatabase } from '../support/database.ts'
import { until } from '../support/embedded-process.ts'
import { openPast } from '../support/past.ts'

const KEY = 'bybit:BTC/USDT:USDT'

/** Waits for a state, however slow the machine is. */
const PATIENCE_MS = 60_000

const judgeAll = (db: Database, endedBefore: number, more: Partial<Parameters<typeof judgeGaps>[1]> = {}) =>
  judgeGaps(db, { endedBefore, hasQuiet: true, mayGoOn: () => true, onFailure: throwFailure, ...more })
const throwFailure = (_: unknown, error: unknown) => {
  throw error
}

const note = (db: Database, gaps: readonly Gap[]) => db.transaction((client) => recordGaps(client, gaps))

async function gapsOf(db: Database) {
  const { rows } = await db.query<{ instrument_id: number; fact: string; filled: boolean }>(
    'select instrument_id, fact, filled_at is not null as filled from gap order by instrument_id, fact, from_at'
  )
  return rows
}

test('after hours that were not polled their closes are fetched, once, and the gap is filled when all that is followed has them', async () => {
  await using t = await testDatabase()
  await using past = await openPast(t.db, KEY)
  const { id, spotId, venue } = past.instrument
  // Two are followed: the gap is everybody's, and filled when both have been over it.
  await t.db.query('update instrument set tracked = (id = any ($1))', [[id, spotId]])
  const from = floorTo(systemClock.now(), HOUR) - 5 * HOUR
  await past.want('price_1h', 3)
  await past.want('price_1h', 3, spotId!)
  while (await past.run()) {}
  await t.db.query('update backfill set done_to = $1', [new Date(from - HOUR)])
  await t.db.query('delete from market_snapshot where tick_at > $1', [new Date(from - HOUR)])
  const gap = { instrumentId: 0, venue, from, to: from + 3 * HOUR, reason: 'timeout' }
  const short = { ...gap, from: from + HOUR + MINUTE, to: from + HOUR + 5 * MINUTE, reason: 'empty_answer' }
  await note(t.db, [
    { ...gap, fact: 'market' },
    { ...gap, fact: 'basis' },
    { ...short, fact: 'market' }
  ])
  await reopenForGaps(t.db, systemClock.now())
  assert.equal(await past.run(), true)
  const half = await gapsOf(t.db)
  assert.ok(
    half.every(({ filled }) => !filled),
    'one of two has its closes'
  )
  assert.equal(await past.run(), true)
  assert.deepEqual(await gapsOf(t.db), [
    { instrument_id: 0, fact: 'basis', filled: true },
    { instrument_id: 0, fact: 'market', filled: true },
    // No hour closed within it: hourly prices say nothing of it.
    { instrument_id: 0, fact: 'market', filled: false }
  ])
  const { rows } = await t.db.query('select 1 from market_snapshot where instrument_id = $1 and tick_at > $2', [
    id,
    new Date(from)
  ])
  assert.ok(rows.length >= 3)
  const asked = past.exchange.requests.length
  await reopenForGaps(t.db, systemClock.now())
  assert.equal(await past.run(), false)
  assert.equal(past.exchange.requests.length, asked, 'nobody asks for it again')
})

test('a stop that was longer than the memory of a venue leaves a gap that says so, and does not count as filled', async () => {
  await using t = await testDatabase()
  await using past = await openPast(t.db, 'kraken:BTC/USD')
  await past.want('price_1h', 3)
  while (await past.run()) {}
  // As if that had been sixty days ago; Kraken keeps thirty of a coin.
  const long = 60 * DAY
  const stopped = floorTo(systemClock.now(), HOUR) - long
  await t.db.query(
    `update backfill set state = 'waiting', done_from = done_from - $1::interval, done_to = $2, wanted_from = wanted_from - $1::interval,
       oldest_at = oldest_at - $1::interval`,
    [`${long / HOUR} hours`, new Date(stopped)]
  )
  await note(t.db, [
    {
      instrumentId: 0,
      venue: 'kraken',
      fact: 'market',
      from: stopped + DAY,
      to: stopped + 2 * DAY,
      reason: 'not_polled'
    }
  ])
  while (await past.run()) {}
  const { rows } = await t.db.query<{ instrument_id: number; reason: string; from_at: Date; filled_at: Date | null }>(
    'select instrument_id, reason, from_at, filled_at from gap order by instrument_id'
  )
  assert.deepEqual(
    rows.map(({ instrument_id, reason, filled_at }) => [instrument_id === 0, reason, filled_at]),
    [
      [true, 'not_polled', null],
      [false, 'not_kept_by_venue', null]
    ]
  )
  assert.equal(rows[1]!.from_at.getTime(), stopped)
})

test('open interest that comes after the day of its prices was sealed stands beside them all the same', async () => {
  await using t = await testDatabase()
  await using past = await openPast(t.db, KEY)
  await past.want('price_1h', 5)
  while (await past.run()) {}
  const nowMs = systemClock.now()
  const options = { beforeMs: floorTo(nowMs, DAY) - DAY, nowMs, knownBeforeMs: nowMs + DAY }
  const sealed = await sealFact(t.db, FACTS.market, options)
  assert.ok(sealed.reduce((sum, { rows }) => sum + rows, 0) > 48)
  await past.want('open_interest_1h', 5)
  while (await past.run()) {}
  await sealFact(t.db, FACTS.market, options)
  const at = floorTo(systemClock.now(), DAY) - 3 * DAY
  const times = Array.from({ length: 24 }, (_, hour) => at + hour * HOUR)
  const hours = await t.db.transaction((client) => openHours(client, past.instrument.id, times))
  assert.equal(hours.size, 24)
  for (const { last, mark, premium, openInterestBase, openInterestUsd, revision } of hours.values()) {
    assert.ok(
      last !== null && mark !== null && premium !== null && openInterestBase !== null && openInterestUsd !== null
    )
    assert.equal(revision, 1)
  }
})

test('progress tells of each venue how many instruments are done, how far back it got and how fast', async () => {
  await using t = await testDatabase()
  await using past = await openPast(t.db, KEY)
  await past.want('settlement', 10, past.instrument.id, 2)
  await past.want('price_1h', 10)
  await past.want('price_1h', 10, past.instrument.spotId!)
  const before = (await readBackfillProgress(t.db)).get('bybit')!
  assert.deepEqual(
    [before.instruments, before.instrumentsDone, before.oldestAt, before.rowsPerMinute, before.waiting],
    [2, 0, null, 0, 3]
  )
  await past.run()
  const one = (await readBackfillProgress(t.db)).get('bybit')!
  assert.deepEqual([one.instruments, one.instrumentsDone, one.done], [2, 0, 1])
  const from = floorTo(systemClock.now(), DAY) - 10 * DAY
  assert.equal(one.oldestAt, from)
  assert.ok(one.rowsPerMinute >= 30)
  while (await past.run()) {}
  const all = (await readBackfillProgress(t.db)).get('bybit')!
  assert.deepEqual([all.instrumentsDone, all.waiting, all.running, all.failed], [2, 0, 0, 0])
  assert.ok(all.rowsPerMinute >= 30 + 480)
})

test('a gap is filled by a price at each of its hours, sealed or not, and everybody’s by those of all that are followed', async () => {
  await using t = await testDatabase()
  await using past = await openPast(t.db, KEY)
  const { id, spotId, venue } = past.instrument
  await t.db.query('update instrument set tracked = (id = any ($1))', [[id, spotId]])
  await past.want('price_1h', 5)
  await past.want('price_1h', 5, spotId!)
  while (await past.run()) {}
  const nowMs = systemClock.now()
  const today = floorTo(nowMs, DAY)
  await sealFact(t.db, FACTS.market, { beforeMs: today - 2 * DAY, nowMs, knownBeforeMs: nowMs + DAY })
  const gapAt = (instrumentId: number, from: number) =>
    ({ instrumentId, venue, fact: 'market', from, to: from + 3 * HOUR, reason: 'timeout' }) as const
  const [sealed, hot, holed] = [today - 4 * DAY, today - 26 * HOUR, today - 20 * HOUR]
  await note(
    t.db,
    [sealed, hot, holed].map((from) => gapAt(0, from))
  )
  await note(
    t.db,
    [sealed, holed, today - 12 * HOUR].map((from) => gapAt(id, from))
  )
  const lose = 'delete from market_snapshot where instrument_id = $1 and tick_at = $2'
  const unprice = 'update market_snapshot set last = null, mark = null where instrument_id = $1 and tick_at = $2'
  await t.db.query(lose, [spotId, new Date(holed + HOUR)])
  await t.db.query(unprice, [id, new Date(today - 9 * HOUR)])
  await fillHourlyGaps(t.db, past.instrument, { from: today - 5 * DAY, to: nowMs })
  assert.deepEqual(
    (await gapsOf(t.db)).map(({ instrument_id, filled }) => [instrument_id === 0, filled]),
    [
      [true, true],
      [true, true],
      // The spot leg lacks an hour of it.
      [true, false],
      [false, true],
      [false, true],
      // An hour that has a row has no price in it.
      [false, false]
    ]
  )
  // What an earlier rule had filled is judged anew.
  const judged = await gapsOf(t.db)
  await t.db.query('update gap set filled_at = now()')
  const migration = '../../prisma/migrations/20261130150000_gaps_judged_anew/migration.sql'
  await t.db.query(await readFile(new URL(migration, import.meta.url), 'utf8'))
  assert.ok((await gapsOf(t.db)).every(({ filled }) => !filled))
  await fillHourlyGaps(t.db, past.instrument, { from: today - 5 * DAY, to: nowMs })
  assert.deepEqual(await gapsOf(t.db), judged)
  const { rowCount } = await t.db.query(`update instrument set tracked = true where venue_id = $1 and not tracked`, [
    venue
  ])
  assert.ok(rowCount! > 0)
  await t.db.query('update gap set filled_at = null')
  await fillHourlyGaps(t.db, past.instrument, { from: today - 5 * DAY, to: nowMs })
  const all = (await gapsOf(t.db)).filter(({ instrument_id }) => instrument_id === 0)
  assert.ok(
    all.every(({ filled }) => !filled),
    'others that are followed have no prices at all'
  )
})

test('a past of which nothing came at all is a gap from where it was wanted', async () => {
  await using t = await testDatabase()
  await using past = await openPast(t.db, KEY)
  past.exchange.fault = (_venue, request) =>
    request.includes('kline')
      ? { kind: 'rewrite', rewrite: (body) => body.replace(/"list":\[.*\]/, '"list":[]') }
      : undefined
  await past.want('price_1h', 5)
  while (await past.run()) {}
  const { rows } = await t.db.query<{ from_at: Date; to_at: Date; reason: string; done_to: Date; received: unknown }>(
    `select g.from_at, g.to_at, g.reason, b.done_to, b.oldest_at as received from gap g join backfill b using (instrument_id)
     where g.fact = 'market'`
  )
  assert.deepEqual(
    rows.map(({ from_at, to_at, reason, done_to, received }) => [
      from_at,
      to_at.getTime() - done_to.getTime(),
      reason,
      received
    ]),
    [[new Date(floorTo(systemClock.now(), DAY) - 5 * DAY), 0, 'not_kept_by_venue', null]]
  )
})

test('an hour in which nothing traded is a gap that says so, and keeps no other one open', async () => {
  await using t = await testDatabase()
  await using past = await openPast(t.db, KEY)
  const { id, venue } = past.instrument
  const now = floorTo(systemClock.now(), HOUR)
  const quiet = [50, 49, 20, 6].map((hours) => now - hours * HOUR)
  // Neither of an hour in the middle, nor of the last ones when they are first asked for: the second time it shows what they were.
  let missing = [...quiet, now - 4 * HOUR, now - 3 * HOUR, now - 2 * HOUR, now - HOUR, now]
  past.exchange.fault = (_venue, request) =>
    request.includes('kline') ? { kind: 'rewrite', rewrite: (body) => withoutHours(body, missing) } : undefined
  await past.want('price_1h', 5)
  while (await past.run()) {}
  const gaps = async () => {
    const { rows } = await t.db.query<{ from_at: Date; to_at: Date; reason: string; filled_at: Date | null }>(
      'select from_at, to_at, reason, filled_at from gap order by from_at, reason'
    )
    return rows.map((gap) => [hoursAgo(gap.from_at), hoursAgo(gap.to_at), gap.reason, gap.filled_at !== null])
  }
  const hoursAgo = (at: Date) => (now - at.getTime()) / HOUR
  assert.deepEqual(await gaps(), [
    [51, 49, 'no_trades', false],
    [21, 20, 'no_trades', false],
    [7, 6, 'no_trades', false]
  ])
  missing = [...quiet, now - 4 * HOUR]
  const gap = { instrumentId: id, venue, fact: 'market', reason: 'timeout' } as const
  await note(t.db, [
    { ...gap, from: now - 52 * HOUR, to: now - 48 * HOUR },
    { ...gap, from: now - 8 * HOUR, to: now - 3 * HOUR }
  ])
  await t.db.query(`update backfill set state = 'waiting', done_to = done_to - interval '1 hour'`)
  while (await past.run()) {}
  assert.deepEqual(await gaps(), [
    [52, 48, 'timeout', true],
    [51, 49, 'no_trades', false],
    [21, 20, 'no_trades', false],
    [8, 3, 'timeout', true],
    [7, 6, 'no_trades', false],
    [5, 4, 'no_trades', false]
  ])
  // The venue has found some of them: what is priced is filled.
  missing = quiet.slice(1)
  await t.db.query(`update backfill set state = 'waiting', done_from = null, done_to = null`)
  while (await past.run()) {}
  assert.deepEqual(
    (await gaps()).filter(([, , reason]) => reason === 'no_trades'),
    [
      [51, 50, 'no_trades', true],
      [50, 49, 'no_trades', false],
      [21, 20, 'no_trades', false],
      [7, 6, 'no_trades', false],
      [5, 4, 'no_trades', true]
    ]
  )
})

test('gaps that no piece comes over again are judged from what is stored: nobody is asked, and nothing is said to be lost', async () => {
  await using t = await testDatabase()
  await using past = await openPast(t.db, KEY)
  const { id, spotId, venue } = past.instrument
  await t.db.query('update instrument set tracked = (id = any ($1))', [[id, spotId]])
  const now = floorTo(systemClock.now(), HOUR)
  const ago = (hours: number) => now - hours * HOUR
  // In one hour the contract did not trade, in another it had a mark all the same, in a third its leg did not trade.
  const missing = (request: string) =>
    request.includes('category=spot') ? [ago(30)] : request.includes('/kline') ? [ago(40), ago(24)] : [ago(40)]
  past.exchange.fault = (_venue, request) =>
    request.includes('kline') ? { kind: 'rewrite', rewrite: (body) => withoutHours(body, missing(request)) } : undefined
  await past.want('price_1h', 3)
  await past.want('price_1h', 3, spotId!)
  while (await past.run()) {}
  const gap = { instrumentId: id, venue, fact: 'basis', reason: 'missing_quote' } as const
  await note(t.db, [
    { ...gap, from: ago(42) + 20 * MINUTE, to: ago(38) + MINUTE },
    { ...gap, from: ago(32), to: ago(28) },
    { ...gap, from: ago(26), to: ago(23) },
    { ...gap, from: ago(22), to: ago(18) },
    { ...gap, from: ago(12), to: ago(8) },
    { ...gap, instrumentId: 0, fact: 'market', reason: 'timeout', from: ago(42), to: ago(28) },
    { ...gap, instrumentId: spotId!, fact: 'market', reason: 'timeout', from: ago(12), to: ago(11) }
  ])
  await t.db.query('delete from basis_snapshot where tick_at = $1', [new Date(ago(20))])
  // What is still growing is left.
  await judgeAll(t.db, ago(9))
  const gaps = async () => {
    const { rows } = await t.db.query<GapRow>(
      `select case instrument_id when 0 then 'venue' when $1 then 'contract' else 'spot' end as of, fact, from_at, to_at, reason,
         filled_at is not null as filled from gap order by from_at, of, fact, reason`,
      [id]
    )
    const hoursAgo = (at: Date) => Math.round((now - at.getTime()) / HOUR)
    return rows.map(({ of, fact, from_at, to_at, reason, filled }) => [
      of,
      fact,
      hoursAgo(from_at),
      hoursAgo(to_at),
      reason,
      filled
    ])
  }
  const asked = past.exchange.requests.length
  const judged = [
    ['venue', 'market', 42, 28, 'timeout', true],
    ['contract', 'basis', 42, 38, 'missing_quote', true],
    ['contract', 'basis', 41, 40, 'no_trades', false],
    ['contract', 'market', 41, 40, 'no_trades', false],
    ['contract', 'basis', 32, 28, 'missing_quote', true],
    ['contract', 'basis', 31, 30, 'no_trades', false],
    ['spot', 'market', 31, 30, 'no_trades', false],
    ['contract', 'basis', 26, 23, 'missing_quote', true],
    ['contract', 'basis', 25, 24, 'no_trades', false],
    // An hour of it both legs have traded, and nothing is known.
    ['contract', 'basis', 22, 18, 'missing_quote', false]
  ]
  const later = [
    ['contract', 'basis', 12, 8, 'missing_quote', false],
    ['spot', 'market', 12, 11, 'timeout', true]
  ]
  assert.deepEqual(await gaps(), [...judged, ...later])
  await judgeAll(t.db, now)
  assert.deepEqual((await gaps()).at(-2), ['contract', 'basis', 12, 8, 'missing_quote', true])
  // What had been reopened is as it was, and a basis that comes after all fills its hour.
  const settled = await gaps()
  await t.db.query(`update gap set filled_at = null`)
  await judgeAll(t.db, now)
  assert.deepEqual(await gaps(), settled)
  await t.db.query(
    `insert into basis_snapshot select (jsonb_populate_record(b, jsonb_build_object('tick_at', $1::timestamptz))).* from basis_snapshot b
     where tick_at = $2`,
    [new Date(ago(30)), new Date(ago(29))]
  )
  const noted = async () =>
    (await gaps())
      .filter(([of, fact, , , reason]) => of === 'contract' && fact === 'basis' && reason === 'no_trades')
      .map(([, , from, to, , filled]) => [from, to, filled])
  const quiet = [
    [41, 40, false],
    [31, 30, false],
    [25, 24, false]
  ]
  await judgeAll(t.db, now, { hasQuiet: false })
  assert.deepEqual(await noted(), quiet, 'what nobody expects to be filled is not looked at every hour')
  // One that is made longer while it is judged is left to the next time.
  const other = await t.db.openSession()
  await other.query('begin')
  await other.query(
    `update gap set to_at = $1 where fact = 'basis' and reason = 'no_trades' and from_at = $2`,
    [ago(29), ago(31)].map((at) => new Date(at))
  )
  const judging = judgeAll(t.db, now)
  const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%gap%'`
  await until('it waits', async () => (await t.db.query(waiting)).rows.length === 1, PATIENCE_MS)
  await other.query('commit')
  await other.end()
  await judging
  assert.deepEqual(await noted(), quiet.with(1, [31, 29, false]))
  await judgeAll(t.db, now)
  assert.deepEqual(await noted(), quiet.with(1, [31, 29, true]))
  // One that cannot be judged keeps none of the others open, and an hour that was quiet and is priced now is no longer.
  await t.db.query(`update gap set filled_at = null where reason in ('missing_quote', 'timeout')`)
  await t.db.query(`update gap set filled_at = now() where fact = 'market' and reason = 'no_trades' and from_at = $1`, [
    new Date(ago(41))
  ])
  await t.db.query(`delete from gap where fact = 'basis' and reason = 'no_trades' and from_at = $1`, [
    new Date(ago(41))
  ])
  await t.db.query(
    `alter table gap add constraint refused check (filled_at is null or from_at <> '${new Date(ago(32)).toISOString()}') not valid`
  )
  const failed: Gap[] = []
  await judgeAll(t.db, now, { onFailure: (gap) => failed.push(gap) })
  assert.deepEqual(
    failed.map(({ from }) => (now - from) / HOUR),
    [32]
  )
  const again = (await gaps()).filter(([, , , , reason]) => reason === 'missing_quote')
  assert.deepEqual(
    again.map(([, , from, , , filled]) => [from, filled]),
    [
      [42, false],
      [32, false],
      [26, true],
      [22, false],
      [12, true]
    ]
  )
  assert.equal(past.exchange.requests.length, asked)
  const { rows } = await t.db.query(`select 1 from gap where reason = 'not_kept_by_venue'`)
  assert.equal(rows.length, 0)
  // A contract that is set against nothing has no basis to miss.
  await t.db.query('truncate basis_snapshot')
  await t.db.query(`delete from gap where fact = 'basis'`)
  const noteQuiet = (leg: number | null) =>
    t.db.transaction((client) => noteQuietHours(client, { ...past.instrument, spotId: leg }, [ago(25), ago(23)]))
  await noteQuiet(null)
  assert.deepEqual(await noted(), [])
  await noteQuiet(spotId)
  assert.deepEqual(await noted(), [[25, 24, false]])
})

type GapRow = {
  readonly of: string
  readonly fact: string
  readonly from_at: Date
  readonly to_at: Date
  readonly reason: string
  readonly filled: boolean
}

/** Bybit's candles, those that end at these times left out. */
function withoutHours(body: string, ends: readonly number[]): string {
  const answer = JSON.parse(body) as { result: { list: string[][] } }
  answer.result.list = answer.result.list.filter(([start]) => !ends.includes(Number(start) + HOUR))
  return JSON.stringify(answer)
}

test('hours whose candles cannot be used are not known to have had no trades, on whichever page they lie', async () => {
  await using t = await testDatabase()
  await using past = await openPast(t.db, 'bybit:BTC/USDT')
  const { adapter } = past.line.venues.bybit!
  const now = floorTo(systemClock.now(), HOUR)
  // The oldest hours of the first page, whole on the next one, which begins with them again; of a coin, which has no mark instead.
  const edge = now - priceReach(adapter, past.instrument)
  const spoilt = [edge + HOUR, edge + 2 * HOUR, edge + 3 * HOUR]
  const spoil = (body: string) => {
    const answer = JSON.parse(body) as { result: { list: string[][] } }
    for (const candle of answer.result.list) if (spoilt.includes(Number(candle[0]) + HOUR)) candle[4] = '0'
    return JSON.stringify(answer)
  }
  past.exchange.fault = (_venue, request) =>
    new RegExp(`/kline.*start=${edge}&`).test(request) ? { kind: 'rewrite', rewrite: spoil } : undefined
  await past.want('price_1h', Math.ceil((now - edge) / DAY) + 3)
  while (await past.run()) {}
  const { rows } = await t.db.query(`select from_at, to_at, reason from gap where reason = 'no_trades'`)
  assert.deepEqual(rows, [])
})

test('a stretch without candles that is too long for a pause is missing from the answer, and fills nothing', async () => {
  await using t = await testDatabase()
  await using past = await openPast(t.db, KEY)
  const { id, venue } = past.instrument
  const from = floorTo(systemClock.now(), DAY) - 20 * DAY
  const lost = Array.from({ length: 8 * 24 }, (_, hour) => from + hour * HOUR)
  past.exchange.fault = (_venue, request) =>
    request.includes('kline') ? { kind: 'rewrite', rewrite: (body) => withoutHours(body, lost) } : undefined
  await note(t.db, [
    { instrumentId: id, venue, fact: 'market', from: from + DAY, to: from + 2 * DAY, reason: 'timeout' }
  ])
  await past.want('price_1h', 30)
  while (await past.run()) {}
  const { rows } = await t.db.query(`select reason, filled_at from gap order by reason`)
  assert.deepEqual(rows, [
    { reason: 'absent_from_answer', filled_at: null },
    { reason: 'timeout', filled_at: null }
  ])
})
