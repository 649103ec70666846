import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, StartError } from '../errors.ts'
import type { Database } from './database.ts'
import { sqlState } from './database-errors.ts'

/** One migration of this build. */
export type Migration = { readonly name: string; readonly script: string; readonly checksum: string }

/** What the database remembers of one, unless it was rolled back. */
export type MigrationRow = {
  readonly name: string
  readonly checksum: string
  readonly started_at: Date
  readonly finished_at: Date | null
  /** Null on an unfinished one: nobody was left to write down how it went. */
  readonly logs: string | null
}

/** The folder's migrations, oldest first. */
export async function listMigrations(folder: string): Promise<Migration[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
    return await Promise.all(names.sort().map((name) => readMigration(folder, name)))
  } catch (error) {
    throw new StartError('migrations_missing', `Cannot read the migrations in ${folder}: ${messageOf(error)}.`)
  }
}

async function readMigration(folder: string, name: string): Promise<Migration> {
  const script = await readFile(join(folder, name, 'migration.sql'), 'utf8')
  return { name, script, checksum: createHash('sha256').update(script).digest('hex') }
}

/** Prisma's table of what was applied; empty on a new database. */
export async function listApplied(db: Database): Promise<MigrationRow[]> {
  try {
    const { rows } = await db.query<MigrationRow>(
      `select migration_name as name, checksum, started_at, finished_at, logs
         from _prisma_migrations where rolled_back_at is null order by started_at`
    )
    return rows
  } catch (error) {
    if (sqlState(error) === '42P01') return []
    throw error
  }
}

/** Whether nothing is left to do, so that the engine need not even be loaded. */
export function isUpToDate(migrations: readonly Migration[], rows: readonly MigrationRow[]): boolean {
  const applied = new Map(rows.map((row) => [row.name, row]))
  return migrations.every(({ name, checksum }) => {
    const row = applied.get(name)
    return row !== undefined && row.finished_at !== null && row.checksum === checksum
  })
}

/** Refuses a database that is ahead of this build, or in which a migration failed. */
export function refuseBadHistory(
  address: string,
  migrations: readonly Migration[],
  rows: readonly MigrationRow[]
): void {
  const known = new Set(migrations.map(({ name }) => name))
  const unknown = rows.filter(({ name }) => !known.has(name)).map(({ name }) => name)
  if (unknown.length > 0) {
    throw new StartError(
      'database_newer',
      `The database ${address} was made by a newer Contango: it has ${unknown.join(', ')}, which this build does not ` +
        'know. Start the newer version, or use another database.'
    )
  }
  const failed = rows.find(({ finished_at, logs }) => finished_at === null && logs !== null)
  if (failed !== undefined) throw failedMigration(address, failed.name, failed.started_at, failed.logs ?? '')
}

/** What a failed migration says, at once and at every later start. */
export function failedMigration(address: string, name: string, at: Date | undefined, said: string): StartError {
  return new StartError(
    'migration_failed',
    `Migration ${name} failed on the database ${address}${at ? ` at ${at.toISOString()}` : ''}: ${said} Nothing of it was kept. ` +
      'Remove the cause, then let it run again with: ' +
      `delete from _prisma_migrations where migration_name = '${name}' and finished_at is null;`
  )
}
