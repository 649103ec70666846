import { DAY, floorTo } from '../../domain/time.ts'
import type { Database } from '../database.ts'
import { TOLD_AT } from '../settlement-revisions.ts'
import { decodeDay } from './day-codec.ts'
import { type Fact, storedValue } from './facts.ts'

type Queryable = Pick<Database, 'query'>

/** One series of a fact; `spotId` where a fact is about a pair. */
export type Series = { readonly instrumentId: number; readonly spotId?: number }

export type RowRange = {
  readonly fromMs: number
  /** Not included. */
  readonly toMs: number
  /** Only what was stored by then; null: what is known now. */
  readonly knownAtMs: number | null
  /** Only what had been told by then: the first word about a tick from when it was to be had, a correction from when it was stored. */
  readonly toldAtMs?: number
  /** Each tick as it was stored first, whatever was corrected later. */
  readonly isAsFirst?: true
}

type Kept = { tick_at: Date; revision: number }

export type RowQuestion<Row extends Kept> = RowRange & {
  readonly columns: readonly (keyof Row & string)[]
  /** The rows that count, the newest revision of each tick decides; the same said in SQL, over `f`. */
  readonly keep?: { readonly test: (row: Row) => boolean; readonly sql: string }
  readonly limit?: number
  /** Of each stretch of so long, epoch milliseconds, only the last row that is kept is wanted; others may be answered as well. */
  readonly lastOfMs?: number
}

/** Sealed days that are fetched together: few at first where a page may need no more. */
const DAYS_FIRST = 2
const DAYS_MAX = 64

/**
 * The newest known revision of every tick of a series in [fromMs, toMs), ascending, wherever it lies: in the hot table, in sealed days, or
 * in both while it moves. Hot rows are read first: what has left them by then is sealed already.
 */
export async function listRows<Row extends Kept>(
  db: Queryable,
  fact: Fact,
  series: Series,
  question: RowQuestion<Row>
): Promise<Row[]> {
  const { limit = Number.POSITIVE_INFINITY } = question
  const keep = question.keep?.test ?? (() => true)
  // A row that is not kept may stand in for a sealed one that would be: with such a choice no page can be cut before both have met.
  const hot = await readHot<Row>(db, fact, [series], question.keep === undefined ? question : unlimited(question))
  const sealed: Row[] = []
  let [days, kept] = [limit === Number.POSITIVE_INFINITY ? DAYS_MAX : DAYS_FIRST, 0]
  for (let fromMs = question.fromMs; kept < limit; days = Math.min(days * 2, DAYS_MAX)) {
    const read = await readSealed<Row>(db, fact, [series], { ...question, fromMs }, days)
    for (const row of read.rows) sealed.push(row)
    kept += read.rows.filter(keep).length
    if (read.lastDayMs === undefined) break
    fromMs = read.lastDayMs + DAY
  }
  // A row is judged after it has met its other revisions.
  return mergeRows(hot, sealed).filter(keep).slice(0, limit)
}

/** The same of many series at once, by instrument: each with at most one spot leg. */
export async function listRowsOfMany<Row extends Kept>(
  db: Queryable,
  fact: Fact,
  series: readonly Series[],
  question: RowRange & Pick<RowQuestion<Row>, 'columns'>
): Promise<ReadonlyMap<number, Row[]>> {
  type Owned = Row & { instrument_id: number }
  const columns = ['instrument_id', ...question.columns] as readonly (keyof Owned & string)[]
  const hot = await readHot<Owned>(db, fact, series, { ...question, columns })
  const sealed = await readSealed<Owned>(db, fact, series, { ...question, columns }, null)
  const [hotOf, sealedOf] = [hot, sealed.rows].map((rows) => Map.groupBy(rows, ({ instrument_id }) => instrument_id))
  return new Map(
    series.map(({ instrumentId }) => [
      instrumentId,
      mergeRows<Row>(hotOf!.get(instrumentId) ?? [], sealedOf!.get(instrumentId) ?? [])
    ])
  )
}

/** How many stored rows a series has in a range, revisions included; a sealed day counts whole. Counting ends at `most`. */
export async function countRows(
  db: Queryable,
  fact: Fact,
  series: readonly Series[],
  { fromMs, toMs }: Pick<RowRange, 'fromMs' | 'toMs'>,
  most: number
): Promise<number> {
  const pairs = pairsOf(series)
  const { rows } = await db.query<{ count: number }>(
    `select ((select count(*) from (
         select 1 from ${fact.table} f join ${PAIRS} on ${joinOf(fact, 'f')}
         where f.instrument_id = any ($1) and f.tick_at >= $3 and f.tick_at < $4 limit $5) c)
       + (select coalesce(sum(d.rows), 0) from sealed_day d join ${PAIRS} on ${SEALED_JOIN}
          where d.instrument_id = any ($1) and d.fact = $6 and d.day >= $7 and d.day < $4))::int as count`,
    [...pairs, new Date(fromMs), new Date(toMs), most, fact.name, new Date(floorTo(fromMs, DAY))]
  )
  return Math.min(rows[0]!.count, most)
}

const unlimited = <Row extends Kept>({ limit: _all, ...question }: RowQuestion<Row>): RowQuestion<Row> => question

const PAIRS = 'unnest($1::int[], $2::int[]) as p (instrument_id, spot_id)'
const SEALED_JOIN = 'd.instrument_id = p.instrument_id and d.spot_id = p.spot_id'
const joinOf = ({ hasSpot }: Fact, table: string) =>
  `${table}.instrument_id = p.instrument_id${hasSpot ? ` and ${table}.spot_id = p.spot_id` : ''}`

const pairsOf = (series: readonly Series[]) => [
  series.map(({ instrumentId }) => instrumentId),
  series.map(({ spotId = 0 }) => spotId)
]

async function readHot<Row extends Kept>(
  db: Queryable,
  fact: Fact,
  series: readonly Series[],
  { fromMs, toMs, knownAtMs, toldAtMs, isAsFirst, columns, keep, limit, lastOfMs }: RowQuestion<Row>
): Promise<Row[]> {
  const [ids, spots] = pairsOf(series)
  const dateOf = (ms: number | null) => (ms === null ? null : new Date(ms))
  const values = [new Date(fromMs), new Date(toMs), dateOf(knownAtMs), dateOf(toldAtMs ?? null)]
  const by = (when: string, place: string) =>
    `(${place}::timestamptz is null or ${when} < ${place}::timestamptz + interval '1 millisecond')`
  const inRange = `f.tick_at >= $3 and f.tick_at < $4 and ${by('f.known_at', '$5')} and ${by(TOLD_AT, '$6')}${isAsFirst ? ' and f.revision = 0' : ''}`
  const names = [...new Set([...columns, 'tick_at', 'revision'])].map((name) => `f.${name}`).join(', ')
  // One series is looked up by its key: the order is the key's, and a page costs what it holds.
  const isOne = series.length === 1
  const of = isOne
    ? `${fact.table} f where f.instrument_id = $1 and ${fact.hasSpot ? 'f.spot_id = $2' : '$2::int is not null'}`
    : `${fact.table} f join ${PAIRS} on ${joinOf(fact, 'f')} where f.instrument_id = any ($1)`
  const key = isOne ? 'f.tick_at' : 'f.instrument_id, f.tick_at'
  const newest = `select distinct on (${key}) ${names} from ${of} and ${inRange} order by ${key}, f.revision desc`
  const { rows } = await db.query<Row>(
    `select * from (${lastOfMs === undefined ? newest : lastOf(newest, lastOfMs, keep?.sql ?? 'true')}) f
     ${keep === undefined ? '' : `where (${keep.sql}) or f.revision > 0`} order by ${key} limit $7`,
    [...(isOne ? [ids![0], spots![0]] : [ids, spots]), ...values, limit ?? null]
  )
  return rows
}

/** The last kept row of each stretch, with all corrections: one of them may stand in for a sealed row. */
function lastOf(newest: string, lengthMs: number, keep: string): string {
  const stretch = `date_bin(interval '${lengthMs} milliseconds', f.tick_at, 'epoch'::timestamptz)`
  return `with f as materialized (${newest})
     (select distinct on (${stretch}) * from f where (${keep}) order by ${stretch}, f.tick_at desc)
     union select * from f where f.revision > 0`
}

/** Rows of sealed days from a day on, at most so many days (null: all), and the last day read where there may be more. */
async function readSealed<Row extends Kept>(
  db: Queryable,
  fact: Fact,
  series: readonly Series[],
  { fromMs, toMs, knownAtMs, toldAtMs, isAsFirst, columns }: RowQuestion<Row>,
  days: number | null
): Promise<{ rows: Row[]; lastDayMs: number | undefined }> {
  const { rows } = await db.query<{ instrument_id: number; day: Date; body: Buffer }>(
    `select d.instrument_id, d.day, d.body from sealed_day d join ${PAIRS} on ${SEALED_JOIN}
     where d.instrument_id = any ($1) and d.fact = $3 and d.day >= $4 and d.day < $5 order by d.day ${days === null ? '' : `limit ${days}`}`,
    [...pairsOf(series), fact.name, new Date(floorTo(fromMs, DAY)), new Date(toMs)]
  )
  const told = toldAtMs === undefined ? [] : ['available_at']
  const wanted = [...new Set([...columns, 'tick_at', 'revision', 'known_at', ...told])]
  const isBy = (micros: number, atMs: number | null) => atMs === null || micros < (atMs + 1) * 1_000
  const isWanted = ({ tickMs, knownMicros, availableMs, revision }: Stamps) =>
    tickMs >= fromMs &&
    tickMs < toMs &&
    isBy(knownMicros, knownAtMs) &&
    isBy(Math.max(availableMs * 1_000, revision === 0 ? 0 : knownMicros), toldAtMs ?? null) &&
    !(isAsFirst && revision > 0)
  const found = rows.flatMap((row) => rowsOfDay<Row>(fact, row, wanted, isWanted))
  return { rows: found, lastDayMs: days !== null && rows.length === days ? rows.at(-1)!.day.getTime() : undefined }
}

type Stamps = Readonly<Record<'tickMs' | 'knownMicros' | 'availableMs' | 'revision', number>>

/** The newest wanted revision of each tick of a sealed day. */
function rowsOfDay<Row extends Kept>(
  { layout }: Fact,
  day: { instrument_id: number; body: Buffer },
  wanted: readonly string[],
  isWanted: (stamps: Stamps) => boolean
): Row[] {
  const { count, columns } = decodeDay(day.body, wanted)
  const [ticks, known, available, revisions] = ['tick_at', 'known_at', 'available_at', 'revision'].map(
    (name) => columns.get(name) as unknown as number[]
  ) as [number[], number[], number[] | undefined, number[]]
  const used = layout.flatMap(([name, type]) => (columns.has(name) ? [{ name, type, cells: columns.get(name)! }] : []))
  const rows: Row[] = []
  for (let index = 0; index < count; index += 1) {
    const [tickMs, revision] = [ticks[index]!, revisions[index]!]
    if (!isWanted({ tickMs, knownMicros: known[index]!, availableMs: available?.[index] ?? 0, revision })) continue
    const row: Record<string, unknown> = { instrument_id: day.instrument_id }
    for (const { name, type, cells } of used) row[name] = storedValue(type, cells[index]!)
    // Revisions of one tick stand one after the other, the newest last.
    if (rows.at(-1)?.tick_at.getTime() === ticks[index]) rows.pop()
    rows.push(row as Row)
  }
  return rows
}

/** Two ascending lists as one; of a tick that both have, the higher revision, and what is sealed where they are the same. */
function mergeRows<Row extends Kept>(hot: readonly Row[], sealed: readonly Row[]): Row[] {
  if (hot.length === 0 || sealed.length === 0) return [...sealed, ...hot]
  const merged: Row[] = []
  let [h, s] = [0, 0]
  while (h < hot.length || s < sealed.length) {
    const order =
      h === hot.length ? 1 : s === sealed.length ? -1 : hot[h]!.tick_at.getTime() - sealed[s]!.tick_at.getTime()
    if (order < 0) merged.push(hot[h++]!)
    else if (order > 0) merged.push(sealed[s++]!)
    else {
      merged.push(hot[h]!.revision > sealed[s]!.revision ? hot[h]! : sealed[s]!)
      h += 1
      s += 1
    }
  }
  return merged
}
