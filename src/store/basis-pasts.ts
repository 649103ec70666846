import { type BucketPart, gatherParts, meanOf } from '../domain/buckets.ts'
import { DAY, HOUR } from '../domain/time.ts'
import {
  type BasisPair,
  type BucketChoice,
  type BucketRange,
  countBucketReads,
  listBasisPartsOfMany,
  type PointRow,
  pointOf
} from './basis-buckets.ts'
import type { Database } from './database.ts'
import { FACTS } from './sealed/facts.ts'
import { countRows, listRowsOfMany } from './sealed/rows.ts'
import { TOLD_AT } from './settlement-revisions.ts'

type Queryable = Pick<Database, 'query'>
type Days = { readonly fromMs: number; readonly toMs: number }
/** The grades that count, and what had been told by when, epoch ms (null: what is known now). */
export type PastChoice = Pick<BucketChoice, 'grades'> & { readonly toldAtMs: number | null }
/** Midnights UTC: days from `fromMs` to `toMs`, the last of them, from `periodsFromMs` on, also by periods. */
export type PastRange = Days & { readonly periodsFromMs: number }

/** Funding is an average of so long. */
export const PERIOD_MS = 8 * HOUR

/** A basis of the past, bps before fx, oldest first: how each day closed, and what each period was on average. */
export type BasisPast = {
  /** Null of a day without a basis. */
  readonly closes: readonly (number | null)[]
  /** Null of a period of which less than half is known. */
  readonly periodMeans: readonly (number | null)[]
}

/**
 * The past of each pair, by contract. A basis counts from when it was to be had, a correction of it from when it was stored: days of
 * which something was stored after `toldAtMs` are made anew of their bases, the others are read as they are rolled up.
 */
export async function listBasisPasts(
  db: Queryable,
  pairs: readonly BasisPair[],
  choice: PastChoice,
  { fromMs, periodsFromMs, toMs }: PastRange
): Promise<ReadonlyMap<number, BasisPast>> {
  const days = await listToldParts(db, pairs, choice, { fromMs, toMs: periodsFromMs, bucketMs: DAY })
  const periods = await listToldParts(db, pairs, choice, { fromMs: periodsFromMs, toMs, bucketMs: PERIOD_MS })
  const [dayStarts, periodStarts] = [
    startsOf({ fromMs, toMs }, DAY),
    startsOf({ fromMs: periodsFromMs, toMs }, PERIOD_MS)
  ]
  return new Map(
    pairs.map(({ instrumentId }) => {
      const [byDay, byPeriod] = [days.get(instrumentId)!, periods.get(instrumentId)!]
      const lastOf = (day: number) =>
        startsOf({ fromMs: day, toMs: day + DAY }, PERIOD_MS)
          .flatMap((start) => byPeriod.get(start) ?? [])
          .at(-1)
      return [
        instrumentId,
        {
          closes: dayStarts.map((day) => (byDay.get(day) ?? lastOf(day))?.close ?? null),
          periodMeans: periodStarts.map((start) => meanOfKnown(byPeriod.get(start)))
        }
      ]
    })
  )
}

const startsOf = ({ fromMs, toMs }: Days, stepMs: number) =>
  Array.from({ length: (toMs - fromMs) / stepMs }, (_, place) => fromMs + place * stepMs)

const meanOfKnown = (part: BucketPart | undefined): number | null =>
  part === undefined || part.spanMs < PERIOD_MS / 2 ? null : meanOf(part)

/** What each bucket comes to of what had been told, by contract and by the bucket's beginning. */
async function listToldParts(
  db: Queryable,
  pairs: readonly BasisPair[],
  { grades, toldAtMs }: PastChoice,
  range: BucketRange
): Promise<ReadonlyMap<number, ReadonlyMap<number, BucketPart>>> {
  const parts = await listBasisPartsOfMany(db, pairs, { grades, knownAtMs: null }, range)
  if (toldAtMs === null) return parts
  const told = new Map([...parts].map(([id, own]) => [id, new Map(own)]))
  for (const { of, ...stretch } of await listChanged(db, pairs, toldAtMs, range)) {
    const columns = ['tick_at', 'revision', 'basis_bps', 'span_ms', 'grade'] as const
    const question = { ...stretch, knownAtMs: null, toldAtMs, columns }
    for (const [id, rows] of await listRowsOfMany<PointRow>(db, FACTS.basis, of, question)) {
      const own = told.get(id)!
      for (const start of startsOf(stretch, range.bucketMs)) own.delete(start)
      const points = rows.filter(({ grade }) => grades.includes(grade)).map(pointOf)
      for (const [start, part] of gatherParts(points, range.bucketMs)) own.set(start, part)
    }
  }
  return told
}

/** How many stored rows the same would read. Counting ends at `most`. */
export async function countBasisPasts(
  db: Queryable,
  pairs: readonly BasisPair[],
  { toldAtMs }: Pick<PastChoice, 'toldAtMs'>,
  { fromMs, periodsFromMs, toMs }: PastRange,
  most: number
): Promise<number> {
  let rows = 0
  for (const range of [
    { fromMs, toMs: periodsFromMs, bucketMs: DAY },
    { fromMs: periodsFromMs, toMs, bucketMs: PERIOD_MS }
  ]) {
    if (rows < most) rows += await countBucketReads(db, pairs, { knownAtMs: null }, range, most)
  }
  if (toldAtMs === null) return Math.min(rows, most)
  for (const { of, ...stretch } of await listChanged(db, pairs, toldAtMs, { fromMs, toMs })) {
    if (rows >= most) break
    rows += await countRows(db, FACTS.basis, of, stretch, most)
  }
  return Math.min(rows, most)
}

type Stretch = Days & { readonly of: readonly BasisPair[] }

/** Days of which something became known after a moment that changes what had been told by then: those in a row of the same pairs as one. */
async function listChanged(
  db: Queryable,
  pairs: readonly BasisPair[],
  toldAtMs: number,
  { fromMs, toMs }: Days
): Promise<Stretch[]> {
  const asked = 'unnest($1::int[], $2::int[]) as p (instrument_id, spot_id)'
  const { rows } = await db.query<{ instrument_id: number; day: Date }>(
    `select distinct f.instrument_id, date_bin(interval '1 day', f.tick_at, 'epoch'::timestamptz) as day
     from basis_snapshot f join ${asked} on f.instrument_id = p.instrument_id and f.spot_id = p.spot_id
     where f.instrument_id = any ($1) and f.tick_at >= $3 and f.tick_at < $4 and f.known_at > $5 and ${TOLD_AT} > $5
     union
     select d.instrument_id, d.day from sealed_day d join ${asked} on d.instrument_id = p.instrument_id and d.spot_id = p.spot_id
     where d.instrument_id = any ($1) and d.fact = $6 and d.day >= $3 and d.day < $4 and d.known_to > $5`,
    [
      pairs.map(({ instrumentId }) => instrumentId),
      pairs.map(({ spotId }) => spotId),
      ...[fromMs, toMs, toldAtMs].map((at) => new Date(at)),
      FACTS.basis.name
    ]
  )
  const stretches: Stretch[] = []
  const byDay = Map.groupBy(rows, ({ day }) => day.getTime())
  for (const [dayMs, changed] of [...byDay].sort(([a], [b]) => a - b)) {
    const ids = new Set(changed.map(({ instrument_id }) => instrument_id))
    const of = pairs.filter(({ instrumentId }) => ids.has(instrumentId))
    const last = stretches.at(-1)
    const goesOn = last?.toMs === dayMs && last.of.length === of.length && last.of.every((pair, at) => pair === of[at])
    if (goesOn) stretches[stretches.length - 1] = { ...last!, toMs: dayMs + DAY }
    else stretches.push({ of, fromMs: dayMs, toMs: dayMs + DAY })
  }
  return stretches
}
