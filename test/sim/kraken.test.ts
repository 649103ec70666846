import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { Exchange } from 'ccxt'
import { averagePremium } from '../../src/domain/premium.ts'
import { krakenHourlyRate } from '../../src/domain/venue-funding.ts'
import { createKrakenFunding, SAMPLE_MS } from '../../src/sim/kraken/funding.ts'
import { createKrakenListings } from '../../src/sim/kraken/listings.ts'
import { createMarket } from '../../src/sim/market/market.ts'
import type { Sim } from '../../src/sim/server.ts'
import { type Body, DAY, getJson, HOUR, NOW, openSim, SEED } from './exchanges.ts'

const WIRE = new URL('../../../shared/data/wire/jkorf/Kraken.Net/Endpoints/', import.meta.url)
const MARKETS = new URL('../../../shared/data/ccxt-static/markets/', import.meta.url)
const skip = existsSync(WIRE) && existsSync(MARKETS) ? false : 'the recorded samples of ../shared/data are not here'
const THIS_HOUR = Math.floor(NOW / HOUR) * HOUR
let sim: Sim
let spot: Exchange
let futures: Exchange

before(async () => {
  sim = await openSim()
  spot = await open('kraken')
  futures = await open('krakenfutures')
})
after(() => sim.close())

/** ccxt's own class with nothing changed but the origins that it asks. */
async function open(ccxtId: string): Promise<Exchange> {
  const { default: Venue } = await import(new URL(`./src/${ccxtId}.js`, import.meta.resolve('ccxt')).href)
  const exchange: Exchange = new Venue({ enableRateLimit: false })
  const api = exchange.urls.api as Record<string, string>
  for (const [name, url] of Object.entries(api)) api[name] = url.replace(/^https:\/\/[^/]+/, sim.urls.kraken)
  exchange.milliseconds = () => NOW
  await exchange.loadMarkets()
  return exchange
}

test('markets load with the symbols that ccxt gives on the live venue', () => {
  const ids = { 'BTC/USD': 'XXBTZUSD', 'DOGE/USD': 'XDGUSD', 'SOL/USD': 'SOLUSD', 'BTC/USDT': 'XBTUSDT' }
  const stable = { 'USDT/USD': 'USDTZUSD', 'USDC/USD': 'USDCUSD', 'USDC/USDT': 'USDCUSDT', 'XMR/USD': 'XXMRZUSD' }
  for (const [symbol, id] of Object.entries({ ...ids, ...stable })) assert.equal(spot.market(symbol).id, id)
  const contracts = { 'BTC/USD:USD': 'PF_XBTUSD', 'BTC/USD:BTC': 'PI_XBTUSD', 'PEPE/USD:USD': 'PF_PEPEUSD' }
  const dated = { 'BTC/USD:USD-261225': 'FF_XBTUSD_261225', 'ETH/USD:ETH-261127': 'FI_ETHUSD_261127' }
  for (const [symbol, id] of Object.entries({ ...contracts, ...dated })) assert.equal(futures.market(symbol).id, id)
  const perpetuals = Object.values(futures.markets!).filter((market) => market?.swap && market.linear)
  assert.ok(perpetuals.length >= 40, `${perpetuals.length}`)
})

test('dated contracts end at 16:00 in London, an hour earlier in UTC while summer time lasts', async () => {
  assert.equal(futures.market('BTC/USD:USD-261225').expiry, Date.UTC(2026, 11, 25, 16))
  const august = createKrakenListings(SEED)(Date.UTC(2026, 7, 20))
  const expiries = [...new Set(august.linear.flatMap(({ expiry }) => expiry ?? []))].sort((a, b) => a - b)
  assert.deepEqual(
    expiries,
    [
      [7, 28, 15],
      [8, 25, 15],
      [11, 25, 16]
    ].map(([month, day, hour]) => Date.UTC(2026, month!, day!, hour!))
  )
  assert.ok(august.linear.every(({ listedAt }) => listedAt <= Date.UTC(2026, 7, 20)))
})

test('every listed market has an uncrossed quote and a last price, in two requests', async () => {
  for (const exchange of [spot, futures]) {
    const tickers = await exchange.fetchTickers()
    for (const { symbol } of Object.values(exchange.markets!) as { symbol: string }[]) {
      const { bid, ask, bidVolume, askVolume, last } = tickers[symbol]!
      assert.ok(bid! > 0 && ask! > bid! && bidVolume! > 0 && askVolume! > 0, `${symbol} ${bid} ${ask}`)
      assert.ok(Math.abs(last! / bid! - 1) < 0.02, symbol)
    }
  }
})

test('a contract ticker is stamped with its last trade, which may be many minutes old', async () => {
  const tickers = Object.values(await futures.fetchTickers()).filter(({ symbol }) => futures.markets?.[symbol!])
  assert.ok(tickers.every(({ timestamp }) => timestamp! <= NOW && timestamp! > NOW - 30 * 60_000))
  assert.ok(tickers.some(({ timestamp }) => timestamp! < NOW - 5 * 60_000))
})

test('what is settled is the formula applied to the premiums of the hour before, and stays fixed for its hour', () => {
  const market = createMarket(SEED)
  const funding = createKrakenFunding(market)
  const listings = createKrakenListings(SEED)(NOW)
  for (const id of ['PF_XBTUSD', 'PF_WIFUSD', 'PI_ETHUSD']) {
    const instrument = listings.byId.linear.get(id) ?? listings.byId.inverse.get(id)!
    for (let hour = THIS_HOUR; hour > THIS_HOUR - 2 * DAY; hour -= HOUR) {
      const premiums = [6, 5, 4, 3, 2, 1].map((left) => market.premium(instrument, hour - (left - 1) * SAMPLE_MS))
      const premiumAverage = averagePremium(premiums, 'arithmetic')
      const rate = krakenHourlyRate({ premiumAverage, coefficient: 8, capPerHour: 0.0025 })
      assert.equal(funding.relative(instrument, hour), rate)
      const index = market.index(instrument, hour)
      const absolute = instrument.section === 'inverse' ? rate / index : rate * index
      assert.ok(Math.abs(funding.absolute(instrument, hour) / absolute - 1) < 1e-12 || rate === 0)
    }
  }
})

test('a year of rates comes in one answer, hourly, and its newest row is the rate of the running hour', async () => {
  for (const symbol of ['BTC/USD:USD', 'BTC/USD:BTC']) {
    const rates = await futures.fetchFundingRateHistory(symbol)
    assert.equal(rates.length, 366 * 24)
    assert.ok(rates.every(({ timestamp }, index) => timestamp === THIS_HOUR - (rates.length - 1 - index) * HOUR))
    assert.equal(rates.at(-1)!.timestamp, THIS_HOUR)
    const { info } = await futures.fetchTicker(symbol)
    assert.equal(Number(info.fundingRate), Number(rates.at(-1)!.info.fundingRate))
    const index = Number(info.indexPrice)
    const relative = symbol.endsWith('BTC') ? Number(info.fundingRate) * index : Number(info.fundingRate) / index
    assert.ok(Math.abs(relative / rates.at(-1)!.fundingRate! - 1) < 0.02)
  }
})

test('spot candles end at 720, contract candles come in pages of 2000, and the open candle closes at the live price', async () => {
  const since = NOW - 90 * DAY
  const coins = await spot.fetchOHLCV('BTC/USD', '1h', since)
  assert.deepEqual([coins.length, coins.at(-1)![0]], [720, THIS_HOUR])
  const page = await getJson(sim, 'kraken', '/api/charts/v1/trade/PF_XBTUSD/1h?from=yesterday')
  assert.equal(page.error, 'Bad Request')
  const from = Math.floor(since / 1000)
  const whole = await getJson(sim, 'kraken', `/api/charts/v1/trade/PF_XBTUSD/1h?from=${from}`)
  assert.deepEqual([whole.candles.length, whole.more_candles], [2000, true])
  for (const price of ['trade', 'mark', 'index']) {
    const candles = await futures.fetchOHLCV('BTC/USD:USD', '1h', NOW - 20 * DAY, 480, { price })
    assert.equal(candles.length, 480)
    for (const [index, candle] of candles.entries()) {
      if (index === 0) continue
      const [at, open, high, low, close] = candle as number[]
      assert.equal(at! - candles[index - 1]![0]!, HOUR)
      assert.equal(open, candles[index - 1]![4])
      assert.ok(high! >= Math.max(open!, close!) && low! <= Math.min(open!, close!))
    }
  }
  const { last } = await spot.fetchTicker('BTC/USD')
  assert.equal((await spot.fetchOHLCV('BTC/USD', '1h')).at(-1)![4], last)
})

test('books are in order and start at the quoted prices', async () => {
  for (const [exchange, symbol] of [
    [spot, 'ETH/USD'],
    [futures, 'ETH/USD:USD'],
    [futures, 'ETH/USD:ETH']
  ] as const) {
    const { bids, asks } = await exchange.fetchOrderBook(symbol, 50)
    const ticker = await exchange.fetchTicker(symbol)
    assert.deepEqual([bids[0]![0], asks[0]![0]], [ticker.bid, ticker.ask])
    assert.ok(bids.every((level, index) => index === 0 || level[0]! < bids[index - 1]![0]!))
    assert.ok(asks.every((level, index) => index === 0 || level[0]! > asks[index - 1]![0]!))
  }
})

test('spot refuses with 200 and words, the futures with a status and a word', async () => {
  const spotWords = async (path: string) => (await getJson(sim, 'kraken', `/0/public/${path}`)).error
  assert.deepEqual(await spotWords('Ticker?pair=NOPE'), ['EQuery:Unknown asset pair'])
  assert.deepEqual(await spotWords('OHLC'), ['EGeneral:Invalid arguments'])
  assert.deepEqual(await spotWords('OHLC?pair=XBTUSD&interval=7'), ['EGeneral:Invalid arguments'])
  assert.deepEqual(await spotWords('constructor'), ['EGeneral:Unknown method'])
  const refused = async (path: string) => {
    const response = await fetch(sim.urls.kraken + path)
    return [response.status, ((await response.json()) as Body).error]
  }
  assert.deepEqual(await refused('/derivatives/api/v3/tickers/PF_NOPEUSD'), [404, 'contractNotFound'])
  assert.deepEqual(await refused('/derivatives/api/v3/orderbook'), [400, 'requiredArgumentMissing'])
  assert.deepEqual(await refused('/derivatives/api/v3/nothing'), [404, 'notFound'])
  assert.deepEqual(await refused('/api/charts/v1/constructor/PF_XBTUSD/1h'), [404, 'notFound'])
})

test('Tether leaves the dollar by some bps and comes back, and never by more than fifteen', () => {
  const { spot: model } = createMarket(SEED)
  const bps: number[] = []
  for (let at = NOW - 120 * DAY; at <= NOW; at += HOUR) bps.push((model.quoteUsd('USDT', at) - 1) * 1e4)
  assert.ok(Math.max(...bps) - Math.min(...bps) > 6, `${Math.min(...bps)} ${Math.max(...bps)}`)
  assert.ok(bps.every((value) => Math.abs(value) < 15))
  const hourly = bps.slice(1).map((value, index) => Math.abs(value - bps[index]!))
  assert.ok(Math.max(...hourly) < 1.5, 'the drift is slow')
})

test('the stablecoin pairs say how far each stablecoin is from a dollar', async () => {
  const { spot: model } = createMarket(SEED)
  for (const quote of ['USDT', 'USDC'] as const) {
    const { bid, ask } = await spot.fetchTicker(`${quote}/USD`)
    assert.ok(Math.abs((bid! + ask!) / 2 / model.quoteUsd(quote, NOW) - 1) < 1e-4)
  }
})

const SAMPLES: readonly (readonly [string, string, (readonly string[])?])[] = [
  ['Spot/ExchangeData/GetSymbols', '/0/public/AssetPairs?pair=XETHZUSD,XXBTZUSD'],
  ['Spot/ExchangeData/GetTicker', '/0/public/Ticker'],
  ['Spot/ExchangeData/GetKlines', '/0/public/OHLC?pair=XBTUSD&interval=60'],
  ['Spot/ExchangeData/GetOrderBook', '/0/public/Depth?pair=XXBTZUSD'],
  ['Futures/ExchangeData/GetSymbols', '/derivatives/api/v3/instruments'],
  ['Futures/ExchangeData/GetTickers', '/derivatives/api/v3/tickers'],
  ['Futures/ExchangeData/GetTrades', '/derivatives/api/v3/history?symbol=PF_XBTUSD'],
  ['Futures/ExchangeData/GetOrderBook', '/derivatives/api/v3/orderbook?symbol=PI_XBTUSD'],
  ['Futures/ExchangeData/GetHistoricalFundingRates', '/derivatives/api/v4/historicalfundingrates?symbol=PI_XBTUSD'],
  ['Futures/ExchangeData/GetKlines', '/api/charts/v1/mark/PF_ETHUSD/12h']
]
for (const [file, path] of SAMPLES) {
  test(`${path} has the shape of the recorded sample`, { skip }, async () => {
    const [, , , ...lines] = readFileSync(new URL(`${file}.txt`, WIRE), 'utf8')
      .replaceAll('\r', '')
      .split('\n')
    assertCovers(withSymbols(await getJson(sim, 'kraken', path)), withSymbols(JSON.parse(lines.join('\n'))), path)
  })
}

test("instruments and pairs have the fields of the venue's recorded markets", { skip }, async () => {
  const recorded = (file: string, symbol: string): string[] =>
    Object.keys(JSON.parse(readFileSync(new URL(`${file}.json`, MARKETS), 'utf8'))[symbol].info)
  for (const symbol of ['BTC/USD:USD', 'BTC/USD:BTC']) {
    const ours = Object.keys(futures.market(symbol).info)
    assert.deepEqual(
      recorded('krakenfutures', symbol).filter((key) => !ours.includes(key)),
      [],
      symbol
    )
  }
  const ours = Object.keys(spot.market('BTC/USD').info)
  assert.deepEqual(
    recorded('kraken', 'BTC/USD').filter((key) => !ours.includes(key)),
    []
  )
})

/** Lists of named rows and objects keyed by pair become objects keyed by the kind of thing: each is compared with its like. */
function withSymbols(body: Body): Body {
  const kindOf = (symbol: string) => symbol.toUpperCase().slice(0, 3)
  const byKind = (rows: Body[]) => Object.fromEntries([...rows].reverse().map((row) => [kindOf(row.symbol), row]))
  if (body.instruments) return { ...body, instruments: byKind(body.instruments) }
  if (body.tickers) return { ...body, tickers: byKind(body.tickers) }
  const { XETHXXBT, ...result } = body.result ?? {}
  return typeof body.result === 'object' ? { ...body, result: { XXBTZUSD: result.XXBTZUSD, ...result } } : body
}

/** Every key of the sample is in ours with the same JSON type; of lists the first elements are compared. */
function assertCovers(ours: Body, sample: Body, path: string): void {
  if (Array.isArray(sample)) {
    assert.ok(Array.isArray(ours) && (ours.length > 0 || sample.length === 0), `${path}: a list with something in it`)
    if (sample.length > 0) assertCovers(ours[0], sample[0], `${path}[0]`)
    return
  }
  if (sample !== null && typeof sample === 'object') {
    for (const [key, value] of Object.entries(sample)) {
      assert.ok(ours !== null && key in ours, `${path}.${key} is absent`)
      assertCovers(ours[key], value, `${path}.${key}`)
    }
    return
  }
  assert.equal(typeof ours, typeof sample, path)
}

test('the newest hundred trades of a contract come through ccxt, with those of a liquidation', async () => {
  const trades = await futures.fetchTrades('ETH/USD:USD', undefined, undefined, { method: 'publicGetHistory' })
  assert.deepEqual([trades.length, new Set(trades.map(({ id }) => id)).size], [100, 100])
  assert.ok(trades.every(({ timestamp, price, amount }) => timestamp! <= NOW && price! > 0 && amount! > 0))
  assert.deepEqual([...new Set(trades.map(({ info }) => info.type))].sort(), ['fill', 'liquidation'])
})
