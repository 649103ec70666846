import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { publishDue } from '../../src/jobs/publisher.ts'
import type { Database } from '../../src/store/database.ts'
import { insertEvents } from '../../src/store/events.ts'
import { updateSubscription } from '../../src/store/subscriptions.ts'
import { testDatabase } from '../support/database.ts'
import { anEvent, aSubscription, storeEvents } from '../support/webhooks.ts'

const publish = (db: Database) => publishDue({ db, clock: systemClock })

async function positions(db: Database): Promise<[string, number | null][]> {
  const { rows } = await db.query<{ id: string; position: string | null }>(
    'select id, position from event order by position nulls last, id'
  )
  return rows.map(({ id, position }) => [id, position === null ? null : Number(position)])
}

test('an event that commits later gets the later position, whichever was made first', async () => {
  await using t = await testDatabase()
  const slow = await t.db.openSession()
  await slow.query('begin')
  await insertEvents(slow as never, [anEvent({ id: 'made_first' })])
  await storeEvents(t.db, anEvent({ id: 'made_second' }))
  assert.equal(await publish(t.db), 1)
  await slow.query('commit')
  await slow.end()
  assert.equal(await publish(t.db), 1)
  assert.deepEqual(await positions(t.db), [
    ['made_second', 1],
    ['made_first', 2]
  ])
})

test('two publishers at once give every event one position without a hole, and every subscription its own numbers', async () => {
  await using t = await testDatabase({ poolSize: 8 })
  const all = await aSubscription(t.db, 'https://example.com/all')
  const some = await aSubscription(t.db, 'https://example.com/some', { filter: { asset: ['ETH'] } })
  const events = Array.from({ length: 40 }, (_, index) =>
    anEvent({ about: { instrumentId: 1, venue: 'okx', asset: index % 4 === 0 ? 'ETH' : 'BTC', kind: 'perpetual' } })
  )
  const publishing = (async () => {
    for (let published = 0; published < events.length; ) {
      const counts = await Promise.all([publish(t.db), publish(t.db), publish(t.db)])
      published += counts.reduce((sum, count) => sum + count)
    }
  })()
  await storeEvents(t.db, ...events)
  await publishing
  const given = (await positions(t.db)).map(([, position]) => position)
  assert.deepEqual(
    given,
    Array.from({ length: 40 }, (_, index) => index + 1)
  )
  const { rows } = await t.db.query<{ subscription_id: string; sequence: string; position: string; body: string }>(
    `select d.subscription_id, d.sequence, d.body, e.position from delivery d join event e on e.id = d.event_id
     order by d.subscription_id, e.position`
  )
  for (const [id, count] of [
    [all.id, 40],
    [some.id, 10]
  ] as const) {
    const theirs = rows.filter((row) => row.subscription_id === id)
    assert.deepEqual(
      theirs.map(({ sequence }) => Number(sequence)),
      Array.from({ length: count }, (_, index) => index + 1),
      'numbers follow the order of positions'
    )
    for (const { sequence, body } of theirs) assert.equal(JSON.parse(body).sequence, Number(sequence))
  }
})

test('an event that is found twice is told once', async () => {
  await using t = await testDatabase()
  await aSubscription(t.db, 'https://example.com/')
  await storeEvents(t.db, anEvent({ id: 'same' }), anEvent({ id: 'same' }))
  await publish(t.db)
  await storeEvents(t.db, anEvent({ id: 'same' }))
  assert.equal(await publish(t.db), 0)
  const { rows } = await t.db.query('select 1 from delivery')
  assert.equal(rows.length, 1)
})

test('who is disabled is not told, and a ping is for its own subscription whatever that wishes', async () => {
  await using t = await testDatabase()
  const off = await aSubscription(t.db, 'https://example.com/off')
  await t.db.transaction((client) => updateSubscription(client, off.id, { state: 'disabled' }, Date.now()))
  const pinged = await aSubscription(t.db, 'https://example.com/', {
    events: ['signal.closed'],
    filter: { asset: ['SOL'] }
  })
  await aSubscription(t.db, 'https://example.com/', {
    events: ['test.ping', 'signal.closed'],
    filter: { asset: ['SOL'] }
  })
  await storeEvents(t.db, anEvent(), anEvent({ type: 'test.ping', about: null, subscriptionId: pinged.id }))
  await publish(t.db)
  const { rows } = await t.db.query<{ subscription_id: string; event_type: string }>(
    'select subscription_id, event_type from delivery'
  )
  assert.deepEqual(rows, [{ subscription_id: pinged.id, event_type: 'test.ping' }])
})

const withoutSignal = ({ signal: _, ...event }: ReturnType<typeof anEvent>) => event

test('a subscription with a threshold is told of a signal from when it is beyond, by the numbers of each event', async () => {
  await using t = await testDatabase()
  const events = ['signal.opened', 'signal.updated', 'signal.closed', 'funding.settled']
  const filter = { threshold: { enter: 60, exit: 40 } }
  const { id } = await aSubscription(t.db, 'https://example.com/', { events, filter })
  const cheap = { type: 'basis_dislocation', label: 'CHEAP' }
  const seen = (type: 'signal.opened' | 'signal.updated' | 'signal.closed', lastValue: number, peakValue: number) =>
    anEvent({ type, signal: cheap, data: { lastValue, peakValue } })
  const told = [
    [seen('signal.opened', -50, -50), false],
    [seen('signal.updated', -62, -62), true],
    [seen('signal.updated', -41, -62), true],
    [seen('signal.updated', -39, -62), false],
    [seen('signal.closed', -5, -62), true],
    [seen('signal.closed', -5, -59), false],
    [seen('signal.opened', 62, 62), false],
    [withoutSignal(anEvent({ type: 'funding.settled', data: { rate: '-0.7' } })), false]
  ] as const
  await storeEvents(t.db, ...told.map(([event]) => event))
  await publish(t.db)
  const { rows } = await t.db.query<{ id: string }>(
    'select event_id as id from delivery where subscription_id = $1 order by sequence',
    [id]
  )
  assert.deepEqual(
    rows.map((row) => row.id),
    told.filter(([, isTold]) => isTold).map(([event]) => event.id)
  )
})
