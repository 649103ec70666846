import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Database } from './database.ts'
import { connectionProblem } from './database-errors.ts'
import { listApplied, listMigrations, refuseBadHistory } from './migration-history.ts'
import { findServiceKind, proveDatabase, type ServiceKind } from './proof.ts'
import { expectedColumns } from './schema-file.ts'

const MIGRATIONS = fileURLToPath(new URL('../../prisma/migrations', import.meta.url))
const SCHEMA_FILE = new URL('../../prisma/schema.prisma', import.meta.url)

/** The server as it describes itself, to a session without settings of ours. */
export type ServerFacts = {
  readonly version: string
  readonly timeZone: string
  readonly encoding: string
  readonly sizeBytes: number
}

/** Connects and reads; throws a StartError in words where that fails. */
export async function readServer(db: Database): Promise<ServerFacts> {
  try {
    const session = await db.openSession({ plain: true })
    try {
      const { rows } = await session.query<ServerFacts>(
        `select current_setting('server_version') as version, current_setting('server_encoding') as encoding,
                current_setting('timezone') as "timeZone", pg_database_size(current_database())::float8 as "sizeBytes"`
      )
      return rows[0]!
    } finally {
      await session.end()
    }
  } catch (error) {
    throw connectionProblem(db.address, error) ?? error
  }
}

/** Throws a StartError where the server is too old, read-only, or bends times or texts. */
export async function proveServer(db: Database): Promise<void> {
  await proveDatabase(db, {})
}

/** The server's clock in epoch milliseconds. */
export async function readServerClock(db: Database): Promise<number> {
  const { rows } = await db.query<{ nowMs: number }>(
    `select (extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs"`
  )
  return rows[0]!.nowMs
}

export type SchemaState = {
  readonly applied: number
  readonly pending: readonly string[]
  /** Null before the first start. */
  readonly kind: ServiceKind | null
}

/** How far the schema is; throws a StartError where it is ahead, failed, or not what the migrations say. Changes nothing. */
export async function readSchemaState(db: Database): Promise<SchemaState> {
  const [migrations, rows] = [await listMigrations(MIGRATIONS), await listApplied(db)]
  refuseBadHistory(db.address, migrations, rows)
  const done = new Set(rows.filter(({ finished_at }) => finished_at !== null).map(({ name }) => name))
  const pending = migrations.map(({ name }) => name).filter((name) => !done.has(name))
  if (pending.length > 0) return { applied: done.size, pending, kind: null }
  await proveDatabase(db, expectedColumns(await readFile(SCHEMA_FILE, 'utf8')))
  return { applied: done.size, pending, kind: await findServiceKind(db) }
}

/** What is written over and over, and what it weighs. */
export type Growth = {
  /** Instruments that are polled and stored; 0 before the first ranking. */
  readonly spots: number
  readonly perpetuals: number
  readonly futures: number
  /** Of the tables that grow with time, keys included. Null before there are enough rows to measure. */
  readonly bytesPerRow: number | null
  /** Whether finished days are sealed into arrays here. */
  readonly isSealed: boolean
}

const GROWING = ['market_snapshot', 'funding_estimate', 'basis_snapshot', 'settlement']
/** Where finished days go. */
const SEALED = 'sealed_day'
/** Fewer rows than this weigh mostly their empty pages. */
const MEASURABLE_ROWS = 5_000

/** Reads counts and sizes from the catalogue: no table is scanned. */
export async function readGrowth(db: Database): Promise<Growth> {
  const tracked = await db.query<{ kind: string; count: number }>(
    'select kind, count(*)::int as count from instrument where tracked group by kind'
  )
  const sizes = await db.query<{ bytes: number; rows: number; isSealed: boolean }>(
    `select coalesce(sum(pg_total_relation_size(c.oid)), 0)::float8 as bytes,
            coalesce(sum(greatest(c.reltuples, s.n_live_tup, 0)), 0)::float8 as rows,
            to_regclass($2) is not null as "isSealed"
       from pg_inherits i join pg_class c on c.oid = i.inhrelid
       left join pg_stat_all_tables s on s.relid = c.oid
      where i.inhparent = any (array(select to_regclass(name) from unnest($1::text[]) as name))`,
    [GROWING, SEALED]
  )
  const count = (kind: string) => tracked.rows.find((row) => row.kind === kind)?.count ?? 0
  const { bytes, rows, isSealed } = sizes.rows[0]!
  return {
    spots: count('spot'),
    perpetuals: count('perpetual'),
    futures: count('future'),
    bytesPerRow: rows >= MEASURABLE_ROWS ? bytes / rows : null,
    isSealed
  }
}
