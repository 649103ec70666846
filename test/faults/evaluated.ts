import { BUCKET_MS, BUCKET_TYPES, type BucketType } from '../../src/domain/signal-types.ts'
import { floorTo, MINUTE } from '../../src/domain/time.ts'
import { evaluateBuckets, GRACE_MS, hashedBuckets } from '../../src/jobs/bucket-signals.ts'
import { activate } from '../../src/store/signal-activations.ts'
import { silentLog, testConfig } from '../support/line.ts'
import type { Rig } from './rig.ts'

/** One bucket opens and closes, nothing cools down or goes stale: a single wrong value would be told. */
export const HASTY = Object.fromEntries(
  BUCKET_TYPES.flatMap((type) => [
    [`${type}_PERSIST_BUCKETS`, '1'],
    [`${type}_EXIT_PERSIST_BUCKETS`, '1'],
    [`${type}_COOL_DOWN_HOURS`, '0'],
    [`${type}_STALE_BUCKETS`, '2016']
  ]).map(([name, value]) => [name!.toUpperCase(), value!])
)

type Told = { type: string; signal_type: string; venue_id: string; data: { label: string; instrument: string | null } }

/** The signals of a rig's buckets, as these close; a bucket is looked at as soon as the rig's clock is in it. */
export async function openSignals(rig: Rig, types: readonly BucketType[], settings: Readonly<Record<string, string>>) {
  const clock = { now: () => floorTo(rig.clock.now(), BUCKET_MS) + BUCKET_MS + GRACE_MS }
  const { bucketParameters } = testConfig({ ...HASTY, ...settings })
  const deps = { db: rig.db, clock, log: silentLog, holder: 'test', bucketParameters }
  for (const type of types) await activate(rig.db, type, hashedBuckets(type, deps))
  return {
    /** What has been told since the last time, each event in words: type, venue, label, instrument and what became of it. */
    told: async () => {
      const { rows } = await rig.db.query<Told>(
        `select type, signal_type, venue_id, data from event where type like 'signal.%' order by created_at`
      )
      await rig.db.query(`delete from event where type like 'signal.%'`)
      return rows.map((row) => [row.signal_type, row.venue_id, row.data.label, row.data.instrument, row.type].join(' '))
    },
    evaluate: async () => {
      for (const type of types) while (await evaluateBuckets(deps, type)) {}
    }
  }
}

/** When no venue has to be left alone any more. */
export async function freeFrom(rig: Rig, venues: readonly string[]): Promise<number> {
  const banned = await Promise.all(venues.map(async (id) => (await rig.venue(id)).bannedUntil ?? 0))
  return Math.max(...banned) + MINUTE
}
