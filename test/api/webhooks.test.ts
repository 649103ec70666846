import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { systemClock } from '../../src/clock.ts'
import { publishDue } from '../../src/jobs/publisher.ts'
import { EVENT_TYPES } from '../../src/store/events.ts'
import { createKey, type Scope } from '../../src/store/keys.ts'
import { startReceiver, verify } from '../support/receiver.ts'
import { startDelivering } from '../support/webhooks.ts'
import { NOW_MS, type TestApi, testApi } from './fixture.ts'
import { seedEverything } from './seed.ts'

const URL_OK = 'https://hooks.example.com/contango'

/** Asks with a key of this scope. */
async function callerOf(api: TestApi, scopes: readonly Scope[] = ['webhooks']) {
  const { secret } = await createKey(api.db, { scopes })
  const agent = request(api.url)
  const send = (method: 'get' | 'post' | 'patch' | 'delete', path: string, body?: object | string, headers = {}) => {
    const asked = agent[method](path).set({ authorization: `Bearer ${secret}`, ...headers })
    return body === undefined ? asked : asked.send(body)
  }
  return { secret, send }
}

test('a webhook is made, shown without its secret, changed and ended', async () => {
  await using api = await testApi({ seed: seedEverything })
  const { send } = await callerOf(api)
  const made = await send('post', '/v1/webhooks', {
    url: URL_OK,
    events: ['signal.opened'],
    filter: { asset: 'btc', kind: ['perpetual'] },
    description: 'ours'
  })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  const { secret, ...shown } = made.body.data
  assert.match(secret, /^whsec_/)
  assert.deepEqual(shown, {
    id: shown.id,
    url: URL_OK,
    description: 'ours',
    events: ['signal.opened'],
    filter: { asset: ['BTC'], kind: ['perpetual'] },
    state: 'active',
    disabledReason: null,
    failingSince: null,
    previousSecretUntil: null,
    createdAt: new Date(NOW_MS).toISOString(),
    updatedAt: new Date(NOW_MS).toISOString()
  })
  assert.equal(made.headers.location, `/v1/webhooks/${shown.id}`)
  assert.equal(made.headers['cache-control'], 'no-store')
  const path = `/v1/webhooks/${shown.id}`
  assert.deepEqual((await send('get', path)).body.data, shown)
  assert.deepEqual((await send('get', '/v1/webhooks')).body.data, [shown])

  api.clock.advance(1_000)
  const changed = await send('patch', path, { state: 'disabled', description: null, events: ['signal.closed'] })
  assert.deepEqual(changed.body.data, {
    ...shown,
    state: 'disabled',
    disabledReason: 'by_owner',
    description: null,
    events: ['signal.closed'],
    updatedAt: new Date(NOW_MS + 1_000).toISOString()
  })
  assert.equal((await send('patch', path, { state: 'active' })).body.data.disabledReason, null)
  assert.equal((await send('patch', path, { filter: {} })).body.data.filter.asset, undefined)
  assert.equal((await send('delete', path)).status, 204)
  for (const gone of [
    send('get', path),
    send('delete', path),
    send('get', `${path}/deliveries`),
    send('post', `${path}/test`)
  ]) {
    const { status, body } = await gone
    assert.deepEqual([status, body.code], [404, 'unknown_webhook'])
  }
})

test('every field that cannot be used is named, and what was misspelt gets a suggestion', async () => {
  await using api = await testApi({ seed: seedEverything })
  const { send } = await callerOf(api)
  const problems = async (body: object | string) => {
    const { status, body: answer } = await send('post', '/v1/webhooks', body, { 'content-type': 'application/json' })
    assert.equal(status, 400, JSON.stringify(answer))
    return answer.errors ?? answer
  }
  assert.deepEqual(
    await problems({ urll: URL_OK, events: ['signal.open'], filter: { assets: ['BTC'] }, description: 7 }),
    [
      { path: 'urll', message: 'unknown field; did you mean url?' },
      { path: 'url', message: 'required, and missing' },
      {
        path: 'events[0]',
        message: `"signal.open" is none of ${EVENT_TYPES.join(', ')}; did you mean signal.opened?`
      },
      { path: 'filter.assets', message: 'unknown field; did you mean asset?' },
      { path: 'description', message: 'expected null or a text of at most 500 characters; was 7' }
    ]
  )
  const table: [object | string, string][] = [
    [{}, 'url'],
    ['[]', 'body'],
    ['null', 'body'],
    ['"text"', 'body'],
    [{ url: 7 }, 'url'],
    [{ url: '' }, 'url'],
    [{ url: 'http://example.com/' }, 'url'],
    [{ url: 'https://127.0.0.1/' }, 'url'],
    [{ url: 'https://localhost/' }, 'url'],
    [{ url: 'https://user:password@example.com/' }, 'url'],
    [{ url: 'nonsense' }, 'url'],
    [{ url: URL_OK, events: [] }, 'events'],
    [{ url: URL_OK, events: 'signal.opend' }, 'events[0]'],
    [{ url: URL_OK, filter: [] }, 'filter'],
    [{ url: URL_OK, filter: { venue: ['binanze'] } }, 'filter.venue'],
    [{ url: URL_OK, filter: { asset: ['BTTC'] } }, 'filter.asset'],
    [{ url: URL_OK, filter: { threshold: { enter: 0, exit: 0 } } }, 'filter.threshold.enter'],
    [{ url: URL_OK, filter: { threshold: { enter: 20, exit: 40 } } }, 'filter.threshold.exit'],
    [{ url: URL_OK, filter: { threshold: { enter: 20 } } }, 'filter.threshold'],
    [{ url: URL_OK, id: 'sub_mine' }, 'id'],
    [{ url: URL_OK, secret: 'whsec_mine' }, 'secret'],
    [`{"url":"${URL_OK}","__proto__":{"state":"disabled"}}`, '__proto__']
  ]
  for (const [body, path] of table) assert.equal((await problems(body))[0]?.path, path, JSON.stringify(body))
  assert.equal((await problems('{"url":')).code, 'malformed_body')
  const tooLarge = await send('post', '/v1/webhooks', { url: URL_OK, description: 'x'.repeat(70_000) })
  assert.deepEqual([tooLarge.status, tooLarge.body.code], [413, 'body_too_large'])
  const form = await send('post', '/v1/webhooks', 'url=x', { 'content-type': 'application/x-www-form-urlencoded' })
  assert.deepEqual([form.status, form.body.code], [415, 'unsupported_media_type'])
  const query = await send('post', `/v1/webhooks?url=${URL_OK}`, { url: URL_OK })
  assert.deepEqual([query.status, query.body.code], [400, 'unknown_parameter'])
  assert.deepEqual((await send('get', '/v1/webhooks')).body.data, [], 'nothing was made')
})

test('webhooks need a key with their scope, on loopback too, and for reading too', async () => {
  await using api = await testApi()
  const reader = await callerOf(api, ['read'])
  const { send } = await callerOf(api)
  const { body } = await send('post', '/v1/webhooks', { url: URL_OK })
  const path = `/v1/webhooks/${body.data.id}`
  const asked = [
    ['get', '/v1/webhooks'],
    ['post', '/v1/webhooks'],
    ['get', path],
    ['patch', path],
    ['delete', path],
    ['post', `${path}/test`],
    ['post', `${path}/rotate-secret`],
    ['post', `${path}/replay`],
    ['get', `${path}/deliveries`],
    ['post', '/v1/deliveries/msg_1/retry']
  ] as const
  for (const [method, url] of asked) {
    assert.equal((await request(api.url)[method](url)).status, 401, `${method} ${url}`)
    assert.equal((await reader.send(method, url)).status, 403, `${method} ${url}`)
  }
  const { body: graph } = await request(api.url).post('/graphql').send({ query: '{ webhooks { nodes { id } } }' })
  assert.equal(graph.errors[0].extensions.code, 'unauthorised')
  assert.equal((await send('get', '/v1/webhooks')).body.data.length, 1)
})

test('an Idempotency-Key makes one effect of a request that is sent again, and is refused for another', async () => {
  await using api = await testApi()
  const { send } = await callerOf(api)
  const other = await callerOf(api)
  const headers = { 'idempotency-key': 'first try' }
  const key = { 'idempotency-key': 'k-1' }
  assert.equal((await send('post', '/v1/webhooks', { url: URL_OK }, headers)).status, 400)
  const first = await send('post', '/v1/webhooks', { url: URL_OK, description: 'a' }, key)
  const again = await send('post', '/v1/webhooks', { description: 'a', url: URL_OK }, key)
  assert.deepEqual(
    [again.status, again.body.data],
    [201, first.body.data],
    'secret and all, whatever the order of fields'
  )
  assert.deepEqual([first.headers['idempotent-replayed'], again.headers['idempotent-replayed']], [undefined, 'true'])
  assert.equal(again.headers.location, first.headers.location)
  for (const [path, body] of [
    ['/v1/webhooks', { url: `${URL_OK}/2`, description: 'a' }],
    [`/v1/webhooks/${first.body.data.id}/test`, {}]
  ] as const) {
    const { status, body: refused } = await send('post', path, body, key)
    assert.deepEqual([status, refused.code], [422, 'idempotency_key_reused'])
  }
  assert.equal(
    (await other.send('post', '/v1/webhooks', { url: URL_OK }, key)).status,
    201,
    'keys of others are others'
  )
  assert.equal((await send('get', '/v1/webhooks')).body.data.length, 2)
  // What failed had no effect, so it is not remembered.
  assert.equal((await send('post', '/v1/webhooks/sub_none/test', {}, { 'idempotency-key': 'k-2' })).status, 404)
  assert.equal((await send('post', '/v1/webhooks', { url: URL_OK }, { 'idempotency-key': 'k-2' })).status, 201)
})

test('a second request with a key whose first is still at work is told to come back', async () => {
  await using api = await testApi()
  const { send } = await callerOf(api)
  const key = { 'idempotency-key': 'k-1' }
  const blocker = await api.db.openSession()
  await blocker.query('begin')
  await blocker.query('lock table subscription in exclusive mode')
  const first = send('post', '/v1/webhooks', { url: URL_OK }, key).then((answer) => answer)
  for (;;) {
    const { rows } = await blocker.query(`select 1 from pg_locks where locktype = 'advisory' and database =
      (select oid from pg_database where datname = current_database())`)
    if (rows.length > 0) break
  }
  const second = await send('post', '/v1/webhooks', { url: URL_OK }, key)
  assert.deepEqual([second.status, second.body.code, second.headers['retry-after']], [409, 'idempotency_key_busy', '2'])
  await blocker.query('rollback')
  await blocker.end()
  const made = await first
  assert.equal(made.status, 201)
  assert.deepEqual((await send('post', '/v1/webhooks', { url: URL_OK }, key)).body.data, made.body.data)
})

test('a ping arrives at its webhook, is listed with its attempts, and is sent again with the same id', async () => {
  await using api = await testApi({ config: { webhookPrivateTargets: 'allow' } })
  await using receiver = await startReceiver()
  receiver.behave = () => ({ kind: 'answer', status: receiver.received.length === 1 ? 200 : 204, body: 'thanks' })
  const { send } = await callerOf(api)
  const { body: made } = await send('post', '/v1/webhooks', { url: receiver.url, events: ['signal.closed'] })
  const { body: of } = await send('post', '/v1/webhooks', { url: receiver.url })
  const happenings = EVENT_TYPES.filter((type) => type !== 'test.ping' && type !== 'system.heartbeat')
  assert.deepEqual(of.data.events, happenings, 'neither pings nor heartbeats unless they are named')
  const path = `/v1/webhooks/${made.data.id}`
  await using delivering = startDelivering(api.db, systemClock)
  const pinged = await send('post', `${path}/test`)
  assert.equal(pinged.status, 202)
  await publishDue({ db: api.db, clock: systemClock })
  delivering.look()
  await receiver.hasReceived(1)
  const ping = verify(receiver.received[0]!, made.data.secret) as { type: string; sequence: number }
  assert.deepEqual([ping.type, ping.sequence], ['test.ping', 1])
  const listed = async (query = '') => (await send('get', `${path}/deliveries${query}`)).body
  let [delivery] = (await listed('?state=delivered')).data
  while (delivery === undefined) [delivery] = (await listed('?state=delivered')).data
  assert.equal(delivery.id, receiver.received[0]!.headers['webhook-id'])
  assert.equal(delivery.event, pinged.body.data.event)
  assert.deepEqual(
    delivery.attempts.map(({ number, outcome, status, answer, nextAttemptAt }: Record<string, unknown>) => [
      number,
      outcome,
      status,
      answer,
      nextAttemptAt
    ]),
    [[1, 'delivered', 200, 'thanks', null]]
  )
  assert.deepEqual((await listed('?state=failed,cancelled')).data, [])

  const retried = await send('post', `/v1/deliveries/${delivery.id}/retry`)
  assert.deepEqual([retried.status, retried.body.data.state], [202, 'pending'])
  await receiver.hasReceived(2)
  for (;;) if ((await listed('?state=delivered')).data.length === 1) break
  const replayed = await send('post', `${path}/replay?from=${new Date(0).toISOString().slice(0, 10)}`, undefined)
  // This server's clock stands where it was set; the deliveries were made later.
  assert.deepEqual(replayed.body.data, { replayed: 0 })
  const named = await send('post', `${path}/replay`, { deliveries: [delivery.id, 'msg_none'] })
  assert.deepEqual([named.status, named.body.data], [202, { replayed: 1 }])
  await receiver.hasReceived(3)
  for (;;) if ((await listed('?state=delivered')).data.length === 1) break
  const ranged = await send('post', `${path}/replay`, { from: '2026-01-01', to: '2199-01-01' })
  assert.deepEqual(ranged.body.data, { replayed: 1 })
  await receiver.hasReceived(4)
  assert.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1)
  for (;;) if ((await listed('?state=delivered')).data.length === 1) break
  assert.equal((await listed()).data[0].attempts.length, 4)
})

test('what cannot be replayed is refused in words', async () => {
  await using api = await testApi()
  const { send } = await callerOf(api)
  const { body: made } = await send('post', '/v1/webhooks', { url: URL_OK })
  const path = `/v1/webhooks/${made.data.id}`
  const table: [object, string][] = [
    [{}, 'from'],
    [{ to: '2026-01-01' }, 'from'],
    [{ from: 'yesterday' }, 'from'],
    [{ from: '2026-01-02', to: '2026-01-01' }, 'to'],
    [{ from: '2026-01-02', deliveries: ['msg_1'] }, 'deliveries'],
    [{ deliveries: [] }, 'deliveries'],
    [{ since: '2026-01-02' }, 'since']
  ]
  for (const [body, problem] of table) {
    const { status, body: answer } = await send('post', `${path}/replay`, body)
    assert.deepEqual([status, answer.errors[0].path], [400, problem], JSON.stringify(body))
  }
  await send('patch', path, { state: 'disabled' })
  for (const what of ['test', 'replay']) {
    const { status, body } = await send('post', `${path}/${what}`, what === 'test' ? {} : { from: '2026-01-01' })
    assert.deepEqual([status, body.code], [409, 'webhook_disabled'])
  }
  assert.equal((await send('post', '/v1/deliveries/msg_none/retry')).body.code, 'unknown_delivery')
})

test('a rotation shows a new secret once, and says how long the old one still signs', async () => {
  await using api = await testApi()
  const { send } = await callerOf(api)
  const { body: made } = await send('post', '/v1/webhooks', { url: URL_OK })
  const { body: rotated } = await send('post', `/v1/webhooks/${made.data.id}/rotate-secret`)
  assert.match(rotated.data.secret, /^whsec_/)
  assert.notEqual(rotated.data.secret, made.data.secret)
  assert.equal(rotated.data.previousSecretUntil, new Date(NOW_MS + 86_400_000).toISOString())
  const shown = JSON.stringify((await send('get', '/v1/webhooks')).body)
  assert.doesNotMatch(shown, /whsec_/)
  assert.doesNotMatch(JSON.stringify(api.lines), /whsec_|hooks\.example/)
})

test('deliveries come a page at a time, the newest first', async () => {
  await using api = await testApi()
  const { send } = await callerOf(api)
  const { body: made } = await send('post', '/v1/webhooks', { url: URL_OK })
  const path = `/v1/webhooks/${made.data.id}`
  for (let count = 0; count < 5; count += 1) await send('post', `${path}/test`)
  await publishDue({ db: api.db, clock: systemClock })
  const seen: number[] = []
  for (let next: string | null = ''; next !== null; ) {
    const { body }: { body: { data: { sequence: number }[]; page: { next: string | null } } } = await send(
      'get',
      `${path}/deliveries?limit=2${next === '' ? '' : `&cursor=${next}`}`
    )
    seen.push(...body.data.map(({ sequence }) => sequence))
    next = body.page.next
  }
  assert.deepEqual(seen, [5, 4, 3, 2, 1])
  assert.equal((await send('get', `${path}/deliveries?state=done`)).status, 400)
})
