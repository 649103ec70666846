import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { request } from 'undici'
import { type Sim, startSim } from '../../src/sim/server.ts'
import { type Body, DAY, getJson, HOUR, NOW, openSim, SEED } from './exchanges.ts'

let sim: Sim
before(async () => {
  sim = await openSim()
})
after(() => sim.close())

test('a port that is taken is named in the error, and nothing stays open', async () => {
  const port = Number(new URL(sim.urls.binance).port)
  const options = { seed: SEED, clock: { now: () => NOW }, ports: { bybit: port } }
  await assert.rejects(
    startSim(options),
    (error: Error) => error.message.includes(`port ${port}`) && error.message.includes('bybit')
  )
})

test('a market of some assets lists these with BTC and ETH, as the whole market does', async (t) => {
  const some = await startSim({ seed: SEED, clock: { now: () => NOW }, assets: ['SOL'] })
  t.after(() => some.close())
  const marksOf = (from: Sim): Promise<Body[]> => getJson(from, 'binance', '/fapi/v1/premiumIndex')
  const whole = await marksOf(sim)
  assert.ok(whole.length > 60)
  assert.deepEqual(
    await marksOf(some),
    whole.filter(({ symbol }) => /^(BTC|ETH|SOL)USD/.test(symbol))
  )
})

test('each venue refuses in its own words', async () => {
  const refused = async (path: string) => {
    const response = await fetch(sim.urls.binance + path)
    return { status: response.status, body: (await response.json()) as Body }
  }
  const unknown = { status: 400, body: { code: -1121, msg: 'Invalid symbol.' } }
  for (const path of [
    '/api/v3/ticker/24hr?symbol=NOPE',
    '/fapi/v1/klines?symbol=NOPE&interval=1h',
    '/dapi/v1/fundingRate?symbol=NOPE'
  ]) {
    assert.deepEqual(await refused(path), unknown)
  }
  assert.equal((await refused('/fapi/v1/klines?symbol=BTCUSDT&interval=7h')).body.code, -1120)
  assert.equal((await refused('/fapi/v1/klines?symbol=BTCUSDT&interval=constructor')).body.code, -1120)
  assert.equal((await refused('/fapi/v1/openInterest')).body.code, -1102)
  assert.equal((await refused('/fapi/v1/fundingRate?symbol=BTCUSDT&limit=x')).body.code, -1100)
  assert.equal((await refused('/fapi/v1/nothing')).status, 404)
  assert.equal((await refused('/fapi/v1/constructor')).status, 404)
  const bybit = (path: string) => getJson(sim, 'bybit', path)
  assert.equal((await bybit('/v5/market/tickers?category=linear&symbol=NOPE')).retCode, 10001)
  assert.equal((await bybit('/v5/market/tickers')).retCode, 10001)
  const open = await bybit(`/v5/market/funding/history?category=linear&symbol=BTCUSDT&startTime=${NOW - DAY}`)
  assert.equal(open.retCode, 10001)
  assert.match(open.retMsg, /EndTime is required/)
  assert.equal((await fetch(`${sim.urls.bybit}/v5/nothing`)).status, 404)
})

test('long answers are compressed when asked for, short ones never', async () => {
  const headers = { 'accept-encoding': 'gzip' }
  const long = await request(`${sim.urls.binance}/fapi/v1/premiumIndex`, { headers })
  assert.equal(long.headers['content-encoding'], 'gzip')
  assert.ok(JSON.parse(gunzipSync(Buffer.from(await long.body.arrayBuffer())).toString()).length > 50)
  const plain = await request(`${sim.urls.binance}/fapi/v1/premiumIndex`)
  assert.equal(plain.headers['content-encoding'], undefined)
  await plain.body.dump()
  const short = await request(`${sim.urls.binance}/api/v3/time`, { headers })
  assert.equal(short.headers['content-encoding'], undefined)
  assert.deepEqual(await short.body.json(), { serverTime: NOW })
  assert.ok(Number(short.headers['x-mbx-used-weight-1m']) > 0)
})

test('Binance pages forward from the start, or backward from the end without one', async () => {
  const rates = (query: string) => getJson(sim, 'binance', `/fapi/v1/fundingRate?symbol=BTCUSDT${query}`)
  const since = NOW - 100 * DAY
  const page = await rates(`&startTime=${since}&limit=1000`)
  assert.equal(page.length, 300)
  assert.equal((await rates('')).length, 100)
  assert.equal((await rates('&limit=5000')).length, 1000)
  assert.ok((await rates('')).at(-1).fundingTime > NOW - 8 * HOUR)
  const first = await rates(`&startTime=${since}&limit=2`)
  assert.deepEqual(first, page.slice(0, 2))
  assert.deepEqual(await rates(`&startTime=${first[1].fundingTime + 1}&limit=1`), page.slice(2, 3))
  const klines = await getJson(sim, 'binance', `/fapi/v1/klines?symbol=BTCUSDT&interval=1h&startTime=${since}&limit=3`)
  assert.equal(klines[0][0], Math.ceil(since / HOUR) * HOUR)
  assert.equal((await getJson(sim, 'binance', '/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=9999')).length, 1000)
  const everyone = await getJson(sim, 'binance', '/fapi/v1/fundingRate?limit=150')
  assert.ok(everyone.length === 150 && new Set(everyone.map((row: { symbol: string }) => row.symbol)).size > 20)
})

test('Binance stamps some settlements milliseconds late, as the real one does', async () => {
  const rows: { fundingTime: number }[] = await getJson(sim, 'binance', '/fapi/v1/fundingRate?symbol=ETHUSDT&limit=100')
  const late = rows.map(({ fundingTime }) => fundingTime % HOUR)
  assert.ok(late.some((ms) => ms > 0) && late.some((ms) => ms === 0) && late.every((ms) => ms < 30))
})

test('Bybit pages newest first', async () => {
  const list = async (path: string) => (await getJson(sim, 'bybit', path)).result.list
  const history = '/v5/market/funding/history?category=linear&symbol=TIAUSDT'
  const rates = await list(history)
  assert.equal(rates.length, 200)
  assert.equal(Number(rates[0].fundingRateTimestamp), Math.floor(NOW / HOUR) * HOUR)
  assert.equal(rates[0].fundingRateTimestamp - rates[1].fundingRateTimestamp, HOUR)
  const older = await list(`${history}&endTime=${rates.at(-1).fundingRateTimestamp - 1}`)
  assert.equal(rates.at(-1).fundingRateTimestamp - older[0].fundingRateTimestamp, HOUR)
  const start = NOW - 50 * DAY
  const candles = await list(
    `/v5/market/kline?category=linear&symbol=BTCUSDT&interval=60&start=${Math.floor(start / HOUR) * HOUR}&limit=1000`
  )
  assert.equal(candles.length, 1000)
  assert.equal(Number(candles.at(-1)[0]), Math.floor(start / HOUR) * HOUR)
})

test("Bybit's instruments and open interest follow their cursors to the end", async () => {
  const whole = (await getJson(sim, 'bybit', '/v5/market/instruments-info?category=linear&limit=1000')).result
  assert.equal(whole.nextPageCursor, '')
  const seen: string[] = []
  let cursor = ''
  do {
    const path = `/v5/market/instruments-info?category=linear&limit=30&cursor=${cursor}`
    const page = (await getJson(sim, 'bybit', path)).result
    seen.push(...page.list.map((row: { symbol: string }) => row.symbol))
    cursor = page.nextPageCursor
  } while (cursor !== '')
  assert.deepEqual(
    seen,
    whole.list.map((row: { symbol: string }) => row.symbol)
  )
  const held = '/v5/market/open-interest?category=linear&symbol=BTCUSDT&intervalTime=1h&limit=10'
  const first = (await getJson(sim, 'bybit', held)).result
  const second = (await getJson(sim, 'bybit', `${held}&cursor=${first.nextPageCursor}`)).result
  assert.equal(first.list.at(-1).timestamp - second.list[0].timestamp, HOUR)
})

test('coin-margined and USD-margined statistics share a path and are told apart by their parameters', async () => {
  const linear = await getJson(sim, 'binance', '/futures/data/openInterestHist?symbol=BTCUSDT&period=1h&limit=3')
  assert.ok(linear.length === 3 && linear[0].symbol === 'BTCUSDT')
  const path = '/futures/data/openInterestHist?pair=BTCUSD&contractType=PERPETUAL&period=1h&limit=3'
  const inverse = await getJson(sim, 'binance', path)
  assert.ok(inverse.length === 3 && inverse[0].pair === 'BTCUSD' && inverse[0].contractType === 'PERPETUAL')
})

test('long histories are quick: 2,880 hourly settlements and 720 candles', async () => {
  const timed = async (path: string) => {
    const start = performance.now()
    await getJson(sim, 'binance', path)
    return performance.now() - start
  }
  const paths = [0, 1, 2].map(
    (page) => `/fapi/v1/fundingRate?symbol=GALAUSDT&limit=1000&endTime=${NOW - page * 1000 * HOUR}`
  )
  let cold = 0
  for (const path of paths) cold += await timed(path)
  let warm = 0
  for (const path of paths) warm += await timed(path)
  const candles = await timed('/fapi/v1/klines?symbol=GALAUSDT&interval=1h&limit=720')
  assert.ok(cold < 2000 && warm < 500 && candles < 500, `${cold} ${warm} ${candles}`)
})
