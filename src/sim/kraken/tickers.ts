import { floorTo, HOUR, MINUTE, SECOND } from '../../domain/time.ts'
import { levels, type Side } from '../market/book.ts'
import type { SimInstrument } from '../market/instrument.ts'
import { uniform } from '../market/noise.ts'
import { lastTicks, quoteOf, type SimQuote } from '../market/quotes.ts'
import { contractOf, type KrakenRequest } from './context.ts'
import { tagOf } from './expiries.ts'

/** How long ago the last trade was at the most, by tier: a small contract goes without one for many minutes. */
const LONGEST_SINCE_TRADE_MS = [2 * SECOND, 40 * SECOND, 6 * MINUTE, 25 * MINUTE] as const
/** Assets with an index of their own among the tickers. */
const INDICES = ['BTC', 'ETH']

/** `tickers`: every contract, then the indices and reference rates, which are no instruments. */
export function tickers(request: KrakenRequest): Record<string, unknown> {
  const { listings, nowMs } = request
  const rows = [listings.linear, listings.inverse].flatMap((list) =>
    request.quotes(list).map((quote) => tickerRow(request, quote))
  )
  const indices = listings.inverse.filter(({ kind, asset }) => kind === 'perpetual' && INDICES.includes(asset.name))
  return {
    result: 'success',
    tickers: [...rows, ...indices.flatMap((instrument) => indexRows(request, instrument))],
    serverTime: new Date(nowMs).toISOString()
  }
}

export function ticker(request: KrakenRequest, symbol: string): Record<string, unknown> {
  const second = floorTo(request.nowMs, SECOND)
  const quote = quoteOf(request.market, contractOf(request, symbol), second)
  return { result: 'success', ticker: tickerRow(request, quote), serverTime: new Date(request.nowMs).toISOString() }
}

function indexRows({ market, nowMs }: KrakenRequest, instrument: SimInstrument): unknown[] {
  const pair = instrument.id.slice('PI_'.length).toLowerCase()
  const row = (symbol: string, atMs: number) => {
    const last = Number(market.index(instrument, atMs).toFixed(2))
    return { symbol, last, lastTime: new Date(atMs).toISOString() }
  }
  return [
    row(`in_${pair}`, floorTo(nowMs, SECOND)),
    row(`rr_${pair}`, floorTo(nowMs - 16 * HOUR, 24 * HOUR) + 16 * HOUR)
  ]
}

function tickerRow(request: KrakenRequest, quote: SimQuote): unknown {
  const { instrument, atMs, mark, index } = quote
  const { id, tickDecimals, stepDecimals, section, expiry } = instrument
  const day = request.day(quote)
  const isInverse = section === 'inverse'
  const price = (ticks: number) => Number((ticks / 10 ** tickDecimals).toFixed(tickDecimals))
  const size = (steps: number) => Number((steps / 10 ** stepDecimals).toFixed(stepDecimals))
  const lastAt = lastTradeAt(instrument, atMs)
  const last = lastTicks(request.market, instrument, Math.max(lastAt, instrument.listedAt))
  const held = request.market.activity.openInterest(instrument, atMs)
  return {
    symbol: id,
    last: price(last),
    lastTime: new Date(lastAt).toISOString(),
    tag: tagOf(expiry),
    pair: `${id.split('_')[1]!.slice(0, -3)}:USD`,
    markPrice: Number(mark.toPrecision(16)),
    bid: price(quote.bidTicks),
    bidSize: size(quote.bidSteps),
    ask: price(quote.askTicks),
    askSize: size(quote.askSteps),
    // Coins of a linear contract, contracts of one dollar of an inverse one.
    vol24h: isInverse ? Math.round(day.quoteVolume) : size(Math.round(day.volume * 10 ** stepDecimals)),
    volumeQuote: Number(day.quoteVolume.toFixed(4)),
    openInterest: Number(held.toFixed(isInverse ? 0 : stepDecimals)),
    open24h: price(day.openTicks),
    high24h: price(day.highTicks),
    low24h: price(day.lowTicks),
    lastSize: size(1 + Math.floor(quote.bidSteps / 3)),
    ...fundingOf(request, instrument, atMs),
    suspended: false,
    indexPrice: indexOf(instrument, index),
    postOnly: false,
    change24h: Number(((last / day.openTicks - 1) * 100).toFixed(2))
  }
}

const indexOf = ({ tickDecimals }: SimInstrument, index: number) => Number(index.toFixed(Math.max(2, tickDecimals)))

/** Absolute rates of this hour and, as it looks now, of the next. */
function fundingOf({ funding }: KrakenRequest, instrument: SimInstrument, atMs: number): Record<string, number> {
  if (!instrument.funding) return {}
  const digits = (rate: number) => Number(rate.toPrecision(14))
  return {
    fundingRate: digits(funding.absolute(instrument, floorTo(atMs, HOUR))),
    fundingRatePrediction: digits(funding.prediction(instrument, atMs))
  }
}

/** The time of the last trade, which is what `lastTime` says: not the time of the quote. */
function lastTradeAt({ asset, salt }: SimInstrument, atMs: number): number {
  const longest = LONGEST_SINCE_TRADE_MS[asset.tier]
  return atMs - Math.round(longest * uniform(salt + 71, Math.floor(atMs / (5 * SECOND))))
}

/** `orderbook`: numbers, bids from the best down and asks from the best up. */
export function orderbook(request: KrakenRequest): Record<string, unknown> {
  const instrument = contractOf(request, request.params.get('symbol'))
  const atMs = floorTo(request.nowMs, SECOND)
  const mid = request.market.mid(instrument, atMs)
  const { tickDecimals, stepDecimals } = instrument
  const side = (name: Side) =>
    levels(instrument, name, mid, atMs, 100).map(({ ticks, steps }) => [
      Number((ticks / 10 ** tickDecimals).toFixed(tickDecimals)),
      Number((steps / 10 ** stepDecimals).toFixed(stepDecimals))
    ])
  return {
    result: 'success',
    orderBook: { bids: side('bid'), asks: side('ask') },
    serverTime: new Date(request.nowMs).toISOString()
  }
}
