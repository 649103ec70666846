import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { type Client, createClient } from 'graphql-ws'
import request from 'supertest'
import { WebSocket } from 'ws'
import { countFollowers } from '../../src/api/stream/followers.ts'
import type { Pulse } from '../../src/api/stream/pulse.ts'
import type { SettlementFact } from '../../src/contract/funding-rows.ts'
import { settledEvent } from '../../src/jobs/funding-events.ts'
import { createKey, revokeKey } from '../../src/store/keys.ts'
import { happening, publish } from './events.ts'
import { boardRow, eventually, NOW_MS, putOnBoard, type TestApi, testApi } from './fixture.ts'

const PERP = 'binance:BTC/USDT:USDT'
const seed = async (db: TestApi['db']) => {
  await putOnBoard(db, boardRow({ instrument: PERP }))
  await putOnBoard(db, boardRow({ instrument: 'bybit:ETH/USDT:USDT', asset: 'ETH' }))
}

// biome-ignore lint/suspicious/noExplicitAny: what the queries below ask for
type Any = any

/** A client of its own, as an application would have one. */
function connect(url: string, connectionParams: Record<string, unknown> = {}): Client & Disposable {
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams,
    retryAttempts: 0
  })
  return Object.assign(client, { [Symbol.dispose]: () => void client.dispose() })
}

const subscribe = (client: Client, query: string, variables: Record<string, unknown> = {}) =>
  client.iterate<Any>({ query, variables })

async function take(messages: AsyncIterableIterator<Any>): Promise<Any> {
  const { done, value } = await messages.next()
  assert.equal(done, false)
  return value
}

test('the board is told whole at first, then whenever a part of it changes, with all that rows lead to', async () => {
  await using api = await testApi({ seed })
  using client = connect(api.url)
  const rows = 'rows { instrument basisBps grade instrumentDetail { asset } }'
  const board = subscribe(client, `subscription { basisUpdated(venue: ["binance"]) { venue asOf ${rows} } }`)
  const first = (await take(board)).data.basisUpdated
  const { body } = await request(api.url).get('/v1/basis?venue=binance')
  assert.deepEqual([first.venue, first.rows[0].basisBps], ['binance', body.data[0].basisBps])
  assert.equal(first.rows[0].instrumentDetail.asset, 'BTC')
  await putOnBoard(api.db, boardRow({ instrument: PERP, basisBps: 42 }))
  api.clock.advance(1_000)
  assert.equal((await take(board)).data.basisUpdated.rows[0].basisBps, 42)
  await board.return!()
})

test('events come once each in their order, each to who asked for its kind, and a client that comes back goes on after its last', async () => {
  await using api = await testApi({ seed })
  using client = connect(api.url)
  const signals = subscribe(
    client,
    'subscription { signalEvent(lastEventId: "0") { id type timestamp signal { id } } }'
  )
  const venues = subscribe(
    client,
    'subscription { venueStatus(lastEventId: "0") { id change { venue before state reason } } }'
  )
  const settled = subscribe(client, 'subscription { fundingSettled { id settlement { instrument rate } } }')
  const [signal, venue, settlement] = [signals.next(), venues.next(), settled.next()]
  const change = {
    venue: 'binance',
    before: 'up',
    state: 'down',
    reason: 'timeout: no answer',
    since: '',
    bannedUntil: null
  }
  const about = { instrumentId: null, venue: 'binance', asset: null, kind: null }
  await publish(
    api.db,
    happening('a'),
    { id: 'v', type: 'venue.status_changed', at: NOW_MS, about, data: change },
    happening('b')
  )
  assert.deepEqual((await signal).value.data.signalEvent, {
    id: '1',
    type: 'signal.opened',
    timestamp: new Date(NOW_MS).toISOString(),
    signal: { id: 'a' }
  })
  assert.equal((await take(signals)).data.signalEvent.signal.id, 'b')
  const { since: _since, bannedUntil: _until, ...told } = change
  assert.deepEqual((await venue).value.data.venueStatus, { id: '2', change: told })
  const again = subscribe(client, 'subscription { signalEvent(lastEventId: "1") { id } }')
  assert.equal((await take(again)).data.signalEvent.id, '3')
  await settled.return!()
  assert.equal((await settlement).done, true)
})

const SETTLED: SettlementFact = {
  settledAt: NOW_MS,
  venueTime: NOW_MS + 3,
  observedAt: NOW_MS + 30_000,
  knownAt: NOW_MS + 30_100,
  availableAt: NOW_MS + 30_000,
  rate: '0.0001',
  intervalHours: 8,
  intervalSource: 'observed',
  cap: null,
  floor: null,
  mark: '100.5',
  estimateRate: '0.00012',
  estimateAt: NOW_MS - 4_000,
  source: 'polled',
  revision: 0,
  reasons: [],
  formulaVersion: 1,
  adapterVersion: 1
}

test('a settlement is told with every field that REST has of it, to who asked for its contract', async () => {
  await using api = await testApi({ seed })
  using client = connect(api.url)
  const settled = (key: string, asset: string, id: number) =>
    settledEvent({ id, key, venue: key.split(':')[0]!, asset, kind: 'perpetual', quarantine: null }, SETTLED)
  const { data, ...event } = settled(PERP, 'BTC', 1)
  const fields = `type timestamp settlement { ${Object.keys(data as object).join(' ')} }`
  const own = subscribe(client, `subscription { fundingSettled(asset: ["BTC"], lastEventId: "0") { ${fields} } }`)
  await publish(api.db, settled('bybit:ETH/USDT:USDT', 'ETH', 2), { ...event, data })
  const { type, timestamp, settlement } = (await take(own)).data.fundingSettled
  assert.deepEqual([type, timestamp], ['funding.settled', new Date(NOW_MS).toISOString()])
  assert.deepEqual(settlement, data)
})

test('what cannot be subscribed to is refused with REST’s own codes, and nothing is told of it', async () => {
  await using api = await testApi({ seed })
  await publish(api.db, happening('a'), happening('b'), happening('c'))
  await api.db.query('delete from event where position < 3')
  using client = connect(api.url)
  const refusal = async (query: string) => {
    const messages = subscribe(client, query)
    const answer = await messages.next().then(
      ({ value }) => value.errors,
      (errors: unknown) => errors
    )
    return (answer as Any)[0]
  }
  const deep = `${'instrumentDetail { spotDetail { spotDetail { '.repeat(4)} asset ${'} } }'.repeat(4)}`
  for (const [query, code, words] of [
    ['subscription { basisUpdated(asset: ["BTX"]) { venue } }', 'unknown_asset', /BTX/],
    ['subscription { basisUpdated(kind: ["perpetuals"]) { venue } }', 'invalid_parameter', /kind/],
    ['subscription { signalEvent(lastEventId: "0") { id } }', 'events_not_kept', /not kept/],
    [`subscription { basisUpdated { rows { ${deep} } } }`, 'invalid_query', /deep/],
    ['subscription { basisUpdated { rows { history { nodes { count } } } } }', 'invalid_query', /not subscribed/],
    ['subscription { nothing { id } }', 'invalid_query', /nothing/],
    [`subscription { basisUpdated { ${'venue '.repeat(4_000)} } }`, 'invalid_query', /tokens/],
    ['{ venues { nodes { venue } } }', 'invalid_query', /POST \/graphql/]
  ] as const) {
    const { message, extensions } = await refusal(query)
    assert.equal(extensions.code, code, message)
    assert.match(message, words)
  }
  const { body } = await request(api.url).post('/graphql').send({ query: 'subscription { venueStatus { id } }' })
  assert.match(body.errors[0].message, /WebSocket/)
})

test('a socket needs what a request needs: the key’s scope, this host, and a page of this service', async () => {
  await using api = await testApi({ seed })
  const address = `${api.url.replace('http', 'ws')}/graphql`
  const refusedWith = async (options: ConstructorParameters<typeof WebSocket>[2]): Promise<number> => {
    const socket = new WebSocket(address, 'graphql-transport-ws', options)
    const [, response] = await once(socket, 'unexpected-response')
    socket.on('error', () => {})
    socket.terminate()
    return response.statusCode
  }
  assert.equal(await refusedWith({ origin: 'https://elsewhere.example' }), 403)
  assert.equal(await refusedWith({ headers: { host: 'elsewhere.example' } }), 421)
  using foreign = connect(api.url, { authorization: `Bearer ctg_${'0'.repeat(40)}` })
  const messages = subscribe(foreign, 'subscription { venueStatus { id } }')
  await assert.rejects(messages.next(), ({ code }: { code: number }) => code === 4403)
  const elsewhere = new WebSocket(address.replace('/graphql', '/healthz'))
  const [, refused] = await once(elsewhere, 'unexpected-response')
  elsewhere.on('error', () => {})
  elsewhere.terminate()
  assert.equal(refused.statusCode, 400)
  const own = new WebSocket(address, 'graphql-transport-ws', { origin: api.url })
  await once(own, 'open')
  own.close()
})

test('a key that is revoked while it listens is heard of', async () => {
  await using api = await testApi({ seed })
  const { key, secret } = await createKey(api.db, { scopes: ['read'] })
  using client = connect(api.url, { authorization: `Bearer ${secret}` })
  const closed = new Promise<{ code: number }>((resolve) => client.on('closed', (event) => resolve(event as never)))
  const board = subscribe(client, 'subscription { basisUpdated { venue } }')
  await take(board)
  await revokeKey(api.db, key.id, NOW_MS)
  api.clock.advance(3_000)
  const ended = (async () => {
    for await (const _ of board);
  })().catch(() => {})
  assert.equal((await closed).code, 4403)
  await ended
})

test('stopping the service ends every subscription', async () => {
  const api = await testApi({ seed })
  using client = connect(api.url)
  const board = subscribe(client, 'subscription { venueStatus { id } }')
  const next = board.next().then(
    ({ done }) => done,
    () => true
  )
  await eventually(
    async () => api.statements.filter((text) => /event_head/.test(text)).length,
    (looks) => looks >= 1
  )
  await api[Symbol.asyncDispose]()
  assert.equal(await next, true)
})

test('one caller may follow a hundred times and no more, over streams and sockets together', async () => {
  await using api = await testApi({ seed })
  using first = connect(api.url)
  using second = connect(api.url)
  const all = Array.from({ length: 100 }, (_, n) =>
    subscribe(n < 50 ? first : second, 'subscription { basisUpdated { venue } }')
  )
  for (const board of all) await take(board)
  const { status, body } = await request(api.url).get('/v1/stream')
  assert.deepEqual([status, body.code], [429, 'too_many_followers'])
  await all[0]!.return!()
  await eventually(
    async () => {
      const stop = new AbortController()
      const response = await fetch(`${api.url}/v1/stream`, { signal: stop.signal })
      stop.abort()
      return response.status
    },
    (found) => found === 200
  )
})

test('one socket takes fifty subscriptions, and one caller twenty sockets', async () => {
  await using api = await testApi({ seed })
  using client = connect(api.url)
  const all = Array.from({ length: 50 }, () => subscribe(client, 'subscription { basisUpdated { venue } }'))
  for (const board of all) await take(board)
  const more = subscribe(client, 'subscription { venueStatus { id } }')
  await assert.rejects(more.next(), ([error]: [Error]) => /One socket takes 50 subscriptions/.test(error.message))
  const others = Array.from({ length: 19 }, () => connect(api.url))
  const boards = others.map((other) => subscribe(other, 'subscription { basisUpdated { venue } }'))
  for (const board of boards) await take(board)
  using last = connect(api.url)
  const refused = subscribe(last, 'subscription { basisUpdated { venue } }').next()
  await assert.rejects(refused, ({ code, reason }: { code: number; reason: string }) => {
    assert.match(reason, /20 sockets of yours/)
    return code === 4429
  })
  await others[0]!.dispose()
  const isLetIn = async () => {
    using again = connect(api.url)
    return await take(subscribe(again, 'subscription { basisUpdated { venue } }')).then(
      () => true,
      () => false
    )
  }
  assert.ok(await eventually(isLetIn, (is) => is))
  for (const other of others) await other.dispose()
})

test('a socket that reads nothing is closed with the reason, and holds up nobody', async () => {
  await using api = await testApi({ seed })
  const slow = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  await once(slow, 'open')
  slow.send(JSON.stringify({ type: 'connection_init' }))
  await once(slow, 'message')
  const query = 'subscription { basisUpdated(venue: ["binance"]) { rows { basisBps absent } } }'
  slow.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }))
  await once(slow, 'message')
  const closed = once(slow, 'close')
  await using _ended = { [Symbol.asyncDispose]: async () => slow.terminate() }
  slow.pause()
  using quick = connect(api.url)
  const board = subscribe(quick, query)
  await take(board)
  // Twenty megabytes: more than the sockets between the two hold.
  const wide = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`f${n}`, 'x'.repeat(1_000)]))
  for (let change = 1; change <= 4; change += 1) {
    await putOnBoard(api.db, boardRow({ instrument: PERP, basisBps: change, absent: change === 1 ? wide : {} }))
    api.clock.advance(1_000)
    assert.equal((await take(board)).data.basisUpdated.rows[0].basisBps, change)
  }
  api.clock.advance(20_000)
  await eventually(
    async () => api.lines.some(({ msg }) => msg === 'socket.stalled'),
    (isSaid) => isSaid
  )
  let told = 0
  slow.on('message', (text) => {
    if (String(text).includes('basisUpdated')) told += 1
  })
  slow.resume()
  const [code, reason] = await closed
  assert.deepEqual([code, String(reason)], [1013, 'nothing was read for 20 s: come back, with lastEventId for events'])
  assert.ok(told < 4, `${told} boards were kept for a socket that did not read`)
})

// A library that is told nothing waits 30 s for the answer.
test('a client that does not answer its close holds up no stop', { timeout: 30_000 }, async () => {
  const api = await testApi({ seed })
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'connection_init' }))
  await once(socket, 'message')
  // It hears nothing any more, a close least of all.
  ;(socket as unknown as { _socket: { pause(): void } })._socket.pause()
  await api[Symbol.asyncDispose]()
  socket.terminate()
})

test('nobody joins what is stopping, and who was joining goes at once', async () => {
  const joined = Promise.withResolvers<{ leave(): void }>()
  const pulse = { join: () => joined.promise, close: () => {} } as unknown as Pulse
  const followers = countFollowers(pulse)
  const joining = followers.join('somebody')
  followers.close()
  joined.resolve({ leave: () => {} })
  assert.equal((await joining).signal.aborted, true)
  await assert.rejects(followers.join('somebody'), ({ code }: { code: string }) => code === 'stopping')
})
