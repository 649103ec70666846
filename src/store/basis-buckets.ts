import { addPart, type Bucket, type BucketPart, everyBucket, gatherParts } from '../domain/buckets.ts'
import { parseDecimal } from '../domain/decimal.ts'
import type { Grade } from '../domain/quality.ts'
import { DAY, floorTo, HOUR } from '../domain/time.ts'
import type { BasisSeries } from './basis-history.ts'
import type { Database } from './database.ts'
import { FACTS } from './sealed/facts.ts'
import { countRows, listRowsOfMany } from './sealed/rows.ts'

type Queryable = Pick<Database, 'query'>

/** [fromMs, toMs), both multiples of `bucketMs`. */
export type BucketRange = { readonly fromMs: number; readonly toMs: number; readonly bucketMs: number }
/** A contract against the one spot leg that is given with it. */
export type BasisPair = Pick<BasisSeries, 'instrumentId' | 'spotId'>
/** What was known by when (null: now), and the grades that count. */
export type BucketChoice = Pick<BasisSeries, 'knownAtMs' | 'grades'>

/** Every bucket of a range, ascending; without observations: nulls and count 0. */
export async function listBasisBuckets(db: Queryable, series: BasisSeries, range: BucketRange): Promise<Bucket[]> {
  return (await listBasisBucketsOfMany(db, [series], series, range)).get(series.instrumentId)!
}

/** The same of many series at once, by contract. */
export async function listBasisBucketsOfMany(
  db: Queryable,
  asked: readonly BasisPair[],
  choice: BucketChoice,
  { fromMs, toMs, bucketMs }: BucketRange
): Promise<ReadonlyMap<number, Bucket[]>> {
  const parts = await listBasisPartsOfMany(db, asked, choice, { fromMs, toMs, bucketMs })
  return new Map([...parts].map(([id, own]) => [id, everyBucket(own, { fromMs, toMs, lengthMs: bucketMs })]))
}

/**
 * What each bucket with observations comes to, by contract and by the bucket's beginning. Hours and days that are rolled up are
 * read as such; what is not yet, is about to be rolled up anew, is shorter than an hour, or is asked for as it was known at some
 * time, is made of the bases themselves.
 */
export async function listBasisPartsOfMany(
  db: Queryable,
  asked: readonly BasisPair[],
  choice: BucketChoice,
  { fromMs, toMs, bucketMs }: BucketRange
): Promise<ReadonlyMap<number, ReadonlyMap<number, BucketPart>>> {
  const pairs = [...new Map(asked.map((pair) => [pair.instrumentId, pair])).values()]
  const parts = new Map(pairs.map(({ instrumentId }) => [instrumentId, new Map<number, BucketPart>()]))
  const plan = await planReading(db, pairs, choice, { fromMs, toMs, bucketMs })
  for (const { lengthMs, ...stretch } of plan.rolledUp) {
    // What lies in one bucket of one day is joined where it is stored.
    const join = { lengthMs, joinedMs: Math.min(bucketMs, DAY) }
    for (const { instrumentId, start, part } of await listRolledUp(db, pairs, choice.grades, join, stretch)) {
      if (!plan.isDue(instrumentId, start)) addPart(parts.get(instrumentId)!, floorTo(start, bucketMs), part)
    }
  }
  for (const { of, ...stretch } of plan.raw) {
    const rows = await listRowsOfMany<PointRow>(db, FACTS.basis, of, {
      ...stretch,
      knownAtMs: choice.knownAtMs,
      columns: ['tick_at', 'revision', 'basis_bps', 'span_ms', 'grade']
    })
    for (const [instrumentId, found] of rows) {
      const points = found.filter(({ grade }) => choice.grades.includes(grade)).map(pointOf)
      const own = parts.get(instrumentId)!
      for (const [start, part] of gatherParts(points, bucketMs)) addPart(own, start, part)
    }
  }
  return parts
}

/** How many stored rows the same would read: bases, and what is rolled up. Counting ends at `most`. */
export async function countBucketReads(
  db: Queryable,
  pairs: readonly BasisPair[],
  choice: Pick<BucketChoice, 'knownAtMs'>,
  range: BucketRange,
  most: number
): Promise<number> {
  const plan = await planReading(db, pairs, choice, range)
  let rows = 0
  for (const { fromMs, toMs, lengthMs } of plan.rolledUp) rows += ((toMs - fromMs) / lengthMs) * pairs.length
  for (const { of, ...stretch } of plan.raw) {
    if (rows >= most) break
    rows += await countRows(db, FACTS.basis, of, stretch, most)
  }
  return Math.min(rows, most)
}

export type PointRow = { tick_at: Date; revision: number; basis_bps: number; span_ms: number; grade: Grade }
export const pointOf = (row: PointRow) => ({ at: row.tick_at.getTime(), value: row.basis_bps, spanMs: row.span_ms })

type Stretch = { readonly fromMs: number; readonly toMs: number }
type Plan = {
  readonly rolledUp: readonly (Stretch & { readonly lengthMs: number })[]
  readonly raw: readonly (Stretch & { readonly of: readonly BasisPair[] })[]
  /** Whether a bucket lies in a day that is to be rolled up anew. */
  readonly isDue: (instrumentId: number, startMs: number) => boolean
}

/** What of a range is read from which level. */
async function planReading(
  db: Queryable,
  pairs: readonly BasisPair[],
  { knownAtMs }: Pick<BucketChoice, 'knownAtMs'>,
  { fromMs, toMs, bucketMs }: BucketRange
): Promise<Plan> {
  const isWhole = bucketMs % HOUR === 0 && knownAtMs === null
  if (!isWhole) return { rolledUp: [], raw: [{ of: pairs, fromMs, toMs }], isDue: () => false }
  const { rows } = await db.query<{ built_to: Date }>('select built_to from bucket_head')
  const builtTo = rows[0]!.built_to.getTime()
  const due = await listDue(db, pairs, { fromMs, toMs })
  const inside = (from: number, to: number) => ({ fromMs: Math.max(from, fromMs), toMs: Math.min(to, toMs) })
  const hasTime = (stretch: Stretch) => stretch.fromMs < stretch.toMs
  const daysTo = bucketMs % DAY === 0 ? floorTo(builtTo, DAY) : Number.NEGATIVE_INFINITY
  const rolledUp = [
    { ...inside(fromMs, daysTo), lengthMs: DAY },
    { ...inside(daysTo, builtTo), lengthMs: HOUR }
  ].filter(hasTime)
  const dueDays = [...Map.groupBy(due, ({ dayMs }) => dayMs)].map(([dayMs, those]) => ({
    of: those.map(({ pair }) => pair),
    ...inside(dayMs, Math.min(dayMs + DAY, builtTo))
  }))
  const raw = [...dueDays, { of: pairs, ...inside(builtTo, toMs) }].filter(hasTime)
  const isDueDay = new Set(due.map(({ pair, dayMs }) => `${pair.instrumentId} ${dayMs}`))
  return { rolledUp, raw, isDue: (id, startMs) => isDueDay.has(`${id} ${floorTo(startMs, DAY)}`) }
}

async function listDue(db: Queryable, pairs: readonly BasisPair[], { fromMs, toMs }: Stretch) {
  const { rows } = await db.query<{ instrument_id: number; spot_id: number; day: Date }>(
    `select instrument_id, spot_id, day from bucket_due join unnest($1::int[], $2::int[]) as p (instrument_id, spot_id)
       using (instrument_id, spot_id) where day >= $3 and day < $4`,
    [...idsOf(pairs), new Date(floorTo(fromMs, DAY)), new Date(toMs)]
  )
  return rows.map(({ instrument_id, spot_id, day }) => ({
    pair: { instrumentId: instrument_id, spotId: spot_id },
    dayMs: day.getTime()
  }))
}

const idsOf = (pairs: readonly BasisPair[]) => [
  pairs.map(({ instrumentId }) => instrumentId),
  pairs.map(({ spotId }) => spotId)
]

type BucketRow = Omit<BucketPart, 'firstAt' | 'lastAt' | 'sum' | 'spanMs'> & {
  first_at: Date
  last_at: Date
  sum: string
  span_ms: number
}

type Cells = readonly [
  start: number,
  firstAt: number,
  lastAt: number,
  open: number,
  high: number,
  low: number,
  close: number,
  sum: string,
  count: number,
  spanMs: number
]
const epochMs = (column: string) => `(extract(epoch from b.${column}) * 1000)::int8`

/** One text for each contract: months of many are ten thousands of rows, and a row by itself costs more than all that is in it. */
async function listRolledUp(
  db: Queryable,
  pairs: readonly BasisPair[],
  grades: readonly Grade[],
  { lengthMs, joinedMs }: { readonly lengthMs: number; readonly joinedMs: number },
  { fromMs, toMs }: Stretch
): Promise<{ instrumentId: number; start: number; part: BucketPart }[]> {
  const { rows } = await db.query<{ instrument_id: number; buckets: readonly Cells[] }>(
    `select b.instrument_id, json_agg(json_build_array(${epochMs('start')}, ${epochMs('first_at')}, ${epochMs('last_at')},
         b.open, b.high, b.low, b.close, b.sum::text, b.count, b.span_ms)) as buckets
     from (
       select b.instrument_id, date_bin($7::int * interval '1 millisecond', b.start, 'epoch'::timestamptz) as start,
         min(b.first_at) as first_at, max(b.last_at) as last_at, (array_agg(b.open order by b.first_at))[1] as open,
         max(b.high) as high, min(b.low) as low, (array_agg(b.close order by b.last_at desc))[1] as close,
         sum(b.sum) as sum, sum(b.count) as count, sum(b.span_ms) as span_ms
       from basis_bucket b join unnest($1::int[], $2::int[]) as p (instrument_id, spot_id)
         on b.instrument_id = p.instrument_id and b.spot_id = p.spot_id
       where b.instrument_id = any ($1) and b.length_ms = $3 and b.start >= $4 and b.start < $5 and b.grade = any ($6)
       group by 1, 2
     ) b group by b.instrument_id`,
    [...idsOf(pairs), lengthMs, new Date(fromMs), new Date(toMs), grades, joinedMs]
  )
  return rows.flatMap(({ instrument_id, buckets }) =>
    buckets.map(([start, firstAt, lastAt, open, high, low, close, sum, count, spanMs]) => ({
      instrumentId: instrument_id,
      start,
      part: { firstAt, lastAt, open, high, low, close, sum: parseDecimal(sum)!, count, spanMs }
    }))
  )
}

export function bucketPartOf(row: BucketRow): BucketPart {
  const { open, high, low, close, count } = row
  const [firstAt, lastAt] = [row.first_at.getTime(), row.last_at.getTime()]
  return { firstAt, lastAt, open, high, low, close, count, sum: parseDecimal(row.sum)!, spanMs: row.span_ms }
}
