import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import type { Database } from '../../src/store/database.ts'
import { insertBasis, insertInstrument, NOW_MS, testApi } from './fixture.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const START = NOW_MS - 6 * HOUR
const PERP = 'binance:BTC/USDT:USDT'
const URL_PATH = `/v1/basis/history?instrument=${PERP}`
const iso = (atMs: number) => new Date(atMs).toISOString()
const range = (fromMs: number, toMs: number) => `&from=${iso(fromMs)}&to=${iso(toMs)}`

type Ids = { perp: number; spot: number; otherSpot: number }

async function seedLegs(db: Database): Promise<Ids> {
  const spot = await insertInstrument(db, { key: 'binance:BTC/USDT' })
  const otherSpot = await insertInstrument(db, { key: 'coinbase:BTC/USD' })
  const perp = await insertInstrument(db, { key: PERP, spotId: spot })
  return { perp, spot, otherSpot }
}

const withLegs = (seed: (db: Database, ids: Ids) => Promise<void>) => ({
  seed: async (db: Database) => seed(db, await seedLegs(db))
})

const perMinute = (fromMs: number, count: number, value: (index: number) => number = (index) => index) =>
  Array.from({ length: count }, (_, index) => ({ atMs: fromMs + index * MINUTE, basisBps: value(index) }))

test('raw rows are ascending, from included and to not', async () => {
  await using api = await testApi(withLegs((db, { perp, spot }) => insertBasis(db, perp, spot, perMinute(START, 10))))
  const { body } = await request(api.url).get(`${URL_PATH}${range(START + 2 * MINUTE, START + 5 * MINUTE)}`)
  assert.deepEqual(
    body.data.map((row: { basisBps: number }) => row.basisBps),
    [2, 3, 4]
  )
  const { observedAt, contractMid, spotMid, priceKind, grade, spot } = body.data[0]
  assert.deepEqual(
    { observedAt, contractMid, spotMid, priceKind, grade, spot },
    {
      observedAt: iso(START + 2 * MINUTE),
      contractMid: '100.1',
      spotMid: '100',
      priceKind: 'mid',
      grade: 'signal',
      spot: 'binance:BTC/USDT'
    }
  )
  assert.deepEqual(body.meta, {
    asOf: iso(NOW_MS),
    instrument: PERP,
    spot: 'binance:BTC/USDT',
    resolution: 'raw',
    knownAt: null,
    from: iso(START + 2 * MINUTE),
    to: iso(START + 5 * MINUTE)
  })
})

test('series of different spot legs are never mixed', async () => {
  await using api = await testApi(
    withLegs(async (db, { perp, spot, otherSpot }) => {
      await insertBasis(
        db,
        perp,
        spot,
        perMinute(START, 2, () => 1)
      )
      await insertBasis(
        db,
        perp,
        otherSpot,
        perMinute(START, 3, () => 2)
      )
    })
  )
  const chosen = await request(api.url).get(URL_PATH)
  assert.deepEqual(
    chosen.body.data.map((row: { basisBps: number }) => row.basisBps),
    [1, 1]
  )
  const named = await request(api.url).get(`${URL_PATH}&spot=coinbase:BTC/USD`)
  assert.deepEqual(
    named.body.data.map((row: { basisBps: number }) => row.basisBps),
    [2, 2, 2]
  )
  const wrong = await request(api.url).get(`${URL_PATH}&spot=${PERP}`)
  assert.equal(wrong.body.errors[0].path, 'spot')
})

test('the newest revision counts, and knownAt shows what was known before it', async () => {
  await using api = await testApi(
    withLegs((db, { perp, spot }) =>
      insertBasis(db, perp, spot, [
        { atMs: START, basisBps: 1, knownAtMs: START + 500 },
        { atMs: START, basisBps: 5, revision: 1, knownAtMs: START + HOUR, grade: 'none' }
      ])
    )
  )
  const values = async (query: string) =>
    (await request(api.url).get(`${URL_PATH}${query}`)).body.data.map((row: { basisBps: number }) => row.basisBps)
  assert.deepEqual(await values(''), [5])
  assert.deepEqual(await values(`&knownAt=${iso(START + 500)}`), [1])
  assert.deepEqual(await values(`&knownAt=${iso(START + 499)}`), [])
  // The correction lowered the grade: the older revision must not come back through the filter.
  assert.deepEqual(await values('&minGrade=display'), [])
})

test('buckets are aligned to UTC, there when empty, and know how much of them was seen', async () => {
  await using api = await testApi(
    withLegs((db, { perp, spot }) =>
      insertBasis(db, perp, spot, [
        ...perMinute(START, 5, (index) => [3, 1, 9, 2, 4][index]!),
        ...perMinute(START + 11 * MINUTE, 1)
      ])
    )
  )
  const { body } = await request(api.url).get(
    `${URL_PATH}&resolution=5m${range(START + 61_000, START + 15 * MINUTE - 1)}`
  )
  assert.deepEqual(body.data, [
    { start: iso(START), open: 3, high: 9, low: 1, close: 4, mean: 3.8, count: 5, coverage: 1 },
    {
      start: iso(START + 5 * MINUTE),
      open: null,
      high: null,
      low: null,
      close: null,
      mean: null,
      count: 0,
      coverage: 0
    },
    { start: iso(START + 10 * MINUTE), open: 0, high: 0, low: 0, close: 0, mean: 0, count: 1, coverage: 0.2 }
  ])
  assert.deepEqual([body.meta.from, body.meta.to], [iso(START), iso(START + 15 * MINUTE)])
})

test('coverage never exceeds 1, however long an observation stands for', async () => {
  await using api = await testApi(
    withLegs((db, { perp, spot }) => insertBasis(db, perp, spot, [{ atMs: START, basisBps: 1, spanMs: 8 * HOUR }]))
  )
  const { body } = await request(api.url).get(`${URL_PATH}&resolution=1h${range(START, START + HOUR)}`)
  assert.equal(body.data[0].coverage, 1)
})

test('auto takes the finest resolution within points; too many buckets are refused with the one that fits', async () => {
  await using api = await testApi(withLegs(async () => {}))
  const auto = async (query: string) => {
    const { body } = await request(api.url).get(`${URL_PATH}&resolution=auto${query}`)
    return [body.meta.resolution, body.data.length]
  }
  assert.deepEqual(await auto(range(NOW_MS - 24 * HOUR, NOW_MS)), ['5m', 288])
  assert.deepEqual(await auto(`${range(NOW_MS - 24 * HOUR, NOW_MS)}&points=100`), ['15m', 96])
  assert.deepEqual(await auto(`${range(NOW_MS - 24 * HOUR, NOW_MS)}&points=20`), ['4h', 6 + 0])
  const { status, body } = await request(api.url).get(`${URL_PATH}&resolution=5m&from=2020-01-01&to=2026-01-01`)
  assert.equal(status, 400)
  assert.equal(body.code, 'range_too_long')
  assert.match(body.errors[0].message, /4h is the finest that fits/)
})

test('pages of a history go on where the last one ended, for raw rows and buckets', async () => {
  await using api = await testApi(
    withLegs(async (db, { perp, spot }) => {
      await insertBasis(db, perp, spot, perMinute(START, 23))
    })
  )
  for (const resolution of ['raw', '5m']) {
    const query = `${URL_PATH}&resolution=${resolution}${range(START, START + 30 * MINUTE)}`
    const whole = await request(api.url).get(query)
    const rows: unknown[] = []
    let cursor = ''
    do {
      const { body } = await request(api.url).get(`${query}&limit=4${cursor}`)
      assert.ok(body.data.length <= 4)
      rows.push(...body.data)
      cursor = body.page.next === null ? '' : `&cursor=${body.page.next}`
      // A default range must not move while it is paged through.
      api.clock.advance(1)
    } while (cursor !== '')
    assert.deepEqual(rows, whole.body.data)
    assert.equal(rows.length, resolution === 'raw' ? 23 : 6)
  }
})

test('csv and ndjson stream every row of the range, or one page with a link to the next', async () => {
  await using api = await testApi(withLegs((db, { perp, spot }) => insertBasis(db, perp, spot, perMinute(START, 130))))
  const csv = await request(api.url).get(`${URL_PATH}&format=csv`).buffer(true)
  assert.match(csv.headers['content-type']!, /^text\/csv/)
  const [header, ...lines] = csv.text.trimEnd().split('\r\n')
  assert.match(header!, /^observedAt,basisBps,adjustedBasisBps,contractMid,spotMid,priceKind,grade,/)
  assert.equal(lines.length, 130)
  assert.ok(lines[1]!.startsWith(`${iso(START + MINUTE)},1,1,100.1,100,mid,signal`))
  const page = await request(api.url)
    .get(`${URL_PATH}&limit=10`)
    .set('Accept', 'application/x-ndjson')
    .buffer(true)
    .parse(asText)
  assert.match(page.headers['content-type']!, /^application\/x-ndjson/)
  const rows = String(page.body)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    rows.map(({ basisBps }) => basisBps),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
  )
  const next = /<(.*)>; rel="next"/.exec(page.headers.link!)![1]!
  const second = await request(api.url).get(next).set('Accept', 'application/x-ndjson').buffer(true).parse(asText)
  assert.equal(JSON.parse(String(second.body).split('\n')[0]!).basisBps, 10)
})

const asText: Parameters<request.Test['parse']>[0] = (response, done) => {
  let text = ''
  response.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  response.on('end', () => done(null, text))
}

test('a spot, and a contract without a spot leg, are told apart from what is unknown', async () => {
  await using api = await testApi({
    seed: async (db) => {
      await seedLegs(db)
      await insertInstrument(db, { key: 'bybit:XYZ/USDT:USDT' })
    }
  })
  const ask = async (key: string) => (await request(api.url).get(`/v1/basis/history?instrument=${key}`)).body
  assert.equal((await ask('binance:BTC/USDT')).errors[0].path, 'instrument')
  assert.equal((await ask('bybit:XYZ/USDT:USDT')).code, 'no_spot_leg')
  const unknown = await ask('binance:BTC/USDC:USDC')
  assert.deepEqual([unknown.status, unknown.code], [404, 'unknown_instrument'])
  assert.match(unknown.detail, /did you mean binance:BTC\/USDT/)
})
