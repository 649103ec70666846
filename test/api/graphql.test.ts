import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { buildSchema, type GraphQLObjectType, getNamedType, isObjectType } from 'graphql'
import request from 'supertest'
import { isoOf } from '../../src/domain/time.ts'
import type { Database } from '../../src/store/database.ts'
import { createKey } from '../../src/store/keys.ts'
import { aSubscription } from '../support/webhooks.ts'
import { boardRow, insertBasis, insertInstrument, insertSettlements, NOW_MS, putOnBoard, testApi } from './fixture.ts'
import { PERP, seedEverything } from './seed.ts'

const SCHEMA = buildSchema(await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8'))

// biome-ignore lint/suspicious/noExplicitAny: answers of queries that the tests wrote themselves
type Any = any
type Result = { data: Record<string, Any> | null; errors?: { message: string; extensions: Record<string, Any> }[] }

async function ask(url: string, query: string, variables: Record<string, unknown> = {}, headers = {}): Promise<Result> {
  const { body } = await request(url).post('/graphql').set(headers).send({ query, variables })
  return body
}

/** How often a history has been read. */
const readsOf = (statements: readonly string[]) =>
  statements.filter((text) => /basis_snapshot|settlement/.test(text)).length

/** Every field of a type that is no link to another thing, written out. */
function everyField(type: GraphQLObjectType): string {
  return Object.values(type.getFields())
    .filter(({ name }) => !['instrumentDetail', 'spotDetail', 'history'].includes(name))
    .map(({ name, type: inside }) => {
      const named = getNamedType(inside)
      return isObjectType(named) ? `${name} { ${everyField(named)} }` : name
    })
    .join(' ')
}

const HISTORY = `instrument: "${PERP}", from: "2026-06-15", to: "2026-06-16"`
const HISTORY_QUERY = `instrument=${PERP}&from=2026-06-15&to=2026-06-16`
/** Operation → its arguments, and the same as REST writes them. */
const ASKED: Record<string, [string, string]> = {
  basis: ['(sort: "-basisBps", minGrade: "none")', '?sort=-basisBps&minGrade=none'],
  basisHistory: [`(${HISTORY}, resolution: "1h")`, `/history?${HISTORY_QUERY}&resolution=1h`],
  funding: ['(asset: ["BTC"])', '?asset=BTC'],
  fundingHistory: [`(${HISTORY})`, `/history?${HISTORY_QUERY}`],
  openInterest: ['(asset: ["BTC"], sort: "-openInterestUsd")', '?asset=BTC&sort=-openInterestUsd'],
  carry: ['(asset: ["BTC"], notional: 25000, horizonHours: 72.5)', '?asset=BTC&notional=25000&horizonHours=72.5'],
  termStructure: ['(asset: ["BTC"])', '?asset=BTC'],
  termStructureRolled: [
    '(asset: "BTC", settle: "USDT", from: "2026-06-15T09:00Z", to: "2026-06-15T12:00Z")',
    '/rolled?asset=BTC&settle=USDT&from=2026-06-15T09:00Z&to=2026-06-15T12:00Z'
  ],
  termStructureHistory: [
    '(asset: "BTC", venue: "binance", from: "2026-06-15T09:00Z", to: "2026-06-15T12:00Z")',
    '/history?asset=BTC&venue=binance&from=2026-06-15T09:00Z&to=2026-06-15T12:00Z'
  ],
  fundingSpreads: ['(asset: ["BTC"], horizonHours: 30, notional: 20000)', '?asset=BTC&horizonHours=30&notional=20000'],
  depth: [`(instrument: ["${PERP}"])`, `?instrument=${PERP}`],
  flow: [`(instrument: ["${PERP}"])`, `?instrument=${PERP}`],
  depthHistory: [`(${HISTORY})`, `/history?${HISTORY_QUERY}`],
  flowHistory: [`(${HISTORY})`, `/history?${HISTORY_QUERY}`],
  liquidations: [`(instrument: ["${PERP}"], from: "2026-06-15", to: "2026-06-16")`, `?${HISTORY_QUERY}`],
  drivers: [`(${HISTORY})`, `?${HISTORY_QUERY}`],
  explain: [`(metric: "basisBps", instrument: "${PERP}")`, `?metric=basisBps&instrument=${PERP}`],
  openInterestHistory: [`(${HISTORY})`, `/history?${HISTORY_QUERY}`],
  sentiment: ['(asset: ["BTC"])', '?asset=BTC'],
  sentimentHistory: [
    '(asset: "BTC", from: "2026-06-15T09:00Z", to: "2026-06-15T12:00Z")',
    '/history?asset=BTC&from=2026-06-15T09:00Z&to=2026-06-15T12:00Z'
  ],
  fundingRealised: [`(${HISTORY})`, `/realised?${HISTORY_QUERY}`],
  instruments: ['(kind: ["spot", "perpetual"])', '?kind=spot,perpetual'],
  gaps: ['(venue: ["binance"])', '?venue=binance'],
  changes: ['(since: "2020-01-01", first: 5000)', '?since=2020-01-01&limit=5000']
}
const PATHS: Record<string, string> = {
  signal: 'signals',
  signalTypes: 'signals/types',
  signalRecords: 'signals/records',
  signalOutcomes: 'signals/outcomes',
  openInterest: 'open-interest',
  openInterestHistory: 'open-interest',
  termStructure: 'term-structure',
  termStructureHistory: 'term-structure',
  termStructureRolled: 'term-structure',
  fundingSpreads: 'funding/spreads',
  fundingIntervals: 'funding/intervals',
  fundingTrailing: 'funding/trailing',
  fundingStandings: 'funding/standings',
  basisMovement: 'basis/movement'
}
const pathOf = (name: string) => `/v1/${PATHS[name] ?? name.replace(/(History|Realised)$/, '')}`

test('every operation says the same over REST and GraphQL, field by field', async (t) => {
  const seed = async (db: Database) => {
    await seedEverything(db)
    await aSubscription(db, 'https://example.com/')
  }
  await using api = await testApi({ seed })
  const { secret } = await createKey(api.db, { scopes: ['read', 'webhooks'] })
  const headers = { authorization: `Bearer ${secret}` }
  const query = SCHEMA.getQueryType()!
  for (const field of Object.values(query.getFields())) {
    // One signal is asked by its id: `signals` compares the same fields.
    if (field.args.some(({ name }) => name === 'id')) continue
    await t.test(field.name, async () => {
      const [args, text] = ASKED[field.name] ?? ['', '']
      const type = getNamedType(field.type) as GraphQLObjectType
      const isList = type.name.endsWith('Connection')
      const row = isList ? (getNamedType(type.getFields().nodes!.type) as GraphQLObjectType) : type
      const meta = isList
        ? `meta { ${everyField(getNamedType(type.getFields().meta!.type) as GraphQLObjectType)} }`
        : ''
      const selection = isList ? `nodes { ${everyField(row)} } ${meta} pageInfo { hasNextPage }` : everyField(row)
      const answer = await ask(api.url, `{ ${field.name}${args} { ${selection} } }`, {}, headers)
      assert.equal(answer.errors, undefined, JSON.stringify(answer.errors))
      const { body } = await request(api.url)
        .get(pathOf(field.name) + text)
        .set(headers)
      const found = answer.data![field.name]
      const rows: Record<string, unknown>[] = isList ? body.data : [body.data]
      assert.ok(rows.length > 0, 'nothing was compared')
      const told = isList ? found.nodes : [found]
      assert.equal(told.length, rows.length)
      for (const [index, expected] of rows.entries()) {
        for (const [name, value] of Object.entries(expected)) assert.deepEqual(told[index][name], value, name)
        for (const [name, value] of Object.entries(told[index]))
          if (!(name in expected)) assert.equal(value, null, name)
      }
      // How far the changes are complete moves with the database's clock.
      const moved = field.name === 'changes' ? { to: body.meta.to } : {}
      if (isList) assert.deepEqual({ ...found.meta, ...moved }, body.meta)
    })
  }
})

test('pages go on where REST would, and a cursor of the one continues the other', async () => {
  await using api = await testApi({
    seed: async (db) => {
      for (const [index, asset] of ['BTC', 'ETH', 'SOL'].entries()) {
        await putOnBoard(db, boardRow({ instrument: `binance:${asset}/USDT:USDT`, asset, basisBps: index }))
      }
    }
  })
  const page = (after: string) =>
    ask(
      api.url,
      `query ($after: String) { basis(sort: "-basisBps", first: 1, after: $after) {
         edges { cursor node { instrument } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
      after === '' ? {} : { after }
    )
  const seen: string[] = []
  let cursor = ''
  for (let pages = 0; pages < 3; pages += 1) {
    const { data } = await page(cursor)
    const { edges, pageInfo } = data!.basis
    seen.push(edges[0].node.instrument)
    assert.equal(pageInfo.endCursor, edges[0].cursor)
    assert.equal(pageInfo.hasPreviousPage, pages > 0)
    assert.equal(pageInfo.hasNextPage, pages < 2)
    cursor = pageInfo.endCursor
    if (pages === 0) {
      const rest = await request(api.url).get(`/v1/basis?sort=-basisBps&limit=1&cursor=${cursor}`)
      assert.equal(rest.body.data[0].instrument, 'binance:ETH/USDT:USDT')
    }
  }
  assert.deepEqual(seen, ['binance:SOL/USDT:USDT', 'binance:ETH/USDT:USDT', 'binance:BTC/USDT:USDT'])
  const foreign = await ask(api.url, `{ instruments(after: "${cursor}") { nodes { instrument } } }`)
  assert.equal(foreign.errors![0]!.extensions.code, 'invalid_cursor')
})

test('links lead to instruments and to histories, all rows of a list in one query each', async () => {
  const ids: number[] = []
  await using api = await testApi({
    seed: async (db) => {
      for (const asset of ['BTC', 'ETH', 'SOL']) {
        const spot = await insertInstrument(db, { key: `binance:${asset}/USDT` })
        const key = `binance:${asset}/USDT:USDT`
        const id = await insertInstrument(db, { key, spotId: spot })
        await putOnBoard(db, boardRow({ instrument: key, asset, spot: `binance:${asset}/USDT` }))
        await insertBasis(db, id, spot, [{ atMs: NOW_MS - 3_600_000, basisBps: 1.5 + ids.length }])
        await insertSettlements(db, id, [{ atMs: NOW_MS - 4 * 3_600_000, rate: `0.000${ids.length + 1}` }])
        ids.push(id)
      }
    }
  })
  const from = isoOf(NOW_MS - 6 * 3_600_000)
  const query = `{
    basis { nodes { instrument spot instrumentDetail { instrument kind spotDetail { instrument } } spotDetail { instrument }
      history(from: "${from}", resolution: "1h") { nodes { start mean count coverage } edges { cursor } meta { spot resolution } } } }
    funding { nodes { instrument history(from: "${from}") { nodes { settledAt rate intervalHours } } } }
  }`
  const before = readsOf(api.statements)
  const { data, errors } = await ask(api.url, query)
  assert.equal(errors, undefined, JSON.stringify(errors))
  const asked = readsOf(api.statements) - before
  for (const row of data!.basis.nodes) {
    assert.equal(row.instrumentDetail.instrument, row.instrument)
    assert.equal(row.instrumentDetail.spotDetail.instrument, row.spot)
    assert.equal(row.spotDetail.instrument, row.spot)
    const rest = await request(api.url).get(
      `/v1/basis/history?instrument=${row.instrument}&resolution=1h&from=${from}&to=${isoOf(NOW_MS)}`
    )
    const told = rest.body.data.map(({ start, mean, count, coverage }: Any) => ({ start, mean, count, coverage }))
    assert.deepEqual(row.history.nodes, told)
    assert.ok(told.some(({ count }: Any) => count === 1))
    assert.deepEqual(row.history.meta, { spot: row.spot, resolution: '1h' })
  }
  const rates = data!.funding.nodes.map(({ history }: Any) => history.nodes[0].rate)
  assert.deepEqual(rates.sort(), [0.0001, 0.0002, 0.0003])
  assert.equal(asked, 2, 'one for each kind of history')
})

test('what is wrong with a question is told with the codes and names that REST has', async () => {
  await using api = await testApi({ seed: seedEverything })
  const cases: [string, string, string][] = [
    ['{ basis(first: 5001) { nodes { instrument } } }', 'invalid_parameter', 'limit'],
    ['{ basis(asset: ["BTC,,"]) { nodes { instrument } } }', 'invalid_parameter', 'asset'],
    ['{ basis(asset: ["BTX"]) { nodes { instrument } } }', 'unknown_asset', 'asset'],
    ['{ gaps(from: "2026-06-01T00:00:00") { nodes { reason } } }', 'invalid_parameter', 'from'],
    [
      `{ fundingRealised(instrument: "${PERP}", from: "2026-06-15", to: "2026-06-01") { sumRate } }`,
      'invalid_parameter',
      'from'
    ]
  ]
  for (const [query, code, path] of cases) {
    const { errors } = await ask(api.url, query)
    assert.equal(errors?.[0]?.extensions.code, code, query)
    assert.deepEqual(
      errors[0].extensions.errors.map((error: { path: string }) => error.path),
      [path],
      query
    )
  }
  const unknown = await ask(api.url, '{ basisHistory(instrument: "binance:BTC/USDT:USDC") { nodes { start } } }')
  assert.equal(unknown.errors![0]!.extensions.code, 'unknown_instrument')
  assert.match(unknown.errors![0]!.message, /did you mean binance:BTC\/USDT:USDT\?/)
  api.cutDatabase()
  const cut = await ask(api.url, '{ gaps { nodes { reason } } }')
  assert.equal(cut.errors![0]!.extensions.code, 'database_unavailable')
})

test('bodies that are no GraphQL are refused by name, other content types and methods as well', async () => {
  await using api = await testApi()
  const cases: [object | string, number, string][] = [
    [{}, 400, 'invalid_body'],
    [{ query: 5 }, 400, 'invalid_body'],
    [{ query: '{ venues { nodes { venue } } }', variables: [] }, 400, 'invalid_body'],
    [[{ query: '{ venues { nodes { venue } } }' }], 400, 'invalid_body'],
    [{ query: JSON.stringify({ kind: 'Document', definitions: [] }) }, 400, 'invalid_body'],
    ['{"query":', 400, 'malformed_body']
  ]
  for (const [body, status, code] of cases) {
    const answer = await request(api.url).post('/graphql').type('application/json').send(body)
    assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(body))
  }
  const text = await request(api.url).post('/graphql').type('text/plain').send('{ venues { nodes { venue } } }')
  assert.equal(text.status, 415)
  assert.equal((await request(api.url).get('/graphql?query={venues{nodes{venue}}}')).status, 405)
})

/** Documents that ask for too much, each in another way. */
const BOMBS: Record<string, string> = {
  depth: `{ instruments { nodes { ${'spotDetail { '.repeat(12)} instrument ${'} '.repeat(12)} } } }`,
  'depth by fragments': `query { instruments { nodes { ...a0 } } }
    ${Array.from({ length: 12 }, (_, n) => `fragment a${n} on Instrument { spotDetail { ...a${n + 1} } }`).join(' ')}
    fragment a12 on Instrument { instrument }`,
  'fragments that double': `query { instruments { nodes { ...a0 } } }
    ${Array.from({ length: 14 }, (_, n) => `fragment a${n} on Instrument { ...a${n + 1} ...a${n + 1} }`).join(' ')}
    fragment a14 on Instrument { instrument }`,
  aliases: `{ ${Array.from({ length: 30 }, (_, n) => `a${n}: venues { nodes { venue } }`).join(' ')} }`,
  'aliases in a fragment': `query { ...all } fragment all on Query { ${Array.from({ length: 30 }, (_, n) => `a${n}: venues { nodes { venue } }`).join(' ')} }`,
  'the same field again and again': `{ venues { nodes { ${'venue '.repeat(2_500)} } } }`,
  'rows inside rows': '{ basis(first: 5000) { nodes { history { nodes { mean } } } } }',
  'rows inside rows by a fragment':
    '{ basis(first: 5000) { ...page } } fragment page on BasisConnection { nodes { history(points: 9) { nodes { mean } } } }',
  tokens: `{ ${'venues '.repeat(5_000)} }`,
  braces: '{'.repeat(100_000)
}

test('a document that asks for too much is refused before anything of it is run', async (t) => {
  await using api = await testApi({ seed: seedEverything })
  for (const [name, query] of Object.entries(BOMBS)) {
    await t.test(name, async () => {
      const before = readsOf(api.statements)
      const answer = await request(api.url).post('/graphql').send({ query })
      assert.equal(answer.status, 400, JSON.stringify(answer.body).slice(0, 300))
      assert.equal(answer.body.data, null)
      assert.match(answer.body.errors[0].message, /deep|fields|at once|rows|tokens|Syntax Error/)
      assert.equal(readsOf(api.statements), before)
    })
  }
  const fair = `{ basis(first: 100) { nodes { instrumentDetail { spotDetail { spotDetail { instrument } } } history { nodes { mean } } } } }`
  assert.equal((await request(api.url).post('/graphql').send({ query: fair })).status, 200)
  const variable = await ask(
    api.url,
    'query ($n: Int) { basis(first: $n) { nodes { history(resolution: "5m", from: "2025-01-01") { nodes { mean } } } } }',
    { n: 5_000 }
  )
  assert.equal(variable.errors?.[0]?.extensions.code, 'range_too_long')
  const aliases = Array.from(
    { length: 5 },
    (_, n) => `h${n}: history(resolution: "5m", from: "2026-05-0${n + 1}") { nodes { start } }`
  )
  const many = await ask(api.url, `{ basis(first: 2) { nodes { ${aliases.join(' ')} } } }`)
  assert.equal(many.errors?.[0]?.extensions.code, 'range_too_long', 'each alone would have been few enough')
})

test('a compiled query answers what it answered before it was compiled', async () => {
  await using api = await testApi({ seed: seedEverything })
  const query =
    'query ($k: [String!]) { basis(kind: $k) { nodes { instrument absent fx reasons spotDetail { instrument } } } }'
  const answers = []
  for (let run = 0; run < 4; run += 1) answers.push(await ask(api.url, query, { k: ['perpetual'] }))
  for (const answer of answers) assert.deepEqual(answer, answers[0])
  assert.equal(answers[0]!.data!.basis.nodes.length, 2)
  const wrong = await ask(api.url, query, { k: 'future', x: 1 })
  assert.equal(wrong.errors, undefined)
  assert.deepEqual(wrong.data!.basis.nodes, [])
  assert.match((await ask(api.url, query, { k: 5 })).errors![0]!.message, /String cannot represent/)
})

test('the playground may learn the schema, and a key without the scope may ask nothing', async () => {
  await using api = await testApi()
  const { getIntrospectionQuery } = await import('graphql')
  const { data, errors } = await ask(api.url, getIntrospectionQuery())
  assert.equal(errors, undefined)
  assert.ok(data!.__schema.types.some(({ name }: { name: string }) => name === 'BasisRow'))
  const refused = await request(api.url)
    .post('/graphql')
    .set('authorization', 'Bearer ctg_wrong')
    .send({ query: '{ venues { nodes { venue } } }' })
  assert.equal(refused.status, 401)
})

test('what REST can change, mutations change: with the same refusals, and once for each idempotency key', async () => {
  await using api = await testApi({ config: { webhookPrivateTargets: 'allow' }, seed: seedEverything })
  const { secret } = await createKey(api.db, { scopes: ['webhooks'] })
  const { secret: reading } = await createKey(api.db, { scopes: ['read'] })
  const as = (key: string) => ({ authorization: `Bearer ${key}` })
  const admin = as((await createKey(api.db, { scopes: ['read', 'webhooks'] })).secret)
  const create = `mutation ($url: String!, $filter: JSON, $key: String) {
    createWebhook(url: $url, events: ["signal.opened"], filter: $filter, idempotencyKey: $key) { id secret events filter state } }`
  const wanted = { url: 'http://127.0.0.1:9/hook', filter: { asset: ['BTC'] }, key: 'once' }
  const made = (await ask(api.url, create, wanted, admin)).data!.createWebhook
  assert.match(made.secret, /^whsec_/)
  const again = (await ask(api.url, create, wanted, admin)).data!.createWebhook
  assert.deepEqual(again, made)
  const { body } = await request(api.url).get(`/v1/webhooks/${made.id}`).set(admin)
  assert.deepEqual([body.data.filter, body.data.state], [{ asset: ['BTC'] }, 'active'])
  const problem = await ask(api.url, create, { ...wanted, key: null, filter: { assets: ['BTC'] } }, admin)
  assert.equal(problem.errors![0]!.extensions.code, 'invalid_body')
  assert.deepEqual(
    problem.errors![0]!.extensions.errors.map(({ path }: { path: string }) => path),
    ['filter.assets']
  )
  for (const [headers, code] of [
    [{}, 'unauthorised'],
    [as(reading), 'insufficient_scope']
  ] as const) {
    const refused = await ask(api.url, create, wanted, headers)
    assert.equal(refused.errors![0]!.extensions.code, code)
  }
  const unread = await request(api.url)
    .post('/graphql')
    .set(as(secret))
    .send({ query: '{ webhooks { nodes { id } } }' })
  assert.equal(unread.status, 403, 'the whole of GraphQL needs the scope read')
  const change = `mutation { updateWebhook(id: "${made.id}", state: "disabled") { state } testWebhook(id: "${made.id}") { event } }`
  const changed = await ask(api.url, change, {}, admin)
  assert.equal(changed.data?.updateWebhook?.state ?? 'disabled', 'disabled')
  assert.equal(changed.errors![0]!.extensions.code, 'webhook_disabled')
  assert.equal(
    (await ask(api.url, `mutation { deleteWebhook(id: "${made.id}") }`, {}, admin)).data!.deleteWebhook,
    true
  )
  assert.equal((await request(api.url).get(`/v1/webhooks/${made.id}`).set(admin)).status, 404)
})

test('what the board alone tells is told once for each board; what asks the database is asked anew, and keys are judged each time', async () => {
  await using api = await testApi({ seed: seedEverything })
  const board = '{ basis { nodes { instrument ageMs } meta { asOf } } }'
  const first = await ask(api.url, board)
  await putOnBoard(api.db, boardRow({ instrument: 'binance:NEW/USDT:USDT', asset: 'NEW' }))
  const packed = await request(api.url).post('/graphql').set('accept-encoding', 'br').send({ query: board })
  assert.deepEqual(packed.body, first)
  const refused = await request(api.url)
    .post('/graphql')
    .set('authorization', 'Bearer ctg_wrong')
    .send({ query: board })
  assert.equal(refused.status, 401)
  api.clock.advance(1_000)
  const later = await ask(api.url, board)
  assert.equal(later.data!.basis.nodes[0].ageMs, first.data!.basis.nodes[0].ageMs + 1_000)
  const settled = `{ basis { nodes { instrument } } fundingHistory(${HISTORY}) { nodes { rate } } }`
  const before = readsOf(api.statements)
  for (let turn = 0; turn < 2; turn += 1) await ask(api.url, settled)
  assert.equal(readsOf(api.statements) - before, 2)
  const linked = '{ funding(asset: ["BTC"]) { nodes { history { nodes { rate } } } } }'
  for (let turn = 0; turn < 2; turn += 1) await ask(api.url, linked)
  assert.equal(readsOf(api.statements) - before, 4)
})

test('of several operations the named one is run, also after another of the same document has been compiled', async () => {
  await using api = await testApi({ seed: seedEverything })
  const query =
    'query A { venues { nodes { ...v } } } query B { assets { nodes { asset } } } fragment v on Venue { venue }'
  const run = async (operationName: string) =>
    Object.keys((await request(api.url).post('/graphql').send({ query, operationName })).body.data)
  for (let turn = 0; turn < 3; turn += 1) assert.deepEqual(await run('A'), ['venues'])
  assert.deepEqual(await run('B'), ['assets'])
  const { body, status } = await request(api.url).post('/graphql').send({ query, operationName: 'C' })
  assert.ok(status === 400 || body.errors.length > 0)
})

test('a POST is answered whatever tag it says it has', async () => {
  await using api = await testApi({ seed: seedEverything })
  const post = () => request(api.url).post('/graphql').send({ query: '{ basis(first: 1) { nodes { instrument } } }' })
  await post()
  const { status, body } = await post().set('If-None-Match', '*')
  assert.equal(status, 200)
  assert.ok(body.data.basis.nodes.length > 0)
})
