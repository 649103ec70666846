import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import request from 'supertest'
import { readTime } from '../../src/contract/time-text.ts'
import { testApi } from './fixture.ts'
import { seedEverything } from './seed.ts'

type Parameter = { name: string; in: string; required?: boolean }
type Field = { name: string; args: { name: string }[] }

const PERP = 'binance:BTC/USDT:USDT'
/** What else a question needs that is to fail by its range alone. */
const NEEDED: Readonly<Record<string, string>> = {
  instrument: PERP,
  asset: 'BTC',
  venue: 'binance',
  notionalUsd: '1000'
}

const RANGES: readonly (readonly [name: string, from: string, to: string, path: RegExp])[] = [
  ['ends before it begins', '2026-06-15T00:00:00Z', '2026-06-01T00:00:00Z', /^from$/],
  ['ends where it begins', '2026-06-01T00:00:00Z', '2026-06-01T00:00:00Z', /^from$/],
  ['is ten thousand years long', '0001-01-01T00:00:00Z', '10001-01-01T00:00:00Z', /^(from|to)$/],
  ['has times without a zone', '2026-06-01T00:00:00', '2026-06-02T00:00:00', /^(from|to)$/]
]

test('a range that cannot be is refused by name wherever one can be given, over REST and GraphQL alike', async () => {
  await using api = await testApi({ seed: seedEverything })
  const { body: document } = await request(api.url).get('/openapi.json')
  const { body: schema } = await request(api.url)
    .post('/graphql')
    .send({ query: '{ __schema { queryType { fields { name args { name } } } } }' })
  const fields = new Map((schema.data.__schema.queryType.fields as Field[]).map((field) => [field.name, field]))
  let asked = 0
  for (const [path, methods] of Object.entries(
    document.paths as Record<string, { get?: { operationId: string; parameters?: Parameter[] } }>
  )) {
    const parameters = methods.get?.parameters ?? []
    const names = parameters.map(({ name }) => name)
    if (!['from', 'to'].every((name) => names.includes(name)) || path.includes('{')) continue
    const others = parameters.filter(({ name, required }) => required && name in NEEDED).map(({ name }) => name)
    if (names.includes('instrument') && !others.includes('instrument')) others.push('instrument')
    const rest = Object.fromEntries(others.map((other) => [other, NEEDED[other]!]))
    const long = await request(api.url)
      .get(path)
      .query({ ...rest, from: '1970-01-01', to: '9999-12-31' })
    assert.ok([200, 400].includes(long.status), `${path}: ${JSON.stringify(long.body).slice(0, 300)}`)
    const field = fields.get(methods.get!.operationId)
    for (const [name, from, to, expected] of RANGES) {
      const query = { ...rest, from, to }
      const { status, body } = await request(api.url).get(path).query(query)
      const place = `${path}: ${name}`
      assert.equal(status, 400, `${place}: ${JSON.stringify(body)}`)
      assert.ok(
        body.errors.every((error: { path: string }) => expected.test(error.path)),
        `${place}: ${JSON.stringify(body.errors)}`
      )
      asked += 1
      if (field === undefined) continue
      const args = Object.entries(query)
        .filter(([key]) => field.args.some((arg) => arg.name === key))
        .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
      const answer = await request(api.url)
        .post('/graphql')
        .send({ query: `{ ${field.name}(${args.join(', ')}) { __typename } }` })
      const [error] = answer.body.errors ?? []
      assert.equal(error?.extensions?.code, body.code, `${place}: ${JSON.stringify(answer.body)}`)
      assert.deepEqual(error.extensions.errors, body.errors, place)
    }
  }
  assert.ok(asked > 40, `${asked} questions`)
})

test('a year of five digits is no time, and a packed body is not unpacked', async () => {
  assert.equal(typeof readTime('10001-01-01T00:00:00Z'), 'object', 'refused with what would be accepted')
  await using api = await testApi()
  const bomb = gzipSync(Buffer.alloc(8 << 20))
  const { status, body } = await request(api.url)
    .post('/graphql')
    .set('content-type', 'application/json')
    .set('content-encoding', 'gzip')
    .send(bomb)
  assert.ok(status === 400 || status === 415, JSON.stringify(body))
  assert.ok(typeof body.code === 'string' && body.detail.length > 0, JSON.stringify(body))
})
