import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../src/clock.ts'
import { openDatabase } from '../../src/store/database.ts'
import { testDatabase } from '../support/database.ts'
import { until } from '../support/embedded-process.ts'
import { createRandom } from '../support/random.ts'
import { type Receiver, startReceiver, verify } from '../support/receiver.ts'
import { type ServiceProcess, startContango } from '../support/service.ts'
import { anEvent, aSubscription, storeEvents } from '../support/webhooks.ts'

const settings = (databaseUrl: string) => ({
  DATABASE_URL: databaseUrl,
  ROLES: 'deliver',
  WEBHOOK_PRIVATE_TARGETS: 'allow',
  LOG_LEVEL: 'info'
})
const isUp = (service: ServiceProcess) => service.says(/service\.started/)

const eventsOf = (receiver: Receiver): number[] => receiver.received.map(({ body }) => JSON.parse(body).data.n)

test('a service that is killed between event and delivery loses nothing, and its log never says a secret', {
  timeout: 300_000
}, async () => {
  await using database = await testDatabase()
  await using receiver = await startReceiver()
  const { secret } = await aSubscription(database.db, receiver.url)
  // Killed while the event has no delivery yet: its publisher waits for the head that we hold.
  const blocker = await database.db.openSession()
  // However long a busy machine takes to start it.
  await blocker.query('set idle_in_transaction_session_timeout = 0')
  await blocker.query('begin')
  await blocker.query('select 1 from event_head for update')
  await using first = startContango(['start'], settings(database.url))
  await isUp(first)
  await storeEvents(database.db, anEvent({ data: { n: 1 } }))
  await until(
    'its publisher waits',
    async () => {
      const { rows } = await database.db.query(
        `select 1 from pg_stat_activity where application_name = 'contango deliver' and wait_event_type = 'Lock'`
      )
      return rows.length > 0
    },
    30_000
  )
  await first.end('SIGKILL')
  await blocker.query('rollback')
  await blocker.end()
  assert.equal(receiver.received.length, 0)

  // Killed while it waits for the answer: the receiver has it, the service does not know.
  receiver.behave = () => ({ kind: 'stall' })
  await using second = startContango(['start'], settings(database.url))
  await receiver.hasReceived(1)
  await second.end('SIGKILL')
  receiver.behave = () => ({ kind: 'answer', status: 204 })
  await using third = startContango(['start'], settings(database.url))
  await receiver.hasReceived(2)
  const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
  assert.equal(new Set(ids).size, 1)
  verify(receiver.received[1]!, secret)
  await third.says(/delivery\.attempted/)
  assert.equal(await third.end('SIGTERM'), 0)
  for (const service of [first, second, third]) {
    assert.equal(service.output().includes(secret.slice('whsec_'.length)), false)
    assert.equal(service.output().includes(receiver.url), false, 'an address may hold a token')
  }
})

const KILLS = 20
const BACKLOG_MAX = 300
/** Tries under way at one host: only these may come twice. */
const IN_FLIGHT_MAX = 16

test(`${KILLS} kills under load lose nothing; what comes twice was in flight and has the same id`, {
  timeout: 580_000
}, async (t) => {
  const random = createRandom(Date.now())
  t.diagnostic(`seed ${random.seed}`)
  await using database = await testDatabase()
  await using receiver = await startReceiver()
  const { id, secret } = await aSubscription(database.db, receiver.url)
  // Answers late by chance, so that a kill finds tries under way.
  receiver.behave = async () => {
    await sleep(random.between(0, 30))
    return { kind: 'answer', status: 204 }
  }
  let sent = 0
  let isOver = false
  const load = (async () => {
    await using db = openDatabase({ url: database.url, poolSize: 1, applicationName: 'load' })
    for (; !isOver; sent += 1) {
      // Enough waits for every kill to find work, and not so much that the end takes long.
      while (sent - receiver.received.length > BACKLOG_MAX && !isOver) await sleep(5)
      await storeEvents(db, anEvent({ data: { n: sent } }))
    }
  })()
  const startedAt = performance.now()
  let kills = 0
  for (; kills < KILLS; kills += 1) {
    const before = receiver.received.length
    const service = startContango(['start'], settings(database.url))
    await receiver.hasReceived(before + 1)
    await sleep(random.between(0, 400))
    await service.end('SIGKILL')
    assert.equal(service.child.signalCode, 'SIGKILL')
  }
  isOver = true
  await load
  await using _last = startContango(['start'], settings(database.url))
  const states = async () => {
    const { rows } = await database.db.query<{ state: string; count: number }>(
      'select state, count(*)::int as count from delivery group by state'
    )
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
  }
  await until('everything is delivered', async () => (await states()).delivered === sent, 120_000)

  const arrived = eventsOf(receiver)
  assert.equal(kills, KILLS)
  assert.deepEqual(
    [...new Set(arrived)].sort((a, b) => a - b),
    Array.from({ length: sent }, (_, n) => n),
    'lost'
  )
  const idsOf = Map.groupBy(receiver.received, ({ body }) => JSON.parse(body).data.n as number)
  for (const [n, received] of idsOf) {
    assert.equal(new Set(received.map(({ headers }) => headers['webhook-id'])).size, 1, `event ${n} has one id`)
    assert.equal(new Set(received.map(({ body }) => body)).size, 1, `event ${n} has one body`)
  }
  for (const received of receiver.received.slice(-100)) verify(received, secret)
  const duplicates = arrived.length - sent
  assert.ok(duplicates <= KILLS * IN_FLIGHT_MAX, `${duplicates} duplicates`)
  const { rows } = await database.db.query<{ position: string; sequence: string }>(
    `select e.position, d.sequence from event e join delivery d on d.event_id = e.id and d.subscription_id = $1 order by e.position`,
    [id]
  )
  const numbers = Array.from({ length: sent }, (_, n) => n + 1)
  assert.deepEqual(
    rows.map(({ position }) => Number(position)),
    numbers,
    'no position twice, none missing'
  )
  assert.deepEqual(
    rows.map(({ sequence }) => Number(sequence)),
    numbers
  )
  const seconds = Math.round((performance.now() - startedAt) / 1_000)
  t.diagnostic(`${kills} kills, ${sent} events, 0 lost, ${duplicates} came twice, ${seconds} s`)
})
