import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Exchange } from 'ccxt'
import type { Sim } from '../../src/sim/server.ts'
import { connect, DAY, HOUR, NOW, openSim } from './exchanges.ts'

const VENUES = ['binance', 'bybit'] as const
const KINDS = [{ type: 'spot' }, { type: 'swap', subType: 'linear' }, { type: 'swap', subType: 'inverse' }]
let sim: Sim
const exchanges = {} as Record<(typeof VENUES)[number], Exchange>

before(async () => {
  sim = await openSim()
  for (const venue of VENUES) exchanges[venue] = await connect(sim, venue)
})
after(() => sim.close())

function marketsOf(venue: (typeof VENUES)[number]) {
  return Object.values(exchanges[venue].markets ?? {}).filter((market) => market !== undefined)
}

test('markets load with the symbols that ccxt gives on the live venues', () => {
  const binance = ['BTC/USDT', 'BTC/USDT:USDT', 'BTC/USDC:USDC', '1000PEPE/USDT:USDT', 'PEPE/USDT', '1000SATS/USDT']
  const dated = ['BTC/USDT:USDT-261225', 'BTC/USDT:USDT-270326', 'ETH/USD:ETH-261225']
  for (const symbol of [...binance, ...dated, '1INCH/USDT', 'BTC/USD:BTC'])
    assert.ok(exchanges.binance.markets?.[symbol], symbol)
  const bybit = [
    'SHIB1000/USDT:USDT',
    '10000SATS/USDT:USDT',
    'BTC/USDC:USDC',
    'BTC/USD:BTC-261225',
    'BTC/USDC:USDC-261225'
  ]
  for (const symbol of [...bybit, 'BTC/USDT:USDT-261225', 'SHIB/USDT'])
    assert.ok(exchanges.bybit.markets?.[symbol], symbol)
  assert.equal(exchanges.binance.market('BTC/USD:BTC').contractSize, 100)
  assert.equal(exchanges.binance.market('ETH/USD:ETH').contractSize, 10)
  assert.equal(exchanges.bybit.market('BTC/USD:BTC').contractSize, 1)
  assert.equal(exchanges.bybit.market('BTC/USD:BTC-261225').id, 'BTCUSDZ26')
  assert.equal(exchanges.bybit.market('BTC/USDC:USDC-261225').id, 'BTC-25DEC26')
  assert.equal(exchanges.binance.market('BTC/USDT:USDT-261225').expiry, Date.UTC(2026, 11, 25, 8))
})

test('at least 40 assets have perpetuals on both venues', () => {
  const bases = (venue: 'binance' | 'bybit') =>
    marketsOf(venue)
      .filter((market) => market.swap && market.linear)
      .map((market) => market.base)
  const shared = new Set(bases('binance').filter((base) => bases('bybit').includes(base)))
  assert.ok(shared.size >= 40, `${shared.size}`)
})

for (const venue of VENUES) {
  test(`${venue}: every listed market has a ticker and an uncrossed quote, in bulk`, async () => {
    const exchange = exchanges[venue]
    let quoted = 0
    for (const kind of KINDS) {
      const tickers = await exchange.fetchTickers(undefined, kind)
      const quotes = await exchange.fetchBidsAsks(undefined, kind)
      assert.deepEqual(Object.keys(tickers).sort(), Object.keys(quotes).sort())
      for (const [symbol, { bid, ask, bidVolume, askVolume }] of Object.entries(quotes)) {
        const { last, high, low, open, baseVolume } = tickers[symbol]!
        assert.ok(bid! > 0 && ask! > bid! && bidVolume! > 0 && askVolume! > 0, `${symbol} ${bid} ${ask}`)
        assert.ok(last! >= bid! && last! <= ask!, `${symbol} last ${last} outside ${bid}..${ask}`)
        assert.ok(low! <= Math.min(last!, open!) && high! >= Math.max(last!, open!) && baseVolume! > 0, symbol)
        quoted++
      }
    }
    assert.equal(quoted, marketsOf(venue).length)
  })

  test(`${venue}: funding comes in bulk with its next settlement`, async () => {
    for (const subType of ['linear', 'inverse']) {
      const rates = await exchanges[venue].fetchFundingRates(undefined, { subType })
      const paying = Object.values(rates).filter(({ symbol }) => exchanges[venue].market(symbol).swap)
      assert.ok(paying.length >= 8)
      for (const { symbol, fundingRate, fundingTimestamp, markPrice, indexPrice } of paying) {
        assert.ok(Math.abs(fundingRate!) < 0.01, symbol)
        assert.ok(
          fundingTimestamp! > NOW && fundingTimestamp! <= NOW + 8 * HOUR && fundingTimestamp! % HOUR === 0,
          symbol
        )
        assert.ok(Math.abs(markPrice! / indexPrice! - 1) < 0.02, symbol)
      }
    }
  })

  test(`${venue}: 30 days of settlements, candles of every kind, open interest and books`, async () => {
    const exchange = exchanges[venue]
    for (const symbol of ['BTC/USDT:USDT', 'BTC/USD:BTC']) {
      const since = NOW - 30 * DAY
      const history = await exchange.fetchFundingRateHistory(symbol, since, 100)
      assert.equal(history.length, 90)
      const prices =
        symbol === 'BTC/USD:BTC' && venue === 'bybit'
          ? [undefined, 'mark', 'index']
          : [undefined, 'mark', 'index', 'premiumIndex']
      for (const price of prices) {
        const candles = await exchange.fetchOHLCV(symbol, '1h', since, 720, price ? { price } : {})
        assert.ok(
          candles.length >= 719 &&
            candles.every((candle, index) => index === 0 || candle[0]! - candles[index - 1]![0]! === HOUR)
        )
      }
      const openInterest = await exchange.fetchOpenInterest(symbol)
      assert.ok((openInterest.openInterestAmount ?? openInterest.openInterestValue)! > 0)
      const past = await exchange.fetchOpenInterestHistory(symbol, '1h', NOW - DAY, 24, { contractType: 'PERPETUAL' })
      assert.ok(past.length >= 23)
      const { bids, asks } = await exchange.fetchOrderBook(symbol, 50)
      assert.ok(bids.length === 50 && asks.length === 50 && bids[0]![0]! < asks[0]![0]!)
      assert.ok(bids.every((level, index) => index === 0 || level[0]! < bids[index - 1]![0]!))
      assert.ok(asks.every((level, index) => index === 0 || level[0]! > asks[index - 1]![0]!))
    }
  })
}

test('intervals of 1, 4 and 8 hours exist on both venues and are declared where the real ones declare them', async () => {
  const adjusted = await exchanges.binance.fetchFundingIntervals()
  assert.equal(adjusted['WIF/USDT:USDT']!.interval, '1h')
  assert.equal(adjusted['ARB/USDT:USDT']!.interval, '4h')
  assert.equal(adjusted['BTC/USDT:USDT'], undefined)
  const rates = await exchanges.bybit.fetchFundingRates()
  const declared = new Set(Object.values(rates).map(({ info }) => info.fundingIntervalHour))
  assert.deepEqual([...declared].filter(Boolean).sort(), ['1', '4', '8'])
  for (const { info, interval } of Object.values(rates))
    if (info.fundingIntervalHour) assert.equal(`${info.fundingIntervalHour}h`, interval)
})

test("Bybit's open interest counts both sides and says so", async () => {
  const { info } = (await exchanges.bybit.fetchTickers(['BTC/USDT:USDT']))['BTC/USDT:USDT']!
  assert.ok(Math.abs(Number(info.openInterest) - 2 * Number(info.singleOpenInterest)) < 0.01)
})
