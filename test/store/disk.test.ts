import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDiskGuard, measureDatabase } from '../../src/store/disk.ts'
import { testDatabase } from '../support/database.ts'

test('a database is full from its limit on, and is measured again only after a while', async () => {
  await using t = await testDatabase()
  let now = 0
  const bytes = await measureDatabase(t.db)
  assert.ok(bytes > 1e6)
  assert.equal(await createDiskGuard(t.db, null, () => now).isFull(), false)
  assert.equal(await createDiskGuard(t.db, bytes * 2, () => now).isFull(), false)
  const guard = createDiskGuard(t.db, bytes + 1_000_000, () => now)
  assert.equal(await guard.isFull(), false)
  await t.db.query(`create table filler as select repeat(md5(n::text), 30) as text from generate_series(1, 4000) n`)
  assert.equal(await guard.isFull(), false, 'not measured yet')
  now += 31_000
  assert.equal(await guard.isFull(), true)
})
