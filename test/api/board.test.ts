import assert from 'node:assert/strict'
import { get, type IncomingHttpHeaders } from 'node:http'
import { test } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import request from 'supertest'
import type { BoardRow } from '../../src/domain/board-row.ts'
import { boardRow, eventually, NOW_MS, putOnBoard, testApi } from './fixture.ts'

const name = (index: number) => `binance:A${String(index).padStart(3, '0')}/USDT:USDT`
const many = (count: number, fields: (index: number) => Partial<BoardRow> = () => ({})) =>
  Array.from({ length: count }, (_, index) =>
    boardRow({ instrument: name(index), asset: `A${index}`, ...fields(index) })
  )
const seed = (rows: readonly BoardRow[]) => async (db: Parameters<typeof putOnBoard>[0]) => {
  for (const row of rows) await putOnBoard(db, row)
}
const instruments = (body: { data: BoardRow[] }) => body.data.map(({ instrument }) => instrument)

test('the board answers whole rows in the envelope, aged from meta.asOf', async () => {
  const row = boardRow({ instrument: 'binance:BTC/USDT:USDT' })
  await using api = await testApi({ seed: seed([row]) })
  const { body, status, headers } = await request(api.url).get('/v1/basis')
  assert.equal(status, 200)
  assert.match(headers['content-type']!, /^application\/json/)
  assert.deepEqual(body, {
    data: [{ ...row, ageMs: 1_000 }],
    page: { next: null },
    meta: { asOf: '2026-06-15T12:00:00.000Z' }
  })
  assert.deepEqual(Object.keys(body.data[0] as object), Object.keys(row))
})

test('grades fall as rows age, with the stale legs among the reasons', async () => {
  await using api = await testApi({ seed: seed([boardRow({ instrument: 'binance:BTC/USDT:USDT' })]) })
  const graded = async () => {
    const { body } = await request(api.url).get('/v1/basis')
    const { grade, ageMs, reasons } = body.data[0]
    assert.equal(ageMs, Date.parse(body.meta.asOf) - (NOW_MS - 1_000))
    return { grade, reasons }
  }
  assert.deepEqual(await graded(), { grade: 'signal', reasons: [] })
  api.clock.advance(14_000)
  assert.deepEqual(await graded(), { grade: 'signal', reasons: [] })
  api.clock.advance(1_000)
  assert.deepEqual(await graded(), { grade: 'display', reasons: ['stale_spot', 'stale_perp'] })
  api.clock.advance(15_000)
  assert.deepEqual(await graded(), { grade: 'none', reasons: ['stale_spot', 'stale_perp'] })
})

test('without the database the last rows are served, aging, and never as fresh', async () => {
  await using api = await testApi({ seed: seed([boardRow({ instrument: 'binance:BTC/USDT:USDT' })]) })
  const graded = async () => (await request(api.url).get('/v1/basis?asset=BTC')).body.data[0].grade
  assert.equal(await graded(), 'signal')
  api.cutDatabase()
  api.clock.advance(10_000)
  assert.equal(await graded(), 'signal')
  api.clock.advance(30_000)
  assert.equal(await graded(), 'none')
  const { status, body, headers } = await request(api.url).get('/v1/gaps')
  assert.deepEqual([status, body.code], [503, 'database_unavailable'])
  assert.ok(headers['retry-after'])
})

test('a board commit is served within a second of its notification', async () => {
  await using api = await testApi({ seed: seed([boardRow({ instrument: 'binance:BTC/USDT:USDT' })]) })
  await request(api.url).get('/v1/basis')
  await putOnBoard(api.db, boardRow({ instrument: 'bybit:BTC/USDT:USDT' }))
  await putOnBoard(api.db, boardRow({ instrument: 'binance:BTC/USDT:USDT', basisBps: 1.5 }))
  const ask = async () => {
    api.clock.advance(1_000)
    return (await request(api.url).get('/v1/basis')).body
  }
  const body = await eventually(ask, ({ data }) => data.length === 2 && data[0].basisBps === 1.5)
  assert.deepEqual(instruments(body), ['binance:BTC/USDT:USDT', 'bybit:BTC/USDT:USDT'])
})

test('a cut notification line is opened again, and what it missed is read', async () => {
  await using api = await testApi()
  const listening = async () =>
    (
      await api.db.query(
        `select pid from pg_stat_activity where query = 'listen contango' and datname = current_database()`
      )
    ).rows
  const [before] = await eventually(listening, (rows) => rows.length === 1)
  await api.db.query('select pg_terminate_backend($1)', [before!.pid])
  await putOnBoard(api.db, boardRow({ instrument: 'binance:BTC/USDT:USDT' }))
  await eventually(listening, (rows) => rows.length === 1 && rows[0]!.pid !== before!.pid)
  const ask = async () => {
    api.clock.advance(1_000)
    return (await request(api.url).get('/v1/basis')).body
  }
  await eventually(ask, ({ data }) => data.length === 1)
})

test('contracts that leave the board leave the answer', async () => {
  await using api = await testApi({ seed: seed(many(2)) })
  assert.equal((await request(api.url).get('/v1/basis')).body.data.length, 2)
  await api.db.query(`delete from board where instrument_id = (select max(instrument_id) from board)`)
  await api.db.query(`select pg_notify('contango', 'board:binance')`)
  const ask = async () => {
    api.clock.advance(1_000)
    return (await request(api.url).get('/v1/basis')).body
  }
  await eventually(ask, ({ data }) => data.length === 1)
})

test('pages lose no row and double none while rows are added', async () => {
  await using api = await testApi({ seed: seed(many(25)) })
  const seen: string[] = []
  let cursor = ''
  for (let page = 0; ; page += 1) {
    const { body } = await request(api.url).get(`/v1/basis?limit=7${cursor}`)
    seen.push(...instruments(body))
    if (page === 0) {
      await putOnBoard(api.db, boardRow({ instrument: 'binance:A000/USDC:USDC' }))
      await eventually(
        async () => {
          api.clock.advance(1_000)
          return (await request(api.url).get('/v1/basis')).body
        },
        ({ data }) => data.length === 26
      )
    }
    if (body.page.next === null) break
    cursor = `&cursor=${body.page.next}`
  }
  assert.deepEqual(
    seen,
    many(25).map(({ instrument }) => instrument)
  )
})

test('pages follow any sort, with rows without a value last both ways', async () => {
  const values = [3, null, -1, 3, 10, null, 2]
  const rows = many(values.length, (index) => ({ fundingApr: values[index]! }))
  await using api = await testApi({ seed: seed(rows) })
  for (const [sort, wanted] of [
    ['fundingApr', [-1, 2, 3, 3, 10, null, null]],
    ['-fundingApr', [10, 3, 3, 2, -1, null, null]]
  ] as const) {
    const seen: BoardRow[] = []
    let cursor = ''
    do {
      const { body } = await request(api.url).get(`/v1/basis?limit=2&sort=${sort}${cursor}`)
      seen.push(...body.data)
      cursor = body.page.next === null ? '' : `&cursor=${body.page.next}`
    } while (cursor !== '')
    assert.deepEqual(
      seen.map(({ fundingApr }) => fundingApr),
      wanted
    )
    assert.equal(new Set(seen.map(({ instrument }) => instrument)).size, rows.length)
  }
})

test('decimal strings sort as numbers', async () => {
  const amounts = ['9', '100000', '20.5']
  await using api = await testApi({ seed: seed(many(3, (index) => ({ openInterestUsd: amounts[index]! }))) })
  const { body } = await request(api.url).get('/v1/basis?sort=-openInterestUsd')
  assert.deepEqual(
    body.data.map((row: BoardRow) => row.openInterestUsd),
    ['100000', '20.5', '9']
  )
})

test('filters choose rows, several values by commas, aliases accepted', async () => {
  const rows = [
    boardRow({ instrument: 'binance:BTC/USDT:USDT' }),
    boardRow({ instrument: 'bybit:BTC/USD:BTC', quote: 'USD', openInterestUsd: null }),
    boardRow({
      instrument: 'bybit:ETH/USDT:USDT-261225',
      asset: 'ETH',
      kind: 'future',
      grade: 'display',
      volume24hUsd: '10'
    })
  ]
  await using api = await testApi({ seed: seed(rows) })
  const cases: [string, number[]][] = [
    ['venue=binanceusdm', [0]],
    ['venue=bybit,binance', [0, 1, 2]],
    ['asset=eth', [2]],
    ['kind=future', [2]],
    ['quote=USDT', [0, 2]],
    ['quote=usdt', [0, 2]],
    ['minGrade=signal', [0, 1]],
    ['minOpenInterestUsd=0', [0, 2]],
    ['minVolume24hUsd=11', [0, 1]],
    ['instrument=bybit:BTC/USD:BTC,binanceusdm:BTC/USDT:USDT', [0, 1]]
  ]
  for (const [query, wanted] of cases) {
    const { body } = await request(api.url).get(`/v1/basis?${query}`)
    assert.deepEqual(
      instruments(body),
      wanted.map((index) => rows[index]!.instrument),
      query
    )
  }
})

test('funding shows perpetuals only, with the age of the rate itself', async () => {
  const rows = [
    boardRow({
      instrument: 'binance:BTC/USDT:USDT',
      fundingObservedAt: '2026-06-15T11:59:50.000Z',
      absent: { cap: 'not_told', mark: 'not_told' }
    }),
    boardRow({ instrument: 'binance:BTC/USDT:USDT-261225', kind: 'future' })
  ]
  await using api = await testApi({ seed: seed(rows) })
  const { body } = await request(api.url).get('/v1/funding')
  assert.equal(body.data.length, 1)
  const [row] = body.data
  assert.equal(row.fundingAgeMs, 10_000)
  assert.deepEqual(row.absent, { cap: 'not_told' })
  assert.equal(row.fundingApr, 0.1095)
  assert.equal('basisBps' in row, false)
})

test('the same question within a second is answered 304 to who has the answer', async () => {
  await using api = await testApi({ seed: seed(many(3)) })
  const first = await request(api.url).get('/v1/basis')
  const again = await request(api.url).get('/v1/basis').set('If-None-Match', first.headers.etag!)
  assert.equal(again.status, 304)
  assert.equal(again.text, '')
  api.clock.advance(1_000)
  const later = await request(api.url).get('/v1/basis').set('If-None-Match', first.headers.etag!)
  assert.equal(later.status, 200)
})

test('answers are compressed as the caller likes best', async () => {
  await using api = await testApi({ seed: seed(many(20)) })
  const plain = await rawBytes(api.url, 'identity')
  for (const [accept, encoding, unpack] of [
    ['gzip', 'gzip', gunzipSync],
    ['br, gzip', 'br', brotliDecompressSync],
    ['br;q=0.1, gzip', 'gzip', gunzipSync]
  ] as const) {
    const { headers, bytes } = await rawBytes(api.url, accept)
    assert.equal(headers['content-encoding'], encoding)
    assert.equal(headers.vary, 'accept-encoding')
    assert.deepEqual(unpack(bytes), plain.bytes)
    assert.ok(bytes.length < plain.bytes.length / 3)
  }
})

/** The body as it came over the wire; superagent would unpack it. */
function rawBytes(url: string, accept: string): Promise<{ headers: IncomingHttpHeaders; bytes: Buffer }> {
  return new Promise((resolve, reject) => {
    const asked = get(`${url}/v1/basis`, { headers: { 'accept-encoding': accept } }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve({ headers: response.headers, bytes: Buffer.concat(chunks) }))
    })
    asked.on('error', reject)
  })
}
