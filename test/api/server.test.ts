import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { pino } from 'pino'
import request from 'supertest'
import { startApi } from '../../src/api/server.ts'
import { systemClock } from '../../src/clock.ts'
import { createKey } from '../../src/store/keys.ts'
import { testDatabase } from '../support/database.ts'
import { boardRow, CONFIG, putOnBoard, testApi } from './fixture.ts'

const log = pino({ level: 'silent' })

test('a taken port is told with what to do', async () => {
  await using t = await testDatabase()
  const deps = { db: t.db, clock: systemClock, log, kind: 'live' } as const
  const first = await startApi({ ...deps, config: CONFIG })
  const port = Number(new URL(first.address).port)
  await assert.rejects(startApi({ ...deps, config: { ...CONFIG, port } }), {
    name: 'StartError',
    message: new RegExp(`127.0.0.1:${port} is taken .* set PORT`)
  })
  await first.close()
})

test('an address that others reach is refused while there is no key', async () => {
  await using t = await testDatabase()
  const deps = { db: t.db, clock: systemClock, log, kind: 'live', config: { ...CONFIG, host: '0.0.0.0' } } as const
  await assert.rejects(startApi(deps), {
    name: 'StartError',
    message: /npm run -s contango -- keys create --scope read/
  })
  await createKey(t.db, { scopes: ['read'] })
  const api = await startApi(deps)
  assert.match(api.address, /^http:\/\/0\.0\.0\.0:\d+$/)
  await api.close()
})

test('on loopback a request for another host is refused', async () => {
  await using api = await testApi()
  const { port } = new URL(api.url)
  for (const host of ['evil.example', `evil.example:${port}`, `127.0.0.1:${Number(port) + 1}`, 'localhost']) {
    const { status, body } = await request(api.url).get('/v1/venues').set('Host', host)
    assert.deepEqual([status, body.code], [421, 'foreign_host'], host)
  }
  for (const host of [`localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`]) {
    assert.equal((await request(api.url).get('/v1/venues').set('Host', host)).status, 200, host)
  }
})

test('what no route answers is a problem in the same form as every other', async () => {
  await using api = await testApi()
  const unknown = await request(api.url).get('/v1/bases')
  assert.deepEqual([unknown.status, unknown.body.code], [404, 'unknown_route'])
  assert.match(unknown.body.detail, /did you mean \/v1\/basis/)
  const method = await request(api.url).delete('/v1/basis')
  assert.deepEqual([method.status, method.body.code, method.headers.allow], [405, 'method_not_allowed', 'GET, HEAD'])
  const url = await request(api.url).get('/%zz')
  assert.deepEqual([url.status, url.body.code], [400, 'malformed_url'])
  const long = await request(api.url).get(`/${'x'.repeat(10_000)}`)
  assert.equal(long.status, 404)
  assert.ok(long.text.length < 1_000)
  for (const { headers } of [unknown, method, url, long]) {
    assert.match(headers['content-type']!, /^application\/problem\+json/)
  }
})

test('what is not HTTP, or too much of it, is answered and cut', async () => {
  await using api = await testApi()
  const port = Number(new URL(api.url).port)
  const talk = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(text))
      let answer = ''
      socket.on('data', (chunk) => {
        answer += chunk.toString()
      })
      socket.on('close', () => resolve(answer))
      socket.on('error', reject)
    })
  assert.match(await talk('hello\r\n\r\n'), /^HTTP\/1.1 400 .*"code":"malformed_request"/s)
  assert.match(await talk(`GET / HTTP/1.1\r\nhost: x\r\na: ${'b'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1.1 431 /)
})

test('a failure of ours shows nothing of the inside', async () => {
  await using api = await testApi()
  await api.db.query('drop table gap')
  const { status, body } = await request(api.url).get('/v1/gaps')
  assert.deepEqual([status, body.code], [500, 'internal_error'])
  assert.doesNotMatch(JSON.stringify(body), /gap"|relation|node_modules|\.ts/)
  assert.ok(api.lines.some(({ msg, err }) => msg === 'request.failed' && JSON.stringify(err).includes('relation')))
})

test('readyz says why it is not ready, and healthz that the process lives', async () => {
  await using api = await testApi()
  const reasons = async () => {
    const { status, body } = await request(api.url).get('/readyz')
    return status === 200 ? 'ready' : body.reasons.map(({ code }: { code: string }) => code).join()
  }
  assert.equal(await reasons(), 'board_empty')
  await putOnBoard(api.db, boardRow({ instrument: 'binance:BTC/USDT:USDT' }))
  assert.equal(await reasons(), 'ready')
  api.clock.advance(30_001)
  assert.equal(await reasons(), 'board_stale')
  await api.db.query('alter table settlement rename to elsewhere')
  assert.equal(await reasons(), 'schema_missing')
  api.cutDatabase()
  assert.equal(await reasons(), 'database_unavailable')
  assert.equal((await request(api.url).get('/healthz')).status, 200)
})

test('a database at MAX_DISK_GB does not make the service unready: readyz says that nothing is stored', async () => {
  for (const [maxDiskBytes, words] of [
    [1, /reached MAX_DISK_GB: nothing is stored/],
    [1e15, /room for history/]
  ] as const) {
    await using api = await testApi({ config: { maxDiskBytes } })
    await putOnBoard(api.db, boardRow({ instrument: 'binance:BTC/USDT:USDT' }))
    const { status, body } = await request(api.url).get('/readyz')
    assert.equal(status, 200)
    assert.match(body.data.checks.find(({ code }: { code: string }) => code === 'disk').message, words)
  }
})

test('a service that only serves is ready without a board, unless somebody collects', async () => {
  await using api = await testApi({ config: { roles: ['api'] } })
  assert.equal((await request(api.url).get('/readyz')).status, 200)
  await api.db.query(
    `insert into tick (job, scope, tick_at, state, holder, lease_until, claimed_at)
     values ('collect', 'binance', $1, 'done', 'other', $1, $1)`,
    [new Date(api.clock.now())]
  )
  assert.equal((await request(api.url).get('/readyz')).status, 503)
})

test('answers to the same facts keep their tag as time passes', async () => {
  await using api = await testApi({ seed: (db) => putOnBoard(db, boardRow({ instrument: 'binance:BTC/USDT:USDT' })) })
  for (const path of ['/v1/instruments', '/v1/venues', '/v1/assets', '/v1/gaps', '/openapi.json', '/']) {
    const first = await request(api.url).get(path)
    api.clock.advance(1)
    const again = await request(api.url).get(path).set('If-None-Match', first.headers.etag!)
    assert.deepEqual([again.status, again.text], [304, ''], path)
  }
})

test('every page is made of this service’s own files', async () => {
  await using api = await testApi()
  const pages = ['/', '/docs/', '/docs/static/swagger-initializer.js', '/docs/static/index.css']
  for (const path of pages) {
    const { status, text, headers } = await request(api.url).get(path)
    assert.equal(status, 200, path)
    assert.match(headers['content-security-policy']!, /default-src 'self'/)
    assert.doesNotMatch(text, /(src|href)="(https?:)?\/\//, path)
    if (path.endsWith('/')) assert.doesNotMatch(text, /<script>/, path)
  }
  const { text } = await request(api.url).get('/docs/')
  for (const [, file] of text.matchAll(/(?:src|href)="([^"]+)"/g)) {
    assert.equal((await request(api.url).get(new URL(file!, `${api.url}/docs/`).pathname)).status, 200, file)
  }
})

test('every kind of answer tells a browser what it is not for, refusals and pages included', async () => {
  await using api = await testApi()
  for (const path of ['/', '/v1/basis', '/v1/basis?limit=0', '/nothing', '/v1/stream?events=board', '/healthz']) {
    const { headers, body } = await fetch(`${api.url}${path}`)
    await body?.cancel()
    const told = ['content-security-policy', 'x-content-type-options', 'x-frame-options', 'referrer-policy']
    assert.deepEqual(
      told.filter((name) => !headers.has(name)),
      [],
      path
    )
    assert.equal(headers.has('strict-transport-security'), false)
  }
})

test('closing does not wait for a request that was never finished', { timeout: 60_000 }, async () => {
  const api = await testApi()
  const { host, port } = new URL(api.url)
  const socket = connect(Number(port), '127.0.0.1')
  let heard = ''
  socket
    .on('error', () => {})
    .on('data', (text) => {
      heard += text
    })
  await new Promise((resolve) => socket.write(`GET /v1/basis HTTP/1.1\r\nhost: ${host}\r\naccept: `, resolve))
  // Answered later than what was sent before it, so the server has seen both.
  await request(api.url).get('/healthz')
  await api[Symbol.asyncDispose]()
  // Waiting would have ended with the refusal of a request that took too long.
  assert.equal(heard, '')
})
