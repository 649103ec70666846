import { DAY, floorTo } from '../domain/time.ts'
import { type BasisPair, type BucketChoice, countBucketReads, listBasisPartsOfMany } from './basis-buckets.ts'
import type { Database } from './database.ts'
import { FACTS } from './sealed/facts.ts'
import { countRows, listRowsOfMany } from './sealed/rows.ts'
import { TOLD_AT } from './settlement-revisions.ts'

type Queryable = Pick<Database, 'query'>
type Days = { readonly fromMs: number; readonly toMs: number }
/** The grades that count, and what had been told by when, epoch ms (null: what is known now). */
export type CloseChoice = Pick<BucketChoice, 'grades'> & { readonly toldAtMs: number | null }

const CHANGED_COLUMNS = ['tick_at', 'revision', 'basis_bps', 'grade'] as const
type ChangedRow = { tick_at: Date; revision: number; basis_bps: number; grade: string }

/**
 * How each day of [fromMs, toMs), both midnights UTC, closed, by contract; null without a basis. A basis counts from when it was to be
 * had, a correction of it from when it was stored: days of which something was stored after `toldAtMs` are made anew of their bases,
 * the others are read as they are rolled up.
 */
export async function listDayCloses(
  db: Queryable,
  pairs: readonly BasisPair[],
  { grades, toldAtMs }: CloseChoice,
  range: Days
): Promise<ReadonlyMap<number, readonly (number | null)[]>> {
  const parts = await listBasisPartsOfMany(db, pairs, { grades, knownAtMs: null }, { ...range, bucketMs: DAY })
  const days = Array.from({ length: (range.toMs - range.fromMs) / DAY }, (_, day) => range.fromMs + day * DAY)
  const closes = new Map([...parts].map(([id, own]) => [id, days.map((start) => own.get(start)?.close ?? null)]))
  if (toldAtMs === null) return closes
  for (const { of, ...stretch } of await listChanged(db, pairs, toldAtMs, range)) {
    const question = { ...stretch, knownAtMs: null, toldAtMs, columns: CHANGED_COLUMNS }
    const told = await listRowsOfMany<ChangedRow>(db, FACTS.basis, of, question)
    for (const { instrumentId } of of) {
      const own = closes.get(instrumentId)!
      for (let dayMs = stretch.fromMs; dayMs < stretch.toMs; dayMs += DAY) own[(dayMs - range.fromMs) / DAY] = null
      for (const { tick_at, basis_bps, grade } of told.get(instrumentId)!) {
        if ((grades as readonly string[]).includes(grade))
          own[(floorTo(tick_at.getTime(), DAY) - range.fromMs) / DAY] = basis_bps
      }
    }
  }
  return closes
}

/** How many stored rows the same would read. Counting ends at `most`. */
export async function countDayCloses(
  db: Queryable,
  pairs: readonly BasisPair[],
  { toldAtMs }: Pick<CloseChoice, 'toldAtMs'>,
  range: Days,
  most: number
): Promise<number> {
  let rows = await countBucketReads(db, pairs, { knownAtMs: null }, { ...range, bucketMs: DAY }, most)
  if (toldAtMs === null) return rows
  for (const { of, ...stretch } of await listChanged(db, pairs, toldAtMs, range)) {
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
