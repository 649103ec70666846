import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Exchange } from 'ccxt'
import { fundingFromPremium } from '../../src/domain/funding.ts'
import { averagePremium } from '../../src/domain/premium.ts'
import type { Sim } from '../../src/sim/server.ts'
import { connect, DAY, getJson, HOUR, NOW, openSim } from './exchanges.ts'

const VENUES = ['binance', 'bybit'] as const
const SYMBOLS = ['BTC/USDT', 'BTC/USDT:USDT', 'WIF/USDT:USDT', 'BTC/USD:BTC', 'BTC/USDT:USDT-261225']
let sim: Sim
const exchanges = {} as Record<(typeof VENUES)[number], Exchange>

before(async () => {
  sim = await openSim()
  for (const venue of VENUES) exchanges[venue] = await connect(sim, venue)
})
after(() => sim.close())

for (const venue of VENUES) {
  test(`${venue}: a candle opens where the one before closed, and its range holds both`, async () => {
    for (const symbol of SYMBOLS) {
      for (const timeframe of ['1m', '1h', '1d']) {
        const candles = await exchanges[venue].fetchOHLCV(symbol, timeframe, undefined, 50)
        assert.ok(candles.length >= 50, `${symbol} ${timeframe} ${candles.length}`)
        for (const [index, [, open, high, low, close, volume]] of candles.entries()) {
          assert.ok(high! >= Math.max(open!, close!) && low! <= Math.min(open!, close!) && volume! > 0)
          if (index > 0) assert.equal(open, candles[index - 1]![4])
        }
      }
    }
  })

  test(`${venue}: the live price is the close of the open candle and inside it`, async () => {
    for (const symbol of SYMBOLS) {
      const ticker = await exchanges[venue].fetchTicker(symbol)
      for (const timeframe of ['1m', '1h', '1d']) {
        const [, , high, low, close] = (await exchanges[venue].fetchOHLCV(symbol, timeframe, undefined, 1)).at(-1)!
        assert.equal(close, ticker.last)
        assert.ok(ticker.last! <= high! && ticker.last! >= low!)
      }
    }
  })

  test(`${venue}: live mark and index are the closes of their open candles`, async () => {
    for (const symbol of ['BTC/USDT:USDT', 'ETH/USD:ETH']) {
      const { markPrice, indexPrice } = await exchanges[venue].fetchFundingRate(symbol)
      const close = async (price: string) =>
        (await exchanges[venue].fetchOHLCV(symbol, '1h', undefined, 1, { price })).at(-1)![4]
      assert.equal(await close('mark'), markPrice)
      assert.equal(await close('index'), indexPrice)
    }
  })

  test(`${venue}: what was settled is the formula applied to the averaged premium candles`, async () => {
    for (const [symbol, hours] of [
      ['BTC/USDT:USDT', 8],
      ['ARB/USDT:USDT', 4],
      [venue === 'binance' ? 'GALA/USDT:USDT' : 'ENA/USDT:USDT', 1]
    ] as const) {
      const minutes = { 1: 5, 4: 10, 8: 15 }[hours]
      const timeframe = minutes === 10 ? '5m' : `${minutes}m`
      const history = await exchanges[venue].fetchFundingRateHistory(symbol, NOW - 10 * DAY, 60)
      assert.ok(history.length >= 29, `${symbol} ${history.length}`)
      for (const { timestamp, fundingRate } of history.slice(0, 30)) {
        const settlement = Math.floor(timestamp! / HOUR) * HOUR
        const candles = await exchanges[venue].fetchOHLCV(symbol, timeframe, settlement - hours * HOUR, 100, {
          price: 'premiumIndex'
        })
        const inside = candles.filter(([openMs]) => openMs! < settlement)
        const closes = inside.map((candle) => candle[4]!).filter((_, index) => minutes !== 10 || index % 2 === 1)
        assert.equal(closes.length, (hours * 60) / minutes)
        const premiumAverage = averagePremium(closes, 'linear')
        const cap = 0.02
        const { rate } = fundingFromPremium({
          premiumAverage,
          interest8h: 0.0001,
          damper: 0.0005,
          intervalHours: hours,
          scheme: '8/N',
          cap
        })
        assert.ok(Math.abs(rate - fundingRate!) < 2e-8, `${symbol} ${settlement} ${rate} ${fundingRate}`)
      }
    }
  })
}

test('the estimate before a settlement ends at what is settled', async () => {
  const settlement = Date.UTC(2026, 10, 22, 16)
  for (const venue of VENUES) {
    const early = await openSim(settlement - 1000)
    try {
      const rates = await (await connect(early, venue, settlement - 1000)).fetchFundingRates()
      for (const symbol of ['BTC/USDT:USDT', 'SOL/USDT:USDT', 'AVAX/USDT:USDT']) {
        const [settled] = await exchanges[venue].fetchFundingRateHistory(symbol, settlement, 1)
        const difference = Math.abs(settled!.fundingRate! - rates[symbol]!.fundingRate!)
        assert.ok(difference < 3e-5, `${venue} ${symbol} ${difference}`)
      }
    } finally {
      await early.close()
    }
  }
})

test('a later simulator answers for the past what an earlier one said live', async () => {
  const earlier = NOW - 40 * DAY - 61_000
  const past = await openSim(earlier)
  try {
    const at = Math.floor(earlier / 1000) * 1000
    const path = `/v5/market/mark-price-kline?category=linear&symbol=SOLUSDT&interval=1&limit=1`
    const live = await getJson(past, 'bybit', path)
    const later = await getJson(sim, 'bybit', `${path}&end=${at}`)
    assert.equal(live.result.list[0][1], later.result.list[0][1])
    const rates = '/fapi/v1/fundingRate?symbol=SOLUSDT&limit=50'
    assert.deepEqual(
      await getJson(past, 'binance', rates),
      await getJson(sim, 'binance', `${rates}&endTime=${earlier}`)
    )
  } finally {
    await past.close()
  }
})

test('the same seed and time give the same bytes, another seed does not', async () => {
  const paths = [
    '/fapi/v1/ticker/24hr',
    '/fapi/v1/premiumIndex',
    '/fapi/v1/ticker/bookTicker',
    '/api/v3/depth?symbol=BTCUSDT',
    '/fapi/v1/exchangeInfo'
  ]
  const again = await openSim()
  const other = await openSim(NOW, 5)
  try {
    for (const path of paths) {
      const body = async (each: Sim) => (await fetch(each.urls.binance + path)).text()
      assert.equal(await body(again), await body(sim))
      if (!path.includes('exchangeInfo')) assert.notEqual(await body(other), await body(sim))
    }
  } finally {
    await again.close()
    await other.close()
  }
})
