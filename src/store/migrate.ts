import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { MigrationList } from '@prisma/schema-engine-wasm'
import type pg from 'pg'
import { sleep } from '../clock.ts'
import { messageOf, StartError } from '../errors.ts'
import { type Database, openDatabase } from './database.ts'
import { connectionProblem, isDatabaseUnavailable, sqlState } from './database-errors.ts'
import {
  failedMigration,
  isUpToDate,
  listApplied,
  listMigrations,
  type Migration,
  refuseBadHistory
} from './migration-history.ts'

export type MigrateOptions = {
  readonly folder?: string
  readonly schemaFile?: string
  /** How long to wait for another instance that is migrating. */
  readonly waitMs?: number
  /** No others than these: the schema that a backup was made with. */
  readonly only?: readonly string[]
}

type Plan = { db: Database; session: pg.Client; migrations: readonly Migration[]; folder: string; schemaFile: string }

const FOLDER = fileURLToPath(new URL('../../prisma/migrations', import.meta.url))
const SCHEMA_FILE = fileURLToPath(new URL('../../prisma/schema.prisma', import.meta.url))
const DAY_MS = 86_400_000

/** Any number, the same in every version: who holds it migrates. */
const LOCK = 7_266_826

// The database was busy or going away: the script was rolled back and may run again as it is.
const PASSING: ReadonlySet<string | undefined> = new Set(['55P03', '40P01', '40001', '57014'])

/** Brings the database up to this build with Prisma's migrations, once, however many instances start together. */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<{ applied: string[] }> {
  const { folder = FOLDER, schemaFile = SCHEMA_FILE, waitMs = 120_000, only } = options
  const migrations = (await listMigrations(folder)).filter(({ name }) => only?.includes(name) ?? true)
  await using db = openDatabase({ url, poolSize: 1, applicationName: 'contango migrate', statementTimeoutMs: DAY_MS })
  try {
    const rows = await listApplied(db)
    refuseBadHistory(db.address, migrations, rows)
    if (isUpToDate(migrations, rows)) return { applied: [] }
    const session = await db.openSession()
    try {
      await lock(db.address, session, waitMs)
      return { applied: await applyLocked({ db, session, migrations, folder, schemaFile }) }
    } finally {
      await session.end()
    }
  } catch (error) {
    throw connectionProblem(db.address, error) ?? error
  }
}

async function lock(address: string, session: pg.Client, waitMs: number): Promise<void> {
  const deadline = AbortSignal.timeout(waitMs)
  for (;;) {
    const { rows } = await session.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [LOCK])
    if (rows[0]?.locked) return
    if (deadline.aborted) {
      throw new StartError(
        'migration_busy',
        `Another instance has been migrating the database ${address} for ${waitMs / 1000} s. Wait for it, or end it; ` +
          `select pid, query from pg_stat_activity where application_name = 'contango migrate' shows what it does.`
      )
    }
    await sleep(100)
  }
}

async function applyLocked(plan: Plan): Promise<string[]> {
  const { db, migrations } = plan
  const rows = await listApplied(db)
  refuseBadHistory(db.address, migrations, rows)
  if (isUpToDate(migrations, rows)) return []
  // Begun by a process that was killed. We hold the lock, so it is over, and not finished means rolled back.
  if (rows.some(({ finished_at }) => finished_at === null)) {
    await db.query(
      'delete from _prisma_migrations where finished_at is null and rolled_back_at is null and logs is null'
    )
  }
  return run(plan)
}

async function run({ db, session, migrations, folder, schemaFile }: Plan): Promise<string[]> {
  const { rows } = await db.query<{ schema: string }>('select quote_ident(current_schema()) as schema')
  let current: Migration | undefined
  let failure: unknown
  // The mark that it is finished commits with the script: a kill in between leaves no doubt.
  const completeScript = (script: string) => {
    current = migrations.find((migration) => migration.script === script)
    if (current === undefined) return script
    const name = current.name.replaceAll("'", "''")
    return `${script}\n;update ${rows[0]?.schema}._prisma_migrations set finished_at = now()
      where migration_name = '${name}' and finished_at is null and rolled_back_at is null`
  }
  const { openSchemaEngine } = await import('./schema-engine.ts')
  const onFailure = (error: unknown) => {
    failure = error
  }
  const schema = await readFile(schemaFile, 'utf8')
  const engine = await openSchemaEngine({ pool: db.pool, session, schema, completeScript, onFailure })
  try {
    const filters = { externalTables: [], externalEnums: [] }
    const done = await engine.applyMigrations({ migrationsList: listForEngine(folder, migrations), filters })
    return done.appliedMigrationNames
  } catch (error) {
    throw await explain(db, current, failure ?? error)
  } finally {
    engine.free()
  }
}

/** Writes what the database said beside the migration, for later starts; nothing, when a later start may simply go on. */
async function explain(db: Database, migration: Migration | undefined, error: unknown): Promise<unknown> {
  if (migration === undefined) return error
  const isPassing = isDatabaseUnavailable(error) || PASSING.has(sqlState(error))
  const said = describe(error)
  const note = db.query(
    `update _prisma_migrations set logs = $2
      where migration_name = $1 and finished_at is null and rolled_back_at is null returning started_at`,
    [migration.name, isPassing ? null : said]
  )
  const started = await note.then(({ rows }) => rows[0]?.started_at as Date | undefined).catch(() => undefined)
  if (!isPassing) return failedMigration(db.address, migration.name, started, said)
  const text = `Migration ${migration.name} could not run now: ${said} Nothing of it was kept; start again.`
  return new StartError('migration_interrupted', text, { cause: error })
}

function describe(error: unknown): string {
  const { detail, hint } = error as { detail?: string; hint?: string }
  const parts = [messageOf(error), detail, hint].filter((part) => part !== undefined && part !== '')
  return parts.map((part) => `${part?.replace(/\.$/, '')}.`).join(' ')
}

function listForEngine(baseDir: string, migrations: readonly Migration[]): MigrationList {
  const lockfile = { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' }
  const migrationDirectories = migrations.map(({ name, script }) => ({
    path: name,
    migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value: script } }
  }))
  return { baseDir, lockfile, shadowDbInitScript: '', migrationDirectories }
}
