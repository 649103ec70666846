import { parseInstrumentKey } from '../../src/domain/instrument.ts'
import { BUCKET_MS, type BucketType } from '../../src/domain/signal-types.ts'
import { floorTo } from '../../src/domain/time.ts'
import { type BucketDeps, evaluateBuckets, GRACE_MS, hashedBuckets } from '../../src/jobs/bucket-signals.ts'
import type { Database } from '../../src/store/database.ts'
import { ensureInstrument, listInstruments } from '../../src/store/instruments.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { activate } from '../../src/store/signal-activations.ts'
import { silentLog, testConfig } from './line.ts'

/** The beginning of the first bucket of these tests. */
export const START = floorTo(Date.UTC(2026, 2, 1), BUCKET_MS)

export type BucketRig = Awaited<ReturnType<typeof openBuckets>>

/** One type of signal over facts that a test writes, bucket by bucket. Times of what is shown count buckets from START. */
export async function openBuckets(db: Database, type: BucketType) {
  const state = { nowMs: START + GRACE_MS }
  const deps: BucketDeps = {
    db,
    clock: { now: () => state.nowMs },
    log: silentLog,
    holder: 'test',
    bucketParameters: testConfig().bucketParameters
  }
  await activate(db, type, hashedBuckets(type, deps))
  await ensurePartitions(db, 'market_snapshot', [START], START)
  // Nothing has closed yet that has anything in it.
  await evaluateBuckets(deps, type)
  const bucketOf = (at: Date) => (at.getTime() - START) / BUCKET_MS
  return {
    deps,
    instrument: async (key: string) => {
      await ensureInstrument(db, parseInstrumentKey(key)!)
      await db.query('update instrument set tracked = true where key = $1', [key])
      return (await listInstruments(db)).find((instrument) => instrument.key === key)!.id
    },
    /** Within the n-th bucket. */
    within: (bucket: number) => new Date(START + bucket * BUCKET_MS + 60_000),
    /** The n-th bucket, from 0, has closed. */
    closed: (bucket: number) => {
      state.nowMs = START + (bucket + 1) * BUCKET_MS + GRACE_MS
    },
    evaluate: async () => {
      while (await evaluateBuckets(deps, type)) {}
    },
    signals: async () => {
      const { rows } = await db.query('select * from signal where type = $1 order by opened_at, id', [type])
      return rows.map((row) => [
        row.label,
        bucketOf(row.opened_at),
        row.closed_at && bucketOf(row.closed_at),
        row.close_reason
      ])
    },
    events: async () => {
      const { rows } = await db.query(
        `select type, at, venue_id, data from event where type like 'signal.%' order by created_at`
      )
      return rows.map(({ type, at, venue_id, data }) => ({ type, at: bucketOf(at), venue: venue_id, data }))
    }
  }
}
