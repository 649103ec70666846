import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKey } from '../../src/store/keys.ts'
import { testDatabase } from '../support/database.ts'
import { until } from '../support/embedded-process.ts'
import { startContango } from '../support/service.ts'

test('a request whose server is killed in the middle, or just after, has one effect when it is sent again', {
  timeout: 300_000
}, async () => {
  await using database = await testDatabase()
  const { secret } = await createKey(database.db, { scopes: ['webhooks'] })
  const settings = { DATABASE_URL: database.url, ROLES: 'api', PORT: '0', LOG_LEVEL: 'info' }
  const start = async () => {
    const service = startContango(['start'], settings)
    const [, address] = await service.says(/"address":"(http:[^"]+)"/)
    return { service, address: address! }
  }
  const ask = (address: string) =>
    fetch(`${address}/v1/webhooks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', 'idempotency-key': 'k-1' },
      body: JSON.stringify({ url: 'https://hooks.example.com/' })
    })
  const count = async () => {
    const { rows } = await database.db.query('select 1 from subscription')
    return rows.length
  }
  const first = await start()
  await using _first = first.service
  const blocker = await database.db.openSession()
  await blocker.query('begin')
  // The subscription is inserted; its answer cannot be stored yet.
  await blocker.query('lock table idempotency_key in exclusive mode')
  const cut = ask(first.address).catch((error: unknown) => error)
  await until(
    'the request waits in its transaction',
    async () => {
      const { rows } = await database.db.query(
        `select 1 from pg_stat_activity where application_name = 'contango' and wait_event_type = 'Lock'`
      )
      return rows.length > 0
    },
    30_000
  )
  await first.service.end('SIGKILL')
  assert.ok((await cut) instanceof Error)
  await blocker.query('rollback')
  await blocker.end()
  await until(
    'the dead request is rolled back',
    async () => {
      const { rows } = await database.db.query(`select 1 from pg_stat_activity where application_name = 'contango'`)
      return rows.length === 0
    },
    30_000
  )
  assert.equal(await count(), 0)

  const second = await start()
  await using _second = second.service
  const made = await ask(second.address)
  assert.equal(made.status, 201)
  const { data } = (await made.json()) as { data: { id: string; secret: string } }
  await second.service.end('SIGKILL')
  const third = await start()
  await using _third = third.service
  const again = await ask(third.address)
  assert.equal(again.headers.get('idempotent-replayed'), 'true')
  assert.deepEqual(((await again.json()) as { data: unknown }).data, data)
  assert.equal(await count(), 1)
  for (const { service } of [first, second, third]) assert.equal(service.output().includes('whsec_'), false)
})
