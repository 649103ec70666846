import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { Exchange } from 'ccxt'
import { deribitPayment } from '../../src/domain/venue-funding.ts'
import { nextExpiries } from '../../src/sim/deribit/calendar.ts'
import { createDeribitListings } from '../../src/sim/deribit/listings.ts'
import { createMarket } from '../../src/sim/market/market.ts'
import type { Sim } from '../../src/sim/server.ts'
import { type Body, connect, DAY, getJson, HOUR, NOW, openSim, SEED } from './exchanges.ts'

const RECORDED = new URL('../../../shared/data/ccxt-static/', import.meta.url)
const skip = existsSync(RECORDED) ? false : 'the recorded samples of ../shared/data are not here'
const CURRENCIES = ['BTC', 'ETH', 'USDC'] as const
const PERPETUALS = ['BTC/USD:BTC', 'ETH/USD:ETH', 'BTC/USDC:USDC', 'SOL/USDC:USDC', '1000PEPE/USDC:USDC']
let sim: Sim
let deribit: Exchange

before(async () => {
  sim = await openSim()
  deribit = await connect(sim, 'deribit')
})
after(() => sim.close())

const ask = (method: string): Promise<Body> => getJson(sim, 'deribit', `/api/v2/public/${method}`)
const historyOf = (name: string, start: number, end: number) =>
  ask(`get_funding_rate_history?instrument_name=${name}&start_timestamp=${start}&end_timestamp=${end}`)

test('markets load with the symbols that ccxt gives on the live venue', () => {
  const dated = ['BTC/USD:BTC-261225', 'BTC/USD:BTC-261127', 'ETH/USD:ETH-270326', 'BTC/USDC:USDC-261204']
  const spot = ['BTC/USDC', 'ETH/USDT', 'USDC/USDT']
  for (const symbol of [...PERPETUALS, ...dated, ...spot]) assert.ok(deribit.markets?.[symbol], symbol)
  const { contractSize, inverse, expiry, settle } = deribit.market('BTC/USD:BTC-261225')
  assert.deepEqual([contractSize, inverse, expiry, settle], [10, true, Date.UTC(2026, 11, 25, 8), 'BTC'])
  assert.equal(deribit.market('BTC/USD:BTC').created, 1_534_242_287_000)
  const swaps = Object.values(deribit.markets!).filter((market) => market.swap)
  assert.ok(swaps.length >= 40, `${swaps.length} perpetuals`)
  assert.ok(Object.values(deribit.markets!).some((market) => market.option))
})

test('expiries are Fridays at 08:00 of weeks, months and quarters, and every contract was listed before it was shown', () => {
  const listings = createDeribitListings(SEED)
  for (let at = NOW - 370 * DAY; at < NOW; at += 31 * HOUR) {
    const expiries = nextExpiries(at)
    assert.ok(expiries.length >= 7, `${expiries.length} at ${new Date(at).toISOString()}`)
    for (const expiry of expiries) {
      const date = new Date(expiry)
      assert.deepEqual([date.getUTCDay(), date.getUTCHours(), expiry > at], [5, 8, true])
    }
    for (const { kind, listedAt, expiry } of listings(at).inverse) {
      assert.ok(listedAt <= at && (kind !== 'future' || expiry! > at))
    }
  }
})

test('one question for each settlement currency brings quotes, marks, funding and open interest of all its contracts', async () => {
  const seen = new Set<string>()
  for (const code of CURRENCIES) {
    const tickers = await deribit.fetchTickers(undefined, { code, kind: 'future' })
    for (const [symbol, { bid, ask: offer, last, timestamp, info }] of Object.entries(tickers)) {
      seen.add(symbol)
      assert.ok(bid! > 0 && offer! > bid! && last! >= bid! && last! <= offer!, symbol)
      assert.ok(Math.abs(info.mark_price / info.estimated_delivery_price - 1) < 0.2, symbol)
      assert.ok(info.open_interest > 0 && info.volume_usd > 0, symbol)
      assert.ok(timestamp! <= NOW && timestamp! > NOW - 2000, symbol)
      assert.equal('current_funding' in info && 'funding_8h' in info, deribit.market(symbol).swap, symbol)
    }
  }
  const listed = Object.values(deribit.markets!).filter(
    (market) => (market.swap || market.future) && market.info.kind === 'future' && market.base !== 'NVDA'
  )
  assert.deepEqual([...seen].sort(), listed.map(({ symbol }) => symbol).sort())
  const spot = await deribit.fetchTickers(undefined, { code: 'USDC', kind: 'spot' })
  assert.deepEqual(Object.keys(spot).sort(), ['BTC/USDC', 'ETH/USDC', 'SOL/USDC', 'USDC/USDT', 'XRP/USDC'])
})

test('the published rate is the formula of the mark and index beside it, and some are zero and some are not', async () => {
  const rows = (await ask('get_book_summary_by_currency?currency=USDC&kind=future')).result as Body[]
  const perpetuals = rows.filter((row) => row.instrument_name.endsWith('-PERPETUAL'))
  for (const { instrument_name, mark_price, estimated_delivery_price, current_funding } of perpetuals) {
    const cap8h = /^(BTC|ETH)_/.test(instrument_name) ? 0.005 : 0.05
    const terms = { markPrice: mark_price, indexPrice: estimated_delivery_price, cap8h, longPositionUsd: 1, minutes: 1 }
    assert.ok(Math.abs(deribitPayment(terms).rate8h! - current_funding) < 1e-8, instrument_name)
  }
  assert.ok(perpetuals.some(({ current_funding }) => current_funding > 0))
  assert.ok(perpetuals.some(({ current_funding }) => current_funding < 0))
  assert.ok(perpetuals.some(({ current_funding }) => current_funding === 0))
})

test('what an hour paid is the formula of its marks and indices over its minutes', async () => {
  const market = createMarket(SEED)
  const all = createDeribitListings(SEED)(NOW)
  let nonzero = 0
  for (const name of ['BTC-PERPETUAL', 'RENDER_USDC-PERPETUAL', 'ONDO_USDC-PERPETUAL']) {
    const instrument = all.byId.inverse.get(name) ?? all.byId.linear.get(name)!
    const cap8h = name.startsWith('BTC') ? 0.005 : 0.05
    for (const { timestamp, interest_1h } of (await historyOf(name, NOW - DAY, NOW)).result) {
      let paid = 0
      for (let minutes = 0; minutes < 60; minutes += 5) {
        const at = timestamp - minutes * 60_000
        const [markPrice, indexPrice] = [market.mark(instrument, at), market.index(instrument, at)]
        const slot = deribitPayment({ markPrice, indexPrice, cap8h, longPositionUsd: 1, minutes: 5 })
        paid -= slot.paymentToLongUsd!
      }
      assert.ok(Math.abs(paid - interest_1h) < 1e-12, `${name} ${timestamp} ${paid} ${interest_1h}`)
      if (interest_1h !== 0) nonzero += 1
    }
  }
  assert.ok(nonzero > 20)
})

test('hourly rows are without a hole, each eight hours the sum of its eight, and a long window shows its newest 744', async () => {
  const { result } = await historyOf('RENDER_USDC-PERPETUAL', NOW - 60 * DAY, NOW)
  assert.equal(result.length, 744)
  assert.equal(result.at(-1).timestamp, Math.floor(NOW / HOUR) * HOUR)
  for (let index = 8; index < result.length; index++) {
    assert.equal(result[index].timestamp - result[index - 1].timestamp, HOUR)
    assert.equal(result[index].prev_index_price, result[index - 1].index_price)
    const eight = result.slice(index - 7, index + 1).reduce((sum: number, row: Body) => sum + row.interest_1h, 0)
    assert.ok(Math.abs(eight - result[index].interest_8h) < 1e-12)
  }
  const rates = await deribit.fetchFundingRateHistory('RENDER/USDC:USDC', NOW - DAY, 24)
  assert.equal(rates.length, 24)
  assert.ok(rates.every(({ info, fundingRate }) => fundingRate === info.interest_8h))
})

test('the rate that ccxt fetches is what eight hours paid, not the rate now', async () => {
  const { fundingRate } = await deribit.fetchFundingRate('RENDER/USDC:USDC')
  const [row] = (await ask('get_book_summary_by_instrument?instrument_name=RENDER_USDC-PERPETUAL')).result
  assert.ok(Math.abs(fundingRate! - row.funding_8h) < Math.abs(row.funding_8h) * 0.01)
  assert.notEqual(fundingRate, row.current_funding)
})

test('candles, books and open interest of every kind', async () => {
  for (const symbol of [...PERPETUALS, 'BTC/USD:BTC-261225', 'BTC/USDC']) {
    const since = Math.floor(NOW / HOUR) * HOUR - 48 * HOUR
    const candles = await deribit.fetchOHLCV(symbol, '1h', since, 48)
    assert.equal(candles.length, 48, symbol)
    for (const [index, [at, open, high, low, close, volume]] of candles.entries()) {
      assert.ok(high! >= Math.max(open!, close!) && low! <= Math.min(open!, close!) && volume! > 0, symbol)
      assert.equal(at, since + index * HOUR)
      if (index > 0) assert.equal(open, candles[index - 1]![4])
    }
    const { bids, asks } = await deribit.fetchOrderBook(symbol, 50)
    assert.ok(bids.length === 50 && asks.length === 50 && bids[0]![0]! < asks[0]![0]!, symbol)
    const { last, info } = await deribit.fetchTicker(symbol)
    assert.equal((await deribit.fetchOHLCV(symbol, '1h', undefined, 1)).at(-1)![4], last, symbol)
    assert.equal(info.estimated_delivery_price ?? info.index_price, info.index_price)
    if (symbol.includes(':')) assert.ok((await deribit.fetchOpenInterest(symbol)).info.open_interest > 0)
  }
})

test('what it refuses is HTTP 400 with the code and reason of the live venue', async () => {
  const refusals = [
    ['ticker?instrument_name=NOPE', -32602, 'instrument not found'],
    ['get_book_summary_by_currency', -32602, 'value is required'],
    ['get_book_summary_by_currency?currency=any', -32602, 'invalid currency'],
    ['get_instruments?currency=NOPE', -32602, 'invalid currency'],
    ['get_funding_rate_history?instrument_name=BTC-25DEC26&start_timestamp=1&end_timestamp=2', -32602, undefined],
    ['get_funding_rate_value?instrument_name=BTC-PERPETUAL&start_timestamp=1', -32602, 'value is required'],
    ['nope', -32601, undefined]
  ] as const
  for (const [method, code, reason] of refusals) {
    const response = await fetch(`${sim.urls.deribit}/api/v2/public/${method}`)
    const { error, jsonrpc } = (await response.json()) as Body
    assert.deepEqual([response.status, error.code, jsonrpc], [400, code, '2.0'], method)
    if (reason !== undefined) assert.equal(error.data.reason, reason, method)
  }
  await assert.rejects(deribit.fetchTickers(undefined, { code: 'BTC', kind: 'nonsense' }), /invalid kind/)
})

test('instruments, summaries, tickers and candles have the fields of the recorded ones', { skip }, async () => {
  const fixtures = JSON.parse(readFileSync(new URL('response-fixtures.json', RECORDED), 'utf8')).deribit as Body[]
  const recorded = (method: string) => fixtures.find((fixture) => fixture.method === method).httpResponse
  const cases = [
    ['fetchTicker', 'ticker?instrument_name=BTC_USDT'],
    ['fetchOpenInterest', 'get_book_summary_by_instrument?instrument_name=BTC-PERPETUAL'],
    [
      'fetchOHLCV',
      `get_tradingview_chart_data?instrument_name=BTC_USDT&resolution=60&start_timestamp=${NOW - HOUR}&end_timestamp=${NOW}`
    ]
  ] as const
  for (const [method, path] of cases) assertCovers(await ask(path), recorded(method), method)
  const markets = JSON.parse(readFileSync(new URL('markets/deribit.json', RECORDED), 'utf8'))
  for (const [symbol, ours] of [
    ['BTC/USD:BTC', 'BTC-PERPETUAL'],
    ['BTC/USDT', 'BTC_USDT'],
    ['BTC/USDT:USDT', 'BTC_USDC-PERPETUAL']
  ] as const) {
    const row = (await ask(`get_instrument?instrument_name=${ours}`)).result
    assertCovers(row, markets[symbol].info, symbol)
  }
})

/** Every key of the sample is in ours; numbers are texts in a sample that ccxt quoted. */
function assertCovers(ours: Body, sample: Body, path: string): void {
  if (typeof sample !== 'object' || sample === null) {
    const isNumber = typeof ours === 'number' && (typeof sample === 'number' || !Number.isNaN(Number(sample)))
    assert.ok(isNumber || typeof ours === typeof sample, `${path}: ${ours} is not like ${sample}`)
    return
  }
  for (const [key, value] of Object.entries(sample)) {
    assert.ok(ours !== null && key in ours, `${path}.${key} is absent`)
    assertCovers(ours[key], value, `${path}.${key}`)
  }
}

test('the newest trades come through ccxt, some of them of a liquidation, with the side that was under it', async () => {
  for (const symbol of ['BTC/USD:BTC', 'ETH/USDC:USDC']) {
    const trades = await deribit.fetchTrades(symbol, undefined, 1_000)
    assert.equal(trades.length, 1_000)
    assert.equal(new Set(trades.map(({ id }) => id)).size, 1_000)
    assert.ok(trades.every(({ timestamp, price, amount }) => timestamp! <= NOW && price! > 0 && amount! > 0))
    const marks = trades.map(({ info }) => info.liquidation).filter((mark) => mark !== undefined)
    assert.ok(marks.length > 5 && marks.length < 100, `${marks.length}`)
    assert.deepEqual([...new Set(marks)].sort(), ['M', 'T'])
  }
})
