import type pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { AppError } from '../../errors.ts'
import { type Database, openDatabase } from '../database.ts'
import { sqlState } from '../database-errors.ts'
import { BACKUP_NAME } from '../watermark.ts'
import { ARCHIVE_FORMAT, type ArchivedTable, type Frame } from './archive.ts'

/** Sessions that may take as long as a whole database does. */
export function openForBackup(url: string): Database {
  return openDatabase({ url, poolSize: 1, applicationName: BACKUP_NAME, statementTimeoutMs: 0, answerMarginMs: 0 })
}

/**
 * Every row of one moment, whoever writes meanwhile: all is read in one snapshot, table by table, so that no table is locked for longer
 * than it is read. A day that is sealed or cleared away while it is still to be read ends the backup with an error.
 */
export async function* dump(db: Database): AsyncGenerator<Frame> {
  const [session, reader] = [await db.openSession(), await db.openSession()]
  try {
    await session.query('set idle_in_transaction_session_timeout = 0')
    await session.query('begin isolation level repeatable read read only')
    const { rows: exported } = await session.query<{ snapshot: string }>('select pg_export_snapshot() as snapshot')
    const { rows: migrations } = await session.query<{ name: string; checksum: string }>(
      `select migration_name as name, checksum from _prisma_migrations
       where rolled_back_at is null and finished_at is not null order by migration_name`
    )
    const { rows: now } = await session.query<{ at: Date }>('select now() as at')
    const tables = await listTables(session)
    const madeAt = now[0]!.at.toISOString()
    yield { kind: 'header', value: { format: ARCHIVE_FORMAT, madeAt, migrations, tables } }
    for (const table of tables) {
      await reader.query('begin isolation level repeatable read read only')
      await reader.query(`set transaction snapshot '${exported[0]!.snapshot}'`)
      yield* dumpTable(reader, table)
      await reader.query('commit')
    }
    yield { kind: 'sequences', value: await listSequences(session) }
    await session.query('commit')
  } finally {
    await Promise.all([session.end(), reader.end()])
  }
}

/** Tables with rows of their own, those of the past first: they are the ones that are cleared away. */
async function listTables(session: pg.Client): Promise<ArchivedTable[]> {
  const { rows } = await session.query<ArchivedTable>(
    `select n.nspname as schema, c.relname as name, p.relname as parent, pg_get_expr(c.relpartbound, c.oid) as bound,
       (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
       left join pg_inherits i on i.inhrelid = c.oid left join pg_class p on p.oid = i.inhparent
     where n.nspname in ('public', 'parts') and c.relkind = 'r' and c.relname <> '_prisma_migrations'
     order by c.relispartition desc, substring(c.relname from '\\d+$'), c.relname`
  )
  return rows
}

async function* dumpTable(session: pg.Client, table: ArchivedTable): AsyncGenerator<Frame> {
  const copying = session.query(copyTo(`copy ${placeOf(table)} to stdout (format binary)`))
  try {
    for await (const chunk of copying) yield { kind: 'data', value: chunk as Buffer }
  } catch (error) {
    if (sqlState(error) !== '42P01') throw error
    const words = `${table.schema}.${table.name} was sealed or cleared away while the backup ran. Run it again.`
    throw new AppError('backup_overtaken', words, { cause: error })
  }
  yield { kind: 'table_end', value: { rows: copying.rowCount } }
}

/** A table with its columns, for COPY. */
export function placeOf({ schema, name, columns }: ArchivedTable): string {
  return `${quoted(schema)}.${quoted(name)} (${columns.map(quoted).join(', ')})`
}

export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

async function listSequences(session: pg.Client): Promise<{ name: string; last: string }[]> {
  const { rows } = await session.query<{ name: string; last: string }>(
    `select sequencename as name, last_value::text as last from pg_sequences
     where schemaname = 'public' and last_value is not null order by 1`
  )
  return rows
}
