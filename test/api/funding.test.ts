import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import type { Database } from '../../src/store/database.ts'
import { insertInstrument, insertSettlements, NOW_MS, testApi } from './fixture.ts'
import { seedEverything } from './seed.ts'

const HOUR = 3_600_000
const PERP = 'binance:BTC/USDT:USDT'
const START = Date.UTC(2026, 5, 1)
const iso = (atMs: number) => new Date(atMs).toISOString()

type Settlements = Parameters<typeof insertSettlements>[2]
const withSettlements = (rows: Settlements) => ({
  seed: async (db: Database) => insertSettlements(db, await insertInstrument(db, { key: PERP }), rows)
})
const every8h = (count: number, rate = '0.0001') =>
  Array.from({ length: count }, (_, index) => ({ atMs: START + index * 8 * HOUR, rate }))

const realised = async (api: { url: string }, fromMs: number, toMs: number) =>
  (await request(api.url).get(`/v1/funding/realised?instrument=${PERP}&from=${iso(fromMs)}&to=${iso(toMs)}`)).body.data

test('settlements are shown with their rates per 8 h and per year, the newest revision of each', async () => {
  await using api = await testApi(
    withSettlements([
      { atMs: START, rate: '0.0001' },
      { atMs: START, rate: '0.0002', revision: 1, knownAtMs: START + HOUR },
      { atMs: START + 4 * HOUR, rate: '-0.00005', intervalHours: 4 }
    ])
  )
  const path = `/v1/funding/history?instrument=${PERP}&from=2026-06-01`
  const { body } = await request(api.url).get(path)
  assert.equal(body.data.length, 2)
  assert.equal(body.data[0].rate, 0.0002)
  assert.deepEqual(
    { ...body.data[1], venueTime: undefined, observedAt: undefined, knownAt: undefined, availableAt: undefined },
    {
      instrument: PERP,
      settledAt: iso(START + 4 * HOUR),
      venueTime: undefined,
      rate: -0.00005,
      intervalHours: 4,
      intervalSource: 'declared',
      rate8h: -0.0001,
      apr: -0.1095,
      fundingKind: 'settled',
      observedAt: undefined,
      cap: null,
      floor: null,
      mark: null,
      estimateRate: null,
      estimateAt: null,
      estimateDifference: null,
      source: 'backfill',
      knownAt: undefined,
      availableAt: undefined,
      revision: 0,
      reasons: [],
      formulaVersion: 1,
      adapterVersion: 1,
      absent: {
        cap: 'not_kept',
        floor: 'not_kept',
        mark: 'not_given',
        estimateRate: 'no_estimate_before_it',
        estimateAt: 'no_estimate_before_it',
        estimateDifference: 'no_estimate_before_it'
      }
    }
  )
  const before = await request(api.url).get(`${path}&knownAt=${iso(START)}`)
  assert.deepEqual(
    before.body.data.map(({ rate }: { rate: number }) => rate),
    [0.0001]
  )
})

test('a realised window includes its end and not its beginning', async () => {
  await using api = await testApi(withSettlements(every8h(4)))
  const data = await realised(api, START, START + 24 * HOUR)
  assert.deepEqual(data, {
    instrument: PERP,
    from: iso(START),
    to: iso(START + 24 * HOUR),
    sumRate: 0.0003,
    hours: 24,
    realisedApr: 0.1095,
    settlements: 3,
    expected: 3,
    coverage: 1,
    reasons: [],
    absent: {}
  })
  assert.equal((await realised(api, START - 1, START + 24 * HOUR - 1)).settlements, 3)
})

test('a change of interval distorts neither the realised rate nor what was expected', async () => {
  await using api = await testApi(
    withSettlements([
      { atMs: START + 8 * HOUR, rate: '0.0008' },
      ...[9, 10, 11, 12].map((hour) => ({ atMs: START + hour * HOUR, rate: '0.0001', intervalHours: 1 }))
    ])
  )
  const data = await realised(api, START, START + 12 * HOUR)
  assert.equal(data.sumRate, 0.0012)
  assert.equal(data.hours, 12)
  assert.equal(data.realisedApr, 0.876)
  assert.deepEqual([data.settlements, data.expected, data.coverage], [5, 5, 1])
})

test('missing settlements lower the coverage, within the window and at its edges', async () => {
  const rows = every8h(10).filter((_, index) => ![0, 1, 4, 9].includes(index))
  await using api = await testApi(withSettlements(rows))
  const data = await realised(api, START - 1, START + 72 * HOUR)
  assert.deepEqual([data.settlements, data.expected, data.coverage], [6, 10, 0.6])
})

test('what is still to come is not expected yet', async () => {
  const rows = Array.from({ length: 3 }, (_, index) => ({ atMs: NOW_MS - 4 * HOUR - index * 8 * HOUR, rate: '0.0001' }))
  await using api = await testApi(withSettlements(rows))
  const data = await realised(api, NOW_MS - 28 * HOUR, NOW_MS + 240 * HOUR)
  assert.deepEqual([data.settlements, data.expected], [3, 3])
})

test('nothing known is null, nothing due is 0', async () => {
  await using api = await testApi(withSettlements(every8h(1)))
  const later = await realised(api, START + HOUR, START + 25 * HOUR)
  assert.deepEqual(
    [later.sumRate, later.realisedApr, later.hours, later.expected, later.coverage],
    [null, null, 0, 3, 0]
  )
  assert.deepEqual(later.absent, { realisedApr: 'no_settlements', sumRate: 'no_settlements' })
  const between = await realised(api, START + HOUR, START + 2 * HOUR)
  assert.deepEqual([between.sumRate, between.realisedApr, between.expected, between.coverage], [0, null, 0, null])
})

test('an unknown interval gives no annual figure', async () => {
  await using api = await testApi(withSettlements([{ atMs: START + HOUR, rate: '0.0001', intervalHours: null }]))
  const data = await realised(api, START, START + 8 * HOUR)
  assert.deepEqual([data.sumRate, data.realisedApr, data.expected], [0.0001, null, null])
  assert.deepEqual(data.absent, { realisedApr: 'interval_unknown' })
})

test('the sum is exact where floats would not be', async () => {
  const rows = Array.from({ length: 10 }, (_, index) => ({ atMs: START + index * 8 * HOUR, rate: '0.1' }))
  await using api = await testApi(withSettlements(rows))
  assert.equal((await realised(api, START - 1, START + 80 * HOUR)).sumRate, 1)
})

test('only perpetuals have funding', async () => {
  await using api = await testApi({ seed: (db) => insertInstrument(db, { key: 'binance:BTC/USDT' }) })
  const { body } = await request(api.url).get('/v1/funding/history?instrument=binance:BTC/USDT')
  assert.equal(body.status, 400)
  assert.match(body.errors[0].message, /only perpetuals have funding/)
})

test('every row of funding says its interval and where that came from, its kind, bounds and versions', async () => {
  await using api = await testApi({ seed: seedEverything })
  const { body } = await request(api.url).get(`/v1/funding?instrument=${PERP}`)
  const [row] = body.data
  for (const field of FUNDING_LEDGER) assert.ok(field in row, field)
  assert.deepEqual([row.fundingFormulaVersion, row.fundingAdapterVersion], [1, 1])
  assert.equal(row.nextSettlementVenueTime, row.nextSettlementAt)
})

const FUNDING_LEDGER = [
  ...['fundingRate', 'fundingIntervalHours', 'fundingIntervalSource', 'fundingRate8h', 'fundingApr', 'fundingKind'],
  ...['nextSettlementAt', 'nextSettlementVenueTime', 'cap', 'floor', 'fundingFormulaVersion', 'fundingAdapterVersion']
]

test('intervals are listed from the day each came into force, the newest first, page by page', async () => {
  await using api = await testApi({ seed: seedEverything })
  const get = async (query: string) => (await request(api.url).get(`/v1/funding/intervals?${query}`)).body
  const { data } = await get('asset=btc')
  assert.deepEqual(
    data.map((row: Record<string, unknown>) => [row.previousHours, row.intervalHours, row.intervalSource, row.absent]),
    [
      [4, 1, 'declared', { settledFrom: 'not_settled_yet' }],
      [8, 4, 'observed', { declaredAt: 'not_declared' }],
      [null, 8, 'declared', { previousHours: 'first_known' }]
    ]
  )
  const pages: unknown[] = []
  for (let query = 'limit=1'; ; ) {
    const { data: page, page: paging } = await get(query)
    pages.push(...page)
    if (paging.next === null) break
    query = `limit=1&cursor=${paging.next}`
  }
  assert.deepEqual(pages, data)
  assert.deepEqual((await get(`from=${iso(NOW_MS - 3 * HOUR)}`)).data, data.slice(0, 1))
  assert.deepEqual((await get(`to=${iso(NOW_MS - 3 * HOUR)}`)).data, data.slice(1))
  assert.deepEqual((await get('venue=bybit')).data, [])
})

test('a table of settlements has why a cell is empty', async () => {
  await using api = await testApi(withSettlements([{ atMs: START, rate: '0.0001' }]))
  const { text } = await request(api.url).get(`/v1/funding/history?instrument=${PERP}&from=2026-06-01&format=csv`)
  const [head, line] = text.trim().split('\r\n')
  assert.match(head!, /,absent$/)
  assert.match(line!, /,cap=not_kept floor=not_kept mark=not_given estimateRate=no_estimate_before_it /)
})
