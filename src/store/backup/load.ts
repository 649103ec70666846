import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { AppError } from '../../errors.ts'
import type { Database } from '../database.ts'
import { type ArchivedTable, type ArchiveHeader, type Frame, readArchive } from './archive.ts'
import { placeOf, quoted } from './dump.ts'

/** Puts a verified archive into a database that has its tables and nothing of value in them, all of it or nothing. */
export async function load(db: Database, path: string): Promise<void> {
  const session = await db.openSession()
  try {
    await session.query('set idle_in_transaction_session_timeout = 0')
    await session.query('begin')
    await loadAll(session, path)
    await session.query('commit')
    await session.query('analyze')
  } finally {
    await session.end()
  }
}

async function loadAll(session: pg.Client, path: string): Promise<void> {
  const frames = readArchive(path)
  const { tables } = await takeHeader(frames)
  await clear(session)
  for (const table of tables) await loadTable(session, table, frames)
  for (let next = await frames.next(); !next.done; next = await frames.next()) {
    if (next.value.kind === 'sequences') {
      for (const { name, last } of next.value.value)
        await session.query('select setval($1::regclass, $2::bigint)', [`public.${quoted(name)}`, last])
    }
  }
}

async function takeHeader(frames: AsyncIterator<Frame, string>): Promise<ArchiveHeader> {
  const { value, done } = await frames.next()
  if (done || value.kind !== 'header') throw changed()
  return value.value
}

/** Migrations may have put rows into their tables; those of the archive are the truth. */
async function clear(session: pg.Client): Promise<void> {
  const { rows } = await session.query<{ name: string }>(
    `select quote_ident(c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'public' and c.relkind in ('r', 'p') and c.relname <> '_prisma_migrations'`
  )
  await session.query(`truncate ${rows.map(({ name }) => `public.${name}`).join(', ')}`)
}

async function loadTable(
  session: pg.Client,
  table: ArchivedTable,
  frames: AsyncIterator<Frame, string>
): Promise<void> {
  const { schema, name, parent, bound } = table
  if (parent !== null) {
    await session.query(`create table ${quoted(schema)}.${quoted(name)} partition of public.${quoted(parent)} ${bound}`)
  }
  let wanted = 0
  async function* data() {
    for (;;) {
      const { value, done } = await frames.next()
      if (done) throw changed()
      if (value.kind === 'data') yield value.value
      else if (value.kind === 'table_end') {
        wanted = value.value.rows
        return
      } else throw changed()
    }
  }
  const copying = session.query(copyFrom(`copy ${placeOf(table)} from stdin (format binary)`))
  await pipeline(Readable.from(data()), copying)
  if (copying.rowCount !== wanted)
    throw new AppError('backup_rows', `${schema}.${name} took ${copying.rowCount} of ${wanted} rows`)
}

const changed = () => new AppError('backup_damaged', 'The backup changed while it was read. Nothing of it was kept.')
