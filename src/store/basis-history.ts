import type { PriceKind } from '../domain/board-row.ts'
import { GRADES, type Grade } from '../domain/quality.ts'
import { DAY, floorTo, HOUR } from '../domain/time.ts'
import type { Database } from './database.ts'
import { FACTS } from './sealed/facts.ts'
import { listRows } from './sealed/rows.ts'

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

const POINT_COLUMNS = [
  'tick_at',
  'observed_at',
  'known_at',
  'available_at',
  'basis_bps',
  'adjusted_basis_bps',
  'premium_bps',
  'contract_mid',
  'spot_mid',
  'fx',
  'skew_ms',
  'price_kind',
  'grade',
  'reasons',
  'span_ms',
  'source',
  'revision'
] as const satisfies readonly (keyof PointRow)[]

/** Points of [fromMs, toMs), ascending, at most `limit`. */
export async function listBasisPoints(
  db: Queryable,
  series: BasisSeries,
  { fromMs, toMs, limit }: { readonly fromMs: number; readonly toMs: number; readonly limit: number }
): Promise<BasisPoint[]> {
  const rows = await listRows<PointRow>(db, FACTS.basis, series, {
    fromMs,
    toMs,
    limit,
    knownAtMs: series.knownAtMs,
    columns: POINT_COLUMNS,
    ...keepGrades(series.grades)
  })
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

const keepGrades = (grades: readonly Grade[]) =>
  grades.length === GRADES.length
    ? {}
    : {
        keep: {
          test: (row: { grade: Grade }) => grades.includes(row.grade),
          sql: `f.grade in (${grades.map((grade) => `'${grade}'`).join(', ')})`
        }
      }

type HourRow = { tick_at: Date; revision: number }

/** The full hours in (from, to] at whose end a basis of a contract is stored, against any of these spot legs, epoch milliseconds. */
export async function listBasisHours(
  db: Queryable,
  instrumentId: number,
  { from, to }: { readonly from: number; readonly to: number },
  spotIds: readonly number[]
): Promise<Set<number>> {
  const keep = {
    test: ({ tick_at }: HourRow) => tick_at.getTime() % HOUR === 0,
    sql: `f.tick_at = date_trunc('hour', f.tick_at, 'UTC')`
  }
  const question = { fromMs: from + 1, toMs: to + 1, knownAtMs: null, columns: ['tick_at', 'revision'] as const, keep }
  const hours = new Set<number>()
  for (const spotId of spotIds) {
    const rows = await listRows<HourRow>(db, FACTS.basis, { instrumentId, spotId }, question)
    for (const { tick_at } of rows) hours.add(tick_at.getTime())
  }
  return hours
}

/** The spot legs against which a contract's basis is stored. */
export async function listSeriesSpots(db: Queryable, instrumentId: number): Promise<number[]> {
  const { rows } = await db.query<{ spot_id: number }>(
    `select spot_id from basis_snapshot where instrument_id = $1
     union select spot_id from sealed_day where instrument_id = $1 and fact = 'basis'`,
    [instrumentId]
  )
  return rows.map(({ spot_id }) => spot_id)
}

/** Those against which it has bases in [fromMs, toMs), whatever of these is still kept, in one order. */
export async function listSpotsBetween(
  db: Queryable,
  instrumentId: number,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }
): Promise<{ readonly id: number; readonly key: string }[]> {
  const { rows } = await db.query<{ id: number; key: string }>(
    `select id, key from instrument where id in (
       select spot_id from basis_snapshot where instrument_id = $1 and tick_at >= $2 and tick_at < $3
       union select spot_id from sealed_day where instrument_id = $1 and fact = 'basis' and day >= $4 and day < $3
       union select spot_id from basis_bucket where instrument_id = $1 and length_ms = $5 and start >= $4 and start < $3
     ) order by id`,
    [instrumentId, new Date(fromMs), new Date(toMs), new Date(floorTo(fromMs, DAY)), DAY]
  )
  return rows
}

/** Those of the contracts whose basis is stored against a spot leg. */
export async function listSeriesOfSpot(
  db: Queryable,
  spotId: number,
  contractIds: readonly number[]
): Promise<number[]> {
  if (contractIds.length === 0) return []
  const { rows } = await db.query<{ id: number }>(
    `select c.id from unnest($2::int[]) as c (id)
     where exists (select from basis_snapshot b where b.instrument_id = c.id and b.spot_id = $1)
       or exists (select from sealed_day d where d.instrument_id = c.id and d.fact = 'basis' and d.spot_id = $1)`,
    [spotId, contractIds]
  )
  return rows.map(({ id }) => id)
}

/** A basis of the past as it is stored now: of which prices it was made. */
export type PastBasis = { readonly contractMid: string; readonly spotMid: string; readonly revision: number }

/** The bases of a pair that were made of prices of the past, by grid time; what was polled is not among them. */
export async function listPastBases(
  db: Queryable,
  series: { readonly instrumentId: number; readonly spotId: number },
  { from, to }: { readonly from: number; readonly to: number }
): Promise<ReadonlyMap<number, PastBasis>> {
  type Row = Pick<PointRow, 'tick_at' | 'contract_mid' | 'spot_mid' | 'source' | 'revision'>
  const rows = await listRows<Row>(db, FACTS.basis, series, {
    fromMs: from,
    toMs: to + 1,
    knownAtMs: null,
    columns: ['tick_at', 'contract_mid', 'spot_mid', 'source', 'revision'],
    keep: { test: ({ source }) => source !== 'polled', sql: `f.source <> 'polled'` }
  })
  return new Map(
    rows.map((row) => [
      row.tick_at.getTime(),
      { contractMid: row.contract_mid, spotMid: row.spot_mid, revision: row.revision }
    ])
  )
}
