import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openDatabase } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { emptyDatabase, testDatabase } from '../support/database.ts'
import { askOnce, until } from '../support/embedded-process.ts'

const MIGRATE = fileURLToPath(new URL('../../src/store/migrate.ts', import.meta.url))

/** A folder of migrations, in the order given. */
async function migrations(scripts: Record<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), 'contango-migrations-'))
  const add = async (name: string, script: string) => {
    await mkdir(join(folder, name), { recursive: true })
    await writeFile(join(folder, name, 'migration.sql'), script)
  }
  for (const [name, script] of Object.entries(scripts)) await add(name, script)
  return {
    folder,
    add,
    remove: (name: string) => rm(join(folder, name), { recursive: true }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true })
  }
}

test('two instances that migrate at once apply everything once', async () => {
  await using database = await emptyDatabase()
  await using files = await migrations({
    '1_first': 'create table first (id int); select pg_sleep(0.3);',
    '2_second': 'create table second (id int);'
  })
  const outcomes = await Promise.all([1, 2, 3].map(() => migrate(database.url, files)))
  assert.deepEqual(outcomes.map(({ applied }) => applied.length).sort(), [0, 0, 2])
  assert.equal(await askOnce(database.url, 'select count(*) from _prisma_migrations'), 2)
  assert.deepEqual(await migrate(database.url, files), { applied: [] })
})

test('function bodies, semicolons in strings and a trailing comment arrive as they were written', async () => {
  await using database = await emptyDatabase()
  await using files = await migrations({
    '1_body': `create function answer() returns text language plpgsql as $$ begin return 'a;b'; end; $$;
      create table note (text text default ';'); insert into note default values; -- the end;`
  })
  assert.deepEqual(await migrate(database.url, files), { applied: ['1_body'] })
  assert.equal(await askOnce(database.url, 'select answer() || text from note'), 'a;b;')
})

test('a failed migration leaves nothing, and later starts say which it was, why, and what to do', async () => {
  await using database = await emptyDatabase()
  await using files = await migrations({
    '1_good': 'create table good (id int);',
    '2_bad': 'create table half (id int); insert into nothing values (1);'
  })
  const failure = { code: 'migration_failed', message: /2_bad failed.*relation "nothing" does not exist.*delete from/s }
  await assert.rejects(migrate(database.url, files), failure)
  assert.equal(await askOnce(database.url, "select to_regclass('half')"), null)
  assert.notEqual(await askOnce(database.url, "select to_regclass('good')"), null)
  await assert.rejects(migrate(database.url, files), failure)

  await askOnce(database.url, "delete from _prisma_migrations where migration_name = '2_bad' and finished_at is null")
  await files.add('2_bad', 'create table half (id int);')
  assert.deepEqual(await migrate(database.url, files), { applied: ['2_bad'] })
})

test('a database that a newer build has migrated is refused', async () => {
  await using database = await emptyDatabase()
  await using files = await migrations({ '1_ours': 'select 1;', '2_newer': 'select 2;' })
  await migrate(database.url, files)
  await files.remove('2_newer')
  await assert.rejects(migrate(database.url, files), { code: 'database_newer', message: /newer Contango.*2_newer/ })
})

test('a start that waits too long for another instance says so', async () => {
  await using database = await emptyDatabase()
  await using files = await migrations({ '1_slow': 'select pg_sleep(0.6);' })
  const first = migrate(database.url, files)
  await until('the first to hold the lock', () =>
    askOnce(database.url, "select count(*) from pg_stat_activity where query like 'select pg_sleep(0.6)%'")
  )
  await assert.rejects(migrate(database.url, { ...files, waitMs: 100 }), { code: 'migration_busy' })
  assert.deepEqual(await first, { applied: ['1_slow'] })
})

test('a migrating process that is killed leaves a database on which the next one simply goes on', async () => {
  for (const script of ['create table made (id int); select pg_sleep(0.5);', 'create table made (id int);']) {
    await using database = await emptyDatabase()
    await using files = await migrations({ '1_made': script })
    const code = `import { migrate } from '${MIGRATE}'; await migrate('${database.url}', { folder: '${files.folder}' })`
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' })
    // From the start: a script this short may be through before the kill.
    const gone = once(child, 'exit')
    const begun = () => askOnce(database.url, 'select count(*) from _prisma_migrations').catch(() => 0)
    await until('the migration to begin', begun)
    child.kill('SIGKILL')
    await gone
    await migrate(database.url, files)
    assert.equal(await askOnce(database.url, 'select count(*) from made'), 0)
    assert.equal(await askOnce(database.url, 'select count(*) from _prisma_migrations where finished_at is null'), 0)
  }
})

test('a connection cut in the middle is no failed migration', async () => {
  await using database = await emptyDatabase()
  await using files = await migrations({ '1_cut': 'create table made (id int); select pg_sleep(0.5);' })
  const cut = migrate(database.url, files)
  const refused = assert.rejects(cut, { code: 'migration_interrupted', message: /1_cut could not run now/ })
  await until('the cut', () =>
    askOnce(
      database.url,
      `select count(pg_terminate_backend(pid)) from pg_stat_activity
        where application_name = 'contango migrate' and query like 'create table made%'`
    )
  )
  await refused
  assert.deepEqual(await migrate(database.url, files), { applied: ['1_cut'] })
})

test('the repository’s own migrations make the schema, and a second start makes nothing', async () => {
  await using database = await emptyDatabase()
  const { applied } = await migrate(database.url)
  assert.ok(applied.length > 0)
  assert.deepEqual(await migrate(database.url), { applied: [] })
})

test('of two migrations of one time either may have come first: the other follows, and the schema is the same', async () => {
  const folder = fileURLToPath(new URL('../../prisma/migrations', import.meta.url))
  const names = (await readdir(folder)).filter((name) => /^\d/.test(name)).sort()
  const pair = ['20261130150000_funding_standing', '20261130150000_gaps_judged_anew']
  const before = names.slice(0, names.indexOf(pair[0]!))
  const columns = `select string_agg(format('%s %s %s', table_name, column_name, data_type), ',' order by table_name, column_name)
    from information_schema.columns where table_schema = 'public' and table_name <> '_prisma_migrations'`
  const schemas: unknown[] = []
  for (const first of pair) {
    await using database = await emptyDatabase()
    const { applied } = await migrate(database.url, { only: [...before, first] })
    assert.equal(applied.at(-1), first)
    const rest = await migrate(database.url)
    assert.deepEqual(
      rest.applied,
      names.slice(before.length).filter((name) => name !== first)
    )
    schemas.push(await askOnce(database.url, columns))
  }
  assert.equal(schemas[0], schemas[1])
})

test('an unreachable database is named by host and port, without the password', async () => {
  const url = 'postgresql://someone:s3cret@127.0.0.1:1/nowhere'
  await assert.rejects(migrate(url), (error: Error & { code: string }) => {
    assert.equal(error.code, 'database_unreachable')
    assert.match(error.message, /127\.0\.0\.1:1\/nowhere/)
    assert.doesNotMatch(`${error.stack}`, /s3cret/)
    return true
  })
})

test('every copy of the template is migrated and on its own', async () => {
  await using one = await testDatabase()
  await using two = await testDatabase()
  await one.db.query("insert into venue (id, name) values ('a', 'A')")
  assert.equal(await askOnce(two.url, 'select count(*) from venue'), 0)
  await using db = openDatabase({ url: one.url, poolSize: 1, applicationName: 'test' })
  assert.equal((await db.query('select 1 from venue')).rowCount, 1)
})
