import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { newBudget, takeStored } from '../../src/api/row-budget.ts'
import { DAY, HOUR, isoOf, MINUTE } from '../../src/domain/time.ts'
import type { Database } from '../../src/store/database.ts'
import { observeLiquidations } from '../support/sizes.ts'
import { boardRow, insertBasis, insertInstrument, insertSettlements, NOW_MS, putOnBoard, testApi } from './fixture.ts'

const PERPETUALS = ['binance:BTC/USDT:USDT', 'binance:ETH/USDT:USDT', 'binance:SOL/USDT:USDT']
/** Rows a minute that each contract has. */
const HOURS = 10
const FROM_MS = NOW_MS - HOURS * HOUR

/** Three contracts with a row a minute for ten hours: 600 each. */
async function seed(db: Database): Promise<void> {
  for (const key of PERPETUALS) {
    const asset = /:(\w+)/.exec(key)![1]!
    const spot = await insertInstrument(db, { key: key.slice(0, key.lastIndexOf(':')), asset })
    const contract = await insertInstrument(db, { key, asset, spotId: spot })
    await insertBasis(db, contract, spot, [{ atMs: FROM_MS, basisBps: 1 }])
    await db.query(
      `insert into basis_snapshot select (b).* from (
         select json_populate_record(b, json_build_object('tick_at', b.tick_at + n * interval '1 minute')) as b
         from basis_snapshot b, generate_series(1, $2::int) n where b.instrument_id = $1
       ) x`,
      [contract, (HOURS * HOUR) / MINUTE - 1]
    )
    await putOnBoard(db, boardRow({ instrument: key, asset, spot: key.slice(0, key.lastIndexOf(':')) }))
  }
}

type Body = { errors?: { message: string; extensions: { code: string; status: number } }[]; data: unknown }

async function ask(url: string, query: string, variables: object = {}): Promise<Body> {
  return (await request(url).post('/graphql').send({ query, variables })).body
}

test('a history that would have to read too many stored rows is refused, and says what to narrow', async () => {
  await using api = await testApi({ seed, storedRowsMax: 500 })
  const path = `/v1/basis/history?instrument=${PERPETUALS[0]}`
  const get = (query: string) => request(api.url).get(`${path}&${query}`)
  const whole = `from=${isoOf(FROM_MS)}`
  for (const query of [`resolution=1h&${whole}`, `resolution=1d&${whole}`, `minGrade=signal&${whole}`]) {
    const { status, body } = await get(query)
    assert.deepEqual([status, body.code, body.errors?.[0].path], [400, 'range_too_long', 'from'], query)
    assert.match(body.detail, /more than 500 stored rows .* shorter range/)
  }
  const less = [`resolution=1h&from=${isoOf(NOW_MS - 6 * HOUR)}`, `resolution=1h&limit=6&${whole}`, `limit=5&${whole}`]
  for (const query of less) assert.equal((await get(query)).status, 200, query)
  const early = await get('resolution=1d&from=2026-01-01&to=2026-06-01')
  assert.equal(early.status, 200, 'a long time in which nothing is stored costs nothing')
})

test('a whole table is read in stretches, none of which reads too many stored rows', async () => {
  await using api = await testApi({ seed, storedRowsMax: 500 })
  const { status, text } = await request(api.url).get(
    `/v1/basis/history?instrument=${PERPETUALS[0]}&resolution=1h&format=csv&from=${isoOf(FROM_MS)}&to=${isoOf(NOW_MS)}`
  )
  assert.equal(status, 200)
  const counts = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(',')[6])
  assert.deepEqual(counts, ['count', ...Array(HOURS).fill('60')])
})

test('the stored rows behind all histories of one request count together, nested or not', async () => {
  await using api = await testApi({ seed, storedRowsMax: 1_000 })
  const nested = (first: number) =>
    `{ basis(first: ${first}) { nodes { history(resolution: "1h", from: "${isoOf(FROM_MS)}") { nodes { count } } } } }`
  assert.equal((await ask(api.url, nested(1))).errors, undefined)
  const three = (await ask(api.url, nested(3))).errors![0]!
  assert.deepEqual([three.extensions.code, three.extensions.status], ['range_too_long', 400])
  assert.match(three.message, /more than 1,000 stored rows .* fewer rows .* shorter range/)
  const root = (n: number) =>
    `h${n}: basisHistory(instrument: "${PERPETUALS[n]}", resolution: "1h", from: "${isoOf(FROM_MS)}") { nodes { count } }`
  assert.equal((await ask(api.url, `{ ${root(0)} }`)).errors, undefined)
  const both = await ask(api.url, `{ ${root(0)} ${root(1)} }`)
  assert.equal(both.errors?.[0]?.extensions.code, 'range_too_long', 'each alone would have been few enough')
})

test('rows of top-level lists and of nested ones count together, as variables and lists really are', async () => {
  await using api = await testApi({ seed })
  const lists = (count: number) =>
    `query ($n: Int) { ${Array.from(
      { length: count },
      (_, n) =>
        `h${n}: basisHistory(instrument: "${PERPETUALS[n % 3]}", resolution: "5m", from: "2026-05-01", first: $n) { nodes { start } }`
    ).join(' ')} NESTED }`
  const nested = 'basis(first: 2) { nodes { history(resolution: "5m", from: "2026-06-01") { nodes { start } } } }'
  const fits = await ask(api.url, lists(8).replace('NESTED', nested), { n: 5_000 })
  assert.equal(fits.errors, undefined, JSON.stringify(fits.errors))
  for (const query of [lists(9).replace('NESTED', nested), lists(11).replace('NESTED', '')]) {
    const { errors } = await ask(api.url, query, { n: 5_000 })
    assert.equal(errors?.[0]?.extensions.code, 'range_too_long')
    assert.match(errors![0]!.message, /rows in one request, all of its lists together; .* Lower `first`/)
  }
  const short = `query ($n: Int) { ${Array.from({ length: 9 }, (_, n) => `b${n}: basis(first: $n) { nodes { instrument } }`).join(' ')} NESTED }`
  assert.equal(
    (await ask(api.url, short.replace('NESTED', nested), { n: 5_000 })).errors,
    undefined,
    'lists that turn out short leave room'
  )
})

test('lists that are counted side by side are counted together', async () => {
  const budget = newBudget({ storedRowsMax: 1_000 })
  const list = () =>
    takeStored(budget, { most: 50_000, count: async () => 600, path: 'from', narrow: 'ask for a shorter range' })
  const outcomes = await Promise.allSettled([list(), list(), list()])
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected']
  )
})

/** A perpetual and a future of one asset on each of two venues, two hundred stored rows behind each list of them, or a little more. */
async function seedMarket(db: Database): Promise<void> {
  const spot = await insertInstrument(db, { key: 'binance:BTC/USDT' })
  const hours = Array.from({ length: 100 }, (_, k) => ({ atMs: NOW_MS - k * HOUR, rate: '0.0001', intervalHours: 1 }))
  for (const key of ['binance:BTC/USDT:USDT', 'bybit:BTC/USDT:USDT']) {
    await insertSettlements(db, await insertInstrument(db, { key, spotId: spot }), hours)
  }
  let future = 0
  for (const key of ['bybit:BTC/USDT:USDT-260925', 'binance:BTC/USDT:USDT-260925']) {
    future = await insertInstrument(db, { key, spotId: spot })
    await db.query('update instrument set expires_at = $2 where id = $1', [future, new Date(NOW_MS + 100 * DAY)])
  }
  await observeLiquidations(db, future, {})
  await db.query(
    `insert into liquidation_look select (l).* from (
       select json_populate_record(l, json_build_object('tick_at', l.tick_at - n * interval '1 minute')) as l
       from liquidation_look l, generate_series(1, 199) n
     ) x`
  )
}

const MARKET_LISTS = [
  ['carry', 'carry(first: 10) { nodes { instrument } }', 'asset'],
  [
    'fundingSpreads',
    `fundingSpreads(asset: ["BTC"], from: "${isoOf(NOW_MS - 99 * HOUR)}") { nodes { short } }`,
    'asset'
  ],
  ['termStructure', 'termStructure { nodes { asset } }', 'asset'],
  ['liquidations', `liquidations(from: "${isoOf(NOW_MS - DAY)}") { nodes { instrument } }`, 'from']
] as const

test('lists that are computed count the stored rows behind them, and the one that is too many is named', async () => {
  await using api = await testApi({ seed: seedMarket, storedRowsMax: 500 })
  for (const [name, list, path] of MARKET_LISTS) {
    assert.equal((await ask(api.url, `{ ${list} }`)).errors, undefined, name)
    const { data, errors } = await ask(api.url, `{ a: ${list} b: ${list} c: ${list} }`)
    const refused = errors as unknown as { message: string; path: string[]; extensions: Record<string, unknown> }[]
    assert.ok(refused?.length > 0 && data === null, `${name}, three times: ${JSON.stringify(errors)}`)
    assert.ok(['a', 'b', 'c'].includes(refused[0]!.path[0]!), name)
    assert.equal(refused[0]!.extensions.code, 'range_too_long', name)
    assert.match(refused[0]!.message, new RegExp(`^${path}: more than 500 stored rows would have to be read`), name)
  }
  const [one, other] = [MARKET_LISTS[0]![1], MARKET_LISTS[3]![1]]
  const both = await ask(api.url, `{ a: ${one} b: ${one} c: ${other} }`)
  assert.equal(both.errors?.[0]?.extensions.code, 'range_too_long', 'lists of different kinds count together')
})

test('a row that costs more than others to make counts as more where several lists are asked for', async () => {
  await using api = await testApi({ seed: seedMarket })
  const carries = (count: number) =>
    `query ($n: Int) { ${Array.from({ length: count }, (_, n) => `c${n}: carry(first: $n) { nodes { instrument } }`).join(' ')} }`
  const refused = (await ask(api.url, carries(6), { n: 200 })).errors?.[0]
  assert.equal(refused?.extensions.code, 'range_too_long')
  assert.match(refused!.message, /first: 60,000 rows in one request, .* each of `carry` counts as 50; at most 50,000/)
  assert.equal((await ask(api.url, carries(5), { n: 200 })).errors, undefined)
})

test('lists of what is newest count a stored row of each contract, however few they show', async () => {
  await using api = await testApi({ seed: seedMarket, storedRowsMax: 11 })
  const lists = { openInterest: 4, flow: 2, fundingTrailing: 2, fundingStandings: 2 }
  for (const [name, contracts] of Object.entries(lists)) {
    const times = (count: number) =>
      `{ ${Array.from({ length: count }, (_, n) => `l${n}: ${name}(first: 1) { nodes { instrument } }`).join(' ')} }`
    const most = Math.floor(11 / contracts)
    assert.equal((await ask(api.url, times(most))).errors, undefined, name)
    const refused = (await ask(api.url, times(most + 1))).errors?.[0]
    assert.equal(refused?.extensions.code, 'range_too_long', name)
    assert.match(refused!.message, /^asset: more than 11 stored rows .* fewer lists/, name)
  }
})

test('a computed list alone is bounded as well, over REST too', async () => {
  await using api = await testApi({ seed: seedMarket, storedRowsMax: 150 })
  const lists = ['carry', `funding/spreads?asset=BTC&from=${NOW_MS - 99 * HOUR}`, 'term-structure']
  for (const url of [...lists, `liquidations?from=${NOW_MS - DAY}`]) {
    const { status, body } = await request(api.url).get(`/v1/${url}`)
    assert.deepEqual([status, body.code], [400, 'range_too_long'], url)
    assert.match(body.errors[0].path, /^(asset|from)$/, url)
  }
  const { status } = await request(api.url).get('/v1/carry?venue=binance&kind=future')
  assert.equal(status, 200, 'less of it is answered')
})
