import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { Exchange } from 'ccxt'
import { fundingFromPremium } from '../../src/domain/funding.ts'
import { averagePremium } from '../../src/domain/premium.ts'
import type { Sim } from '../../src/sim/server.ts'
import { type Body, connect, DAY, getJson, HOUR, NOW, openSim } from './exchanges.ts'

const WIRE = new URL('../../../shared/data/wire/jkorf/OKX.Net/Endpoints/UnifiedApi/ExchangeData/', import.meta.url)
const MARKETS = new URL('../../../shared/data/ccxt-static/markets/okx.json', import.meta.url)
const skip = existsSync(WIRE) && existsSync(MARKETS) ? false : 'the recorded samples of ../shared/data are not here'
const MINUTE = 60_000
let sim: Sim
let okx: Exchange

before(async () => {
  sim = await openSim()
  okx = await connect(sim, 'okx')
})
after(() => sim.close())

const ask = (path: string): Promise<Body> => getJson(sim, 'okx', `/api/v5/${path}`)
const swaps = () => Object.values(okx.markets ?? {}).flatMap((market) => (market?.swap ? [market] : []))

test('markets load with the symbols, sizes and expiries that ccxt gives on the live venue', () => {
  const symbols = ['BTC/USDT', 'USDC/USDT', 'PEPE/USDT:USDT', 'BTC/USDC:USDC', 'BTC/USD:BTC', 'ETH/USDT:USDT-270326']
  for (const symbol of symbols) assert.ok(okx.markets?.[symbol], symbol)
  assert.deepEqual([okx.market('BTC/USDT:USDT').contractSize, okx.market('ETH/USDT:USDT').contractSize], [0.01, 0.1])
  assert.deepEqual([okx.market('BTC/USD:BTC').contractSize, okx.market('ETH/USD:ETH').contractSize], [100, 10])
  assert.equal(okx.market('BTC/USDT:USDT-261225').id, 'BTC-USDT-261225')
  assert.equal(okx.market('BTC/USD:BTC-261225').expiry, Date.UTC(2026, 11, 25, 8))
  assert.ok(swaps().filter(({ linear }) => linear).length >= 40)
})

test('the nearest expiries are this week and next, and what has ended is no longer listed', async () => {
  const aliases = async (each: Sim) => {
    const { data } = await getJson(each, 'okx', '/api/v5/public/instruments?instType=FUTURES&uly=BTC-USDT')
    return Object.fromEntries(data.map(({ instId, alias }: Body) => [instId, alias]))
  }
  assert.deepEqual(await aliases(sim), {
    'BTC-USDT-261127': 'this_week',
    'BTC-USDT-261204': 'next_week',
    'BTC-USDT-261225': 'quarter',
    'BTC-USDT-270326': 'next_quarter'
  })
  const later = await openSim(Date.UTC(2026, 11, 27))
  try {
    assert.deepEqual(await aliases(later), {
      'BTC-USDT-270101': 'this_week',
      'BTC-USDT-270108': 'next_week',
      'BTC-USDT-270129': 'this_month',
      'BTC-USDT-270226': 'next_month',
      'BTC-USDT-270326': 'quarter',
      'BTC-USDT-270625': 'next_quarter'
    })
  } finally {
    await later.close()
  }
})

test('every listed market has a ticker with an uncrossed quote, every contract a mark and open interest, in bulk', async () => {
  let quoted = 0
  for (const type of ['spot', 'swap', 'future']) {
    for (const [symbol, ticker] of Object.entries(await okx.fetchTickers(undefined, { type }))) {
      const { bid, ask: offer, bidVolume, askVolume, last, high, low, open, timestamp } = ticker
      assert.ok(bid! > 0 && offer! > bid! && bidVolume! > 0 && askVolume! > 0, symbol)
      assert.ok(last! >= bid! && last! <= offer! && low! <= Math.min(last!, open!) && high! >= last!, symbol)
      assert.equal(timestamp, NOW - (NOW % 1000))
      quoted++
    }
  }
  assert.equal(quoted, Object.keys(okx.markets ?? {}).length)
  const marks = await okx.fetchMarkPrices(undefined, { type: 'swap' })
  assert.equal(Object.keys(marks).length, swaps().length)
  const { data: indices } = await ask('market/index-tickers?quoteCcy=USDT')
  const index = (id: string) => Number(indices.find(({ instId }: Body) => instId === id).idxPx)
  assert.ok(Math.abs(marks['BTC/USDT:USDT']!.markPrice! / index('BTC-USDT') - 1) < 0.02)
  for (const [instType, count] of [
    ['SWAP', swaps().length],
    ['FUTURES', 16]
  ] as const) {
    const held = Object.values(await okx.fetchOpenInterests(undefined, { instType }))
    assert.equal(held.length, count)
    for (const { openInterestAmount, openInterestValue, symbol } of held)
      assert.ok(openInterestAmount! > 0 && openInterestValue! > 1000, symbol)
  }
})

test('all swaps say their rate at once, with the settlement before, the next, and the one after it', async () => {
  const rates = Object.values(await okx.fetchFundingRates())
  assert.equal(rates.length, swaps().length)
  const hours = new Set<number>()
  for (const { info, fundingRate, fundingTimestamp, symbol } of rates) {
    const [previous, due, next] = [info.prevFundingTime, info.fundingTime, info.nextFundingTime].map(Number)
    assert.ok(previous! <= NOW && due! > NOW && due === fundingTimestamp && next! - due! === due! - previous!, symbol)
    assert.ok(Math.abs(fundingRate!) <= Number(info.maxFundingRate), symbol)
    hours.add((due! - previous!) / HOUR)
  }
  assert.deepEqual([...hours].sort(), [1, 2, 4, 8])
})

test('settled rates are the formula on the plain mean of the premiums of the period', async () => {
  for (const [symbol, hours, stepMinutes] of [
    ['BTC/USDT:USDT', 8, 15],
    ['ARB/USDT:USDT', 4, 10],
    ['JTO/USDT:USDT', 2, 10],
    ['GALA/USDT:USDT', 1, 5],
    ['ETH/USD:ETH', 8, 15]
  ] as const) {
    const { info } = okx.market(symbol)
    const id = String(info.instId)
    const [current] = (await ask(`public/funding-rate?instId=${id}`)).data
    for (const { timestamp, fundingRate } of (await okx.fetchFundingRateHistory(symbol, NOW - 3 * DAY, 5)).slice(
      0,
      5
    )) {
      const premiums = await premiumsOf(id, timestamp! - hours * HOUR, timestamp!, stepMinutes * MINUTE)
      assert.equal(premiums.length, (hours * 60) / stepMinutes)
      const { rate } = fundingFromPremium({
        premiumAverage: averagePremium(premiums, 'arithmetic'),
        interest8h: 0.0001,
        damper: 0.0005,
        intervalHours: hours,
        scheme: '8/N',
        cap: Number(current.maxFundingRate)
      })
      assert.ok(Math.abs(rate - fundingRate!) < 1e-12, `${id} ${timestamp} ${rate} ${fundingRate}`)
    }
  }
})

async function premiumsOf(id: string, fromMs: number, toMs: number, stepMs: number): Promise<number[]> {
  const premiums: number[] = []
  for (let after = toMs + 1; after > fromMs + MINUTE; ) {
    const { data } = await ask(`public/premium-history?instId=${id}&after=${after}&before=${fromMs}`)
    for (const { premium, ts } of data) if (Number(ts) % stepMs === 0) premiums.push(Number(premium))
    after = Number(data.at(-1).ts)
  }
  return premiums.reverse()
}

test('the past comes newest first, strictly between before and after, in pages of 100 and 300', async () => {
  const end = Date.UTC(2026, 10, 20)
  const { data: rates } = await ask(`public/funding-rate-history?instId=GALA-USDT-SWAP&after=${end}&limit=500`)
  assert.equal(rates.length, 100)
  assert.equal(Number(rates[0].fundingTime), end - HOUR)
  assert.equal(Number(rates.at(-1).fundingTime), end - 100 * HOUR)
  const { data: old } = await ask(`public/funding-rate-history?instId=BTC-USDT-SWAP&after=${NOW - 100 * DAY}`)
  assert.deepEqual(old, [], 'three months are kept')
  const candles = `instId=BTC-USDT-SWAP&bar=1H&limit=500&before=${end - 400 * HOUR}&after=${end}`
  const { data: page } = await ask(`market/candles?${candles}`)
  assert.equal(page.length, 300)
  assert.deepEqual([Number(page[0][0]), Number(page.at(-1)[0])], [end - HOUR, end - 300 * HOUR])
  assert.deepEqual((await ask(`market/history-candles?${candles}`)).data, page)
  const ancient = `instId=BTC-USDT-SWAP&bar=1H&before=${NOW - 80 * DAY}&after=${NOW - 79 * DAY}`
  assert.equal((await ask(`market/candles?${ancient}`)).data.length, 0, 'only the last 1,440 candles')
  assert.ok((await ask(`market/history-candles?${ancient}`)).data.length >= 23)
  const [running] = (await ask('market/candles?instId=BTC-USDT&bar=1H&limit=1')).data
  assert.deepEqual([Number(running[0]), running[8]], [NOW - (NOW % HOUR), '0'])
})

test('30 days of settlements and candles of every kind come through ccxt', async () => {
  for (const symbol of ['BTC/USDT:USDT', 'BTC/USD:BTC']) {
    assert.equal((await okx.fetchFundingRateHistory(symbol, NOW - 30 * DAY, 100)).length, 90)
    for (const price of [undefined, 'mark', 'index']) {
      const candles = await okx.fetchOHLCV(symbol, '1h', NOW - 4 * DAY, 96, price ? { price } : {})
      assert.ok(candles.length >= 95)
      for (const [index, [at, open, high, low, close]] of candles.entries()) {
        assert.ok(high! >= Math.max(open!, close!) && low! <= Math.min(open!, close!))
        if (index > 0) assert.deepEqual([at, open], [candles[index - 1]![0]! + HOUR, candles[index - 1]![4]])
      }
    }
    const { bids, asks } = await okx.fetchOrderBook(symbol, 50)
    assert.ok(bids.length === 50 && asks.length === 50 && bids[0]![0]! < asks[0]![0]!)
  }
})

test('refusals look like those of the venue', async () => {
  const refused = async (path: string) => {
    const response = await fetch(`${sim.urls.okx}/api/v5/${path}`)
    return [response.status, ((await response.json()) as Body).code]
  }
  assert.deepEqual(await refused('market/tickers'), [400, '50014'])
  assert.deepEqual(await refused('market/tickers?instType=COFFEE'), [400, '51000'])
  assert.deepEqual(await refused('market/ticker?instId=NOPE-USDT'), [200, '51001'])
  assert.deepEqual(await refused('public/funding-rate?instId=BTC-USDT'), [200, '51001'])
  assert.deepEqual(await refused('market/candles?instId=BTC-USDT&bar=7m'), [400, '51000'])
  assert.deepEqual(await refused('market/index-tickers'), [400, '50015'])
  assert.deepEqual(await refused('public/constructor'), [404, '404'])
})

/** Sample file and our question. */
const SAMPLES: readonly (readonly [string, string])[] = [
  ['GetSymbols', 'public/instruments?instType=SPOT'],
  ['GetTickers', 'market/tickers?instType=SWAP'],
  ['GetIndexTickers', 'market/index-tickers?instId=BTC-USDT'],
  ['GetMarkPrices', 'public/mark-price?instType=SWAP'],
  ['GetFundingRates', 'public/funding-rate?instId=BTC-USDT-SWAP'],
  ['GetFundingRateHistory', 'public/funding-rate-history?instId=BTC-USD-SWAP'],
  ['GetPremiumHistory', 'public/premium-history?instId=BTC-USDT-SWAP'],
  ['GetOpenInterests', 'public/open-interest?instType=SWAP'],
  ['GetKlines', 'market/candles?instId=BTC-USDT&bar=1H'],
  ['GetKlineHistory', 'market/history-candles?instId=BTC-USDT&bar=1H'],
  ['GetMarkPriceKlines', 'market/mark-price-candles?instId=BTC-USDT-SWAP&bar=1H'],
  ['GetIndexKlines', 'market/index-candles?instId=BTC-USDT&bar=1H'],
  ['GetOrderBook', 'market/books?instId=BTC-USDT'],
  ['GetServerTime', 'public/time']
]
for (const [file, path] of SAMPLES) {
  test(`${path} has the shape of the recorded sample`, { skip }, async () => {
    const [, , , ...body] = readFileSync(new URL(`${file}.txt`, WIRE), 'utf8')
      .replaceAll('\r', '')
      .split('\n')
    const sample = JSON.parse(body.join('\n'))
    const ours = await ask(path)
    assert.deepEqual([ours.code, ours.msg], ['0', ''])
    assert.deepEqual(shapeOf(ours.data[0], sample.data[0]), shapeOf(sample.data[0], sample.data[0]))
  })
}

/** The JSON types of a value, by the keys of another; rows of a list by the first. */
function shapeOf(value: Body, like: Body): unknown {
  if (Array.isArray(like)) {
    const isRows = typeof like[0] === 'object'
    return isRows ? [shapeOf(value[0], like[0])] : value.map((item: unknown) => typeof item)
  }
  if (like === null || typeof like !== 'object') return typeof value
  return Object.fromEntries(Object.keys(like).map((key) => [key, shapeOf(value[key], like[key])]))
}

test("instruments have the fields of the venue's recorded markets", { skip }, async () => {
  const recorded = JSON.parse(readFileSync(MARKETS, 'utf8'))
  for (const symbol of ['BTC/USDT', 'BTC/USDT:USDT', 'BTC/USD:BTC']) {
    const keys = Object.keys(recorded[symbol].info).sort()
    assert.deepEqual(Object.keys(okx.market(symbol).info).sort(), keys, symbol)
    assert.equal(okx.market(symbol).info.ctVal, recorded[symbol].info.ctVal)
  }
})

test('liquidation orders of the last day come by family, newest first, and only when they are filled', async () => {
  const path = 'public/liquidation-orders?instType=SWAP&instFamily=BTC-USDT&limit=20'
  const { data } = await ask(`${path}&state=filled`)
  const [swap] = data
  assert.deepEqual([data.length, swap.instId, swap.instFamily], [1, 'BTC-USDT-SWAP', 'BTC-USDT'])
  const times = swap.details.map(({ ts }: Body) => Number(ts))
  assert.deepEqual([times.length, times], [20, [...times].sort((a, b) => b - a)])
  assert.ok(times[0] <= NOW && times[19] > NOW - DAY)
  for (const { posSide, side, sz, bkPx } of swap.details) {
    assert.equal(side, posSide === 'long' ? 'sell' : 'buy')
    assert.ok(Number(sz) >= 1 && Number(bkPx) > 0)
  }
  assert.deepEqual((await ask(path)).data, [])
  assert.equal((await ask('public/liquidation-orders?instType=SWAP&state=filled')).code, '50014')
})
