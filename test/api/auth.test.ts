import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { createKey, revokeKey } from '../../src/store/keys.ts'
import { testApi } from './fixture.ts'

const bearer = (secret: string) => ({ Authorization: `Bearer ${secret}` })

test('on loopback reading needs no key, but a wrong one is refused', async () => {
  await using api = await testApi()
  assert.equal((await request(api.url).get('/v1/venues')).status, 200)
  for (const value of [`Bearer ctg_${'x'.repeat(40)}`, 'Bearer nonsense', 'Basic YTpi', 'Bearer']) {
    const { status, body, headers } = await request(api.url).get('/v1/venues').set('Authorization', value)
    assert.deepEqual([status, body.code], [401, 'unauthorised'], value)
    assert.match(headers['www-authenticate']!, /^Bearer/)
  }
})

test('elsewhere reading needs a key with the scope read', async () => {
  let secrets = { read: '', webhooks: '', admin: '' }
  await using api = await testApi({
    config: { host: '0.0.0.0' },
    seed: async (db) => {
      const make = async (scope: 'read' | 'webhooks' | 'admin') => (await createKey(db, { scopes: [scope] })).secret
      secrets = { read: await make('read'), webhooks: await make('webhooks'), admin: await make('admin') }
    }
  })
  const ask = (headers: Record<string, string>) => request(api.url).get('/v1/venues').set(headers)
  assert.equal((await ask({})).status, 401)
  assert.equal((await ask(bearer(secrets.read))).status, 200)
  assert.equal((await ask(bearer(secrets.admin))).status, 200)
  const lacking = await ask(bearer(secrets.webhooks))
  assert.deepEqual([lacking.status, lacking.body.code], [403, 'insufficient_scope'])
  assert.equal((await request(api.url).get('/healthz')).status, 200)
})

test('a revoked key is refused within five seconds', async () => {
  await using api = await testApi()
  const { key, secret } = await createKey(api.db, { scopes: ['read'] })
  const ask = () => request(api.url).get('/v1/venues').set(bearer(secret))
  assert.equal((await ask()).status, 200)
  await revokeKey(api.db, key.id, api.clock.now())
  api.clock.advance(4_900)
  const { status, body } = await ask()
  const unknown = await request(api.url)
    .get('/v1/venues')
    .set(bearer(`ctg_${'y'.repeat(40)}`))
  assert.equal(status, 401)
  assert.deepEqual(body, unknown.body)
})

test('requests are limited by key, else by address, unknown paths and wrong keys included', async () => {
  let secret = ''
  await using api = await testApi({
    config: { rateLimitPerMinute: 5 },
    seed: async (db) => {
      secret = (await createKey(db, { scopes: ['read'] })).secret
    }
  })
  const first = await request(api.url).get('/v1/venues')
  assert.deepEqual([first.headers['ratelimit-limit'], first.headers['ratelimit-remaining']], ['5', '4'])
  for (let guess = 0; guess < 2; guess += 1) {
    const wrong = await request(api.url)
      .get('/v1/venues')
      .set(bearer(`ctg_${String(guess).repeat(40)}`))
    assert.equal(wrong.status, 401)
  }
  assert.equal((await request(api.url).get('/nothing')).status, 404)
  assert.equal((await request(api.url).get('/nothing')).status, 404)
  for (const path of ['/v1/venues', '/nothing']) {
    const { status, body, headers } = await request(api.url).get(path)
    assert.deepEqual([status, body.code, body.status], [429, 'rate_limited', 429], path)
    assert.match(headers['content-type']!, /^application\/problem\+json/)
    assert.ok(Number(headers['retry-after']) > 0)
  }
  assert.equal((await request(api.url).get('/v1/venues').set(bearer(secret))).status, 200)
  assert.equal((await request(api.url).get('/healthz')).status, 200)
})

test('a request leaves one event, without its key', async () => {
  await using api = await testApi()
  const { key, secret } = await createKey(api.db, { scopes: ['read'] })
  await request(api.url).get('/v1/venues?venue=').set(bearer(secret))
  await request(api.url).get(`/nothing?key=${secret}`)
  const events = api.lines.filter(({ msg }) => msg === 'request.finished')
  assert.deepEqual(
    events.map(({ method, route, path, status, keyId, level }) => ({ method, route, path, status, keyId, level })),
    [
      { method: 'GET', route: '/v1/venues', path: undefined, status: 400, keyId: key.id, level: 40 },
      { method: 'GET', route: null, path: '/nothing', status: 404, keyId: null, level: 40 }
    ]
  )
  for (const { ms, bytes } of events) assert.ok(typeof ms === 'number' && typeof bytes === 'number' && bytes > 100)
  assert.equal(JSON.stringify(api.lines).includes(secret), false)
})
