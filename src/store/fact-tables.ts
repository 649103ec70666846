import type { ColumnType } from './copy.ts'
import type { Database } from './database.ts'
import { FACTS } from './sealed/facts.ts'

/** What a table of history is called outside, and which columns say which row is which. */
const TABLES = {
  prices: { table: 'market_snapshot', time: 'tick_at', key: ['instrument_id', 'tick_at', 'revision'] },
  funding: { table: 'settlement', time: 'settled_at', key: ['instrument_id', 'settled_at', 'revision'] },
  estimates: { table: 'funding_estimate', time: 'tick_at', key: ['instrument_id', 'tick_at', 'revision'] },
  basis: { table: 'basis_snapshot', time: 'tick_at', key: ['instrument_id', 'spot_id', 'tick_at', 'revision'] },
  depth: { table: 'depth_snapshot', time: 'tick_at', key: ['instrument_id', 'tick_at', 'revision'] },
  flow: { table: 'flow_snapshot', time: 'tick_at', key: ['instrument_id', 'tick_at', 'revision'] },
  intervals: {
    table: 'funding_interval',
    time: 'effective_from',
    key: ['instrument_id', 'effective_from', 'revision']
  },
  gaps: { table: 'gap', time: 'from_at', key: ['instrument_id', 'venue_id', 'fact', 'from_at', 'reason'] }
} as const

export type FactKind = keyof typeof TABLES
export const FACT_KINDS = Object.keys(TABLES) as FactKind[]

/** Whether it is kept by the tick, for RAW_RETENTION_DAYS; what else there is stays. */
export const isObservation = (kind: FactKind) => Object.values(FACTS).some(({ table }) => table === TABLES[kind].table)

export type FactColumn = {
  /** As files and callers know it. */
  readonly name: string
  /** As the table knows it. */
  readonly column: string
  /** Columns of instruments hold their ids here and their keys in files. */
  readonly type: ColumnType | 'instrument'
  /** A row cannot be without. */
  readonly isRequired: boolean
}

export type FactTable = {
  readonly kind: FactKind
  readonly table: (typeof TABLES)[FactKind]['table']
  readonly time: string
  readonly key: readonly string[]
  readonly columns: readonly FactColumn[]
}

const NAMES: Readonly<Record<string, string>> = { instrument_id: 'instrument', spot_id: 'spot', venue_id: 'venue' }
const TYPES: Readonly<Record<string, ColumnType>> = {
  int2: 'int2',
  int4: 'int4',
  float8: 'float8',
  numeric: 'numeric',
  timestamptz: 'timestamptz',
  text: 'text',
  _text: 'text[]'
}

/** A table with all the columns that it has: one that is new is not forgotten by a list. */
export async function describeTable(db: Pick<Database, 'query'>, kind: FactKind): Promise<FactTable> {
  const { table, time, key } = TABLES[kind]
  const { rows } = await db.query<{ name: string; type: string; is_required: boolean }>(
    `select attname as name, typname as type, attnotnull and not atthasdef as is_required
     from pg_attribute a join pg_type t on t.oid = a.atttypid
     where attrelid = $1::text::regclass and attnum > 0 and not attisdropped order by attnum`,
    [`public.${table}`]
  )
  const columns = rows.map(({ name, type, is_required }) => ({
    name: NAMES[name] ?? name.replace(/_(\w)/g, (_match, letter: string) => letter.toUpperCase()),
    column: name,
    type: name === 'instrument_id' || name === 'spot_id' ? ('instrument' as const) : typeOf(table, name, type),
    isRequired: is_required && name !== KNOWN_AT && !(kind === 'gaps' && name === 'instrument_id')
  }))
  return { kind, table, time, key, columns }
}

/** When a row was stored is a fact of the database that has it: files tell it, and no file sets it. */
export const KNOWN_AT = 'known_at'

function typeOf(table: string, column: string, type: string): ColumnType {
  const known = TYPES[type]
  if (known === undefined) throw new Error(`${table}.${column} is ${type}, which files cannot hold yet`)
  return known
}
