import { HOUR, MINUTE } from '../../domain/time.ts'
import { integerOf } from '../answer.ts'
import { levels, type Side } from '../market/book.ts'
import { type Candle, candles, openingOf, shiftOpening } from '../market/candles.ts'
import type { SimInstrument } from '../market/instrument.ts'
import { quoteOf, type SimQuote } from '../market/quotes.ts'
import { type KrakenRequest, KrakenSpotProblem } from './context.ts'
import { coinId, shortCoinId } from './listings.ts'

/** Minutes of a candle; 15 days is the longest. */
const INTERVALS = new Set([1, 5, 15, 30, 60, 240, 1440, 10080, 21600])
/** However early `since` is, no more than the newest candles are there. */
const MOST_CANDLES = 720
const LOT_DECIMALS = 8
const TICKER_DECIMALS = 5

const altName = ({ asset, quote }: SimInstrument) => shortCoinId(asset.name) + shortCoinId(quote)
const wsName = ({ asset, quote }: SimInstrument) => `${shortCoinId(asset.name)}/${shortCoinId(quote)}`

/** Pairs by their id, their altname and their wsname, comma separated. */
function pairsOf({ listings, params }: KrakenRequest): SimInstrument[] {
  return (params.get('pair') ?? '').split(',').map((name) => {
    const found =
      listings.byId.spot.get(name) ?? listings.spot.find((each) => altName(each) === name || wsName(each) === name)
    if (!found) throw new KrakenSpotProblem('EQuery:Unknown asset pair')
    return found
  })
}

function pairOf(request: KrakenRequest): SimInstrument {
  if (!request.params.get('pair')) throw new KrakenSpotProblem('EGeneral:Invalid arguments')
  const [pair, ...more] = pairsOf(request)
  if (!pair || more.length > 0) throw new KrakenSpotProblem('EQuery:Unknown asset pair')
  return pair
}

const instrumentsOf = (request: KrakenRequest) =>
  request.params.get('pair') ? pairsOf(request) : request.listings.spot

/** `AssetPairs`: all of them, or those that `pair` names. */
export function assetPairs(request: KrakenRequest): unknown {
  return Object.fromEntries(instrumentsOf(request).map((instrument) => [instrument.id, assetPair(instrument)]))
}

function assetPair(instrument: SimInstrument): unknown {
  const { asset, quote, tickDecimals, stepDecimals } = instrument
  const leverage = asset.tier < 2 ? [2, 3, 4, 5] : []
  const limits = leverage.length > 0 ? { long_position_limit: 1100, short_position_limit: 400 } : {}
  return {
    altname: altName(instrument),
    wsname: wsName(instrument),
    aclass_base: 'currency',
    base: coinId(asset.name),
    aclass_quote: 'currency',
    quote: coinId(quote),
    lot: 'unit',
    cost_decimals: 5,
    pair_decimals: tickDecimals,
    lot_decimals: LOT_DECIMALS,
    lot_multiplier: 1,
    leverage_buy: leverage,
    leverage_sell: leverage,
    fees: FEES.map(([volume, taker]) => [volume, taker]),
    fees_maker: FEES.map(([volume, , maker]) => [volume, maker]),
    fee_volume_currency: 'ZUSD',
    margin_call: 80,
    margin_stop: 40,
    ordermin: (10 ** -stepDecimals * 5).toFixed(stepDecimals),
    costmin: '0.5',
    tick_size: (10 ** -tickDecimals).toFixed(tickDecimals),
    status: 'online',
    ...limits
  }
}

/** 30-day volume in dollars, taker and maker fee in per cent. */
const FEES: readonly (readonly [number, number, number])[] = [
  [0, 0.4, 0.25],
  [10_000, 0.35, 0.2],
  [50_000, 0.24, 0.14],
  [100_000, 0.22, 0.12],
  [250_000, 0.2, 0.08],
  [500_000, 0.18, 0.06],
  [1_000_000, 0.16, 0.04],
  [2_500_000, 0.14, 0.02],
  [5_000_000, 0.12, 0],
  [10_000_000, 0.1, 0]
]

export function assets({ listings }: KrakenRequest): unknown {
  const names = new Set(listings.spot.flatMap(({ asset, quote }) => [asset.name, quote]))
  const rows = [...names].sort().map((name) => [
    coinId(name),
    {
      aclass: 'currency',
      altname: shortCoinId(name),
      decimals: name === 'USD' ? 4 : 10,
      display_decimals: name === 'USD' ? 2 : 5,
      status: 'enabled'
    }
  ])
  return Object.fromEntries(rows)
}

/** `Ticker`: all pairs, or those that `pair` names. It carries no time at all. */
export function ticker(request: KrakenRequest): unknown {
  const { params, market, nowMs } = request
  const second = nowMs - (nowMs % 1000)
  const quotes = params.get('pair')
    ? pairsOf(request).map((pair) => quoteOf(market, pair, second))
    : request.quotes(request.listings.spot)
  return Object.fromEntries(quotes.map((quote) => [quote.instrument.id, tickerRow(request, quote)]))
}

function tickerRow(request: KrakenRequest, quote: SimQuote): unknown {
  const { instrument, atMs } = quote
  const { tickDecimals, stepDecimals } = instrument
  const day = request.day(quote)
  const decimals = Math.max(TICKER_DECIMALS, tickDecimals)
  const price = (ticks: number) => (ticks / 10 ** tickDecimals).toFixed(decimals)
  const side = (ticks: number, steps: number) => {
    const size = Math.max(0.001, steps / 10 ** stepDecimals)
    return [price(ticks), String(Math.floor(size)), size.toFixed(3)]
  }
  // Two numbers: since midnight UTC, and of the last 24 hours.
  const share = ((atMs % (24 * HOUR)) + MINUTE) / (24 * HOUR)
  const volume = (part: number) => (day.volume * part).toFixed(LOT_DECIMALS)
  const average = (day.quoteVolume / day.volume).toFixed(decimals)
  const trades = Math.round(day.volume * 0.02) + 500
  return {
    a: side(quote.askTicks, quote.askSteps),
    b: side(quote.bidTicks, quote.bidSteps),
    c: [price(quote.lastTicks), (0.4 / 10 ** stepDecimals).toFixed(LOT_DECIMALS)],
    v: [volume(share), volume(1)],
    p: [average, average],
    t: [Math.round(trades * share), trades],
    l: [price(day.lowTicks), price(day.lowTicks)],
    h: [price(day.highTicks), price(day.highTicks)],
    o: price(day.openTicks)
  }
}

/** `OHLC`: what is after `since`, oldest first, the open candle last; `last` is the newest that is closed. */
export function ohlc(request: KrakenRequest): unknown {
  const { params, market, nowMs } = request
  const instrument = pairOf(request)
  const minutes = integerOf(params, 'interval', 1)
  if (!INTERVALS.has(minutes)) throw new KrakenSpotProblem('EGeneral:Invalid arguments')
  const since = integerOf(params, 'since', 0)
  if (Number.isNaN(since)) throw new KrakenSpotProblem('EGeneral:Invalid arguments')
  const interval = minutes * MINUTE
  const lastMs = openingOf(interval, nowMs)
  const firstMs = shiftOpening(interval, lastMs, 1 - MOST_CANDLES)
  const rows = candles(market, instrument, 'price', interval, { firstMs, lastMs }, nowMs)
    .filter(({ openMs }) => openMs / 1000 > since)
    .map((candle) => candleRow(instrument, candle))
  return { [instrument.id]: rows, last: (lastMs - interval) / 1000 }
}

function candleRow({ tickDecimals }: SimInstrument, candle: Candle): unknown[] {
  const { openMs, open, high, low, close, volumeUsd, trades } = candle
  const average = (open + close) / 2
  const price = (value: number) => value.toFixed(tickDecimals)
  const volume = (volumeUsd / average).toFixed(LOT_DECIMALS)
  return [openMs / 1000, price(open), price(high), price(low), price(close), price(average), volume, trades]
}

/** `Depth`: price, size and when the level last changed, in seconds. */
export function depth(request: KrakenRequest): unknown {
  const instrument = pairOf(request)
  const count = integerOf(request.params, 'count', 100)
  if (!(count >= 1)) throw new KrakenSpotProblem('EGeneral:Invalid arguments')
  const atMs = request.nowMs - (request.nowMs % 1000)
  const mid = request.market.mid(instrument, atMs)
  const { tickDecimals, stepDecimals } = instrument
  const decimals = Math.max(TICKER_DECIMALS, tickDecimals)
  const side = (name: Side) =>
    levels(instrument, name, mid, atMs, Math.min(count, 500)).map(({ ticks, steps }, index) => [
      (ticks / 10 ** tickDecimals).toFixed(decimals),
      Math.max(0.001, steps / 10 ** stepDecimals).toFixed(3),
      atMs / 1000 - index
    ])
  return { [instrument.id]: { asks: side('ask'), bids: side('bid') } }
}

export function time({ nowMs }: KrakenRequest): unknown {
  return { unixtime: Math.floor(nowMs / 1000), rfc1123: new Date(nowMs).toUTCString().replace('GMT', '+0000') }
}

export function systemStatus({ nowMs }: KrakenRequest): unknown {
  return { status: 'online', timestamp: new Date(nowMs - (nowMs % 1000)).toISOString().replace('.000Z', 'Z') }
}
