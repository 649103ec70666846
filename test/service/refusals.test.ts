import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { openDatabase } from '../../src/store/database.ts'
import { fileFolder } from '../cli/import-run.ts'
import { emptyDatabase, testDatabase } from '../support/database.ts'
import { startContango } from '../support/service.ts'

/** Runs a command that must refuse: exit code 1, a message for people, no stack. */
async function refusalOf(args: string[], env: Record<string, string>): Promise<string> {
  const service = startContango(args, { PORT: '0', LOG_LEVEL: 'silent', ...env })
  const deadline = setTimeout(() => service.child.kill('SIGKILL'), 30_000)
  await new Promise((resolve) => service.child.once('close', resolve))
  clearTimeout(deadline)
  assert.equal(service.child.exitCode, 1, service.output())
  assert.doesNotMatch(service.output(), /\n\s+at |Error:/, 'a message, not a stack')
  return service.output()
}

async function tablesOf(url: string): Promise<number> {
  await using db = openDatabase({ url, poolSize: 1, applicationName: 'contango test' })
  const { rows } = await db.query<{ n: number }>(
    `select count(*) as n from pg_tables where schemaname in ('public', 'parts')`
  )
  return rows[0]!.n
}

test('every malformed or unknown setting is named at once, and a secret is not shown', async () => {
  const said = await refusalOf(['start'], {
    PORT: 'eighty',
    POLL_SECOND: '5',
    DATABASE_URL: 'mysql://root:hunter2@db/x',
    VENUE_URLS: '{'
  })
  for (const name of ['PORT', 'POLL_SECOND', 'DATABASE_URL', 'VENUE_URLS']) assert.match(said, new RegExp(`${name}:`))
  assert.match(said, /did you mean POLL_SECONDS/)
  assert.doesNotMatch(said, /hunter2/)
})

test('an unknown venue is refused with those that are supported', async () => {
  assert.match(await refusalOf(['start'], { VENUES: 'binance,ftx' }), /ftx.*supported are binance, bybit/)
})

test('a file about instruments that cannot be used is refused before anything is opened, with line and field', async () => {
  await using files = await fileFolder()
  const path = await files.write(
    'instruments.json',
    '{ "instruments": [\n  { "instrument": "BTC", "multiplier": 0 }\n] }'
  )
  const said = await refusalOf(['start'], { INSTRUMENTS_FILE: path, DATABASE_URL: 'postgresql://x@127.0.0.1:9/x' })
  assert.match(said, /INSTRUMENTS_FILE line 2: instruments\[0\]\.instrument: expected an instrument id/)
  assert.match(said, /INSTRUMENTS_FILE line 2: instruments\[0\]\.multiplier: expected a number above 0/)
  assert.doesNotMatch(said, /127\.0\.0\.1:9/)
})

test('a taken port is named, and nothing is left in the database or running', async () => {
  await using database = await testDatabase()
  const blocker = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => blocker.once('listening', resolve))
  const { port } = blocker.address() as AddressInfo
  const said = await refusalOf(['start'], { DATABASE_URL: database.url, PORT: String(port) })
  assert.match(said, new RegExp(`127.0.0.1:${port} is taken`))
  const { rows } = await database.db.query<{ n: number }>('select count(*) as n from tick')
  assert.equal(rows[0]!.n, 0)
  blocker.close()
})

test('an unreachable database is named by host and port, never by its password', async () => {
  const said = await refusalOf(['start'], { DATABASE_URL: 'postgresql://contango:hunter2@127.0.0.1:9/contango' })
  assert.match(said, /127\.0\.0\.1:9/)
  assert.doesNotMatch(said, /hunter2/)
})

test('a database in another time zone is refused before anything is written to it', async () => {
  await using database = await emptyDatabase()
  await using db = openDatabase({ url: database.url, poolSize: 1, applicationName: 'contango test' })
  await db.query(`alter database ${database.name} set timezone to 'Asia/Tokyo'`)
  const said = await refusalOf(['start'], { DATABASE_URL: database.url })
  assert.match(said, /Asia\/Tokyo/)
  assert.match(said, /alter database/i)
  assert.equal(await tablesOf(database.url), 0)
})

test('a database that lacks a column this build needs is refused by its name', async () => {
  await using database = await testDatabase()
  await database.db.query('alter table basis_snapshot drop column skew_ms')
  assert.match(await refusalOf(['start'], { DATABASE_URL: database.url }), /basis_snapshot\.skew_ms/)
})

test('a database whose migration failed half-way is refused with what to do', async () => {
  await using database = await testDatabase()
  await database.db.query(`update _prisma_migrations set finished_at = null, logs = 'it broke'`)
  assert.match(await refusalOf(['start'], { DATABASE_URL: database.url }), /20261122000000_line/)
})

test('live data and simulated data do not share a database', async () => {
  await using database = await testDatabase()
  await database.db.query(`insert into service_stamp (id, kind) values (1, 'simulated')`)
  assert.match(await refusalOf(['start'], { DATABASE_URL: database.url }), /simulated/)
})

test('an address that other machines can reach needs an API key first', async () => {
  await using database = await testDatabase()
  const said = await refusalOf(['start'], { DATABASE_URL: database.url, HOST: '0.0.0.0' })
  assert.match(said, /keys create --scope read/)
})

test('an unknown command shows the ones there are', async () => {
  assert.match(await refusalOf(['strat'], {}), /unknown command "strat"[\s\S]*start/)
})

for (const [args, expected] of [
  [['vectors'], /FILE/],
  [['vectors', '/no/such/file.json'], /no\/such\/file/],
  [['normalise', '/no/such/dir'], /no\/such\/dir/],
  [['sim', '--ports', 'binance=x'], /--ports/],
  [['sim', '--sed', '1'], /--sed/]
] as const) {
  test(`contango ${args.join(' ')} says what is wrong`, async () => {
    assert.match(await refusalOf([...args], {}), expected)
  })
}
