import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { proveDatabase, stampDatabase } from '../../src/store/proof.ts'
import { expectedColumns } from '../../src/store/schema-file.ts'
import { emptyDatabase, testDatabase } from '../support/database.ts'

const expectation = expectedColumns(readFileSync(new URL('../../prisma/schema.prisma', import.meta.url), 'utf8'))
const open = (url: string) => openDatabase({ url, poolSize: 1, applicationName: 'test' })

test('a migrated database in UTC is accepted, and every model is looked for', async () => {
  await using database = await testDatabase()
  await proveDatabase(database.db, expectation)
  assert.ok(expectation.market_snapshot?.includes('tick_at'))
})

test('fields become columns, relations do not, and mapped names count', () => {
  const text = `model a {\n  id Int @id\n  /// a note\n  name String? @map("full_name")\n  b b[]\n  @@map("as")\n}\n
model b {\n  id Int @id\n  a a @relation(fields: [id], references: [id])\n  @@schema("parts")\n}\n`
  assert.deepEqual(expectedColumns(text), { as: ['id', 'full_name'], 'parts.b': ['id'] })
})

test('a database in another time zone is refused with the command that puts it right', async () => {
  await using database = await emptyDatabase()
  await using admin = open(database.url)
  await admin.query(`alter database ${database.name} set timezone to 'Asia/Tokyo'`)
  await using db = open(database.url)
  await assert.rejects(proveDatabase(db, {}), {
    code: 'database_time_zone',
    message: new RegExp(`Asia/Tokyo.*alter database ${database.name} set timezone to 'UTC'`)
  })
  await db.query(`alter database ${database.name} set timezone to 'UTC'`)
  await proveDatabase(db, {})
})

test('a time zone that belongs to the role is put right at the role', async () => {
  await using database = await emptyDatabase()
  await using admin = open(database.url)
  const role = `tester_${process.pid}`
  await admin.query(`create role ${role} login password 'p' in role pg_read_all_data`)
  try {
    await admin.query(`alter role ${role} set timezone to 'Asia/Tokyo'`)
    const url = new URL(database.url)
    url.username = role
    url.password = 'p'
    await using db = open(url.href)
    await assert.rejects(proveDatabase(db, {}), { message: new RegExp(`alter role ${role} set timezone`) })
  } finally {
    await admin.query(`drop role ${role}`)
  }
})

test('a missing table and a missing column are refused by name', async () => {
  await using database = await testDatabase()
  await database.db.query('alter table venue drop column lag_ms')
  await database.db.query('drop table board')
  await assert.rejects(proveDatabase(database.db, expectation), {
    code: 'database_schema',
    message: /column venue\.lag_ms.*table board/
  })
})

test('a server that is too old, read-only or not UTF-8 is refused', async () => {
  const good = { version: 150_000, name: '15.0', encoding: 'UTF8', isReadOnly: false }
  const refuses = (server: object, message: RegExp) => {
    const db = { address: 'there:5432/db', query: async () => ({ rows: [{ ...good, ...server }] }) }
    return assert.rejects(proveDatabase(db as unknown as Database, {}), { name: 'StartError', message })
  }
  await refuses({ version: 140_011, name: '14.11' }, /PostgreSQL 14\.11; Contango needs 15 or later/)
  await refuses({ encoding: 'SQL_ASCII' }, /SQL_ASCII; expected UTF8/)
  await refuses({ isReadOnly: true }, /read-only/)
})

test('an unreachable or unknown database is explained without the password', async () => {
  const refuses = async (url: string, code: string) => {
    await using db = open(url)
    await assert.rejects(proveDatabase(db, {}), (error: Error & { code: string }) => {
      assert.equal(error.code, code)
      assert.match(error.message, /127\.0\.0\.1:\d+\/nowhere/)
      assert.doesNotMatch(error.message, /s3cret/)
      return true
    })
  }
  await refuses('postgresql://someone:s3cret@127.0.0.1:1/nowhere', 'database_unreachable')
  await using database = await emptyDatabase()
  const url = new URL(database.url)
  url.pathname = '/nowhere'
  await refuses(url.href, 'database_missing')
  url.password = 's3cret'
  await refuses(url.href, 'database_login')
})

test('the first start stamps the database, and the other kind is refused', async () => {
  await using database = await testDatabase()
  await Promise.all([stampDatabase(database.db, 'simulated'), stampDatabase(database.db, 'simulated')])
  await stampDatabase(database.db, 'simulated')
  await assert.rejects(stampDatabase(database.db, 'live', '.data/demo'), {
    code: 'database_kind',
    message: /database in \.data\/demo holds simulated data; this start is for live data.*DATA_DIR/
  })
})
