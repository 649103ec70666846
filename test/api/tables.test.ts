import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import request from 'supertest'
import type { Database } from '../../src/store/database.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { insertInstrument, NOW_MS, testApi } from './fixture.ts'
import { PERP, seedEverything } from './seed.ts'

const FROM = '2026-06-01'
/** Every route that answers tables, with as much of a question as it needs. */
const ROUTES = [
  `/v1/basis/history?instrument=${PERP}&from=${FROM}`,
  `/v1/basis/history?instrument=${PERP}&from=${FROM}&resolution=1d`,
  `/v1/funding/history?instrument=${PERP}&from=${FROM}`,
  `/v1/funding/history?instrument=${PERP}&from=${FROM}&kind=estimate`,
  `/v1/open-interest/history?instrument=${PERP}&from=${FROM}`,
  '/v1/funding/intervals?asset=BTC',
  '/v1/gaps?venue=binance',
  '/v1/signals?asset=BTC'
]

type Row = Record<string, unknown>

async function bytesOf(url: string): Promise<{ type: string; bytes: ArrayBuffer }> {
  const answer = await fetch(url)
  assert.equal(answer.status, 200, url)
  return { type: answer.headers.get('content-type')!, bytes: await answer.arrayBuffer() }
}

/** What Parquet gives back, as JSON would have said it. */
const asJson = (value: unknown): unknown => {
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(asJson)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, asJson(field)]))
}

test('every history says the same as JSON, lines of JSON, CSV and Parquet', async () => {
  await using api = await testApi({ seed: seedEverything })
  for (const route of ROUTES) {
    const { body } = await request(api.url).get(`${route}&limit=5000`)
    const rows: Row[] = body.data
    assert.ok(rows.length > 0 || /estimate/.test(route), route)
    const lines = await (await fetch(`${api.url}${route}&format=ndjson`)).text()
    assert.deepEqual(
      lines
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
      rows,
      route
    )
    const csv = await (await fetch(`${api.url}${route}`, { headers: { accept: 'text/csv' } })).text()
    assert.equal(csv.split('\r\n').length - 2, rows.length, route)
    const { type, bytes } = await bytesOf(`${api.url}${route}&format=parquet`)
    assert.equal(type, 'application/vnd.apache.parquet')
    assert.deepEqual((await parquetReadObjects({ file: bytes })).map(asJson), rows, route)
    if (rows[0]) assert.equal(csv.split('\r\n')[0], Object.keys(rows[0]).join(','), route)
  }
})

test('Parquet keeps exact decimals as text, times as moments of UTC and nulls as nulls, by its own types', async () => {
  await using api = await testApi({ seed: seedEverything })
  const { bytes } = await bytesOf(`${api.url}/v1/basis/history?instrument=${PERP}&from=${FROM}&format=parquet`)
  const types = new Map(parquetMetadata(bytes).schema.map((element) => [element.name, element]))
  assert.equal(types.get('contractMid')!.converted_type, 'UTF8')
  assert.deepEqual(types.get('observedAt')!.logical_type, { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' })
  assert.equal(types.get('basisBps')!.type, 'DOUBLE')
  assert.equal(types.get('spanMs')!.type, 'INT64')
  const [row] = await parquetReadObjects({ file: bytes })
  assert.deepEqual(
    [row!.observedAt, row!.contractMid, row!.premiumBps, row!.reasons],
    [new Date(NOW_MS - 60_000), '100.1', null, []]
  )
})

test('gaps that differ in their reason alone are each told once, however the pages fall', async () => {
  await using api = await testApi({
    seed: (db) =>
      db.query(
        `insert into gap (instrument_id, venue_id, fact, from_at, to_at, reason, known_at)
         select 0, 'binance', 'market', $1, $2, 'reason ' || n, $2 from generate_series(1, 7) n`,
        [new Date(NOW_MS - 60_000), new Date(NOW_MS)]
      )
  })
  await api.db.query(`insert into venue (id, name) values ('binance', 'Binance') on conflict do nothing`)
  const found: string[] = []
  for (let cursor = ''; ; ) {
    const { body } = await request(api.url).get(`/v1/gaps?limit=2${cursor}`)
    found.push(...body.data.map(({ reason }: { reason: string }) => reason))
    if (body.page.next === null) break
    cursor = `&cursor=${body.page.next}`
  }
  assert.deepEqual(
    found,
    [1, 2, 3, 4, 5, 6, 7].map((n) => `reason ${n}`)
  )
})

const PAGES = 20

async function seedLongHistory(db: Database): Promise<void> {
  const spot = await insertInstrument(db, { key: 'binance:BTC/USDT' })
  const perp = await insertInstrument(db, { key: PERP, spotId: spot })
  const days = Array.from({ length: 70 }, (_, day) => NOW_MS - day * 86_400_000)
  await ensurePartitions(db, 'basis_snapshot', days, NOW_MS)
  await db.query(
    `insert into basis_snapshot (instrument_id, spot_id, tick_at, observed_at, known_at, available_at,
       contract_observed_at, spot_observed_at, skew_ms, contract_mid, spot_mid, multiplier, fx, basis_bps,
       adjusted_basis_bps, price_kind, grade, span_ms, source, formula_version, adapter_version)
     select $1, $2, at, at, at, at, at, at, 0, 100.1, 100, 1, 1, 1, 1, 'mid', 'signal', 60000, 'polled', 1, 1
     from (select $3::timestamptz - n * interval '1 minute' as at from generate_series(1, $4) n) t`,
    [perp, spot, new Date(NOW_MS), PAGES * 5_000]
  )
}

test('readers who stop reading stop the reading of the database, hold no connection of it, and go on where they were', async () => {
  await using api = await testApi({ seed: seedLongHistory })
  const url = `${api.url}/v1/basis/history?instrument=${PERP}&from=2026-03-01&format=ndjson`
  const pagesRead = () => api.statements.filter((text) => /from basis_snapshot/.test(text)).length
  // More than the pool has connections; each takes its first bytes and no more.
  const answers: IncomingMessage[] = []
  for (let reader = 0; reader < 6; reader += 1) {
    const [answer] = (await once(get(url), 'response')) as [IncomingMessage]
    await once(answer, 'readable')
    answers.push(answer)
  }
  for (let asked = 0; asked < 50; asked += 1) {
    await request(api.url).get(`/v1/funding/history?instrument=${PERP}`).expect(200)
  }
  assert.ok(pagesRead() < answers.length * PAGES * 0.75, `${pagesRead()} pages were read`)
  const [patient, ...leaving] = answers
  for (const answer of leaving) answer.destroy()
  let lines = 0
  for await (const chunk of patient!) lines += (chunk as Buffer).toString('latin1').split('\n').length - 1
  assert.equal(lines, PAGES * 5_000)
  assert.ok(pagesRead() < answers.length * PAGES * 0.75, 'those who left are read for no more')
})

test('what no history can answer is refused by the name of the parameter, in every format', async () => {
  await using api = await testApi({ seed: seedEverything })
  const refusals: [string, string, RegExp][] = [
    ['from=2026-06-10&to=2026-06-01', 'from', /must be before to/],
    ['from=0001-01-01&to=9999-12-31', 'from', /a date that exists/],
    ['from=2026-06-10T00:00:00', 'from', /a time with its zone/],
    ['from=2026-06-01&format=xlsx', 'format', /one of json, csv, ndjson, parquet/],
    ['from=2026-06-01&limit=0', 'limit', /from 1 to 5000/],
    ['from=2026-06-01&cursor=bm90IGEgY3Vyc29y', 'cursor', /not a cursor that this service gave/]
  ]
  for (const route of ROUTES) {
    const [path, query = ''] = route.split('?')
    const asked = query.replace(`&from=${FROM}`, '')
    for (const [wrong, name, pattern] of refusals) {
      for (const accept of ['application/json', 'text/csv', 'application/vnd.apache.parquet']) {
        const { status, body } = await request(api.url).get(`${path}?${asked}&${wrong}`).set('Accept', accept)
        assert.equal(status, 400, `${route} ${wrong}`)
        const found = body.errors.find((error: { path: string }) => error.path === name)
        assert.match(found?.message ?? '', pattern, `${route} ${wrong}: ${JSON.stringify(body.errors)}`)
      }
    }
  }
})

test('a cursor goes on with the question that it came from and with no other', async () => {
  await using api = await testApi({ seed: seedEverything })
  const { body } = await request(api.url).get('/v1/gaps?limit=1')
  for (const route of ROUTES) {
    const answer = await request(api.url).get(`${route}&format=csv&cursor=${body.page.next}`)
    assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_cursor'], route)
  }
  const other = await request(api.url).get(`/v1/gaps?venue=binance&cursor=${body.page.next}`)
  assert.match(other.body.errors[0].message, /belongs to another query/)
})

test('buckets finer than there are, and more of them than are answered, are refused with those that are', async () => {
  await using api = await testApi({ seed: seedEverything })
  const ask = (query: string) => request(api.url).get(`/v1/basis/history?instrument=${PERP}&format=csv&${query}`)
  const finer = await ask('resolution=1m')
  assert.match(finer.body.errors[0].message, /one of raw, 5m, 15m, 1h, 4h, 1d, auto/)
  const query = `{ basisHistory(instrument: "${PERP}", resolution: "1m") { nodes { start } } }`
  const inGraphql = await request(api.url).post('/graphql').send({ query })
  assert.match(JSON.stringify(inGraphql.body.errors), /one of raw, 5m, 15m, 1h, 4h, 1d, auto/)
  const longer = await ask('from=1970-01-01&to=2190-01-01&resolution=1h')
  assert.match(longer.body.errors[0].message, /more than 20,000 buckets/)
})
