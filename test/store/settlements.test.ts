import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseInstrumentKey } from '../../src/domain/instrument.ts'
import { HOUR, MINUTE } from '../../src/domain/time.ts'
import type { Transaction } from '../../src/store/database.ts'
import { listSettlements } from '../../src/store/funding-history.ts'
import { correctSettlements, reviseIntervals } from '../../src/store/imported-settlements.ts'
import { ensureInstrument, listInstruments } from '../../src/store/instruments.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { lockPast } from '../../src/store/past-observations.ts'
import { insertSettlements } from '../../src/store/settlement-intake.ts'
import { listSettlementRevisions } from '../../src/store/settlement-revisions.ts'
import { listKnown, type SettledRate, type SettlementStamp } from '../../src/store/settlements.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { until } from '../support/embedded-process.ts'

const START = Date.UTC(2025, 0, 1)
const STAMP: SettlementStamp = {
  source: 'polled',
  observedAt: START + 24 * HOUR,
  venue: 'binance',
  adapterVersion: 1,
  epoch: 3
}

const rateAt = (hours: number): SettledRate => ({
  settledAt: START + hours * HOUR,
  venueTime: START + hours * HOUR + 7,
  rate: '0.0001',
  mark: null,
  availableAt: START + hours * HOUR + MINUTE
})

async function perpetual({ db }: TestDatabase, name = 'binance:BTC/USDT:USDT'): Promise<number> {
  await ensurePartitions(db, 'settlement', [START], START)
  await ensureInstrument(db, parseInstrumentKey(name)!)
  return (await listInstruments(db)).find(({ key }) => key === name)!.id
}

const insert = (t: TestDatabase, id: number, hours: readonly number[], stamp = STAMP) =>
  t.db
    .transaction((client) => insertSettlements(client, id, hours.map(rateAt), stamp))
    .then(({ fresh }) => fresh.length)

async function intervalsOf(t: TestDatabase, id: number): Promise<[number, number | null, number][]> {
  const known = await listKnown(t.db, id, { from: null, to: null })
  return known.map(({ settledAt, intervalHours, revision }) => [(settledAt - START) / HOUR, intervalHours, revision])
}

test('settlements get the interval that the gap before them shows, and the first the one after', async () => {
  await using t = await testDatabase()
  const id = await perpetual(t)
  assert.equal(await insert(t, id, [0, 8, 16, 20, 24]), 5)
  assert.deepEqual(await intervalsOf(t, id), [
    [0, 8, 0],
    [8, 8, 0],
    [16, 8, 0],
    [20, 4, 0],
    [24, 4, 0]
  ])
})

test('what became known within a millisecond was known at it, to whoever reads one revision or all', async () => {
  await using t = await testDatabase()
  const id = await perpetual(t)
  await insert(t, id, [8])
  const knownAtMs = START + 9 * HOUR
  await t.db.query('update settlement set known_at = $1::timestamptz + $2::interval', [
    new Date(knownAtMs),
    '999 microseconds'
  ])
  const range = { fromMs: START, toMs: START + 24 * HOUR }
  for (const [at, known] of [
    [knownAtMs, 1],
    [knownAtMs - 1, 0]
  ] as const) {
    const one = await listSettlements(t.db, { instrumentId: id, ...range, knownAtMs: at, limit: 9 })
    const all = (await listSettlementRevisions(t.db, [id], { ...range, knownAtMs: at })).get(id) ?? []
    assert.deepEqual([one.length, all.length], [known, known])
  }
})

test('a single settlement has no interval until a neighbour shows it, which is a revision', async () => {
  await using t = await testDatabase()
  const id = await perpetual(t)
  await insert(t, id, [8])
  assert.deepEqual(await intervalsOf(t, id), [[8, null, 0]])
  await insert(t, id, [16], { ...STAMP, source: 'backfill', observedAt: START + 100 * HOUR })
  assert.deepEqual(await intervalsOf(t, id), [
    [8, 8, 1],
    [16, 8, 0]
  ])
  const { rows } = await t.db.query(
    'select source, observed_at from settlement where instrument_id = $1 and revision = 1',
    [id]
  )
  assert.deepEqual(rows, [{ source: 'polled', observed_at: new Date(STAMP.observedAt) }])
})

/** Daily settlements that become four-hourly after 48 h. */
const CHANGE = [0, 24, 48, ...Array.from({ length: 60 }, (_, step) => 52 + step * 4)]

test('settlements that are there already write nothing, not even a revision', async () => {
  await using t = await testDatabase()
  const id = await perpetual(t)
  await insert(t, id, CHANGE)
  const before = await intervalsOf(t, id)
  assert.deepEqual(before.slice(0, 4), [
    [0, 24, 0],
    [24, 24, 0],
    [48, 24, 0],
    [52, 4, 0]
  ])
  // Each sees another window of the history.
  for (const hour of CHANGE) assert.equal(await insert(t, id, [hour]), 0)
  assert.equal(await insert(t, id, []), 0)
  assert.deepEqual(await intervalsOf(t, id), before)
})

test('a change of the interval stays where it was while the window of what is read moves past it', async () => {
  await using t = await testDatabase()
  const id = await perpetual(t)
  for (const hour of CHANGE) await insert(t, id, [hour])
  const intervals = (await intervalsOf(t, id)).map(([, hours]) => hours)
  assert.deepEqual(intervals.slice(0, 5), [24, 24, 24, 4, 4])
  assert.ok(intervals.slice(3).every((hours) => hours === 4))
})

test('a hole in what is known is not taken for an interval, and filling it corrects nothing that was right', async () => {
  await using t = await testDatabase()
  const id = await perpetual(t)
  await insert(t, id, [0, 8, 32, 40, 48])
  assert.deepEqual(
    (await intervalsOf(t, id)).map(([, hours]) => hours),
    [8, 8, 8, 8, 8]
  )
  await insert(t, id, [16, 24])
  assert.ok((await intervalsOf(t, id)).every(([, hours, revision]) => hours === 8 && revision === 0))
})

test('intervals revised from the whole history depend on nothing but the times, and once is enough', async () => {
  await using t = await testDatabase()
  let place = 0
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(
        fc.integer({ min: 0, max: 60 }).map((step) => step * 4),
        { minLength: 2, maxLength: 15 }
      ),
      fc.infiniteStream(fc.integer({ min: 1, max: 4 })),
      async (hours, sizes) => {
        place += 1
        const [once, pieces] = [
          await perpetual(t, `a${place}:BTC/USDT:USDT`),
          await perpetual(t, `b${place}:BTC/USDT:USDT`)
        ]
        await insert(t, once, hours)
        for (let from = 0; from < hours.length; ) {
          const size = sizes.next().value!
          await insert(t, pieces, hours.slice(from, from + size))
          from += size
        }
        const revise = (id: number) => t.db.transaction((client) => reviseIntervals(client, id, STAMP))
        await revise(once)
        await revise(pieces)
        const shown = async (id: number) => (await intervalsOf(t, id)).map(([hour, interval]) => [hour, interval])
        assert.deepEqual(await shown(pieces), await shown(once))
        assert.equal(await revise(pieces), 0)
      }
    ),
    { numRuns: 15 }
  )
})

test('an import that corrects a settlement and the venue that does at the same time both get their revision, and none is told that was not stored', async () => {
  await using t = await testDatabase()
  const id = await perpetual(t)
  const other = (hours: number, rate: string) => [{ ...rateAt(hours), rate }]
  const imported = { ...STAMP, source: 'import' as const }
  const ratesOf = async () =>
    (await listKnown(t.db, id, { from: null, to: null })).map(({ rate, revision, source }) => [rate, revision, source])
  /** Begins the second once the first has written, and ends the first once the second waits for it. */
  const together = async <One, Two>(first: (client: Transaction) => Promise<One>, second: () => Promise<Two>) => {
    let two: Promise<Two> | undefined
    const one = await t.db.transaction(async (client) => {
      const written = await first(client)
      two = second()
      const waits = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
      await until('the second to wait', async () => (await t.db.query(waits)).rows.length > 0)
      return written
    })
    return [one, await two!] as const
  }
  const byImport = (hours: number) => async (client: Transaction) => {
    await lockPast(client, id)
    return (await correctSettlements(client, id, other(hours, '0.0002'), imported)).map(({ revision }) => revision)
  }
  const byVenue = (hours: number) => async (client: Transaction) =>
    (await insertSettlements(client, id, other(hours, '0.0003'), STAMP)).corrected.length
  await insert(t, id, [0, 8])

  // What was imported is not the venue's to correct.
  assert.deepEqual(await together(byImport(0), () => t.db.transaction(byVenue(0))), [[1], 0])
  assert.deepEqual(await together(byVenue(8), () => t.db.transaction(byImport(8))), [1, [2]])
  assert.deepEqual(await ratesOf(), [
    ['0.0002', 1, 'import'],
    ['0.0002', 2, 'import']
  ])
})
