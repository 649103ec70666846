import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../src/domain/time.ts'
import { publishDue } from '../../src/jobs/publisher.ts'
import { judgeSubscriptions } from '../../src/store/attempts.ts'
import type { Database } from '../../src/store/database.ts'
import { type Delivery, listDeliveries, replayDeliveries } from '../../src/store/deliveries.ts'
import { claimDeliveries } from '../../src/store/delivery-claims.ts'
import {
  getSubscription,
  rotateSecret,
  type SubscriptionChange,
  updateSubscription
} from '../../src/store/subscriptions.ts'
import { deleteOldDeliveries } from '../../src/store/webhook-retention.ts'
import { PLACES, PROMPT_MS } from '../../src/webhooks/places.ts'
import { FAILING_AFTER_MS, QUIET_AFTER_MS, SCHEDULE_MS } from '../../src/webhooks/retry-policy.ts'
import { createSecret } from '../../src/webhooks/signature.ts'
import { manualClock } from '../api/fixture.ts'
import { testDatabase } from '../support/database.ts'
import { until } from '../support/embedded-process.ts'
import { type Behaviour, type Receiver, startReceiver, verify } from '../support/receiver.ts'
import { anEvent, aSubscription, startDelivering, storeEvents } from '../support/webhooks.ts'

const ALL = ['pending', 'delivered', 'failed', 'cancelled'] as const
const deliveriesOf = (db: Database, subscriptionId: string) =>
  listDeliveries(db, { subscriptionId, states: ALL, before: undefined, limit: 1_000 })
const down: Behaviour = { kind: 'answer', status: 503 }
const ok: Behaviour = { kind: 'answer', status: 204 }

/** Waits until the one delivery has had so many tries. */
async function afterTries(db: Database, subscriptionId: string, count: number): Promise<Delivery> {
  let found: Delivery | undefined
  await until(`${count} tries`, async () => {
    ;[found] = await deliveriesOf(db, subscriptionId)
    return (found?.attempts.length ?? 0) >= count
  })
  return found!
}

test('after a receiver was down its delivery arrives, with the same id, a new time and a new signature each try', async () => {
  await using t = await testDatabase()
  await using receiver = await startReceiver()
  const clock = manualClock(Date.now())
  const { id, secret } = await aSubscription(t.db, receiver.url)
  await using delivering = startDelivering(t.db, clock)
  receiver.behave = () => (receiver.received.length < 4 ? down : ok)
  await storeEvents(t.db, anEvent({ data: { price: '1.10', name: 'é漢😀' } }))
  await delivering.publish()
  for (const tries of [1, 2, 3]) {
    await afterTries(t.db, id, tries)
    clock.advance(SCHEDULE_MS[tries]! - SECOND)
    delivering.look()
    assert.equal(receiver.received.length, tries, 'not a second too soon')
    clock.advance(SECOND)
    delivering.look()
  }
  const delivery = await afterTries(t.db, id, 4)
  assert.equal(delivery.state, 'delivered')
  assert.deepEqual(
    delivery.attempts.map(({ number, outcome, status }) => [number, outcome, status]),
    [
      [1, 'refused', 503],
      [2, 'refused', 503],
      [3, 'refused', 503],
      [4, 'delivered', 204]
    ]
  )
  const headers = receiver.received.map((received) => received.headers)
  assert.deepEqual(new Set(headers.map((header) => header['webhook-id'])), new Set([delivery.id]))
  for (const name of ['webhook-timestamp', 'webhook-signature']) {
    assert.equal(new Set(headers.map((header) => header[name])).size, 4, name)
  }
  assert.deepEqual(verify(receiver.received[0]!, secret), {
    type: 'signal.opened',
    timestamp: '2026-11-25T00:00:00.000Z',
    sequence: 1,
    data: { price: '1.10', name: 'é漢😀' }
  })
})

test('after the last try of the schedule a delivery has failed, and can be sent again under its own id', async () => {
  await using t = await testDatabase()
  await using receiver = await startReceiver()
  receiver.behave = () => down
  const clock = manualClock(Date.now())
  const { id } = await aSubscription(t.db, receiver.url)
  await using delivering = startDelivering(t.db, clock)
  await storeEvents(t.db, anEvent())
  await delivering.publish()
  for (let tries = 1; tries < 10; tries += 1) {
    await afterTries(t.db, id, tries)
    clock.advance(SCHEDULE_MS[tries]!)
    delivering.look()
  }
  const failed = await afterTries(t.db, id, 10)
  assert.deepEqual([failed.state, failed.nextAttemptAt], ['failed', null])
  assert.equal((await getSubscription(t.db, id)).state, 'active', '75 hours are less than five days')

  assert.equal(await t.db.transaction((client) => replayDeliveries(client, id, { ids: [failed.id] }, clock.now())), 1)
  delivering.look()
  await afterTries(t.db, id, 11)
  clock.advance(5 * SECOND)
  receiver.behave = () => ok
  delivering.look()
  const replayed = await afterTries(t.db, id, 12)
  assert.equal(replayed.state, 'delivered', 'the schedule began anew')
  assert.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1)
  assert.equal(new Set(receiver.received.map(({ body }) => body)).size, 1)
})

test('Retry-After moves the next try, and 410 disables the subscription and cancels what waits', async () => {
  await using t = await testDatabase()
  await using receiver = await startReceiver()
  const clock = manualClock(Date.now())
  const { id } = await aSubscription(t.db, receiver.url)
  await using delivering = startDelivering(t.db, clock)
  receiver.behave = () => ({ kind: 'answer', status: 429, headers: { 'retry-after': '120' } })
  await storeEvents(t.db, anEvent())
  await delivering.publish()
  const first = await afterTries(t.db, id, 1)
  assert.equal(first.nextAttemptAt, clock.now() + 2 * MINUTE)
  assert.equal(first.attempts[0]?.nextAttemptAt, first.nextAttemptAt)
  receiver.behave = () => ({ kind: 'answer', status: 410 })
  await storeEvents(t.db, anEvent())
  await delivering.publish()
  await until('the subscription is disabled', async () => (await getSubscription(t.db, id)).state === 'disabled')
  assert.equal((await getSubscription(t.db, id)).disabledReason, 'gone')
  assert.deepEqual(
    (await deliveriesOf(t.db, id)).map(({ state }) => state),
    ['failed', 'cancelled']
  )
  clock.advance(3 * DAY)
  await storeEvents(t.db, anEvent())
  await delivering.publish()
  assert.equal((await deliveriesOf(t.db, id)).length, 2)
  assert.equal(receiver.received.length, 2)
})

test('five days without a success disable a subscription; one success in between starts them anew', async () => {
  await using t = await testDatabase()
  await using receiver = await startReceiver()
  const clock = manualClock(Date.now())
  const { id } = await aSubscription(t.db, receiver.url)
  await using delivering = startDelivering(t.db, clock)
  const tell = async (behaviour: Behaviour, tries: number) => {
    receiver.behave = () => behaviour
    await storeEvents(t.db, anEvent())
    await delivering.publish()
    await until(
      `${tries} tries`,
      async () => (await deliveriesOf(t.db, id)).flatMap(({ attempts }) => attempts).length === tries
    )
  }
  await tell({ kind: 'answer', status: 500, headers: { 'retry-after': '3600' } }, 1)
  await tell(ok, 2)
  assert.equal((await getSubscription(t.db, id)).failingSince, null)
  // Only what is new is tried: the first waits for its own time.
  await t.db.query(`delete from delivery where state = 'pending'`)
  await t.db.query('delete from attempt')
  await tell(down, 1)
  const later = async (ms: number, tries: number) => {
    clock.advance(ms)
    await t.db.query(`update delivery set state = 'failed', finished_at = now() where state = 'pending'`)
    await tell(down, tries)
  }
  await later(2 * DAY, 2)
  await later(2 * DAY, 3)
  await later(DAY - 1, 4)
  assert.equal((await getSubscription(t.db, id)).state, 'active')
  await later(1, 5)
  const { state, disabledReason } = await getSubscription(t.db, id)
  assert.deepEqual([state, disabledReason], ['disabled', 'failing'])
})

test('an old failure does not disable a subscription by a new one, nor one at the URL before, nor one before it was enabled', async () => {
  await using t = await testDatabase()
  const clock = manualClock(Date.now())
  const { id } = await aSubscription(t.db, 'https://example.com/')
  const fail = () =>
    t.db.transaction((client) =>
      judgeSubscriptions(client, [{ subscriptionId: id, state: 'pending', isGone: false }], {
        nowMs: clock.now(),
        failingAfterMs: FAILING_AFTER_MS,
        quietAfterMs: QUIET_AFTER_MS
      })
    )
  const change = (changes: SubscriptionChange) =>
    t.db.transaction((client) => updateSubscription(client, id, changes, clock.now()))
  const failingSince = async () => (await getSubscription(t.db, id)).failingSince
  /** Failures two days apart, until five days after the first. */
  const failForDays = async () => {
    for (const days of [0, 2, 2, 1]) {
      clock.advance(days * DAY)
      if ((await fail()).length > 0) return 'disabled'
    }
    return 'active'
  }
  const beganAt = clock.now()
  await fail()
  clock.advance(QUIET_AFTER_MS)
  await fail()
  assert.equal(await failingSince(), beganAt)
  clock.advance(QUIET_AFTER_MS + 1)
  assert.deepEqual(await fail(), [])
  assert.equal(await failingSince(), clock.now(), 'it began anew after the quiet')

  clock.advance(2 * DAY)
  await change({ description: 'the same place' })
  assert.equal(await failingSince(), clock.now() - 2 * DAY)
  await change({ url: 'https://example.com/elsewhere' })
  assert.equal(await failingSince(), null)

  assert.equal(await failForDays(), 'disabled')
  await change({ state: 'active' })
  assert.equal(await failingSince(), null)
  assert.deepEqual(await fail(), [])
  assert.equal(await failingSince(), clock.now())
})

test('a 410 from the URL before does not disable the webhook at its new one', async () => {
  await using t = await testDatabase()
  await using receiver = await startReceiver()
  const clock = manualClock(Date.now())
  const { id } = await aSubscription(t.db, `${receiver.url}/before`)
  await using delivering = startDelivering(t.db, clock)
  const answer = Promise.withResolvers<Behaviour>()
  receiver.behave = ({ path }) => (path === '/before' ? answer.promise : ok)
  await storeEvents(t.db, anEvent())
  await delivering.publish()
  await receiver.hasReceived(1)
  const change = { url: `${receiver.url}/now` }
  await t.db.transaction((client) => updateSubscription(client, id, change, clock.now()))
  answer.resolve({ kind: 'answer', status: 410 })
  assert.equal((await afterTries(t.db, id, 1)).state, 'failed')
  assert.equal((await getSubscription(t.db, id)).state, 'active')
  await storeEvents(t.db, anEvent())
  await delivering.publish()
  await receiver.hasReceived(2)
  assert.equal(receiver.received[1]!.path, '/now')
})

test('a rotation signs with both secrets for a day', async () => {
  await using t = await testDatabase()
  await using receiver = await startReceiver()
  const clock = manualClock(Date.now())
  const { id, secret: old } = await aSubscription(t.db, receiver.url)
  await using delivering = startDelivering(t.db, clock)
  const fresh = createSecret()
  await rotateSecret(t.db, id, { secret: fresh, overlapUntil: clock.now() + DAY, atMs: clock.now() })
  await storeEvents(t.db, anEvent())
  await delivering.publish()
  await receiver.hasReceived(1)
  verify(receiver.received[0]!, old)
  verify(receiver.received[0]!, fresh)
  clock.advance(DAY)
  await storeEvents(t.db, anEvent())
  await delivering.publish()
  await receiver.hasReceived(2)
  assert.equal(receiver.received[1]!.headers['webhook-signature']!.split(' ').length, 1)
})

/** As many subscriptions as told, each at a path of its own at this receiver. */
async function subscribeAll(db: Database, receiver: Receiver, count: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `insert into subscription (id, key_id, url, events, filter, secret, updated_at)
     select 'sub_' || n, 'key_test', $1 || '/' || n, '{signal.opened}', '{}', $2, now() from generate_series(1, $3::int) n returning id`,
    [receiver.url, createSecret(), count]
  )
  return rows.map(({ id }) => id)
}

test('a receiver that says nothing is tried once at a time, however much waits for it, and holds up nobody at its host', async () => {
  await using t = await testDatabase({ poolSize: 6 })
  await using receiver = await startReceiver()
  receiver.behave = ({ path }) => (path === '/slow' ? { kind: 'stall' } : ok)
  await aSubscription(t.db, `${receiver.url}/slow`)
  const { id } = await aSubscription(t.db, `${receiver.url}/quick`)
  await using delivering = startDelivering(t.db, systemClock, { tryMsMax: 30_000 })
  await storeEvents(t.db, ...Array.from({ length: 100 }, () => anEvent()))
  await delivering.publish()
  await until('the quick one has all', async () =>
    (await deliveriesOf(t.db, id)).every(({ state }) => state === 'delivered')
  )
  assert.equal(receiver.received.filter(({ path }) => path === '/slow').length, 1)
  // Nobody need wait for it any longer.
  await receiver[Symbol.asyncDispose]()
})

test('hundreds of receivers that say nothing take no place of one that answers', async () => {
  await using t = await testDatabase({ poolSize: 6 })
  await using slow = await startReceiver()
  await using quick = await startReceiver()
  slow.behave = () => ({ kind: 'stall' })
  const clock = manualClock(Date.now())
  await subscribeAll(t.db, slow, 400)
  await using delivering = startDelivering(t.db, clock, { tryMsMax: 30_000 })
  await storeEvents(t.db, anEvent(), anEvent())
  await delivering.publish()
  await slow.hasReceived(PLACES.prompt)
  const { id } = await aSubscription(t.db, quick.url)
  await storeEvents(t.db, ...Array.from({ length: 20 }, () => anEvent()))
  await delivering.publish()
  // Nobody knew that they are slow; after this long it is known.
  clock.advance(PROMPT_MS + 1)
  delivering.look()
  await until('the quick one has all', async () =>
    (await deliveriesOf(t.db, id)).every(({ state }) => state === 'delivered')
  )
  await slow[Symbol.asyncDispose]()
})

test('receivers that have been failing begin in places of their own', async () => {
  await using t = await testDatabase({ poolSize: 6 })
  await using slow = await startReceiver()
  await using quick = await startReceiver()
  slow.behave = () => ({ kind: 'stall' })
  await subscribeAll(t.db, slow, 300)
  await t.db.query('update subscription set failing_since = now()')
  const { id } = await aSubscription(t.db, quick.url)
  await using delivering = startDelivering(t.db, manualClock(Date.now()), { tryMsMax: 30_000 })
  await storeEvents(t.db, anEvent())
  await delivering.publish()
  await until('it is delivered', async () => (await deliveriesOf(t.db, id))[0]?.state === 'delivered')
  await slow.hasReceived(PLACES.slow)
  delivering.look()
  await until('a look has passed', async () => (await deliveriesOf(t.db, id)).length === 1)
  assert.equal(slow.received.length, PLACES.slow)
  await slow[Symbol.asyncDispose]()
})

test('what another has claimed is not sent twice, and a claim that was taken over records nothing', async () => {
  await using t = await testDatabase({ poolSize: 6 })
  await using receiver = await startReceiver()
  const { id } = await aSubscription(t.db, receiver.url)
  await using one = startDelivering(t.db, systemClock, { holder: 'one', tryMsMax: 20_000 })
  let answer = () => {}
  const answered = new Promise<void>((resolve) => {
    answer = resolve
  })
  receiver.behave = () => answered.then(() => ok)
  await storeEvents(t.db, anEvent())
  await one.publish()
  await receiver.hasReceived(1)
  const wanted = { shares: new Map([[id, 10]]), nowMs: Date.now(), holder: 'two', leaseMs: 60_000 }
  const claim = (except: readonly string[] = []) => claimDeliveries(t.db, { ...wanted, except })
  assert.deepEqual(await claim(), [])
  // As if the holder had been frozen for longer than its lease.
  await t.db.query(`update delivery set lease_until = now() - interval '1 second'`)
  const [held] = await deliveriesOf(t.db, id)
  assert.deepEqual(await claim([held!.id]), [], 'what one still has in hand itself')
  assert.equal((await claim()).length, 1)
  answer()
  await one.stop()
  const [delivery] = await deliveriesOf(t.db, id)
  assert.deepEqual([delivery?.state, delivery?.attempts.length], ['pending', 0], 'the second claim decides')
})

test('a lease is renewed while a try lasts', async () => {
  await using t = await testDatabase()
  await using receiver = await startReceiver()
  receiver.behave = () => ({ kind: 'stall' })
  await aSubscription(t.db, receiver.url)
  await using delivering = startDelivering(t.db, systemClock, { tryMsMax: 30_000 })
  await storeEvents(t.db, anEvent())
  await delivering.publish()
  await receiver.hasReceived(1)
  const leaseUntil = async () => {
    const { rows } = await t.db.query<{ lease_until: Date }>('select lease_until from delivery')
    return rows[0]!.lease_until.getTime()
  }
  const before = await leaseUntil()
  await until('the lease is later', async () => (await leaseUntil()) > before, 15_000)
})

test('a stop gives back what it cannot wait for, and the next one sends it', async () => {
  await using t = await testDatabase()
  await using receiver = await startReceiver()
  receiver.behave = () => ({ kind: 'stall' })
  const { id } = await aSubscription(t.db, receiver.url)
  await using first = startDelivering(t.db, systemClock, { tryMsMax: 30_000 })
  await storeEvents(t.db, anEvent())
  await first.publish()
  await receiver.hasReceived(1)
  await first.stop()
  receiver.behave = () => ok
  await using _second = startDelivering(t.db, systemClock)
  await until('it is delivered', async () => (await deliveriesOf(t.db, id))[0]?.state === 'delivered', 14_000)
  assert.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1)
})

test('disabling cancels what waits; what is just being sent counts only if it arrives', async () => {
  await using t = await testDatabase()
  await using receiver = await startReceiver()
  const clock = manualClock(Date.now())
  const { id } = await aSubscription(t.db, receiver.url)
  await using delivering = startDelivering(t.db, clock)
  // It has answered once, so both may be under way.
  await storeEvents(t.db, anEvent())
  await delivering.publish()
  await until('it has answered', async () => (await deliveriesOf(t.db, id))[0]?.state === 'delivered')
  await t.db.query('delete from delivery')
  receiver.received.length = 0
  const gates = [Promise.withResolvers<Behaviour>(), Promise.withResolvers<Behaviour>()]
  receiver.behave = () => gates[receiver.received.length - 1]!.promise
  await storeEvents(t.db, anEvent(), anEvent())
  await delivering.publish()
  await receiver.hasReceived(2)
  await t.db.transaction((client) => updateSubscription(client, id, { state: 'disabled' }, clock.now()))
  assert.deepEqual(
    (await deliveriesOf(t.db, id)).map(({ state }) => state),
    ['cancelled', 'cancelled']
  )
  gates[0]!.resolve(ok)
  gates[1]!.resolve(down)
  await until('both tries are recorded', async () =>
    (await deliveriesOf(t.db, id)).every(({ attempts }) => attempts.length === 1)
  )
  assert.deepEqual((await deliveriesOf(t.db, id)).map(({ state }) => state).sort(), ['cancelled', 'delivered'])
  clock.advance(HOUR)
  delivering.look()
  await storeEvents(t.db, anEvent())
  assert.equal(await delivering.publish(), 1)
  assert.equal(receiver.received.length, 2)
})

test('old deliveries and events go, but nothing that is unpublished or still to be sent', async () => {
  await using t = await testDatabase()
  await using receiver = await startReceiver()
  const { id } = await aSubscription(t.db, receiver.url)
  const delivering = startDelivering(t.db, systemClock)
  await storeEvents(t.db, anEvent({ id: 'old' }))
  await delivering.publish()
  await until('it is delivered', async () => (await deliveriesOf(t.db, id))[0]?.state === 'delivered')
  await delivering.stop()
  await storeEvents(t.db, anEvent({ id: 'pending' }))
  await delivering.publish()
  await storeEvents(t.db, anEvent({ id: 'unpublished' }))
  assert.deepEqual(await deleteOldDeliveries(t.db, Date.now() - HOUR), { deliveries: 0, events: 0 })
  assert.deepEqual(await deleteOldDeliveries(t.db, Date.now() + HOUR), { deliveries: 1, events: 1 })
  await storeEvents(t.db, anEvent({ id: 'after the pending one', about: null, type: 'signal.updated' }))
  await publishDue({ db: t.db, clock: systemClock })
  assert.equal((await deleteOldDeliveries(t.db, Date.now() + HOUR)).events, 0, 'no hole is made in the order')
  const { rows } = await t.db.query<{ id: string }>('select id from event order by id')
  assert.deepEqual(
    rows.map((row) => row.id),
    ['after the pending one', 'pending', 'unpublished']
  )
  const { rows: attempts } = await t.db.query('select 1 from attempt')
  assert.equal(attempts.length, 0)
})
