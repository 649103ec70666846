import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MINUTE } from '../../src/domain/time.ts'
import { beat, runHeartbeat } from '../../src/jobs/heartbeat.ts'
import { publishDue } from '../../src/jobs/publisher.ts'
import { manualClock } from '../api/fixture.ts'
import { testDatabase } from '../support/database.ts'
import { until } from '../support/embedded-process.ts'
import { silentLog } from '../support/line.ts'
import { aSubscription } from '../support/webhooks.ts'

test('a heartbeat comes every five minutes, once however many deliver, to whoever named it', async () => {
  await using t = await testDatabase({ poolSize: 4 })
  const clock = manualClock(Date.UTC(2026, 10, 25, 12, 3))
  const deps = { db: t.db, clock }
  await beat(deps)
  const other = await aSubscription(t.db, 'https://example.com/other')
  await beat(deps)
  assert.deepEqual((await t.db.query('select 1 from event')).rows, [], 'nobody named it')

  const { id } = await aSubscription(t.db, 'https://example.com/', { events: ['system.heartbeat'] })
  await Promise.all([beat(deps), beat(deps)])
  clock.advance(MINUTE)
  await beat(deps)
  clock.advance(MINUTE)
  await beat(deps)
  await publishDue(deps)
  const { rows } = await t.db.query<{ subscription_id: string; body: string }>(
    'select subscription_id, body from delivery order by sequence'
  )
  assert.deepEqual(
    rows.map(({ body }) => JSON.parse(body)),
    [
      {
        type: 'system.heartbeat',
        timestamp: '2026-11-25T12:00:00.000Z',
        sequence: 1,
        data: { next: '2026-11-25T12:05:00.000Z' }
      },
      {
        type: 'system.heartbeat',
        timestamp: '2026-11-25T12:05:00.000Z',
        sequence: 2,
        data: { next: '2026-11-25T12:10:00.000Z' }
      }
    ]
  )
  assert.deepEqual(new Set(rows.map((row) => row.subscription_id)), new Set([id]))
  assert.notEqual(id, other.id)
})

test('whoever delivers beats at once, and stops when told', async () => {
  await using t = await testDatabase()
  await aSubscription(t.db, 'https://example.com/', { events: ['system.heartbeat'] })
  const stopping = new AbortController()
  const running = runHeartbeat({ db: t.db, clock: manualClock(), log: silentLog }, stopping.signal)
  await until('there is a beat', async () => (await t.db.query('select 1 from event')).rows.length === 1)
  stopping.abort()
  await running
})
