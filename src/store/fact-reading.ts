import { to as copyTo } from 'pg-copy-streams'
import { type Decode, decodeRows, isoOfText, textsOfText } from './copy-decoding.ts'
import type { Database } from './database.ts'
import type { FactColumn, FactTable } from './fact-tables.ts'
import { listStretches } from './partitions.ts'

export type FactRange = {
  /** null: of every instrument. */
  readonly instrumentIds: readonly number[] | null
  /** [fromMs, toMs); null: without an end. */
  readonly fromMs: number | null
  readonly toMs: number | null
}

/** A row, its cells in the order of the table's columns. */
export type FactCells = readonly unknown[]

/**
 * Every row of a table in a range, revisions included, a partition at a time and within it by key: times as ISO 8601, numerics
 * exact, instruments by key. Read as fast as it is taken, over one session of its own; `onStretch` is told the share that is done.
 */
export async function* readFacts(
  db: Database,
  table: FactTable,
  range: FactRange,
  keys: ReadonlyMap<number, string>,
  onStretch: (share: number) => void = () => {}
): AsyncGenerator<FactCells[]> {
  const stretches = await listStretches(db, table.table, range)
  const rowOf = rowReader(table.columns, keys)
  const session = await db.openSession()
  try {
    // A file that is written slowly is no statement that hangs.
    await session.query('set statement_timeout = 0')
    for (const [index, stretch] of stretches.entries()) {
      yield* decodeRows(session.query(copyTo(copyOf(table, range, stretch))) as AsyncIterable<Buffer>, rowOf)
      onStretch((index + 1) / stretches.length)
    }
  } finally {
    // Of whoever stopped in the middle a COPY still runs: it ends with its session.
    await session.end()
  }
}

type Stretch = { readonly fromMs: number | null; readonly toMs: number | null }

/** COPY takes no parameters: what stands in here are numbers and times that we have written ourselves. */
function copyOf(
  { table, columns, time, key }: FactTable,
  { instrumentIds, fromMs, toMs }: FactRange,
  stretch: Stretch
) {
  const from = [fromMs, stretch.fromMs].filter((bound) => bound !== null)
  const to = [toMs, stretch.toMs].filter((bound) => bound !== null)
  const where = [
    ...(instrumentIds === null ? [] : [`instrument_id in (${instrumentIds.map(Number).join(', ')})`]),
    ...(from.length === 0 ? [] : [`${time} >= ${timeText(Math.max(...from))}`]),
    ...(to.length === 0 ? [] : [`${time} < ${timeText(Math.min(...to))}`])
  ]
  const names = columns.map(({ column }) => column).join(', ')
  const filter = where.length === 0 ? '' : `where ${where.join(' and ')}`
  return `copy (select ${names} from ${table} ${filter} order by ${key.join(', ')}) to stdout`
}

const timeText = (atMs: number) => `'${new Date(atMs).toISOString()}'::timestamptz`

function rowReader(columns: readonly FactColumn[], keys: ReadonlyMap<number, string>) {
  const decoders = columns.map(({ type }) => decoderOf(type, keys))
  return (fields: unknown[]): FactCells => {
    for (let index = 0; index < decoders.length; index += 1) {
      const field = fields[index]
      if (field !== null) fields[index] = decoders[index]!(field as string)
    }
    return fields
  }
}

function decoderOf(type: FactColumn['type'], keys: ReadonlyMap<number, string>): Decode {
  if (type === 'instrument') return (text) => keys.get(Number(text)) ?? null
  if (type === 'timestamptz') return isoOfText
  if (type === 'text[]') return textsOfText
  return type === 'int2' || type === 'int4' || type === 'float8' ? Number : String
}
