import type { BucketType } from '../../domain/signal-types.ts'
import { listDislocations, listExpectations } from './bases.ts'
import { listCarries } from './carries.ts'
import { listChangePoints, listDepegs, listTroubles } from './others.ts'
import { listBuildups, listThinnings } from './sizes.ts'
import type { BucketPoint, BucketScope, BucketSpan, Queryable } from './span.ts'

/** `absent`: what a bucket says of a subject that it has no point of; null: nothing is known. */
export type BucketSource = {
  readonly absent: number | null
  /** `beforeEach`: called ever again while it goes on for long; what it throws ends it. */
  readonly list: (
    db: Queryable,
    span: BucketSpan,
    scope: BucketScope,
    beforeEach?: () => Promise<void>
  ) => Promise<BucketPoint[]>
}

/** Where each type gets its closed buckets from. */
export const BUCKET_SOURCES: Readonly<Record<BucketType, BucketSource>> = {
  basis_dislocation: { absent: null, list: listDislocations },
  expectation: { absent: null, list: listExpectations },
  stablecoin_depeg: { absent: null, list: listDepegs },
  interval_change: { absent: 0, list: listChangePoints },
  venue_trouble: { absent: null, list: listTroubles },
  leverage_buildup: { absent: null, list: listBuildups },
  liquidity_thinning: { absent: null, list: listThinnings },
  carry_opportunity: { absent: null, list: listCarries }
}
