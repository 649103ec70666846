import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import { encodeRows } from './copy-encoding.ts'
import type { Transaction } from './database.ts'

export type ColumnType = 'int2' | 'int4' | 'float8' | 'numeric' | 'timestamptz' | 'text' | 'text[]' | 'json'
/** Column names with their types, in the order of the values. */
export type Columns = Readonly<Record<string, ColumnType>>
/** Times as epoch milliseconds, numerics as exact decimal strings. */
export type Row = readonly (string | number | null | readonly string[])[]

export type WriteOptions = {
  readonly table: string
  readonly columns: Columns
  readonly rows: readonly Row[]
  /** What follows `on conflict`, such as `(instrument_id) do update set …`. Rows of one call must not conflict with each other. */
  readonly onConflict: string
  /** Extra columns given as SQL over the staged row `s`, such as `known_at: 'now()'`. */
  readonly computed?: Readonly<Record<string, string>>
}

/**
 * The one writer of bulk rows: binary COPY into a temporary table, then one `insert … on conflict`. Answers how many were written,
 * counted over `returning` (a row count would be the number offered on a distributed table). Rows go in by their first column, the
 * key's first, so that two writers of one table meet its rows in one order.
 */
export async function writeRows(client: Transaction, options: WriteOptions): Promise<number> {
  if (options.rows.length === 0) return 0
  const [counted] = await insertStaged<{ rows: number }>(
    client,
    options,
    (insert) => `with written as (${insert} returning 1) select count(*)::int4 as rows from written`
  )
  return counted!.rows
}

/** As `writeRows`, answering columns of the rows written: for few rows, since reading many costs as much as writing them. */
export async function writeRowsReturning<Written extends object>(
  client: Transaction,
  options: WriteOptions,
  returning: string
): Promise<Written[]> {
  if (options.rows.length === 0) return []
  return await insertStaged<Written>(client, options, (insert) => `${insert} returning ${returning}`)
}

async function insertStaged<Answer extends object>(
  client: Transaction,
  { table, columns, rows, onConflict, computed = {} }: WriteOptions,
  answering: (insert: string) => string
): Promise<Answer[]> {
  const names = Object.keys(columns)
  await client.query(
    `create temporary table stage (${names.map((name) => `${name} ${columns[name]}`).join(', ')}) on commit drop`
  )
  const types = Object.values(columns)
  await pipeline(encodeRows(types, rows), client.query(copyFrom('copy stage from stdin (format binary)')))
  const targets = [...names, ...Object.keys(computed)]
  const values = [...names.map((name) => `s.${name}`), ...Object.values(computed)]
  const answer = await client.query<Answer>(
    answering(
      `insert into ${table} as t (${targets.join(', ')}) select ${values.join(', ')} from stage s order by 1
       on conflict ${onConflict}`
    )
  )
  await client.query('drop table stage')
  return answer.rows
}
