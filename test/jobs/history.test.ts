import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { floorTo, HOUR, MINUTE } from '../../src/domain/time.ts'
import { claimBackfill } from '../../src/store/backfill.ts'
import type { Database } from '../../src/store/database.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { testDatabase } from '../support/database.ts'
import { openPast } from '../support/past.ts'

async function settled(db: Database) {
  const { rows } = await db.query<{
    settled_at: Date
    rate: string
    interval_hours: number
    interval_source: string
    revision: number
  }>('select settled_at, rate, interval_hours, interval_source, revision from settlement order by settled_at, revision')
  return rows
}

for (const key of ['binance:BTC/USDT:USDT', 'bybit:BTC/USDT:USDT', 'bybit:PEPE/USDT:USDT', 'binance:BTC/USD:BTC']) {
  test(`the settlements of ${key} come in without a hole, each with its interval observed`, async () => {
    await using t = await testDatabase()
    await using past = await openPast(t.db, key === 'bybit:PEPE/USDT:USDT' ? 'bybit:1000PEPE/USDT:USDT' : key)
    await past.want('settlement', 40)
    assert.equal(await past.run(), true)
    const rows = await settled(t.db)
    const hours = rows[1]!.interval_hours
    assert.ok(rows.length >= (40 * 24) / hours, `${rows.length} settlements`)
    rows.slice(1).forEach((row, index) => {
      assert.equal(row.settled_at.getTime() - rows[index]!.settled_at.getTime(), hours * HOUR)
      assert.equal(row.interval_hours, hours)
      assert.equal(row.interval_source, 'observed')
    })
    assert.ok(rows.every(({ revision }) => revision === 0))
    assert.equal(await past.run(), false, 'nothing is due before the next settlement')
  })
}

test('the same past fetched again adds nothing', async () => {
  await using t = await testDatabase()
  await using past = await openPast(t.db, 'bybit:ETH/USDT:USDT')
  await past.want('settlement', 30)
  await past.run()
  const first = await settled(t.db)
  await t.db.query(`update backfill set state = 'waiting', done_from = null, done_to = null, not_before = null`)
  await past.run()
  assert.deepEqual(await settled(t.db), first)
})

test('a fetch that is stopped between pages goes on where it was, and ends with the same rows', async () => {
  await using t = await testDatabase()
  await using past = await openPast(t.db, 'bybit:BTC/USDT:USDT')
  const { exchange } = past
  await past.want('settlement', 150)
  // The answer after the first page is the exchange dying; what was stored stays stored.
  let answers = 0
  exchange.fault = (_venue, path) =>
    path.includes('/funding/history') && ++answers > 1 ? { kind: 'answer', status: 503, body: '{}' } : undefined
  await past.run()
  const { rows: half } = await t.db.query<{ state: string; done_from: Date; failure: string }>(
    'select state, done_from, failure from backfill'
  )
  assert.ok(exchange.injected > 0)
  assert.equal(half[0]!.state, 'failed')
  assert.ok(half[0]!.done_from !== null)
  const stored = (await settled(t.db)).length
  assert.ok(stored > 0)
  exchange.fault = () => undefined
  await t.db.query('update backfill set not_before = null')
  const before = exchange.requests.filter(({ path }) => path.includes('/funding/history')).length
  await past.run()
  const rows = await settled(t.db)
  assert.ok(rows.length > stored && rows.length >= 150 * 3)
  assert.equal(new Set(rows.map(({ settled_at }) => settled_at.getTime())).size, rows.length)
  const asked = exchange.requests.filter(({ path }) => path.includes('/funding/history')).slice(before)
  const ends = asked.map(({ path }) => Number(new URL(path, exchange.urls.bybit).searchParams.get('endTime')))
  assert.ok(ends.length > 1)
  const again = ends.filter((end) => end > half[0]!.done_from.getTime())
  assert.equal(again.length, 1, 'only what is newer than the first attempt is asked for beside what was missing')
})

test('a page of settlements that all contradict what was told an hour ago ends no back-fill: it is asked for again, and believed then', async () => {
  await using t = await testDatabase()
  const SETTLED = floorTo(systemClock.now(), 8 * HOUR)
  let nowMs = SETTLED + 10 * MINUTE
  await using past = await openPast(t.db, 'bybit:BTC/USDT:USDT', { clock: { now: () => nowMs } })
  const toldAt = SETTLED - MINUTE
  await ensurePartitions(t.db, 'funding_estimate', [toldAt], nowMs)
  await t.db.query(
    `insert into funding_estimate (instrument_id, tick_at, observed_at, known_at, available_at, rate, interval_hours, interval_source, kind,
       next_settlement_at, span_ms, source, formula_version, adapter_version, epoch)
     values ($1, $2, $2, $2, $2, 0.5, 8, 'declared', 'indicative', $3, 60000, 'polled', 1, 1, 1)`,
    [past.instrument.id, new Date(toldAt), new Date(SETTLED)]
  )
  await past.want('settlement', 40)
  await past.run()
  const refused = await t.db.query('select state, done_from, kept_from from backfill')
  assert.deepEqual(refused.rows, [{ state: 'failed', done_from: null, kept_from: null }])
  assert.deepEqual(await settled(t.db), [])
  assert.equal((await t.db.query(`select from gap where fact = 'settlement'`)).rowCount, 0)
  nowMs += HOUR
  await t.db.query('update backfill set not_before = null')
  await past.run()
  assert.ok((await settled(t.db)).length >= 40 * 3)
})

test('hourly closes of both legs, in whichever order they come, make hourly bases marked as last prices', async () => {
  for (const spotFirst of [true, false]) {
    await using t = await testDatabase()
    await using past = await openPast(t.db, 'binance:1000PEPE/USDT:USDT')
    await past.want('price_1h', 10, past.instrument.id, spotFirst ? 1 : 2)
    await past.want('price_1h', 10, past.instrument.spotId!, spotFirst ? 2 : 1)
    while (await past.run()) {}
    const { rows } = await t.db.query<{ n: number; worst: number; kinds: string; grades: string; spans: number }>(
      `select count(*) as n, max(abs(basis_bps)) as worst, string_agg(distinct price_kind, ',') as kinds,
         string_agg(distinct grade, ',') as grades, min(span_ms) as spans from basis_snapshot`
    )
    const { n, worst, kinds, grades, spans } = rows[0]!
    assert.ok(n >= 240, `${n} hourly bases`)
    assert.ok(worst < 500, `${worst} bps`)
    assert.deepEqual([kinds, grades, spans], ['last', 'display', HOUR])
  }
})

test('a claim whose lease lapsed is taken over, and the first holder can store nothing more', async () => {
  await using t = await testDatabase()
  await using past = await openPast(t.db, 'binance:BTC/USDT:USDT')
  await past.want('settlement', 10)
  const lapsed = await claimBackfill(t.db, 'binance', { holder: 'dead', leaseMs: -1, clock: systemClock })
  assert.ok(lapsed)
  assert.equal(await past.run(), true)
  const { rows } = await t.db.query<{ epoch: number; state: string }>('select epoch, state from backfill')
  assert.deepEqual(rows, [{ epoch: 2, state: 'done' }])
})
