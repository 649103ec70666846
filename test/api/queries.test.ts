import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import request from 'supertest'
import { cursorOf, fingerprintOf } from '../../src/contract/cursor.ts'
import { nearestOf } from '../../src/contract/nearest.ts'
import { readTime } from '../../src/contract/time-text.ts'
import { boardRow, putOnBoard, testApi } from './fixture.ts'

const PERP = 'binance:BTC/USDT:USDT'

test('every problem of a query is named at once, unknown parameters with the nearest known', async () => {
  await using api = await testApi()
  const { body, status, headers } = await request(api.url).get('/v1/basis?minGarde=signal&limit=0&sort=basis')
  assert.equal(status, 400)
  assert.match(headers['content-type']!, /^application\/problem\+json/)
  assert.deepEqual(
    [body.status, body.code, body.title, body.instance],
    [400, 'invalid_parameter', 'Bad Request', '/v1/basis']
  )
  assert.deepEqual(
    body.errors.map(({ path }: { path: string }) => path),
    ['minGarde', 'sort', 'limit']
  )
  assert.match(body.errors[0].message, /unknown parameter; did you mean minGrade\?/)
  const unknown = await request(api.url).get('/v1/venues?foo=1')
  assert.equal(unknown.body.code, 'unknown_parameter')
})

test('values that cannot be used are refused by the name of their parameter', async () => {
  await using api = await testApi()
  const cases: [string, string][] = [
    ['/v1/basis?limit=5001', 'limit'],
    ['/v1/basis?limit=9007199254740993', 'limit'],
    ['/v1/basis?limit=1e2', 'limit'],
    ['/v1/basis?limit=', 'limit'],
    ['/v1/basis?asset=BTC&asset=ETH', 'asset'],
    ['/v1/basis?asset=BTC%00', 'asset'],
    ['/v1/basis?asset=BTC,,ETH', 'asset'],
    ['/v1/basis?asset[]=BTC', 'asset[]'],
    [`/v1/basis?minOpenInterestUsd=${'9'.repeat(400)}`, 'minOpenInterestUsd'],
    ['/v1/basis?minOpenInterestUsd=NaN', 'minOpenInterestUsd'],
    ['/v1/basis?kind=spot', 'kind'],
    ['/v1/basis?cursor=%7B', 'cursor'],
    ['/v1/basis?__proto__=1', '__proto__'],
    ['/v1/basis?constructor=1', 'constructor'],
    ['/v1/basis/history', 'instrument'],
    [`/v1/basis/history?instrument=${PERP}&from=2026-06-01T00:00:00`, 'from'],
    [`/v1/basis/history?instrument=${PERP}&from=yesterday`, 'from'],
    [`/v1/basis/history?instrument=${PERP}&from=2026-02-30`, 'from'],
    [`/v1/basis/history?instrument=${PERP}&from=9007199254740993`, 'from'],
    [`/v1/basis/history?instrument=${PERP}&resolution=1m`, 'resolution']
  ]
  for (const [path, name] of cases) {
    const { body, status } = await request(api.url).get(path)
    assert.equal(status, 400, path)
    assert.deepEqual(
      body.errors.map((error: { path: string }) => error.path),
      [name],
      path
    )
    assert.ok(body.detail.includes(name), path)
  }
})

test('a time without a zone is refused with what would be accepted', async () => {
  await using api = await testApi()
  const { body } = await request(api.url).get(`/v1/gaps?from=2026-06-01T00:00:00`)
  assert.match(body.errors[0].message, /a time with its zone, such as 2026-06-01T00:00:00Z for UTC/)
})

test('a time is read the same in all of its forms', () => {
  const wanted = Date.UTC(2026, 5, 1)
  const forms = [
    '2026-06-01',
    '2026-06-01T00:00Z',
    '2026-06-01T00:00:00.000Z',
    '2026-06-01T02:00:00+02:00',
    '2026-06-01T02:00:00 02:00'
  ]
  for (const text of [...forms, '2026-05-31T19:30:00-0430', String(wanted)]) assert.equal(readTime(text), wanted, text)
  for (const text of ['1780272000', '2026-06-01T24:00:00Z', '2026-06-01T00:00:60Z', '20260601', '-1']) {
    assert.notEqual(typeof readTime(text), 'number', text)
  }
})

test('any instant survives being written and read', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date(0), max: new Date('2199-12-31T23:59:59.999Z'), noInvalidDate: true }),
      (date) => {
        assert.equal(readTime(date.toISOString()), date.getTime())
      }
    )
  )
})

test('a range that ends before it begins is refused', async () => {
  await using api = await testApi({ seed: (db) => putOnBoard(db, boardRow({ instrument: PERP })) })
  for (const path of [
    `/v1/funding/realised?instrument=${PERP}`,
    `/v1/funding/history?instrument=${PERP}`,
    '/v1/gaps?venue=binance'
  ]) {
    const { body } = await request(api.url).get(`${path}&from=2026-06-02&to=2026-06-01`)
    assert.deepEqual([body.status, body.errors?.[0].path], [400, 'from'], path)
  }
})

test('a cursor continues only the query that it came from', async () => {
  await using api = await testApi({
    seed: async (db) => {
      await putOnBoard(db, boardRow({ instrument: PERP }))
      await putOnBoard(db, boardRow({ instrument: 'bybit:BTC/USDT:USDT' }))
    }
  })
  const { body } = await request(api.url).get('/v1/basis?limit=1')
  const { next } = body.page
  assert.equal((await request(api.url).get(`/v1/basis?limit=2&cursor=${next}`)).status, 200)
  for (const path of [
    `/v1/basis?limit=1&asset=BTC&cursor=${next}`,
    `/v1/funding?cursor=${next}`,
    '/v1/basis?cursor=abc'
  ]) {
    const refused = await request(api.url).get(path)
    assert.deepEqual([refused.status, refused.body.code], [400, 'invalid_cursor'], path)
  }
})

test('a forged cursor is refused or answered, never a failure', async () => {
  await using api = await testApi({ seed: (db) => putOnBoard(db, boardRow({ instrument: PERP })) })
  const paths: [string, Record<string, string>][] = [
    ['/v1/basis', {}],
    ['/v1/gaps', {}],
    ['/v1/instruments', {}],
    ['/v1/funding/history', { instrument: PERP }]
  ]
  for (const [path, query] of paths) {
    for (const keys of [
      [],
      [1],
      ['x', 'y'],
      [1e300, 1, 'a', 'b'],
      [1, 2 ** 40, 'a', 'b'],
      [5, 1, 9e15],
      [null, 'x\0']
    ]) {
      const cursor = cursorOf(fingerprintOf(path, query), keys)
      const { status } = await request(api.url)
        .get(path)
        .query({ ...query, cursor })
      assert.ok(status === 400 || status === 200, `${path} ${JSON.stringify(keys)}: ${status}`)
    }
  }
})

test('an unknown instrument, venue, asset or quote is refused with the nearest known', async () => {
  await using api = await testApi({ seed: (db) => putOnBoard(db, boardRow({ instrument: PERP })) })
  const ask = async (path: string) => (await request(api.url).get(path)).body
  const instrument = await ask('/v1/basis/history?instrument=binance:BTC/USDT:USD')
  assert.deepEqual([instrument.status, instrument.code], [404, 'unknown_instrument'])
  assert.match(instrument.detail, /did you mean binance:BTC\/USDT:USDT\?/)
  assert.equal((await ask('/v1/basis?instrument=binance:BTC/USDT:USD')).code, 'unknown_instrument')
  const venue = await ask('/v1/basis?venue=binanse')
  assert.deepEqual([venue.status, venue.code], [400, 'unknown_venue'])
  assert.match(venue.detail, /did you mean binance\?/)
  assert.equal((await ask('/v1/instruments?asset=BTCC')).code, 'unknown_asset')
  for (const path of ['/v1/basis?quote=usdt,usdd', '/v1/funding?quote=USDD', '/v1/stream?quote=USDD']) {
    const quote = await ask(path)
    assert.deepEqual([quote.status, quote.code, quote.errors?.[0].path], [400, 'unknown_quote', 'quote'], path)
    assert.match(quote.detail, /priced in usdd here; did you mean USDT\?/i)
  }
})

test('the nearest name is the one that takes the fewest edits, and nothing when none is near', () => {
  assert.equal(nearestOf('minGarde', ['minGrade', 'limit']), 'minGrade')
  assert.equal(nearestOf('zzz', ['minGrade', 'limit']), undefined)
  assert.equal(nearestOf('x'.repeat(10_000), ['minGrade']), undefined)
})

test('whatever is in a query, the answer is 200 or a problem of the caller', async () => {
  await using api = await testApi({ seed: (db) => putOnBoard(db, boardRow({ instrument: PERP })) })
  const paths = [
    '/v1/basis',
    '/v1/basis/history',
    '/v1/funding/history',
    '/v1/funding/realised',
    '/v1/gaps',
    '/v1/instruments'
  ]
  const names = ['from', 'to', 'limit', 'cursor', 'instrument', 'asset', 'sort', 'knownAt', 'resolution', 'points']
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom(
      PERP,
      '0',
      '-1',
      '1e400',
      '9007199254740993',
      '2026-06-01',
      '2026-06-01T00:00:00Z',
      'raw',
      '-basisBps'
    )
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths),
      fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 4 }),
      async (path, pairs) => {
        const query = pairs.map(([name, text]) => `${name}=${encodeURIComponent(text.toWellFormed())}`).join('&')
        const { status, headers } = await request(api.url).get(`${path}?${query}`)
        assert.ok([200, 400, 404].includes(status), `${path}?${query}: ${status}`)
        if (status !== 200) assert.match(headers['content-type']!, /^application\/problem\+json/)
      }
    ),
    { numRuns: 300 }
  )
})
