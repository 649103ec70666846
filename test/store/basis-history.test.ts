import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { listBasisBuckets } from '../../src/store/basis-buckets.ts'
import { type BasisSeries, listBasisPoints } from '../../src/store/basis-history.ts'
import { insertBasis, NOW_MS } from '../api/fixture.ts'
import { testDatabase } from '../support/database.ts'

const MINUTE = 60_000
const SERIES: BasisSeries = { instrumentId: 1, spotId: 2, knownAtMs: null, grades: ['none', 'display', 'signal'] }

test('buckets are what the points of their time come to', async () => {
  await using t = await testDatabase()
  const row = fc.record({
    minute: fc.integer({ min: 0, max: 59 }),
    revision: fc.integer({ min: 0, max: 2 }),
    basisBps: fc.integer({ min: -1_000, max: 1_000 }),
    grade: fc.constantFrom('none', 'display', 'signal')
  })
  const unique = fc.uniqueArray(row, { selector: ({ minute, revision }) => `${minute} ${revision}`, maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(unique, async (rows) => {
      await t.db.query('truncate basis_snapshot')
      await insertBasis(
        t.db,
        1,
        2,
        rows.map(({ minute, ...fields }) => ({ ...fields, atMs: NOW_MS + minute * MINUTE }))
      )
      const series: BasisSeries = { ...SERIES, grades: ['display', 'signal'] }
      const range = { fromMs: NOW_MS, toMs: NOW_MS + 60 * MINUTE }
      const points = await listBasisPoints(t.db, series, { ...range, limit: 1_000 })
      const buckets = await listBasisBuckets(t.db, series, { ...range, bucketMs: 15 * MINUTE })
      assert.deepEqual(
        buckets.map(({ start }) => start),
        [0, 15, 30, 45].map((minute) => NOW_MS + minute * MINUTE)
      )
      for (const bucket of buckets) {
        const own = points.filter(({ tickAt }) => tickAt >= bucket.start && tickAt < bucket.start + 15 * MINUTE)
        const values = own.map(({ basisBps }) => basisBps)
        assert.equal(bucket.count, values.length)
        assert.equal(bucket.coverage, values.length / 15)
        assert.equal(bucket.open, values[0] ?? null)
        assert.equal(bucket.close, values.at(-1) ?? null)
        assert.equal(bucket.high, values.length === 0 ? null : Math.max(...values))
        assert.equal(bucket.low, values.length === 0 ? null : Math.min(...values))
      }
    }),
    { numRuns: 15 }
  )
})

test('a day is one bucket from midnight to midnight UTC', async () => {
  await using t = await testDatabase()
  const day = 86_400_000
  const midnight = Math.floor(NOW_MS / day) * day
  await insertBasis(t.db, 1, 2, [
    { atMs: midnight - MINUTE, basisBps: 1 },
    { atMs: midnight, basisBps: 2 },
    { atMs: midnight + day - MINUTE, basisBps: 3 }
  ])
  const buckets = await listBasisBuckets(t.db, SERIES, { fromMs: midnight - day, toMs: midnight + day, bucketMs: day })
  assert.deepEqual(
    buckets.map(({ start, open, close, count }) => ({ start, open, close, count })),
    [
      { start: midnight - day, open: 1, close: 1, count: 1 },
      { start: midnight, open: 2, close: 3, count: 2 }
    ]
  )
})
