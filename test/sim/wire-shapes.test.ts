import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { Sim } from '../../src/sim/server.ts'
import { type Body, getJson, NOW, openSim } from './exchanges.ts'

const WIRE = new URL('../../../shared/data/wire/jkorf/', import.meta.url)
const MARKETS = new URL('../../../shared/data/ccxt-static/', import.meta.url)
const skip = existsSync(WIRE) && existsSync(MARKETS) ? false : 'the recorded samples of ../shared/data are not here'
const BINANCE = 'Binance.Net/Endpoints/'
const BYBIT = 'Bybit.Net/Endpoints/V5Api/ExchangeData/'
let sim: Sim
before(async () => {
  sim = await openSim()
})
after(() => sim.close())

/** Sample file, our path, and the keys whose type in the sample is not the live one (documentation writes numbers as strings). */
const BINANCE_SAMPLES: readonly (readonly [string, string, (readonly string[])?])[] = [
  ['Spot/ExchangeData/GetPrice', '/api/v3/ticker/price?symbol=BTCUSDT'],
  ['Spot/ExchangeData/GetBookPrice', '/api/v3/ticker/bookTicker?symbol=BTCUSDT'],
  ['Spot/ExchangeData/GetTicker', '/api/v3/ticker/24hr?symbol=BTCUSDT'],
  ['Spot/ExchangeData/GetExchangeInfo', '/api/v3/exchangeInfo'],
  ['Spot/ExchangeData/GetKlines', '/api/v3/klines?symbol=BTCUSDT&interval=1h'],
  ['Spot/ExchangeData/GetServerTime', '/api/v3/time'],
  ['UsdFutures/ExchangeData/GetIndexPriceKlines', '/fapi/v1/indexPriceKlines?pair=BTCUSDT&interval=1h'],
  ['UsdFutures/ExchangeData/GetPremiumIndexKlines', '/fapi/v1/premiumIndexKlines?symbol=BTCUSDT&interval=1h'],
  ['UsdFutures/ExchangeData/GetMarkPriceKlines', '/fapi/v1/markPriceKlines?symbol=BTCUSDT&interval=1h'],
  ['UsdFutures/ExchangeData/GetPrice', '/fapi/v2/ticker/price?symbol=BTCUSDT'],
  ['UsdFutures/ExchangeData/GetBookPrice', '/fapi/v1/ticker/bookTicker?symbol=BTCUSDT'],
  ['UsdFutures/ExchangeData/GetFundingRates', '/fapi/v1/fundingRate?symbol=BTCUSDT'],
  ['UsdFutures/ExchangeData/GetTicker', '/fapi/v1/ticker/24hr?symbol=BTCUSDT'],
  ['UsdFutures/ExchangeData/GetOrderBook', '/fapi/v1/depth?symbol=BTCUSDT'],
  ['UsdFutures/ExchangeData/GetBasis', '/futures/data/basis?pair=BTCUSDT&contractType=PERPETUAL&period=1h'],
  [
    'UsdFutures/ExchangeData/GetGlobalLongShortAccountRatio',
    '/futures/data/globalLongShortAccountRatio?symbol=BTCUSDT&period=1h',
    ['timestamp']
  ],
  [
    'UsdFutures/ExchangeData/GetTakerBuySellVolumeRatio',
    '/futures/data/takerlongshortRatio?symbol=BTCUSDT&period=1h',
    ['timestamp']
  ],
  [
    'UsdFutures/ExchangeData/GetOpenInterestHistory',
    '/futures/data/openInterestHist?symbol=BTCUSDT&period=1h',
    ['timestamp']
  ],
  ['UsdFutures/ExchangeData/GetFundingInfo', '/fapi/v1/fundingInfo'],
  ['UsdFutures/ExchangeData/GetMarkPrice', '/fapi/v1/premiumIndex?symbol=BTCUSDT'],
  ['UsdFutures/ExchangeData/GetOpenInterest', '/fapi/v1/openInterest?symbol=BTCUSDT'],
  ['UsdFutures/ExchangeData/GetKlines', '/fapi/v1/klines?symbol=BTCUSDT&interval=1h'],
  [
    'UsdFutures/ExchangeData/GetContinuousContractKlines',
    '/fapi/v1/continuousKlines?pair=BTCUSDT&contractType=NEXT_QUARTER&interval=1h'
  ],
  ['UsdFutures/ExchangeData/GetExchangeInfo', '/fapi/v1/exchangeInfo', ['autoAssetExchange']],
  ['CoinFutures/ExchangeData/GetIndexPriceKlines', '/dapi/v1/indexPriceKlines?pair=BTCUSD&interval=1h'],
  ['CoinFutures/ExchangeData/GetMarkPrices', '/dapi/v1/premiumIndex'],
  ['CoinFutures/ExchangeData/GetPremiumIndexKlines', '/dapi/v1/premiumIndexKlines?symbol=BTCUSD_PERP&interval=1h'],
  ['CoinFutures/ExchangeData/GetBookPrices', '/dapi/v1/ticker/bookTicker'],
  ['CoinFutures/ExchangeData/GetFundingRates', '/dapi/v1/fundingRate?symbol=BTCUSD_PERP'],
  ['CoinFutures/ExchangeData/GetTickers', '/dapi/v1/ticker/24hr'],
  ['CoinFutures/ExchangeData/GetPrices', '/dapi/v1/ticker/price'],
  ['CoinFutures/ExchangeData/GetOrderBook', '/dapi/v1/depth?symbol=BTCUSD_PERP'],
  [
    'CoinFutures/ExchangeData/GetOpenInterestHistory',
    '/futures/data/openInterestHist?pair=BTCUSD&contractType=CURRENT_QUARTER&period=1h'
  ],
  ['CoinFutures/ExchangeData/GetOpenInterest', '/dapi/v1/openInterest?symbol=BTCUSD_PERP'],
  [
    'CoinFutures/ExchangeData/GetGlobalLongShortAccountRatio',
    '/futures/data/globalLongShortAccountRatio?pair=BTCUSD&period=1h'
  ],
  ['CoinFutures/ExchangeData/GetKlines', '/dapi/v1/klines?symbol=BTCUSD_PERP&interval=1h'],
  ['CoinFutures/ExchangeData/GetExchangeInfo', '/dapi/v1/exchangeInfo']
]
const BYBIT_SAMPLES: readonly (readonly [string, string])[] = [
  ['GetSpotSymbols', '/v5/market/instruments-info?category=spot'],
  ['GetLinearInverseSymbols', '/v5/market/instruments-info?category=linear'],
  ['GetSpotTickers', '/v5/market/tickers?category=spot'],
  ['GetLinearInverseTickers', '/v5/market/tickers?category=inverse'],
  ['GetFundingRateHistory', '/v5/market/funding/history?category=linear&symbol=BTCUSDT'],
  ['GetKlines', '/v5/market/kline?category=inverse&symbol=BTCUSD&interval=60'],
  ['GetMarkPriceKlines', '/v5/market/mark-price-kline?category=linear&symbol=BTCUSDT&interval=60'],
  ['GetIndexPriceKlines', '/v5/market/index-price-kline?category=inverse&symbol=BTCUSDZ26&interval=60'],
  ['GetPremiumIndexPriceKlines', '/v5/market/premium-index-price-kline?category=linear&symbol=BTCUSDT&interval=D'],
  ['GetOpenInterest', '/v5/market/open-interest?category=inverse&symbol=BTCUSD&intervalTime=5min'],
  ['GetOrderbook', '/v5/market/orderbook?category=linear&symbol=BTCUSDT'],
  ['GetLongShortRatio', '/v5/market/account-ratio?category=linear&symbol=BTCUSDT&period=1h']
]

for (const [file, path, exempt = []] of BINANCE_SAMPLES) {
  test(`${path} has the shape of the recorded sample`, { skip }, async () => {
    assertCovers(await getJson(sim, 'binance', path), sampleOf(`${BINANCE}${file}.txt`), new Set(exempt), path)
  })
}

for (const [file, path] of BYBIT_SAMPLES) {
  test(`${path} has the shape of the recorded sample`, { skip }, async () => {
    assertCovers(await getJson(sim, 'bybit', path), sampleOf(`${BYBIT}${file}.txt`), new Set(), path)
  })
}

test("instruments have the fields of the venues' recorded markets", { skip }, async () => {
  const recorded = (venue: string, symbol: string) => {
    const info = JSON.parse(readFileSync(new URL(`markets/${venue}.json`, MARKETS), 'utf8'))[symbol].info
    return Object.keys(info)
  }
  const ours = async (venue: 'binance' | 'bybit', path: string, id: string) => {
    const body = await getJson(sim, venue, path)
    const rows: Record<string, unknown>[] = body.symbols ?? body.result.list
    return Object.keys(rows.find(({ symbol }) => symbol === id)!)
  }
  // Which order forms a venue offers is of no use here.
  const unused = new Set([
    'opoAllowed',
    'pegInstructionsAllowed',
    'permissionSets',
    'xstockMultiplier',
    'symbolType',
    'symbolId',
    'forbidUplWithdrawal'
  ])
  const cases = [
    ['binance', '/api/v3/exchangeInfo', 'BTCUSDT', 'BTC/USDT'],
    ['binance', '/fapi/v1/exchangeInfo', 'BTCUSDT', 'BTC/USDT:USDT'],
    ['binance', '/dapi/v1/exchangeInfo', 'BTCUSD_PERP', 'BTC/USD:BTC'],
    ['bybit', '/v5/market/instruments-info?category=spot', 'BTCUSDT', 'BTC/USDT'],
    ['bybit', '/v5/market/instruments-info?category=linear', 'BTCUSDT', 'BTC/USDT:USDT'],
    ['bybit', '/v5/market/instruments-info?category=inverse', 'BTCUSD', 'BTC/USD:BTC']
  ] as const
  for (const [venue, path, id, symbol] of cases) {
    const keys = await ours(venue, path, id)
    const absent = recorded(venue, symbol).filter((key) => !keys.includes(key) && !unused.has(key))
    assert.deepEqual(absent, [], path)
  }
})

test('prices are written with the decimals of the real venues', async () => {
  const spot = await getJson(sim, 'binance', '/api/v3/ticker/bookTicker?symbol=BTCUSDT')
  assert.match(spot.bidPrice, /^\d+\.\d{8}$/)
  const linear = await getJson(sim, 'binance', '/fapi/v1/ticker/bookTicker?symbol=BTCUSDT')
  assert.match(linear.bidPrice, /^\d+\.\d0$/)
  const bybit = await getJson(sim, 'bybit', '/v5/market/tickers?category=linear&symbol=BTCUSDT')
  assert.match(bybit.result.list[0].bid1Price, /^\d+\.\d0$/)
  assert.equal(bybit.time, NOW)
  const pepe = await getJson(sim, 'bybit', '/v5/market/tickers?category=spot&symbol=PEPEUSDT')
  assert.match(pepe.result.list[0].bid1Price, /^0\.0000\d+$/)
})

/** A sample is a file of method, path, whether it is signed, and the body. */
function sampleOf(path: string): unknown {
  const [, , , ...body] = readFileSync(new URL(path, WIRE), 'utf8').replaceAll('\r', '').split('\n')
  return JSON.parse(body.join('\n'))
}

/** Every key of the sample is in ours with the same JSON type; of lists the first elements are compared. */
function assertCovers(ours: Body, sample: Body, exempt: ReadonlySet<string>, path: string): void {
  if (Array.isArray(sample)) {
    assert.ok(Array.isArray(ours) && (ours.length > 0 || sample.length === 0), `${path}: a list with something in it`)
    if (sample.length === 0 || ours.length === 0) return
    if (Array.isArray(sample[0])) assert.equal(ours[0].length, sample[0].length, `${path}: columns`)
    for (const index of Array.isArray(sample[0]) || typeof sample[0] === 'object' ? [0] : sample.keys()) {
      assertCovers(ours[index], sample[index], exempt, `${path}[${index}]`)
    }
    return
  }
  if (sample !== null && typeof sample === 'object') {
    for (const [key, value] of Object.entries(sample)) {
      assert.ok(ours !== null && key in ours, `${path}.${key} is absent`)
      if (!exempt.has(key)) assertCovers(ours[key], value, exempt, `${path}.${key}`)
    }
    return
  }
  assert.equal(typeof ours, typeof sample, path)
}
