import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY } from '../../src/domain/time.ts'
import { KINDS } from '../../src/sim/faults/kinds.ts'
import { type Sim, startSim } from '../../src/sim/server.ts'
import { type Body, HOUR, NOW, SEED } from './exchanges.ts'

async function withSim(work: (sim: Sim, clock: { nowMs: number }) => Promise<void>): Promise<void> {
  const clock = { nowMs: NOW, now: () => clock.nowMs }
  const sim = await startSim({ seed: SEED, clock })
  try {
    await work(sim, clock)
  } finally {
    await sim.close()
  }
}

async function steer(sim: Sim, method: string, path: string, body?: unknown): Promise<{ status: number; body: Body }> {
  const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
  const response = await fetch(sim.controlUrl + path, { method, ...sent })
  return { status: response.status, body: await response.json() }
}
const tickers = async (sim: Sim): Promise<Body> =>
  (await (await fetch(`${sim.urls.bybit}/v5/market/tickers?category=linear&symbol=BTCUSDT`)).json()) as Body

test('a rule meets its venue and path, as often as it says, and every request is logged with what it met', () =>
  withSim(async (sim) => {
    const rules = [{ venue: 'bybit', path: '/v5/market/tickers', kind: 'server_error', times: 2 }]
    assert.deepEqual((await steer(sim, 'PUT', '/faults', rules)).body, { faults: [{ ...rules[0], injected: 0 }] })
    const path = '/v5/market/tickers?category=spot'
    const statuses = [1, 2, 3].map(async () => (await fetch(sim.urls.bybit + path)).status)
    assert.deepEqual((await Promise.all(statuses)).sort(), [200, 500, 500])
    assert.equal((await fetch(`${sim.urls.bybit}/v5/market/time`)).status, 200)
    assert.equal((await fetch(`${sim.urls.binance}/api/v3/time`)).status, 200)
    assert.equal((await steer(sim, 'GET', '/faults')).body.faults[0].injected, 2)
    const { requests } = (await steer(sim, 'GET', '/requests?venue=bybit')).body
    assert.equal(requests.length, 4)
    assert.equal(requests.filter(({ fault }: Body) => fault === 'server_error').length, 2)
    assert.deepEqual(requests[3], { venue: 'bybit', path: '/v5/market/time', at: NOW, fault: null })
    assert.deepEqual((await steer(sim, 'GET', `/requests?since=${NOW + 1}`)).body.requests, [])
    assert.deepEqual((await steer(sim, 'DELETE', '/faults')).body, { faults: [] })
  }))

test('the control endpoint is on no port of a venue', () =>
  withSim(async (sim) => {
    for (const url of Object.values(sim.urls)) {
      assert.notEqual((await fetch(`${url}/faults`, { method: 'PUT', body: '[]' })).status, 200)
    }
    assert.equal(new URL(sim.controlUrl).hostname, '127.0.0.1')
  }))

test('what is wrong with a rule or a regime is named, and nothing of it is taken', () =>
  withSim(async (sim) => {
    const bad = [{ venue: 'mars', kind: 'nap', path: '(', times: 0, probability: 2 }]
    const { status, body } = await steer(sim, 'PUT', '/faults', bad)
    assert.equal(status, 400)
    assert.deepEqual(
      body.problems.map(({ path }: Body) => path),
      ['[0].venue', '[0].path', '[0].times', '[0].probability', '[0].kind']
    )
    for (const wrong of [
      'nonsense',
      {},
      [7],
      [{ venue: 'bybit', kind: 'late' }],
      [{ venue: 'bybit', kind: 'half', x: 1 }]
    ]) {
      assert.equal((await steer(sim, 'PUT', '/faults', wrong)).status, 400, JSON.stringify(wrong))
    }
    for (const wrong of ['nonsense', [], { BTC: 'wild' }, { NOPE: 'calm' }]) {
      assert.equal((await steer(sim, 'PUT', '/regimes', wrong)).status, 400, JSON.stringify(wrong))
    }
    assert.equal((await steer(sim, 'GET', '/nothing')).status, 400)
    assert.deepEqual((await steer(sim, 'GET', '/faults')).body, { faults: [] })
    assert.deepEqual((await steer(sim, 'GET', '/regimes')).body, { regimes: {} })
  }))

test('every kind is described, and the ones that change a body change it', () =>
  withSim(async (sim) => {
    const { kinds } = (await steer(sim, 'GET', '/')).body
    assert.deepEqual(Object.keys(kinds), Object.keys(KINDS))
    assert.ok(Object.values<Body>(kinds).every(({ about }) => about.length > 0))
    const well = (await tickers(sim)).result.list[0]
    const ill = async (kind: string, more = {}) => {
      await steer(sim, 'PUT', '/faults', [{ venue: 'bybit', kind, ...more }])
      const answer = await tickers(sim)
      return { ...answer.result.list?.[0], time: answer.time }
    }
    assert.equal(Number((await ill('mark_off')).markPrice), Number(well.markPrice) * 10)
    assert.equal(Number((await ill('rate_off')).fundingRate), Number(well.fundingRate) * 100)
    assert.equal(Number((await ill('zeros')).lastPrice), 0)
    assert.equal(Number((await ill('seconds')).nextFundingTime), Number(well.nextFundingTime) / 1000)
    const late = await ill('clock_off')
    assert.equal(late.time, NOW + 600_000)
    assert.equal(late.nextFundingTime, well.nextFundingTime)
    assert.notEqual((await ill('yesterday')).lastPrice, well.lastPrice)
    const changed = await ill('interval', { symbol: 'BTCUSDT', hours: 1 })
    assert.equal(changed.fundingIntervalHour, '1')
    assert.equal(Number(changed.nextFundingTime), Math.floor(NOW / HOUR + 1) * HOUR)
  }))

test('an interval that changes has settlements at the new times from then on, and none more before', () =>
  withSim(async (sim) => {
    const from = NOW - 10 * HOUR
    await steer(sim, 'PUT', '/faults', [{ venue: 'bybit', kind: 'interval', symbol: 'BTCUSDT', hours: 1, from }])
    const path = '/v5/market/funding/history?category=linear&symbol=BTCUSDT'
    const { list } = ((await (await fetch(sim.urls.bybit + path)).json()) as Body).result
    const times: number[] = list.map((row: Body) => Number(row.fundingRateTimestamp))
    const after = times.filter((at) => at > from)
    assert.equal(after.length, 10)
    assert.ok(after.every((at, index) => index === 0 || after[index - 1]! - at === HOUR))
    assert.ok(times.filter((at) => at <= from).every((at) => at % (8 * HOUR) === 0))
  }))

test('an interval may change more than once, and a window shorter than the old interval has its settlements', () =>
  withSim(async (sim) => {
    const start = Math.floor(NOW / DAY) * DAY - DAY
    const later = [{ hours: 1, from: start + 16 * HOUR }]
    const rule = { venue: 'bybit', kind: 'interval', symbol: 'BTCUSDT', hours: 4, from: start + 8 * HOUR, later }
    await steer(sim, 'PUT', '/faults', [rule])
    const settledIn = async (from: number, to: number) => {
      const window = `startTime=${start + from * HOUR}&endTime=${start + to * HOUR}`
      const path = `/v5/market/funding/history?category=linear&symbol=BTCUSDT&${window}`
      const { list } = ((await (await fetch(sim.urls.bybit + path)).json()) as Body).result
      return list.map((row: Body) => (Number(row.fundingRateTimestamp) - start) / HOUR).reverse()
    }
    assert.deepEqual(await settledIn(0, 19), [0, 8, 12, 16, 17, 18, 19])
    assert.deepEqual(await settledIn(17.5, 18.5), [18])
    assert.equal((await tickers(sim)).result.list[0].fundingIntervalHour, '1')
  }))

test('OKX tells a change by the periods around now, its list by the settlements of both, a page at most', () =>
  withSim(async (sim) => {
    const start = Math.floor(NOW / DAY) * DAY
    const hourOf = (at: unknown) => (Number(at) - start) / HOUR
    const okx = async (path: string): Promise<Body> =>
      ((await (await fetch(`${sim.urls.okx}/api/v5/public/${path}`)).json()) as Body).data
    const passed = Math.floor(hourOf(NOW))
    const rule = { venue: 'okx', kind: 'interval', symbol: 'BTC-USDT-SWAP', path: '/api/v5/public/funding-rate' }
    const periodsAfter = async (steps: object) => {
      await steer(sim, 'PUT', '/faults', [{ ...rule, ...steps }])
      const [now] = await okx('funding-rate?instId=BTC-USDT-SWAP')
      return [now.prevFundingTime, now.fundingTime, now.nextFundingTime].map(hourOf)
    }
    const [well] = await okx('funding-rate?instId=BTC-USDT-SWAP')
    const [last, coming] = [hourOf(well.prevFundingTime), hourOf(well.fundingTime)]
    assert.deepEqual(await periodsAfter({ hours: 4, from: start + coming * HOUR }), [last, coming, coming + 4])
    assert.deepEqual(
      await periodsAfter({ hours: 1, from: NOW }),
      [last, passed + 1, passed + 2],
      'the first one is of all the hours since the last'
    )
    const from = start - 24 * HOUR
    const steps = { hours: 4, from, later: [{ hours: 1, from: start - 16 * HOUR }] }
    assert.deepEqual(await periodsAfter(steps), [passed, passed + 1, passed + 2])
    const [other] = await okx('funding-rate?instId=ETH-USDT-SWAP')
    assert.equal(hourOf(other.fundingTime), coming, 'of one contract')
    const settled = async (window: string) =>
      (await okx(`funding-rate-history?instId=BTC-USDT-SWAP&${window}`)).map((row: Body) => hourOf(row.fundingTime))
    const between = (after: number, before: number) =>
      `before=${start + after * HOUR}&after=${start + before * HOUR}&limit=100`
    assert.deepEqual(await settled(between(-33, -13)), [-14, -15, -16, -20, -24, -32])
    assert.deepEqual(await settled(between(-14.5, -13)), [-14])
    assert.deepEqual(await settled(between(-16, -14)), [-15], 'neither end of a window is in it')
    assert.deepEqual(await settled(`after=${start - 12 * HOUR}&limit=2`), [-13, -14])
  }))

test('mark and index that are told in two answers change places in both, of one contract or of all', () =>
  withSim(async (sim) => {
    const okx = async (path: string): Promise<Body[]> =>
      ((await (await fetch(`${sim.urls.okx}/api/v5/${path}`)).json()) as Body).data
    const pricesOf = async (coin: string) => {
      const mark = (await okx('public/mark-price?instType=SWAP')).find(({ instId }) => instId === `${coin}-USDT-SWAP`)
      const index = (await okx('market/index-tickers?quoteCcy=USDT')).find(({ instId }) => instId === `${coin}-USDT`)
      return [mark!.markPx, index!.idxPx]
    }
    const [btc, eth] = [await pricesOf('BTC'), await pricesOf('ETH')]
    assert.notEqual(btc[0], btc[1])
    await steer(sim, 'PUT', '/faults', [{ venue: 'okx', kind: 'mark_swapped' }])
    assert.deepEqual([await pricesOf('BTC'), await pricesOf('ETH')], [btc.toReversed(), eth.toReversed()])
    await steer(sim, 'PUT', '/faults', [{ venue: 'okx', kind: 'mark_swapped', symbol: 'ETH-USDT-SWAP' }])
    assert.deepEqual([await pricesOf('BTC'), await pricesOf('ETH')], [btc, eth.toReversed()])
  }))

test('a fault that a venue cannot have is refused with the venues that can', () =>
  withSim(async (sim) => {
    for (const venue of ['deribit', 'hyperliquid', 'kraken']) {
      const { status, body } = await steer(sim, 'PUT', '/faults', [
        { venue, kind: 'interval', symbol: 'BTC', hours: 1 }
      ])
      const message = 'interval is of binance, bybit, okx only'
      assert.deepEqual([status, body.problems], [400, [{ path: '[0].venue', message }]])
    }
  }))

test('a contract that is renamed is listed, quoted and known by its new name alone', () =>
  withSim(async (sim) => {
    const rename = { venue: 'binance', kind: 'rename', symbol: 'SOLUSDT', as: 'LUNEUSDT', base: 'SOL', asBase: 'LUNE' }
    await steer(sim, 'PUT', '/faults', [rename])
    const get = async (path: string) => await (await fetch(sim.urls.binance + path)).json()
    const { symbols } = (await get('/fapi/v1/exchangeInfo')) as Body
    const names = symbols.map(({ symbol, baseAsset }: Body) => `${symbol} ${baseAsset}`)
    assert.ok(names.includes('LUNEUSDT LUNE') && !names.includes('SOLUSDT SOL'))
    assert.equal(((await get('/fapi/v1/premiumIndex?symbol=LUNEUSDT')) as Body).symbol, 'LUNEUSDT')
    assert.equal(((await get('/fapi/v1/premiumIndex?symbol=SOLUSDT')) as Body).code, -1121)
  }))

test('a regime that is ordered takes hold within minutes, without a jump, and only from then on', () =>
  withSim(async (sim, clock) => {
    const premium = async () => {
      const { markPrice, indexPrice } = (await tickers(sim)).result.list[0]
      return markPrice / indexPrice - 1
    }
    const before = await premium()
    const set = await steer(sim, 'PUT', '/regimes', { BTC: 'panic' })
    assert.deepEqual(set.body, { regimes: { BTC: 'panic' } })
    assert.ok(Math.abs((await premium()) - before) < 1e-6)
    clock.nowMs = NOW + 20 * 60_000
    assert.ok((await premium()) < -0.001, `${await premium()}`)
    assert.deepEqual((await steer(sim, 'PUT', '/regimes', { BTC: null })).body, { regimes: {} })
    clock.nowMs = NOW + 40 * 60_000
    assert.ok(Math.abs(await premium()) < 0.0015)
  }))

test('faults of books and of what was are those of every venue, whatever its answers look like', () =>
  withSim(async (sim) => {
    const books = [
      ['binance', '/api/v3/depth?symbol=BTCUSDT&limit=20', (body: Body) => [body.bids, body.asks]],
      [
        'bybit',
        '/v5/market/orderbook?category=linear&symbol=BTCUSDT&limit=20',
        ({ result }: Body) => [result.b, result.a]
      ],
      ['okx', '/api/v5/market/books?instId=BTC-USDT-SWAP&sz=20', ({ data }: Body) => [data[0].bids, data[0].asks]],
      ['hyperliquid', { type: 'l2Book', coin: 'BTC' }, (body: Body) => body.levels]
    ] as const
    for (const [venue, question, sidesOf] of books) {
      const [url, body] = typeof question === 'string' ? [question, undefined] : ['/info', JSON.stringify(question)]
      const ask = async (kind?: string, more = {}) => {
        await steer(sim, 'PUT', '/faults', kind ? [{ venue, kind, ...more }] : [])
        const sent = body === undefined ? {} : { method: 'POST', body, headers: { 'content-type': 'application/json' } }
        const [bids, asks] = sidesOf((await (await fetch(sim.urls[venue] + url, sent)).json()) as Body)
        return { bids, asks }
      }
      const well = await ask()
      assert.ok(well.bids.length > 2 && well.asks.length > 2, venue)
      assert.deepEqual(await ask('crossed'), { bids: well.asks, asks: well.bids }, venue)
      assert.deepEqual(await ask('one_sided'), { bids: well.bids, asks: [] }, venue)
      const size = (level: Body) => Number(level.sz ?? level[1])
      const large = await ask('sizes_off', { factor: 1000 })
      assert.ok(Math.abs(size(large.asks[1]) / size(well.asks[1]) / 1000 - 1) < 1e-9, venue)
      assert.equal(large.asks[1].px ?? large.asks[1][0], well.asks[1].px ?? well.asks[1][0])
    }
    const settled = async (kind?: string, more = {}) => {
      await steer(sim, 'PUT', '/faults', kind ? [{ venue: 'bybit', kind, ...more }] : [])
      const path = '/v5/market/funding/history?category=linear&symbol=BTCUSDT&limit=2'
      return ((await (await fetch(sim.urls.bybit + path)).json()) as Body).result.list
    }
    const [newest, before] = await settled()
    assert.deepEqual(await settled('newest_missing'), [before])
    assert.deepEqual(await settled('twice'), [newest, newest, before, before])
    assert.deepEqual(await settled('reversed'), [before, newest])
    const at = (row: Body) => Number(row.fundingRateTimestamp)
    assert.equal(at((await settled('stamps_off', { offsetMs: -HOUR }))[0]), at(newest) - HOUR)
    const other = await settled('other_symbol', { symbol: 'BTCUSDT', as: 'ETHUSDT' })
    assert.deepEqual([other.length, other[0].symbol], [2, 'ETHUSDT'])
  }))
