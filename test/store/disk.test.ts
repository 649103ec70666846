import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDiskGuard, measureDatabase } from '../../src/store/disk.ts'
import { testDatabase } from '../support/database.ts'

test('a database is full from its limit on, is measured again only after a while, and says when that begins and ends', async () => {
  await using t = await testDatabase()
  let now = 0
  const nowMs = () => now
  const bytes = await measureDatabase(t.db)
  assert.ok(bytes > 1e6)
  assert.equal(await createDiskGuard(t.db, { maxBytes: null, nowMs }).isFull(), false)
  assert.equal(await createDiskGuard(t.db, { maxBytes: bytes * 2, nowMs }).isFull(), false)
  const told: boolean[] = []
  const onChange = (change: { isFull: boolean }) => told.push(change.isFull)
  const guard = createDiskGuard(t.db, { maxBytes: bytes + 1_000_000, nowMs, onChange })
  assert.equal(await guard.isFull(), false)
  await t.db.query(`create table filler as select repeat(md5(n::text), 30) as text from generate_series(1, 4000) n`)
  assert.equal(await guard.isFull(), false, 'not measured yet')
  now += 31_000
  assert.equal(await guard.isFull(), true)
  await t.db.query('drop table filler')
  now += 31_000
  assert.equal(await guard.isFull(), false, 'room again')
  assert.deepEqual(told, [true, false])
})
