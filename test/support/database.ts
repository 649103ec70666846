import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { type Embedded, openEmbedded } from '../../src/store/embedded/embedded.ts'
import { migrate } from '../../src/store/migrate.ts'

export type TestDatabase = AsyncDisposable & { readonly url: string; readonly db: Database }

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const silent = { info() {}, warn() {} }

/** Nobody misses this data after a power cut, so nothing waits for the disk. */
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '200',
  shared_buffers: '64MB'
}

type Server = { readonly url: string; readonly template: string; readonly embedded?: Embedded }
let server: Promise<Server> | undefined
/** Makes and drops this process's databases. */
let maker: pg.Pool | undefined
/** Databases that are on their way out: nobody's next test waits for them. */
const drops = new Set<Promise<unknown>>()

/**
 * A database of its own, migrated, dropped at the end. All test files share one server under `.data/test` (or the one
 * at TEST_DATABASE_URL) and copy one template that is migrated once per state of prisma/migrations.
 */
export async function testDatabase({ poolSize = 4 }: { poolSize?: number } = {}): Promise<TestDatabase> {
  const { template } = await testServer()
  const { url: ownUrl, drop } = await makeDatabase(template)
  const db = openDatabase({ url: ownUrl, poolSize, applicationName: 'contango test' })
  return {
    url: ownUrl,
    db,
    async [Symbol.asyncDispose]() {
      await db.close()
      drop()
    }
  }
}

/** An empty database: no tables, default settings. */
export async function emptyDatabase(): Promise<AsyncDisposable & { readonly url: string; readonly name: string }> {
  const { url, name, drop } = await makeDatabase('template0')
  return {
    url,
    name,
    async [Symbol.asyncDispose]() {
      drop()
    }
  }
}

async function makeDatabase(template: string): Promise<{ url: string; name: string; drop(): void }> {
  const { url } = await testServer()
  maker ??= openMaker(url)
  const pool = maker
  const name = `test_${process.pid}_${randomBytes(4).toString('hex')}`
  await pool.query(`create database ${name} template ${template} strategy file_copy`)
  const drop = () => {
    const dropped = pool.query(`drop database if exists ${name} with (force)`)
    drops.add(dropped)
    // One that fails stays, and is told of at the end.
    dropped.then(() => drops.delete(dropped)).catch(() => {})
  }
  return { url: databaseUrl(url, name), name, drop }
}

function openMaker(url: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: 2,
    allowExitOnIdle: true,
    application_name: 'contango test admin',
    statement_timeout: 60_000
  })
  pool.on('error', () => {})
  return pool
}

/** The shared server, held until this process's tests are over. A test runner may hold it over all files. */
export function testServer(): Promise<Server> {
  server ??= openServer()
  return server
}

/** Lets go of the shared server; the last process to do so stops it. Test files need not call it. */
export async function releaseTestServer(): Promise<void> {
  const open = await server?.catch(() => undefined)
  server = undefined
  try {
    await Promise.all(drops)
  } finally {
    await maker?.end()
    maker = undefined
    await open?.embedded?.release()
  }
}

after(releaseTestServer)

async function openServer(): Promise<Server> {
  const given = process.env.TEST_DATABASE_URL
  const embedded = given
    ? undefined
    : await openEmbedded({ dataDir: join(ROOT, '.data/test'), log: silent, settings: SETTINGS, isDurable: false })
  const url = given || (embedded?.url ?? '')
  const template = `contango_template_${migrationsHash()}`
  await administer(url, (admin) => makeTemplate(admin, url, template))
  return { url, template, ...(embedded ? { embedded } : {}) }
}

async function makeTemplate(admin: Database, url: string, template: string): Promise<void> {
  await admin.query('select pg_advisory_lock(7266827)')
  const { rows } = await admin.query<{ datname: string; datistemplate: boolean }>(
    `select datname, datistemplate from pg_database where datname like 'contango_template_%' or datname like 'test_%'`
  )
  for (const { datname } of rows.filter((row) => isLeftOver(row.datname))) {
    await admin.query(`drop database if exists ${datname} with (force)`)
  }
  // Marked as a template only when it is whole.
  if (!rows.some(({ datname, datistemplate }) => datname === template && datistemplate)) {
    await admin.query(`drop database if exists ${template} with (force)`)
    await admin.query(`create database ${template} template template0 encoding 'UTF8'`)
    await migrate(databaseUrl(url, template))
    // The first connection writes down what it knows of the catalogue, and every copy begins with that.
    await administer(databaseUrl(url, template), (fresh) => fresh.query('select 1'))
    await admin.query(`alter database ${template} is_template true allow_connections false`)
  }
  await admin.query('select pg_advisory_unlock(7266827)')
}

/** A test's database whose process is gone. */
function isLeftOver(name: string): boolean {
  const pid = Number(/^test_(\d+)_/.exec(name)?.[1] ?? process.pid)
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

async function administer(url: string, work: (admin: Database) => Promise<unknown>): Promise<void> {
  await using admin = openDatabase({
    url,
    poolSize: 1,
    applicationName: 'contango test admin',
    statementTimeoutMs: 60_000
  })
  await work(admin)
}

function databaseUrl(url: string, name: string): string {
  const own = new URL(url)
  own.pathname = `/${name}`
  return own.href
}

function migrationsHash(): string {
  const folder = join(ROOT, 'prisma/migrations')
  const hash = createHash('sha256')
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (entry.endsWith('.sql')) hash.update(entry).update(readFileSync(join(folder, entry)))
  }
  return hash.digest('hex').slice(0, 12)
}
