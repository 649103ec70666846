import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { Exchange } from 'ccxt'
import { hyperliquidPremium, hyperliquidRate } from '../../src/domain/venue-funding.ts'
import type { Sim } from '../../src/sim/server.ts'
import { type Body, connect, DAY, HOUR, NOW, openSim } from './exchanges.ts'

const WIRE = new URL('../../../shared/data/wire/jkorf/HyperLiquid.Net/Endpoints/', import.meta.url)
const MARKETS = new URL('../../../shared/data/ccxt-static/markets/hyperliquid.json', import.meta.url)
const skip = existsSync(WIRE) && existsSync(MARKETS) ? false : 'the recorded samples of ../shared/data are not here'
let sim: Sim
let exchange: Exchange

before(async () => {
  sim = await openSim()
  exchange = await connect(sim, 'hyperliquid')
})
after(() => sim.close())

async function post(question: object | string): Promise<Response> {
  const body = typeof question === 'string' ? question : JSON.stringify(question)
  return await fetch(`${sim.urls.hyperliquid}/info`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' }
  })
}
const ask = async (question: object): Promise<Body> => (await post(question)).json()

test('markets load as on the live venue: perpetuals in USDC, kPEPE and KAS, pairs of tokens, a delisted coin, shares of others', () => {
  const markets = exchange.markets!
  for (const symbol of ['BTC/USDC:USDC', 'KPEPE/USDC:USDC', 'KAS/USDC:USDC', 'BTC/USDC', 'XYZ-TSLA/USDC:USDC'])
    assert.ok(markets[symbol], symbol)
  const named = (symbol: string) => (markets[symbol] as Body).baseName
  assert.deepEqual([named('KPEPE/USDC:USDC'), named('KAS/USDC:USDC'), named('BTC/USDC')], ['kPEPE', 'KAS', 'UBTC'])
  assert.equal(markets['BTC/USDC']!.id, '@142')
  assert.equal(markets['LOOM/USDC:USDC']!.active, false)
  const live = Object.values(markets).filter((market) => market!.swap && market!.active)
  assert.ok(live.length >= 40, `${live.length}`)
  assert.ok(live.every((market) => market!.settle === 'USDC' && market!.contractSize === 1))
})

test('one question brings impact prices around the mid, funding and open interest of every live perpetual', async () => {
  const tickers = await exchange.fetchTickers(undefined, { type: 'swap' })
  let quoted = 0
  for (const { symbol, bid, ask: askPrice, info } of Object.values(tickers)) {
    if (info.isDelisted) continue
    assert.ok(bid! > 0 && bid! < askPrice!, symbol)
    assert.ok(Number(info.midPx) > bid! && Number(info.midPx) < askPrice!, symbol)
    assert.ok(Math.abs(Number(info.markPx) / Number(info.oraclePx) - 1) < 0.02, symbol)
    assert.ok(Math.abs(Number(info.funding)) < 0.04 && Number(info.openInterest) > 0, symbol)
    const oracle = Number(info.oraclePx)
    const premium = hyperliquidPremium({ impactBid: bid!, impactAsk: askPrice!, oracle })
    assert.ok(Math.abs(premium! - Number(info.premium)) < 1e-9, symbol)
    quoted++
  }
  assert.ok(quoted >= 40)
  const rates = Object.values(await exchange.fetchFundingRates()) as Body[]
  assert.ok(
    rates.every(({ interval, fundingTimestamp }) => interval === '1h' && fundingTimestamp === NOW - (NOW % HOUR) + HOUR)
  )
  assert.ok(Object.keys(await exchange.fetchOpenInterests()).length >= quoted)
})

test('its bid and ask are no book: the book is inside them', async () => {
  const tickers = await exchange.fetchTickers(undefined, { type: 'swap' })
  let narrower = 0
  for (const symbol of ['BTC/USDC:USDC', 'SOL/USDC:USDC', 'KPEPE/USDC:USDC', 'ARB/USDC:USDC']) {
    const { bids, asks } = await exchange.fetchOrderBook(symbol)
    assert.deepEqual([bids.length, asks.length], [20, 20])
    const { bid, ask: askPrice } = tickers[symbol]!
    assert.ok(bids[0]![0]! >= bid! && asks[0]![0]! <= askPrice! && bids[0]![0]! < asks[0]![0]!, symbol)
    if (bids[0]![0]! > bid!) narrower++
  }
  assert.ok(narrower > 0)
})

test('settled rates are the formula of their premium, hourly, some milliseconds late, 500 to a page from the start on', async () => {
  for (const symbol of ['BTC/USDC:USDC', 'KPEPE/USDC:USDC', 'WIF/USDC:USDC']) {
    const since = NOW - 30 * DAY
    const history = await exchange.fetchFundingRateHistory(symbol, since)
    assert.equal(history.length, 500)
    assert.ok(history[0]!.timestamp! < since + HOUR + 1000, 'the oldest rows of the window')
    for (const [index, { timestamp, info }] of history.entries()) {
      assert.ok(timestamp! % HOUR < 200 && (index === 0 || timestamp! - history[index - 1]!.timestamp! > HOUR - 200))
      const { rate1h } = hyperliquidRate(Number(info.premium))
      assert.ok(Math.abs(rate1h - Number(info.fundingRate)) < 6e-11, `${symbol} ${info.premium} ${info.fundingRate}`)
    }
    assert.ok(new Set(history.map(({ fundingRate }) => fundingRate)).size > 1)
    assert.ok(history.some(({ timestamp }) => timestamp! % HOUR > 0))
  }
})

test('the estimate at the end of an hour is what is settled', async () => {
  const settlement = NOW - (NOW % HOUR)
  const early = await openSim(settlement - 1)
  try {
    const estimates = await (await connect(early, 'hyperliquid', settlement - 1)).fetchFundingRates()
    for (const symbol of ['BTC/USDC:USDC', 'SOL/USDC:USDC', 'AVAX/USDC:USDC']) {
      const [settled] = await exchange.fetchFundingRateHistory(symbol, settlement, 1)
      assert.ok(Math.abs(settled!.fundingRate! - estimates[symbol]!.fundingRate!) < 1e-5, symbol)
    }
  } finally {
    await early.close()
  }
})

test('only the newest 5,000 candles exist, the one that holds the start comes first, and the last one is still open', async () => {
  const all = await ask({ type: 'candleSnapshot', req: { coin: 'ETH', interval: '1h', startTime: 0, endTime: NOW } })
  assert.equal(all.length, 5000)
  assert.equal(all.at(-1).t, NOW - (NOW % HOUR))
  const some = await exchange.fetchOHLCV('BTC/USDC', '1h', NOW - DAY, 100)
  assert.ok(some.length >= 24 && some.every((candle, index) => index === 0 || candle[1] === some[index - 1]![4]))
  const [first] = await ask({
    type: 'candleSnapshot',
    req: { coin: '@142', interval: '1h', startTime: NOW - DAY, endTime: NOW - DAY + 1 }
  })
  assert.equal(first.t, NOW - DAY - (NOW % HOUR))
})

test('what it cannot read it refuses with a text, a coin it does not know with null; other ways and paths it has none', async () => {
  for (const question of ['{"type":', {}, { type: 'metaAndAssetCtx' }, { type: 'fundingHistory', coin: 'BTC' }]) {
    const answer = await post(question)
    assert.equal(answer.status, 422)
    assert.match(await answer.text(), /deserialize/)
  }
  const unknown = await post({ type: 'l2Book', coin: 'NOPE' })
  assert.deepEqual([unknown.status, await unknown.text()], [500, 'null'])
  assert.equal((await fetch(`${sim.urls.hyperliquid}/info`)).status, 405)
  assert.equal((await fetch(`${sim.urls.hyperliquid}/exchange`, { method: 'POST', body: '{}' })).status, 404)
})

test('answers have the keys and types of the recorded samples', { skip }, async () => {
  const history = { startTime: NOW - DAY }
  const candle = { coin: '@142', interval: '1d', startTime: NOW - 9 * DAY, endTime: NOW }
  const cases: [string, object][] = [
    ['Futures/ExchangeData/GetExchangeInfo', { type: 'meta' }],
    ['Futures/ExchangeData/GetExchangeInfoAndTickers', { type: 'metaAndAssetCtxs' }],
    ['Futures/ExchangeData/GetFundingRateHistory', { type: 'fundingHistory', coin: 'ETH', ...history }],
    ['Spot/ExchangeData/GetExchangeInfo', { type: 'spotMeta' }],
    ['Spot/ExchangeData/GetExchangeInfoAndTickers', { type: 'spotMetaAndAssetCtxs' }],
    ['Spot/ExchangeData/GetKlines', { type: 'candleSnapshot', req: candle }],
    ['Spot/ExchangeData/GetOrderBook', { type: 'l2Book', coin: '@142' }]
  ]
  for (const [file, question] of cases) {
    const [, , , ...sample] = readFileSync(new URL(`${file}.txt`, WIRE), 'utf8')
      .replaceAll('\r', '')
      .split('\n')
    const ours = await ask(question)
    // The first pairs have been given up here: they have no mid.
    if (file.startsWith('Spot') && Array.isArray(ours[1])) ours[1] = ours[1].filter(({ midPx }: Body) => midPx !== null)
    assertCovers(ours, JSON.parse(sample.join('\n')), file)
  }
})

test('markets have the fields of the recorded ones', { skip }, () => {
  const recorded = JSON.parse(readFileSync(MARKETS, 'utf8'))
  for (const symbol of ['BTC/USDC:USDC', 'KPEPE/USDC:USDC', 'BTC/USDC']) {
    const ours = exchange.markets![symbol]!.info
    for (const key of Object.keys(recorded[symbol].info)) assert.ok(key in ours, `${symbol} ${key}`)
  }
})

/** Every key of the sample is in ours with the same JSON type; of lists the first elements are compared. */
function assertCovers(ours: Body, sample: Body, path: string): void {
  if (Array.isArray(sample)) {
    assert.ok(Array.isArray(ours) && ours.length > 0, `${path}: a list with something in it`)
    const count =
      typeof sample[0] === 'object' && !Array.isArray(sample[0]) && !('universe' in sample[0]) ? 1 : sample.length
    for (let index = 0; index < count; index++) assertCovers(ours[index], sample[index], `${path}[${index}]`)
  } else if (sample !== null && typeof sample === 'object') {
    for (const [key, value] of Object.entries(sample)) {
      assert.ok(ours !== null && key in ours, `${path}.${key} is absent`)
      assertCovers(ours[key], value, `${path}.${key}`)
    }
  } else assert.equal(typeof ours, typeof sample, path)
}
