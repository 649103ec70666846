import type { PriceKind } from '../domain/board-row.ts'
import type { Grade } from '../domain/quality.ts'
import type { Database } from './database.ts'

type Queryable = Pick<Database, 'query'>

/** Which basis: one contract against one spot leg. Series of different legs are never mixed. */
export type BasisSeries = {
  readonly instrumentId: number
  readonly spotId: number
  /** Only what was stored by then; null: what is known now. */
  readonly knownAtMs: number | null
  /** The grades that count. */
  readonly grades: readonly Grade[]
}

/** Basis at one moment, the newest revision. Times in epoch milliseconds, prices exact. */
export type BasisPoint = {
  /** The grid time that it belongs to, by which the history is ordered and cut. */
  readonly tickAt: number
  readonly observedAt: number
  readonly knownAt: number
  readonly availableAt: number
  readonly basisBps: number
  readonly adjustedBasisBps: number | null
  readonly premiumBps: number | null
  readonly contractMid: string
  readonly spotMid: string
  readonly fx: number | null
  readonly skewMs: number
  readonly priceKind: PriceKind
  readonly grade: Grade
  readonly reasons: readonly string[]
  readonly spanMs: number
  readonly source: string
  readonly revision: number
}

type PointRow = {
  tick_at: Date
  observed_at: Date
  known_at: Date
  available_at: Date
  basis_bps: number
  adjusted_basis_bps: number | null
  premium_bps: number | null
  contract_mid: string
  spot_mid: string
  fx: number | null
  skew_ms: number
  price_kind: PriceKind
  grade: Grade
  reasons: string[]
  span_ms: number
  source: string
  revision: number
}

/** The newest revision of each tick of [$3, $4), as far as it was known at $5. */
const currentOf = (columns: string) =>
  `select distinct on (tick_at) ${columns} from basis_snapshot
   where instrument_id = $1 and spot_id = $2 and tick_at >= $3 and tick_at < $4
     and ($5::timestamptz is null or known_at < $5::timestamptz + interval '1 millisecond')
   order by tick_at, revision desc`

/** Points of [fromMs, toMs), ascending, at most `limit`. */
export async function listBasisPoints(
  db: Queryable,
  series: BasisSeries,
  { fromMs, toMs, limit }: { readonly fromMs: number; readonly toMs: number; readonly limit: number }
): Promise<BasisPoint[]> {
  const { rows } = await db.query<PointRow>(
    `select * from (${currentOf(
      `tick_at, observed_at, known_at, available_at, basis_bps, adjusted_basis_bps, premium_bps, contract_mid, spot_mid,
       fx, skew_ms, price_kind, grade, reasons, span_ms, source, revision`
    )}) c where grade = any ($6) order by tick_at limit $7`,
    [...seriesValues(series, fromMs, toMs), limit]
  )
  return rows.map((row) => ({
    tickAt: row.tick_at.getTime(),
    observedAt: row.observed_at.getTime(),
    knownAt: row.known_at.getTime(),
    availableAt: row.available_at.getTime(),
    basisBps: row.basis_bps,
    adjustedBasisBps: row.adjusted_basis_bps,
    premiumBps: row.premium_bps,
    contractMid: row.contract_mid,
    spotMid: row.spot_mid,
    fx: row.fx,
    skewMs: row.skew_ms,
    priceKind: row.price_kind,
    grade: row.grade,
    reasons: row.reasons,
    spanMs: row.span_ms,
    source: row.source,
    revision: row.revision
  }))
}

/** Basis over one stretch of time. */
export type BasisBucket = {
  /** Epoch milliseconds, a multiple of the bucket's length. */
  readonly start: number
  readonly open: number | null
  readonly high: number | null
  readonly low: number | null
  readonly close: number | null
  readonly mean: number | null
  readonly count: number
  /** Share of the bucket that observations stand for, 0 to 1. */
  readonly coverage: number
}

/**
 * Every bucket of [fromMs, toMs), both multiples of `bucketMs`, ascending; without observations: nulls and count 0.
 * Reads only the stretch asked for, so that a page costs what a page holds.
 */
export async function listBasisBuckets(
  db: Queryable,
  series: BasisSeries,
  { fromMs, toMs, bucketMs }: BucketRange
): Promise<BasisBucket[]> {
  const { rows } = await db.query<BucketRow>(
    `select ${BUCKET} from (${currentOf('tick_at, basis_bps, span_ms, grade')}) c where grade = any ($6) group by 1 order by 1`,
    [...seriesValues(series, fromMs, toMs), bucketMs]
  )
  return everyBucket(rows, { fromMs, toMs, bucketMs })
}

/** The same of many series at once, by contract, in one query; each contract against the one spot leg that is given with it. */
export async function listBasisBucketsOfMany(
  db: Queryable,
  pairs: readonly Pick<BasisSeries, 'instrumentId' | 'spotId'>[],
  { knownAtMs, grades }: Pick<BasisSeries, 'knownAtMs' | 'grades'>,
  range: BucketRange
): Promise<ReadonlyMap<number, BasisBucket[]>> {
  const { rows } = await db.query<BucketRow & { instrument_id: number }>(
    `with pair as (select * from unnest($1::int[], $2::int[]) as p (instrument_id, spot_id))
     select ${BUCKET}, instrument_id from (
       select distinct on (instrument_id, tick_at) instrument_id, tick_at, basis_bps, span_ms, grade
       from basis_snapshot b join pair p using (instrument_id, spot_id)
       where instrument_id = any ($1) and tick_at >= $3 and tick_at < $4
         and ($5::timestamptz is null or known_at < $5::timestamptz + interval '1 millisecond')
       order by instrument_id, tick_at, revision desc
     ) c where grade = any ($6) group by instrument_id, 1 order by instrument_id, 1`,
    [
      pairs.map(({ instrumentId }) => instrumentId),
      pairs.map(({ spotId }) => spotId),
      ...seriesValues({ instrumentId: 0, spotId: 0, knownAtMs, grades }, range.fromMs, range.toMs).slice(2),
      range.bucketMs
    ]
  )
  const byContract = Map.groupBy(rows, ({ instrument_id }) => instrument_id)
  return new Map(
    pairs.map(({ instrumentId }) => [instrumentId, everyBucket(byContract.get(instrumentId) ?? [], range)])
  )
}

type BucketRange = { readonly fromMs: number; readonly toMs: number; readonly bucketMs: number }
type BucketRow = Omit<BasisBucket, 'start' | 'coverage'> & { start: Date; span_ms: number }

const BUCKET = `date_bin($7 * interval '1 millisecond', tick_at, 'epoch') as start,
       (array_agg(basis_bps order by tick_at))[1] as open, max(basis_bps) as high, min(basis_bps) as low,
       (array_agg(basis_bps order by tick_at desc))[1] as close, avg(basis_bps) as mean, count(*) as count,
       sum(span_ms) as span_ms`

function everyBucket(rows: readonly BucketRow[], { fromMs, toMs, bucketMs }: BucketRange): BasisBucket[] {
  const filled = new Map(rows.map((row) => [row.start.getTime(), row]))
  return Array.from({ length: Math.ceil((toMs - fromMs) / bucketMs) }, (_, index) => {
    const start = fromMs + index * bucketMs
    const row = filled.get(start)
    if (row === undefined) return { start, ...EMPTY }
    const { open, high, low, close, mean, count, span_ms } = row
    return { start, open, high, low, close, mean, count, coverage: Math.min(1, span_ms / bucketMs) }
  })
}

const EMPTY = { open: null, high: null, low: null, close: null, mean: null, count: 0, coverage: 0 }

function seriesValues({ instrumentId, spotId, knownAtMs, grades }: BasisSeries, fromMs: number, toMs: number) {
  return [
    instrumentId,
    spotId,
    new Date(fromMs),
    new Date(toMs),
    knownAtMs === null ? null : new Date(knownAtMs),
    grades
  ]
}

/** The spot legs against which a contract's basis is stored. */
export async function listSeriesSpots(db: Pick<Database, 'query'>, instrumentId: number): Promise<number[]> {
  const { rows } = await db.query<{ spot_id: number }>(
    'select distinct spot_id from basis_snapshot where instrument_id = $1',
    [instrumentId]
  )
  return rows.map(({ spot_id }) => spot_id)
}
