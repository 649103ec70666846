import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import type { Database } from '../../src/store/database.ts'
import { createKey, revokeKey } from '../../src/store/keys.ts'
import { happening, publish } from './events.ts'
import { boardRow, insertInstrument, NOW_MS, putOnBoard, testApi } from './fixture.ts'

type Message = { readonly event: string; readonly id: string; readonly data: Record<string, unknown> }

/** A reader of the stream: takes message after message, for as long as it likes. */
async function follow(url: string, query = '', headers: Record<string, string> = {}) {
  const stop = new AbortController()
  const response = await fetch(`${url}/v1/stream${query}`, { headers, signal: stop.signal })
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type')!, /^text\/event-stream/)
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let left = ''
  const next = async (): Promise<Message | undefined> => {
    for (;;) {
      const end = left.indexOf('\n\n')
      if (end >= 0) {
        const fields = Object.fromEntries(
          left
            .slice(0, end)
            .split('\n')
            .map((line) => line.split(/: (.*)/s).slice(0, 2))
        )
        left = left.slice(end + 2)
        if (fields.event) return { event: fields.event, id: fields.id, data: JSON.parse(fields.data) }
        continue
      }
      const { done, value } = await reader.read()
      if (done) return undefined
      left += value
    }
  }
  const until = async (event: string): Promise<Message> => {
    for (;;) {
      const message = await next()
      assert.ok(message, `the stream ended before ${event}`)
      if (message.event === event) return message
    }
  }
  return { next, until, [Symbol.dispose]: () => stop.abort() }
}

const seed = async (db: Database) => {
  await putOnBoard(db, boardRow({ instrument: 'binance:BTC/USDT:USDT' }))
  await putOnBoard(db, boardRow({ instrument: 'bybit:ETH/USDT:USDT', asset: 'ETH' }))
}

test('the board is told whole at first, then whenever a venue’s part of it changes', async () => {
  await using api = await testApi({ seed })
  using stream = await follow(api.url, '?topics=board')
  const first = [await stream.next(), await stream.next()].map((message) => message!.data)
  assert.deepEqual(first.map(({ venue }) => venue).sort(), ['binance', 'bybit'])
  const { body } = await request(api.url).get('/v1/basis?venue=binance')
  assert.deepEqual(first.find(({ venue }) => venue === 'binance')!.rows, body.data)
  await putOnBoard(api.db, boardRow({ instrument: 'binance:BTC/USDT:USDT', basisBps: 42 }))
  api.clock.advance(1_000)
  const { data } = await stream.until('board')
  assert.equal(data.venue, 'binance')
  assert.equal((data.rows as { basisBps: number }[])[0]!.basisBps, 42)
})

test('a board on which nothing changes is told again as its grades fall', async () => {
  await using api = await testApi({ seed })
  using stream = await follow(api.url, '?topics=board&venue=bybit')
  const gradeOf = ({ data }: Message) => (data.rows as { grade: string }[])[0]!.grade
  assert.equal(gradeOf(await stream.until('board')), 'signal')
  api.clock.advance(20_000)
  assert.equal(gradeOf(await stream.until('board')), 'display')
  api.clock.advance(20_000)
  assert.equal(gradeOf(await stream.until('board')), 'none')
})

test('events come once each in the order of their places, and a reader that comes back goes on after its last', async () => {
  await using api = await testApi({ seed })
  using stream = await follow(api.url, '?topics=signals')
  await publish(api.db, happening('a'), happening('b'))
  const a = await stream.until('signal')
  assert.deepEqual(a.data, { type: 'signal.opened', timestamp: new Date(NOW_MS).toISOString(), data: { id: 'a' } })
  const b = await stream.until('signal')
  assert.deepEqual([a.id, b.id, (b.data.data as { id: string }).id], ['1', '2', 'b'])
  await publish(api.db, happening('c'))
  await publish(api.db, happening('d'))
  using again = await follow(api.url, '?topics=signals', { 'last-event-id': a.id })
  const ids = []
  for (let count = 0; count < 3; count += 1) ids.push(((await again.until('signal')).data.data as { id: string }).id)
  assert.deepEqual(ids, ['b', 'c', 'd'])
  using byQuery = await follow(api.url, '?topics=signals&lastEventId=3')
  assert.equal((await byQuery.until('signal')).id, '4')
})

test('what is not kept any more is said to be missing, and an id of another database as well', async () => {
  await using api = await testApi({ seed })
  await publish(api.db, happening('a'), happening('b'), happening('c'))
  await api.db.query('delete from event where position < 3')
  using late = await follow(api.url, '?topics=signals', { 'last-event-id': '0' })
  const gap = await late.until('gap')
  assert.deepEqual(gap.data, { after: 0, before: 3, reason: 'not_kept' })
  assert.equal((await late.until('signal')).id, '3')
  for (const id of ['99', 'x']) {
    using foreign = await follow(api.url, '?topics=signals', { 'last-event-id': id })
    assert.equal((await foreign.until('gap')).data.reason, 'unknown_id')
  }
})

test('filters hold for the board and for events, and what cannot be used is refused by name', async () => {
  await using api = await testApi({ seed })
  using stream = await follow(api.url, '?asset=ETH')
  assert.equal((await stream.next())!.data.venue, 'bybit')
  await publish(api.db, happening('btc'), happening('eth', 'ETH'))
  assert.deepEqual((await stream.until('signal')).data.data, { id: 'eth' })
  for (const [query, path] of [
    ['?topics=boards', 'topics'],
    ['?asset=BTX', 'asset'],
    ['?nonsense=1', 'nonsense']
  ]) {
    const { status, body } = await request(api.url).get(`/v1/stream${query}`)
    assert.deepEqual([status, body.errors[0].path], [400, path])
  }
})

test('a filter by quote holds for events as well, by the contract that they are about', async () => {
  await using api = await testApi({ seed })
  const { rows } = await api.db.query<{ id: number; quote: string }>(`select id, quote from instrument order by id`)
  await insertInstrument(api.db, { key: 'binance:ETH/BTC' })
  const about = { ...happening('x').about!, instrumentId: rows[0]!.id }
  using dollars = await follow(api.url, '?topics=signals&quote=usdt')
  using coins = await follow(api.url, '?topics=signals&quote=BTC')
  await publish(api.db, { ...happening('a'), about })
  assert.deepEqual((await dollars.until('signal')).data.data, { id: 'a' })
  api.clock.advance(15_000)
  assert.equal((await coins.next())!.event, 'heartbeat')
})

test('an event for one webhook alone takes a place, and is nobody else’s to look for again and again', async () => {
  await using api = await testApi({ seed })
  using stream = await follow(api.url, '?topics=signals')
  const { about: _about, ...ping } = { ...happening('ping'), type: 'test.ping' as const, subscriptionId: 'sub_1' }
  await publish(api.db, { ...ping, about: null })
  await publish(api.db, happening('a'))
  assert.equal((await stream.until('signal')).id, '2')
  await publish(api.db, { ...ping, id: 'ping2', about: null })
  const looks = () => api.statements.filter((text) => text.includes('where position >')).length
  const before = looks()
  api.clock.advance(15_000)
  assert.equal((await stream.until('heartbeat')).event, 'heartbeat')
  api.clock.advance(15_000)
  assert.equal((await stream.until('heartbeat')).event, 'heartbeat')
  assert.ok(looks() - before <= 1, `${looks() - before} looks`)
})

test('silence is broken by a heartbeat', async () => {
  await using api = await testApi({ seed })
  using stream = await follow(api.url, '?topics=signals')
  await publish(api.db, happening('a'))
  await stream.until('signal')
  api.clock.advance(15_000)
  assert.equal((await stream.until('heartbeat')).data.at, new Date(NOW_MS + 15_000).toISOString())
})

/** Two megabytes each: more together than the sockets between the two hold. */
const CHANGES = 8

test('a reader that does not read is told the newest board later, and holds up nobody', async () => {
  await using api = await testApi({ seed })
  const stop = new AbortController()
  const slow = await fetch(`${api.url}/v1/stream?topics=board`, { signal: stop.signal })
  using quick = await follow(api.url, '?topics=board&venue=binance')
  await quick.until('board')
  const wide = Object.fromEntries(Array.from({ length: 4_000 }, (_, n) => [`f${n}`, 'x'.repeat(500)]))
  for (let change = 1; change <= CHANGES; change += 1) {
    await putOnBoard(api.db, boardRow({ instrument: 'binance:BTC/USDT:USDT', basisBps: change, absent: wide }))
    api.clock.advance(1_000)
    const { data } = await quick.until('board')
    assert.equal((data.rows as { basisBps: number }[])[0]!.basisBps, change)
  }
  let text = ''
  const reader = slow.body!.pipeThrough(new TextDecoderStream()).getReader()
  while (!text.includes(`"basisBps":${CHANGES},`)) text += (await reader.read()).value ?? assert.fail('ended')
  const told = text.match(/"basisBps":\d+,/g)!.length
  assert.ok(told < CHANGES, `${told} boards were kept for a reader that did not read`)
  stop.abort()
})

test('a key that is revoked while it listens is heard of, and stopping the service ends every stream', async () => {
  await using api = await testApi({ seed })
  const { key, secret } = await createKey(api.db, { scopes: ['read'] })
  using stream = await follow(api.url, '?topics=board', { authorization: `Bearer ${secret}` })
  await stream.until('board')
  await revokeKey(api.db, key.id, api.clock.now())
  api.clock.advance(4_000)
  while ((await stream.next()) !== undefined);
  using other = await follow(api.url, '?topics=board')
  await other.until('board')
  await api[Symbol.asyncDispose]()
  await assert.rejects(async () => {
    while ((await other.next()) !== undefined);
    throw new Error('ended in order')
  })
})
