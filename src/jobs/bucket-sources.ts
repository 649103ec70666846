import type { BUCKET_TYPES_EVALUATED } from '../domain/signal-types.ts'
import { basisDislocation, intervalChange, stablecoinDepeg, venueTrouble } from '../domain/signal-values.ts'
import {
  type Bucketed,
  type BucketSpan,
  listBasisBuckets,
  listChangesFor,
  listPollBuckets,
  listStablecoinBuckets
} from '../store/bucket-inputs.ts'
import type { Database } from '../store/database.ts'

export type EvaluatedType = (typeof BUCKET_TYPES_EVALUATED)[number]

/** A pair, an instrument (spot 0), or a venue as a whole (instrument null). */
export type SubjectRef = {
  readonly instrumentId: number | null
  readonly spotId: number
  readonly venue: string | null
}

/** What one bucket says of one subject. */
export type BucketPoint = {
  readonly subject: SubjectRef
  readonly at: number
  readonly value: number | null
  readonly observations: number
}

/** `absent`: what a bucket says of a subject that it has no point of; null: nothing is known. */
export type BucketSource = {
  readonly absent: number | null
  readonly list: (db: Database, span: BucketSpan) => Promise<BucketPoint[]>
}

/** Where each type that is looked for gets its closed buckets from. */
export const BUCKET_SOURCES: Readonly<Record<EvaluatedType, BucketSource>> = {
  basis_dislocation: {
    absent: null,
    list: async (db, span) =>
      pointsOf(await listBasisBuckets(db, span), (adjustedBps) => basisDislocation({ adjustedBps }))
  },
  stablecoin_depeg: {
    absent: null,
    list: async (db, span) => pointsOf(await listStablecoinBuckets(db, span), (rates) => stablecoinDepeg({ rates }))
  },
  interval_change: { absent: 0, list: listIntervalPoints },
  venue_trouble: {
    absent: null,
    list: async (db, span) =>
      (await listPollBuckets(db, span)).map(({ venue, at, failed, done }) => ({
        subject: { instrumentId: null, spotId: 0, venue },
        at,
        value: venueTrouble({ failed, done }),
        observations: failed + done
      }))
  }
}

function pointsOf(buckets: readonly Bucketed[], toValue: (values: readonly number[]) => number | null): BucketPoint[] {
  return buckets.map(({ instrumentId, spotId, at, values }) => ({
    subject: { instrumentId, spotId, venue: null },
    at,
    value: toValue(values),
    observations: values.length
  }))
}

async function listIntervalPoints(db: Database, span: BucketSpan): Promise<BucketPoint[]> {
  const byInstrument = Map.groupBy(await listChangesFor(db, span), ({ instrumentId }) => instrumentId)
  return [...byInstrument].flatMap(([instrumentId, changes]) =>
    endsOf(span).map((at) => ({
      subject: { instrumentId, spotId: 0, venue: null },
      at,
      value: intervalChange({ at, changes }),
      observations: changes.length
    }))
  )
}

/** When the buckets of a span end, ascending. */
export function endsOf({ from, to, bucketMs }: BucketSpan): number[] {
  return Array.from(
    { length: Math.max(0, Math.round((to - from) / bucketMs)) },
    (_, index) => from + (index + 1) * bucketMs
  )
}
