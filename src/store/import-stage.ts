import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { ColumnType } from './copy.ts'
import { encodeRows } from './copy-encoding.ts'
import type { Database } from './database.ts'
import { FACTS } from './sealed/facts.ts'
import { listRows } from './sealed/rows.ts'

/** One usable row of a file: epoch milliseconds and an exact decimal. `statedAt` is the time before snapping to the grid. */
export type StagedRow = {
  readonly line: number
  readonly at: number
  readonly statedAt: number
  readonly value: string
}

export type StageSummary = {
  /** Rows with a time of their own; the first line of each time counts. */
  readonly unique: number
  readonly duplicate: number
  readonly conflictCount: number
  /** The first of them. */
  readonly conflicts: readonly { readonly line: number; readonly firstLine: number }[]
  readonly from: number
  readonly to: number
  /** The median distance of neighbours; null for a single row. */
  readonly stepMs: number | null
  /** Midnight of every day that has rows. */
  readonly days: readonly number[]
}

/** Where a file's rows are sorted and compared before anything is stored: a temporary table, gone with its session. */
export type ImportStage = AsyncDisposable & {
  add(rows: readonly StagedRow[]): Promise<void>
  /** After the last row was added. */
  summarise(): Promise<StageSummary>
  listTimes(): Promise<number[]>
  /** Unique rows after a time, ascending. */
  listAfter(after: number, limit: number): Promise<StagedRow[]>
}

/** So many conflicts are named one by one; all are counted. */
const MOST_CONFLICTS_KEPT = 1_000

const TYPES: readonly ColumnType[] = ['int4', 'timestamptz', 'timestamptz', 'numeric']
const COLUMNS = 'line int4, at timestamptz, stated_at timestamptz, value numeric'

export async function openImportStage(db: Pick<Database, 'openSession'>): Promise<ImportStage> {
  const session = await db.openSession()
  await session.query(`create temporary table import_row (${COLUMNS})`)
  return {
    add: async (rows) => {
      const values = rows.map(({ line, at, statedAt, value }) => [line, at, statedAt, value] as const)
      const copy = session.query(copyFrom('copy import_row from stdin (format binary)'))
      await pipeline(encodeRows(TYPES, values), copy)
    },
    summarise: () => summarise(session),
    listTimes: async () => {
      const { rows } = await session.query<{ at: Date }>('select distinct at from import_row order by at')
      return rows.map(({ at }) => at.getTime())
    },
    listAfter: (after, limit) => listAfter(session, after, limit),
    [Symbol.asyncDispose]: () => session.end()
  }
}

async function summarise(session: pg.Client): Promise<StageSummary> {
  await session.query('create index on import_row (at, line)')
  await session.query('analyze import_row')
  const { rows } = await session.query<{ total: number; places: number; from: Date; to: Date; step_ms: number | null }>(
    `select sum(lines)::int as total, count(*)::int as places, min(at) as from, max(at) as to,
       percentile_disc(0.5) within group (order by gap_ms) as step_ms
     from (
       select at, count(*) as lines, (extract(epoch from at - lag(at) over (order by at)) * 1000)::float8 as gap_ms
       from import_row group by at
     ) g`
  )
  const conflicts = await session.query<{ line: number; first_line: number; found: number }>(
    `select line, first_line, (count(*) over ())::int as found from (
       select line, value, first_value(line) over w as first_line, first_value(value) over w as first
       from import_row window w as (partition by at order by line)
     ) c where value <> first order by line limit ${MOST_CONFLICTS_KEPT}`
  )
  const days = await session.query<{ day: Date }>(
    `select distinct date_trunc('day', at) as day from import_row order by 1`
  )
  const { total, places, from, to, step_ms } = rows[0]!
  const conflictCount = conflicts.rows[0]?.found ?? 0
  return {
    unique: places,
    duplicate: (total ?? 0) - places - conflictCount,
    conflictCount,
    conflicts: conflicts.rows.map(({ line, first_line }) => ({ line, firstLine: first_line })),
    from: from?.getTime() ?? 0,
    to: to?.getTime() ?? 0,
    stepMs: step_ms,
    days: days.rows.map(({ day }) => day.getTime())
  }
}

async function listAfter(session: pg.Client, after: number, limit: number): Promise<StagedRow[]> {
  const { rows } = await session.query<{ line: number; at: Date; stated_at: Date; value: string }>(
    `select distinct on (at) line, at, stated_at, value from import_row where at > $1 order by at, line limit $2`,
    [new Date(after), limit]
  )
  return rows.map(({ line, at, stated_at, value }) => ({
    line,
    at: at.getTime(),
    statedAt: stated_at.getTime(),
    value
  }))
}

/** What is stored for these times already, newest revision; null: an observation without a last price. */
export async function listStoredValues(
  client: Pick<Database, 'query'>,
  fact: 'prices' | 'funding',
  instrumentId: number,
  times: readonly number[]
): Promise<Map<number, string | null>> {
  if (times.length === 0) return new Map()
  const wanted = new Set(times)
  const [from, to] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))]
  if (fact === 'prices') {
    const rows = await listRows<{ tick_at: Date; last: string | null; revision: number }>(
      client,
      FACTS.market,
      { instrumentId },
      { fromMs: from, toMs: to + 1, knownAtMs: null, columns: ['tick_at', 'last', 'revision'] }
    )
    return new Map(rows.map((row) => [row.tick_at.getTime(), row.last] as const).filter(([at]) => wanted.has(at)))
  }
  const { rows } = await client.query<{ at: Date; value: string | null }>(
    `select distinct on (settled_at) settled_at as at, rate as value from settlement
     where instrument_id = $1 and settled_at = any ($2) and settled_at between $3 and $4 order by settled_at, revision desc`,
    [instrumentId, times.map((at) => new Date(at)), new Date(from), new Date(to)]
  )
  return new Map(rows.map(({ at, value }) => [at.getTime(), value]))
}
