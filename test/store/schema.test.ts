import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { openSchemaEngine } from '../../src/store/schema-engine.ts'
import { emptyDatabase, testDatabase } from '../support/database.ts'

const SCHEMA = new URL('../../prisma/schema.prisma', import.meta.url)

/** Every column and index of the public schema, in words that do not depend on how a table is partitioned. */
async function shapeOf(db: Database): Promise<string[]> {
  const { rows: columns } = await db.query<{ text: string }>(
    `select format('%s.%s %s %s %s', table_name, column_name, udt_name, is_nullable, column_default) as text
     from information_schema.columns where table_schema = 'public' and table_name <> '_prisma_migrations'`
  )
  const { rows: indexes } = await db.query<{ text: string }>(
    `select replace(indexdef, ' ONLY ', ' ') as text from pg_indexes where schemaname = 'public' and tablename <> '_prisma_migrations'`
  )
  return [...columns, ...indexes].map(({ text }) => text).sort()
}

test('the migrations make exactly the tables that schema.prisma describes', async () => {
  await using migrated = await testDatabase()
  await using plain = await emptyDatabase()
  await using db = openDatabase({ url: plain.url, poolSize: 2, applicationName: 'contango test' })
  const schema = await readFile(SCHEMA, 'utf8')
  const session = await db.openSession()
  try {
    const input = { pool: db.pool, session, schema, completeScript: (script: string) => script, onFailure: () => {} }
    const engine = await openSchemaEngine(input)
    const { stdout } = await engine.diff({
      from: { tag: 'empty' },
      to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content: schema }] },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] }
    })
    await session.query(stdout ?? '')
  } finally {
    await session.end()
  }
  const shape = await shapeOf(db)
  assert.ok(shape.length > 200)
  assert.deepEqual(await shapeOf(migrated.db), shape)
})
