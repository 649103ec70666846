import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GRADES } from '../../src/domain/quality.ts'
import { listBasisBucketsOfMany } from '../../src/store/basis-buckets.ts'
import { findOldestDue, forgetDue, rebuildNextDay } from '../../src/store/bucket-building.ts'
import type { Database } from '../../src/store/database.ts'
import { readFacts } from '../../src/store/fact-reading.ts'
import { describeTable } from '../../src/store/fact-tables.ts'
import { ensurePartitions, listPartitionsOf } from '../../src/store/partitions.ts'
import { FACTS } from '../../src/store/sealed/facts.ts'
import { type SealProgress, sealFact } from '../../src/store/sealed/seal.ts'
import { EXPORT_NAME, readWatermark } from '../../src/store/watermark.ts'
import { testDatabase } from '../support/database.ts'
import { CONTRACT, DAY, DAYS, keepAt, type Price, SPOT, START, storePrices } from '../support/keeping.ts'

const HOUR = 3_600_000
const END = START + (DAYS + 3) * DAY
const OPTIONS = { beforeMs: START + DAY, nowMs: END, knownBeforeMs: END }

/** A price an hour of both legs on one day. */
const dayOf = (day: number, last = '100'): Price[] =>
  Array.from({ length: 24 }, (_, hour) => START + day * DAY + hour * HOUR).flatMap((at) =>
    [SPOT, CONTRACT].map(({ id }) => ({ instrumentId: id, at, last }))
  )

const namesOf = async (db: Database) => (await listPartitionsOf(db, 'market_snapshot')).map(({ name }) => name)

test('a partition that is over and empty stays: whoever made it is about to write into it', async () => {
  await using t = await testDatabase()
  const before = await namesOf(t.db)
  await ensurePartitions(t.db, 'market_snapshot', [START], END)
  const made = (await namesOf(t.db)).filter((name) => !before.includes(name))
  assert.equal(made.length, 1)
  assert.deepEqual(await sealFact(t.db, FACTS.market, OPTIONS), [])
  assert.ok((await namesOf(t.db)).includes(made[0]!))
})

test('a partition larger than a run is sealed over several, each going on where the one before it stopped', async () => {
  await using t = await testDatabase()
  await storePrices(t.db, dayOf(0))
  const progress: SealProgress = new Map()
  const runs = []
  for (let run = 0; run < 4; run += 1) {
    // Asked once before the partition: time for one instrument a run.
    let asked = 0
    const mayGoOn = () => ++asked <= 2
    runs.push(...(await sealFact(t.db, FACTS.market, { ...OPTIONS, progress, mayGoOn })))
    if (runs.at(-1)?.isDropped) break
  }
  assert.deepEqual(
    runs.map(({ rows, isDropped }) => [rows, isDropped]),
    [
      [24, false],
      [24, true]
    ],
    'no instrument is sealed twice'
  )
  assert.equal(progress.size, 0)
})

test('an export is let stand still and to take its time, and what changed is told beside it', async () => {
  await using t = await testDatabase()
  const settingsOf = async (options: { unhurried?: string }) => {
    const session = await t.db.openSession(options)
    const { rows } = await session.query<{ name: string; setting: string }>(
      `select name, setting from pg_settings where name in ('statement_timeout', 'idle_in_transaction_session_timeout') order by name`
    )
    await session.end()
    return rows.map(({ setting }) => Number(setting))
  }
  assert.deepEqual(await settingsOf({ unhurried: EXPORT_NAME }), [0, 0])
  assert.ok((await settingsOf({})).every((limit) => limit > 0))
  const session = await t.db.openSession({ unhurried: EXPORT_NAME })
  try {
    const { rows } = await session.query<{ now: Date }>('begin').then(() => session.query('select now() as now'))
    await t.db.query('select pg_sleep(0.02)')
    assert.ok((await readWatermark(t.db, 0)) > rows[0]!.now.getTime(), 'it holds nothing up')
  } finally {
    await session.end()
  }
  const opened: unknown[] = []
  const watched: Database = {
    ...t.db,
    openSession: (options) => {
      opened.push(options)
      return t.db.openSession(options)
    }
  }
  const range = { instrumentIds: null, fromMs: null, toMs: null }
  for await (const rows of readFacts(watched, await describeTable(t.db, 'gaps'), range, new Map())) void rows
  assert.deepEqual(opened, [{ unhurried: EXPORT_NAME }], 'which an export is')
})

test('a day that is due for many pairs is read for all of them at once', async () => {
  await using t = await testDatabase()
  await storePrices(t.db, dayOf(0))
  await keepAt(t.db, START + DAY + 3 * HOUR)
  const pairs = Array.from({ length: 9 }, (_, n) => ({ instrumentId: CONTRACT.id + n, spotId: SPOT.id }))
  await t.db.query('insert into bucket_due (instrument_id, spot_id, day) select unnest($1::int[]), $2, $3', [
    pairs.map(({ instrumentId }) => instrumentId),
    SPOT.id,
    new Date(START)
  ])
  let asked = 0
  const counting: Database = {
    ...t.db,
    query: (text, values) => {
      if (text.includes('basis_snapshot')) asked += 1
      return t.db.query(text, values)
    }
  }
  const choice = { knownAtMs: null, grades: GRADES }
  const range = { fromMs: START, toMs: START + DAY, bucketMs: HOUR }
  const found = await listBasisBucketsOfMany(counting, pairs, choice, range)
  assert.equal(found.get(CONTRACT.id)!.filter(({ count }) => count > 0).length, 24)
  assert.equal(asked, 1)
})

test('days of which nothing is kept any more are let be as they are rolled up, younger ones are made anew', async () => {
  await using t = await testDatabase()
  await storePrices(t.db, dayOf(0))
  await keepAt(t.db, START + 2 * DAY)
  const counts = async () =>
    (await t.db.query<{ count: number }>(`select sum(count)::int as count from basis_bucket where length_ms = ${DAY}`))
      .rows[0]!.count
  assert.equal(await counts(), 24)
  await t.db.query('insert into bucket_due (instrument_id, spot_id, day) values ($1, $2, $3), ($1, $2, $4)', [
    CONTRACT.id,
    SPOT.id,
    new Date(START),
    new Date(START + DAY)
  ])
  await t.db.query('delete from sealed_day')
  await t.db.query('delete from basis_snapshot')
  assert.equal(await rebuildNextDay(t.db, END, START + DAY), true)
  assert.equal(await rebuildNextDay(t.db, END, START + DAY), false, 'what is gone is not made anew of nothing')
  assert.equal(await findOldestDue(t.db), START)
  await forgetDue(t.db, START + DAY)
  assert.equal(await findOldestDue(t.db), undefined)
  assert.equal(await counts(), 24)
})
