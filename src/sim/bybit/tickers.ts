import { DAY } from '../../domain/time.ts'
import { trimmed } from '../answer.ts'
import { levels, type Side } from '../market/book.ts'
import type { SimInstrument } from '../market/instrument.ts'
import { quoteOf, type SimQuote } from '../market/quotes.ts'
import { BybitProblem, type BybitRequest, categoryOf, limitOf, requiredSymbolOf, symbolOf } from './context.ts'
import { priceOf, sizeOf } from './instruments.ts'

/** tickers: one, those of a coin, or all of a category. */
export function tickers(request: BybitRequest): unknown {
  const { listings, params, market, nowMs } = request
  const category = categoryOf(request)
  if (category === 'option') return { category, list: [] }
  const one = symbolOf(request, category)
  const row = (quote: SimQuote) => (category === 'spot' ? spotRow(request, quote) : contractRow(request, quote))
  if (one) return { category, list: [row(quoteOf(market, one, nowMs - (nowMs % 1000)))] }
  const base = params.get('baseCoin')
  const quotes = request.quotes(listings[category])
  const wanted = base && category !== 'spot' ? quotes.filter(({ instrument }) => instrument.base === base) : quotes
  return { category, list: wanted.map(row) }
}

function spotRow(request: BybitRequest, quote: SimQuote): unknown {
  const { instrument, atMs, lastTicks } = quote
  const { market } = request
  const usdIndex =
    instrument.asset.tier < 2
      ? { usdIndexPrice: market.spot.usd(instrument.asset, atMs).toFixed(8) }
      : { usdIndexPrice: '' }
  const day = request.day(quote)
  const price = (ticks: number) => trimmed(priceOf(instrument, ticks))
  const volume = day.volume.toFixed(instrument.stepDecimals)
  return {
    symbol: instrument.id,
    bid1Price: price(quote.bidTicks),
    bid1Size: sizeOf(instrument, quote.bidSteps),
    ask1Price: price(quote.askTicks),
    ask1Size: sizeOf(instrument, quote.askSteps),
    lastPrice: price(lastTicks),
    prevPrice24h: price(day.openTicks),
    price24hPcnt: (lastTicks / day.openTicks - 1).toFixed(4),
    highPrice24h: price(day.highTicks),
    lowPrice24h: price(day.lowTicks),
    turnover24h: day.quoteVolume.toFixed(8),
    volume24h: trimmed(volume),
    ...usdIndex
  }
}

function contractRow(request: BybitRequest, quote: SimQuote): unknown {
  const { instrument, atMs, lastTicks, mark, index } = quote
  const { funding, expiry } = instrument
  const day = request.day(quote)
  const price = (ticks: number) => priceOf(instrument, ticks)
  const calculated = (value: number) => price(Math.max(1, Math.round(value * 10 ** instrument.tickDecimals)))
  return {
    symbol: instrument.id,
    lastPrice: price(lastTicks),
    indexPrice: calculated(index),
    markPrice: calculated(mark),
    prevPrice24h: price(day.openTicks),
    price24hPcnt: (lastTicks / day.openTicks - 1).toFixed(6),
    highPrice24h: price(day.highTicks),
    lowPrice24h: price(day.lowTicks),
    prevPrice1h: price(day.hourAgoTicks),
    ...openInterestOf(request, quote),
    ...volumesOf(instrument, day.quoteVolume, day.volume),
    fundingRate: funding ? trimmed(request.market.funding.indicative(instrument, atMs).toFixed(8)) : '',
    nextFundingTime: funding ? String(request.market.funding.nextSettlement(instrument, atMs)) : '0',
    predictedDeliveryPrice: '',
    basisRate: expiry === null ? '' : (lastTicks / 10 ** instrument.tickDecimals / index - 1).toFixed(8),
    deliveryFeeRate: expiry === null ? '' : '0.0005',
    deliveryTime: String(expiry ?? 0),
    ask1Size: sizeOf(instrument, quote.askSteps),
    bid1Price: price(quote.bidTicks),
    ask1Price: price(quote.askTicks),
    bid1Size: sizeOf(instrument, quote.bidSteps),
    basis: expiry === null ? '' : (lastTicks / 10 ** instrument.tickDecimals - index).toFixed(2),
    basisRateYear: expiry === null ? '' : basisPerYear(quote).toFixed(8),
    preOpenPrice: '',
    preQty: '',
    curPreListingPhase: '',
    fundingIntervalHour: funding ? String(funding.intervalHours) : '',
    fundingCap: funding ? String(funding.cap) : ''
  }
}

function basisPerYear({ instrument, lastTicks, index, atMs }: SimQuote): number {
  const rate = lastTicks / 10 ** instrument.tickDecimals / index - 1
  return (rate * 365 * DAY) / Math.max(1, instrument.expiry! - atMs)
}

/** `openInterest` counts both sides, `singleOpenInterest` one; the value is in the quote, or in coins for inverse. */
function openInterestOf({ market }: BybitRequest, { instrument, atMs, mark }: SimQuote): Record<string, string> {
  const single = market.activity.openInterest(instrument, atMs)
  const value = instrument.section === 'inverse' ? (2 * single) / mark : 2 * single * mark
  return {
    openInterest: (2 * single).toFixed(instrument.stepDecimals),
    openInterestValue: value.toFixed(2),
    singleOpenInterest: single.toFixed(instrument.stepDecimals)
  }
}

/** Linear: turnover in the quote and volume in coins; inverse: turnover in coins and volume in contracts. */
function volumesOf(instrument: SimInstrument, usd: number, base: number): Record<string, string> {
  if (instrument.section === 'inverse') {
    return { turnover24h: base.toFixed(4), volume24h: Math.round(usd / instrument.contractSizeUsd).toFixed(0) }
  }
  return { turnover24h: usd.toFixed(4), volume24h: base.toFixed(4) }
}

export function orderbook(request: BybitRequest): unknown {
  const category = categoryOf(request)
  if (category === 'option') throw new BybitProblem('params error: symbol invalid')
  const instrument = requiredSymbolOf(request, category)
  const count = category === 'spot' ? limitOf(request.params, 1, 200) : limitOf(request.params, 25, 500)
  const atMs = request.nowMs - (request.nowMs % 1000)
  const mid = request.market.mid(instrument, atMs)
  const side = (name: Side) =>
    levels(instrument, name, mid, atMs, count).map(({ ticks, steps }) => [
      trimmed(priceOf(instrument, ticks)),
      trimmed(sizeOf(instrument, steps))
    ])
  return { s: instrument.id, b: side('bid'), a: side('ask'), ts: atMs, u: Math.floor(atMs / 100), seq: atMs, cts: atMs }
}
