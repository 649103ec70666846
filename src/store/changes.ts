import {
  CHANGE_SOURCES,
  type ChangeSource,
  CORRECTION_SOURCES,
  KEY_COLUMNS,
  OUTSIDE_NAMES,
  RATIO_COLUMNS
} from './change-sources.ts'
import type { Database } from './database.ts'

/** Where a row stands in the order of what became known: microseconds of `known_at`, source, instrument, at (ms), spot, revision, rest. */
export type ChangePlace = readonly [string, number, number, number, number, number, string]

/** Something that became known. Times in epoch milliseconds. */
export type Change = {
  readonly place: ChangePlace
  readonly knownAt: number
  readonly fact: string
  /** Null: every instrument of the venue. */
  readonly instrument: string | null
  readonly venue: string
  readonly at: number
  readonly revision: number
  readonly source: string | null
  readonly body: Readonly<Record<string, unknown>>
}

export type ChangeRange = {
  /** Null: every fact. */
  readonly facts: readonly string[] | null
  /** Only what corrects an earlier value, also of days that are sealed. */
  readonly areCorrections?: boolean
  /** Known in [fromMs, toMs); complete up to `readWatermark`. */
  readonly fromMs: number
  readonly toMs: number
  /** Where the page before ended. */
  readonly after: ChangePlace | null
  readonly limit: number
}

/** What became known, corrections included, in the order in which it did. */
export async function listChanges(db: Pick<Database, 'query'>, range: ChangeRange): Promise<Change[]> {
  const { facts, areCorrections = false, limit } = range
  let found: Change[] = []
  for (const [rank, source] of (areCorrections ? CORRECTION_SOURCES : CHANGE_SOURCES).entries()) {
    if (facts !== null && source.fact.startsWith("'") && !facts.includes(source.fact.slice(1, -1))) continue
    // Once there are enough, only what is older than the last of them can still come before it.
    const lastUs = found.length < limit ? undefined : found.at(-1)?.place[0]
    found = merged(found, await readSource(db, source, rank, range, lastUs)).slice(0, limit)
  }
  return found
}

/** Rows of each are in order; of one moment those of the earlier source come first. */
function merged(earlier: readonly Change[], later: readonly Change[]): Change[] {
  const rows: Change[] = []
  let next = 0
  for (const row of earlier) {
    while (next < later.length && Number(later[next]!.place[0]) < Number(row.place[0])) rows.push(later[next++]!)
    rows.push(row)
  }
  return [...rows, ...later.slice(next)]
}

const FIXED = ['known_us', 'key', 'venue', 'spot', 'fact_', 'at_', 'spot_', 'tie_', 'source_'] as const
type FoundRow = Readonly<Record<string, unknown>> & {
  readonly known_us: string
  readonly key: string | null
  readonly venue: string | null
  readonly spot: string | null
  readonly instrument_id: number
  readonly fact_: string
  readonly at_: Date
  readonly spot_: number
  readonly revision_: number
  readonly tie_: string
  readonly source_: string
}

async function readSource(
  db: Pick<Database, 'query'>,
  source: ChangeSource,
  rank: number,
  { facts, fromMs, toMs, after, limit }: ChangeRange,
  lastUs: string | undefined
): Promise<Change[]> {
  const { table, fact, at, spot, revision, tie, where = 'true', record } = source
  // A moment is cut in the source where the page ended: those before it are through with it, those behind have it all before them.
  const isPast = after !== null && rank < after[1]
  const from = after === null ? `${fromMs}000` : isPast ? String(BigInt(after[0]) + 1n) : after[0]
  const { rows } = await db.query<FoundRow>(
    `select t.*, i.key, i.venue_id as venue, o.key as spot from (
       select ${record === undefined ? 't.*' : 'r.*'}, trunc(extract(epoch from t.known_at) * 1000000)::text as known_us, ${fact} as fact_, ${at} as at_, ${spot} as spot_,
         ${revision} as revision_, ${tie} as tie_, ${source.source} as source_
       from ${table} t ${record === undefined ? '' : `cross join lateral ${record} r`}
       where ${where} and t.known_at >= ${momentOf('$1')} and t.known_at < ${momentOf('$2')} and ($3::text[] is null or ${fact} = any ($3))
         and ($4::int is null or (t.known_at, t.instrument_id, ${at}, ${spot}, ${revision}, ${tie})
           > (${momentOf('$1')}, $4, $5::timestamptz, $6::int, $7::int, $8::text))
       order by t.known_at, t.instrument_id, at_, spot_, revision_, tie_ limit $9
     ) t left join instrument i on i.id = t.instrument_id left join instrument o on o.id = t.spot_
     order by t.known_at, t.instrument_id, t.at_, t.spot_, t.revision_, t.tie_`,
    [
      from,
      lastUs === undefined ? `${toMs}000` : String(BigInt(lastUs) + 1n),
      facts,
      ...(after !== null && rank === after[1]
        ? [after[2], new Date(after[3]), after[4], after[5], after[6]]
        : [null, null, null, null, null]),
      limit
    ]
  )
  return rows.map((row) => changeOf(row, rank))
}

const momentOf = (microseconds: string) => `('epoch'::timestamptz + ${microseconds}::bigint * interval '1 microsecond')`

function changeOf(row: FoundRow, rank: number): Change {
  const { known_us, instrument_id, key, venue, spot, at_, spot_, revision_, tie_ } = row
  const at = at_.getTime()
  return {
    place: [known_us, rank, instrument_id, at, spot_, revision_, tie_],
    knownAt: Math.floor(Number(known_us) / 1000),
    fact: row.fact_,
    instrument: key,
    venue: venue ?? String(row.venue_id ?? ''),
    at,
    revision: revision_,
    source: row.source_ === '' ? null : row.source_,
    body: { ...(spot === null ? {} : { spot }), ...bodyOf(row) }
  }
}

const NOT_BODY: ReadonlySet<string> = new Set([...KEY_COLUMNS, ...FIXED, 'revision_', 'source'])

/** The columns under their names outside. */
function bodyOf(row: FoundRow): Record<string, unknown> {
  const own = Object.entries(row)
    .filter(([column]) => !NOT_BODY.has(column))
    .map(([column, value]) => [OUTSIDE_NAMES[column] ?? outsideName(column), outsideValue(column, value)])
  return Object.fromEntries(own)
}

const outsideName = (column: string) => column.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

function outsideValue(column: string, value: unknown): unknown {
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'string' && RATIO_COLUMNS.has(column) ? Number(value) : value
}

/** The list of corrections, among the facts that have a horizon: of what was corrected before there was one it knows nothing. */
export const CORRECTION = 'correction'

/** The facts of which older rows are gone, with the time (epoch milliseconds) from which what became known is still there. */
export async function listHorizons(db: Pick<Database, 'query'>): Promise<ReadonlyMap<string, number>> {
  const { rows } = await db.query<{ fact: string; known_from: Date }>('select fact, known_from from known_horizon')
  return new Map(rows.map(({ fact, known_from }) => [fact, known_from.getTime()]))
}

/** Notes, in the transaction that takes rows of a fact away, that what became known before then can no longer be told. */
export async function raiseHorizon(client: Pick<Database, 'query'>, fact: string, knownFromMs: number): Promise<void> {
  await client.query(
    `insert into known_horizon as h (fact, known_from) values ($1, $2)
     on conflict (fact) do update set known_from = greatest(h.known_from, excluded.known_from)`,
    [fact, new Date(knownFromMs)]
  )
}
