import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GRADES } from '../../src/domain/quality.ts'
import { listBasisBuckets } from '../../src/store/basis-buckets.ts'
import { type BasisSeries, listBasisPoints } from '../../src/store/basis-history.ts'
import type { Database } from '../../src/store/database.ts'
import { listPastPrices } from '../../src/store/past-observations.ts'
import { FACTS } from '../../src/store/sealed/facts.ts'
import { listRows } from '../../src/store/sealed/rows.ts'
import { testDatabase } from '../support/database.ts'
import { CONTRACT, DAY, DAYS, keepAt, type Price, SPOT, START, storePrices } from '../support/keeping.ts'

const [MINUTE, HOUR] = [60_000, 3_600_000]

const SERIES = { instrumentId: 2, spotId: 1, knownAtMs: null, grades: GRADES }
const ALL = { fromMs: START - DAY, toMs: START + (DAYS + 1) * DAY }

/** What every reader gets, but for when it became known. */
async function answers(db: Database) {
  const points = await listBasisPoints(db, SERIES, { ...ALL, limit: 100_000 })
  const bySize = await Promise.all(
    [5 * MINUTE, HOUR, 4 * HOUR, DAY].map((bucketMs) => listBasisBuckets(db, SERIES, { ...ALL, bucketMs }))
  )
  const prices = await listPastPrices(db, CONTRACT.id, { from: ALL.fromMs, to: ALL.toMs })
  return {
    points: points.map(({ knownAt: _known, revision: _revision, ...point }) => point),
    bySize,
    prices: prices.map(({ revision: _revision, ...price }) => price)
  }
}

async function empty(db: Database) {
  await db.query('truncate market_snapshot, basis_snapshot, sealed_day, basis_bucket, bucket_due')
  await db.query(`update bucket_head set closed_to = 'epoch', built_to = 'epoch'`)
}

const price = fc.record({
  instrumentId: fc.constantFrom(SPOT.id, CONTRACT.id),
  // Few different minutes, so that legs meet, hours share points and days have holes.
  at: fc
    .tuple(fc.integer({ min: 0, max: DAYS - 1 }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 5 }))
    .map(([day, hour, slot]) => START + day * DAY + hour * 6 * HOUR + slot * 7 * MINUTE)
})
const priced = fc
  .uniqueArray(price, { selector: ({ instrumentId, at }) => `${instrumentId} ${at}`, minLength: 10, maxLength: 90 })
  .chain((rows) =>
    fc.tuple(
      fc.constant(rows),
      fc.array(fc.integer({ min: 90_000, max: 110_000 }), { minLength: rows.length, maxLength: rows.length })
    )
  )
  .map(([rows, values]): Price[] => rows.map((row, index) => ({ ...row, last: `${values[index]! / 100}` })))

test('however observations are ordered, repeated and cut, with seals and roll-ups between, the view and its answers are the same', async () => {
  await using t = await testDatabase()
  const { db } = t
  const history = priced.chain((prices) => {
    const batch = fc.subarray(prices, { minLength: 1 })
    const cuts = fc.array(fc.tuple(batch, fc.option(fc.integer({ min: 0, max: DAYS + 2 }))), { maxLength: 6 })
    return fc.tuple(fc.constant(prices), cuts, fc.shuffledSubarray(prices, { minLength: prices.length }))
  })
  await fc.assert(
    fc.asyncProperty(history, async ([prices, batches, shuffled]) => {
      await empty(db)
      await storePrices(db, prices)
      const expected = await answers(db)
      assert.ok(expected.points.length > 0 || expected.prices.length >= 0)
      await empty(db)
      for (const [batch, day] of batches) {
        await storePrices(db, batch)
        if (day !== null) await keepAt(db, START + day * DAY + 3 * HOUR)
      }
      const half = shuffled.length >> 1
      await storePrices(db, shuffled.slice(0, half))
      await keepAt(db, START + (DAYS + 2) * DAY)
      await storePrices(db, shuffled.slice(half))
      assert.deepEqual(await answers(db), expected, 'late rows are read beside sealed ones')
      await keepAt(db, START + (DAYS + 2) * DAY + HOUR)
      assert.deepEqual(await answers(db), expected, 'sealed and rolled up')
    }),
    { numRuns: 6 }
  )
  const hot = await db.query('select 1 from basis_snapshot limit 1')
  assert.equal(hot.rows.length, 0, 'in the end everything was sealed')
  const due = await db.query('select 1 from bucket_due limit 1')
  assert.equal(due.rows.length, 0)
})

test('whatever is corrected, with seals and roll-ups between, the last word is in the view, and what was known at a time stays', async () => {
  await using t = await testDatabase()
  const { db } = t
  const steps = priced.chain((prices) => {
    const correction = fc.tuple(fc.subarray(prices, { minLength: 1, maxLength: 10 }), fc.integer({ min: 1, max: 3 }))
    const step = fc.tuple(correction, fc.option(fc.integer({ min: 0, max: DAYS + 2 })))
    return fc.tuple(fc.constant(prices), fc.array(step, { minLength: 1, maxLength: 4 }))
  })
  await fc.assert(
    fc.asyncProperty(steps, async ([prices, corrections]) => {
      const words = new Map(prices.map((each) => [`${each.instrumentId} ${each.at}`, each]))
      for (const [[rows, cents]] of corrections)
        for (const each of rows)
          words.set(`${each.instrumentId} ${each.at}`, { ...each, last: `${Number(each.last) + cents}` })
      await empty(db)
      await storePrices(db, [...words.values()])
      await keepAt(db, START + (DAYS + 2) * DAY)
      const expected = await answers(db)
      await empty(db)
      await storePrices(db, prices)
      const known: { atMs: number; said: unknown }[] = []
      for (const [[rows, cents], day] of corrections) {
        known.push(await asKnownNow(db))
        const said = rows.map((each) => ({ ...each, last: `${Number(each.last) + cents}` }))
        await storePrices(db, said, true)
        if (day !== null) await keepAt(db, START + day * DAY + 3 * HOUR)
        await storePrices(db, said, true)
      }
      await keepAt(db, START + (DAYS + 2) * DAY)
      assert.deepEqual(await answers(db), expected, 'the last word counts')
      for (const { atMs, said } of known)
        assert.deepEqual(await sayAsKnown(db, atMs), said, 'what was known then is what is known of then')
    }),
    { numRuns: 4 }
  )
})

async function sayAsKnown(db: Database, knownAtMs: number) {
  const series = { ...SERIES, knownAtMs }
  const told = { ...ALL, knownAtMs: null, toldAtMs: knownAtMs, columns: ['tick_at', 'revision', 'basis_bps'] as const }
  const rows = await listRows<{ tick_at: Date; revision: number; basis_bps: number }>(db, FACTS.basis, SERIES, told)
  return [
    await listBasisPoints(db, series, { ...ALL, limit: 100_000 }),
    await bucketsOf(db, series),
    rows.map(({ tick_at, revision, basis_bps }) => [tick_at.getTime(), revision, basis_bps])
  ]
}

async function asKnownNow(db: Database) {
  const { rows } = await db.query<{ at_ms: number }>(
    `select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as at_ms, pg_sleep(0.002)`
  )
  const atMs = rows[0]!.at_ms
  return { atMs, said: await sayAsKnown(db, atMs) }
}

const bucketsOf = (db: Database, series: BasisSeries) =>
  Promise.all([HOUR, DAY].map((bucketMs) => listBasisBuckets(db, series, { ...ALL, bucketMs })))
