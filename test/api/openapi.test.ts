import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import request from 'supertest'
import { Compile } from 'typebox/schema'
import { isoOf } from '../../src/domain/time.ts'
import type { Database } from '../../src/store/database.ts'
import { createKey } from '../../src/store/keys.ts'
import { aSubscription } from '../support/webhooks.ts'
import { NOW_MS, testApi } from './fixture.ts'
import { PERP, seedEverything } from './seed.ts'

type Json = Record<string, unknown>
type Operation = {
  parameters?: { name: string; required?: boolean }[]
  responses: Record<string, { content: Record<string, { schema: Json }> }>
}
type Document = { paths: Record<string, Record<string, Operation>>; components: { schemas: Json } }

/** The schema with its references resolved, and with nothing allowed that it does not name. */
function strict(schema: unknown, document: Document): unknown {
  if (Array.isArray(schema)) return schema.map((part) => strict(part, document))
  if (typeof schema !== 'object' || schema === null) return schema
  const { $ref } = schema as { $ref?: string }
  if ($ref !== undefined) return strict(document.components.schemas[$ref.split('/').at(-1)!], document)
  const copy = Object.fromEntries(
    Object.entries(schema)
      .filter(([name]) => name !== '$id')
      .map(([name, part]) => [name, strict(part, document)])
  )
  return 'properties' in copy ? { ...copy, additionalProperties: false } : copy
}

/** Of every parameter that a route cannot do without. */
const GIVEN: Readonly<Record<string, string>> = {
  instrument: PERP,
  asset: 'BTC',
  metric: 'basisBps',
  since: isoOf(NOW_MS - 3_600_000)
}

/** Not the stream, which never ends. */
const isDocument = ({ responses }: Operation) => 'application/json' in responses['200']!.content

/** The routes that need nothing but a query. */
function readable({ paths }: Document): [string, Operation][] {
  return Object.entries(paths).flatMap(([path, { get }]) =>
    get && !path.includes('{') && isDocument(get) ? [[path, get]] : []
  )
}

function assertValid(schema: Json, document: Document, value: unknown, what: string): void {
  const [isValid, errors] = Compile(strict(schema, document) as Json).Errors(value)
  assert.ok(isValid, `${what}: ${JSON.stringify(errors).slice(0, 800)}`)
}

test('every documented route answers as documented', async () => {
  const seed = async (db: Database) => {
    await seedEverything(db)
    await aSubscription(db, 'https://example.com/')
  }
  await using api = await testApi({ seed })
  const { secret } = await createKey(api.db, { scopes: ['read', 'webhooks'] })
  const get = (url: string) =>
    request(api.url)
      .get(url)
      .set({ authorization: `Bearer ${secret}` })
  const document = (await get('/openapi.json')).body as Document
  const paths = readable(document)
  assert.ok(paths.length >= 12)
  const variants: Record<string, string[]> = {
    '/v1/basis/history': ['', '&resolution=1h', '&resolution=auto'],
    '/v1/explain': [`&instrument=${GIVEN.instrument}`],
    '/v1/funding/history': ['', '&kind=estimate']
  }
  for (const [path, documented] of paths) {
    const needed = (documented.parameters ?? [])
      .flatMap(({ name, required }) => (required ? `${name}=${GIVEN[name]}` : []))
      .join('&')
    for (const variant of variants[path] ?? ['']) {
      const url = `${path}?${needed}${variant}`
      const { status, body } = await get(url)
      assert.equal(status, 200, `${url}: ${JSON.stringify(body)}`)
      assertValid(documented.responses['200']!.content['application/json']!.schema, document, body, url)
      if (path.startsWith('/v1/') && !variant.includes('estimate')) {
        assert.ok(Array.isArray(body.data) ? body.data.length > 0 : body.data, `${url} has something to check`)
      }
    }
    const { status, body } = await get(`${path}?nonsense=1`)
    if (path.startsWith('/v1/')) {
      assert.equal(status, 400)
      assertValid(documented.responses['400']!.content['application/problem+json']!.schema, document, body, path)
    }
  }
})

test('nothing under /v1 is left out of the document, and every parameter and field is described', async () => {
  await using api = await testApi({ seed: seedEverything })
  const document = (await request(api.url).get('/openapi.json')).body as Document
  for (const [path, get] of readable(document)) {
    for (const parameter of get.parameters ?? []) assert.ok('description' in parameter, `${path} ${parameter.name}`)
  }
  const row = document.components.schemas.BoardRow as { properties: Record<string, { description?: string }> }
  for (const [field, { description }] of Object.entries(row.properties)) assert.ok(description, field)
  const yaml = await request(api.url).get('/openapi.yaml').buffer(true)
  assert.equal(yaml.status, 200)
})

test('an instrument’s gaps include those of its venue', async () => {
  await using api = await testApi({ seed: seedEverything })
  const { body } = await request(api.url).get(`/v1/gaps?instrument=${PERP}`)
  assert.deepEqual(
    body.data.map(({ instrument, venue, reason }: Record<string, string>) => [instrument, venue, reason]),
    [
      [null, 'binance', 'down'],
      [PERP, 'binance', 'timeout']
    ]
  )
  const paged = await request(api.url).get('/v1/gaps?limit=2')
  const rest = await request(api.url).get(`/v1/gaps?limit=2&cursor=${paged.body.page.next}`)
  assert.deepEqual([paged.body.data.length, rest.body.data.length, rest.body.page.next], [2, 2, null])
})

test('jobs show their rhythm and how far fetching the past has come', async () => {
  await using api = await testApi({ seed: seedEverything })
  const { body } = await request(api.url).get('/v1/jobs')
  const collect = body.data.find(({ job }: { job: string }) => job === 'collect')
  assert.deepEqual(
    [collect.scope, collect.lagMs, collect.nextTickAt],
    ['binance', 0, new Date(NOW_MS + 10_000).toISOString()]
  )
  const backfill = body.data.find(({ job }: { job: string }) => job === 'backfill')
  assert.deepEqual(backfill.backfill, {
    waiting: 1,
    running: 0,
    done: 0,
    failed: 0,
    instruments: 1,
    instrumentsDone: 0,
    oldestAt: null,
    rowsPerMinute: 0
  })
})

test('the committed document is what the routes say', () => {
  const script = fileURLToPath(new URL('../../scripts/generate.ts', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
})
