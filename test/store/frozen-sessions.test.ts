import assert from 'node:assert/strict'
import { test } from 'node:test'
import { from as copyFrom } from 'pg-copy-streams'
import { openDatabase } from '../../src/store/database.ts'
import { endFrozenSessions, isLockTimeout } from '../../src/store/frozen-sessions.ts'
import { emptyDatabase } from '../support/database.ts'
import { until } from '../support/embedded-process.ts'

test('a worker that was frozen inside a COPY keeps its locks past every timeout, until its session is ended', async () => {
  await using database = await emptyDatabase()
  const options = { url: database.url, poolSize: 2, statementTimeoutMs: 200 }
  await using frozen = openDatabase({ ...options, applicationName: 'contango collect' })
  await using other = openDatabase({ ...options, applicationName: 'contango collect' })
  await other.query('create table held (id int primary key); insert into held values (1)')
  const client = await frozen.pool.connect()
  await client.query('begin')
  await client.query('update held set id = 1')
  await client.query('create temporary table stage (id int4) on commit drop')
  const cut = new Promise<unknown>((resolve) => {
    client.query(copyFrom('copy stage from stdin (format binary)')).on('error', resolve)
  })
  const lock = () =>
    other.transaction(async (own) => {
      await own.query(`set local lock_timeout = '50ms'`)
      await own.query('update held set id = 1')
    })
  await until('its statement timeout is long over', async () => {
    const { rows } = await other.query(
      `select 1 from pg_stat_activity where datname = current_database() and query like 'copy stage%'
         and query_start < clock_timestamp() - interval '1 second'`
    )
    return rows.length === 1
  })
  const failure = await lock().catch((error: unknown) => error)
  assert.ok(isLockTimeout(failure), String(failure))
  assert.equal(await endFrozenSessions(other), 0, 'it may still live')
  assert.equal(await endFrozenSessions(other, 900), 1)
  await lock()
  assert.match(String(await cut), /terminat/i)
  client.release(true)
})
