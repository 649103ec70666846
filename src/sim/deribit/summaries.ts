import { floorTo, HOUR } from '../../domain/time.ts'
import type { SimQuote } from '../market/quotes.ts'
import { calculated, type DeribitRequest, instrumentOf, priceOf } from './context.ts'
import { belongsTo, currencyOf, futuresOf, kindOf } from './instruments.ts'

/** Summaries are published anew so often; an answer is as old as the last one. */
const PUBLISHED_EVERY_MS = 2000

/** get_book_summary_by_currency: contracts by their settlement currency, spot pairs by either of theirs. */
export function summariesByCurrency(request: DeribitRequest): unknown {
  const { listings } = request
  const currency = currencyOf(request, false)
  const kind = kindOf(request)
  const wanted = [
    ...(kind === null || kind === 'future' ? [futuresOf(listings)] : []),
    ...(kind === null || kind === 'spot' ? [listings.spot] : [])
  ]
  return wanted.flatMap((instruments) =>
    request
      .quotes(instruments, publishedAt(request))
      .filter(({ instrument }) => belongsTo(currency, instrument))
      .map((quote) => summaryOf(request, quote))
  )
}

export function summaryByInstrument(request: DeribitRequest): unknown {
  return request.quotes([instrumentOf(request)], publishedAt(request)).map((quote) => summaryOf(request, quote))
}

const publishedAt = ({ nowMs }: DeribitRequest) => floorTo(nowMs, PUBLISHED_EVERY_MS)

function summaryOf(request: DeribitRequest, quote: SimQuote): Record<string, unknown> {
  const { instrument, atMs, bidTicks, askTicks, lastTicks } = quote
  const day = request.day(quote)
  const price = (ticks: number) => priceOf(instrument, ticks)
  return {
    high: price(day.highTicks),
    low: price(day.lowTicks),
    last: price(lastTicks),
    instrument_name: instrument.id,
    bid_price: price(bidTicks),
    ask_price: price(askTicks),
    mark_price: markAndIndex(request, quote).mark,
    creation_timestamp: atMs,
    price_change: changeOf(quote, day.openTicks),
    volume: Number(day.volume.toFixed(8)),
    base_currency: instrument.base,
    quote_currency: instrument.quote,
    volume_usd: Number(day.quoteVolume.toFixed(2)),
    volume_notional: notionalOf(request, quote, day.quoteVolume),
    mid_price: Number(((price(bidTicks) + price(askTicks)) / 2).toFixed(instrument.tickDecimals + 1)),
    ...contractFields(request, quote)
  }
}

function contractFields(request: DeribitRequest, quote: SimQuote): Record<string, unknown> {
  const { instrument } = quote
  if (instrument.kind === 'spot') return {}
  return {
    open_interest: openInterestOf(request, quote),
    estimated_delivery_price: markAndIndex(request, quote).index,
    ...(instrument.kind === 'perpetual' ? fundingFields(request, quote) : {})
  }
}

export const changeOf = ({ lastTicks }: SimQuote, openTicks: number): number =>
  Number(((lastTicks / openTicks - 1) * 100).toFixed(4))

/** Turnover in the quote currency, where `volume_usd` is in dollars. */
export function notionalOf({ market }: DeribitRequest, { instrument, atMs }: SimQuote, usd: number): number {
  return Number((usd / market.spot.quoteUsd(instrument.quote, atMs)).toFixed(2))
}

/** As published; a spot pair's mark is its index. */
export function markAndIndex({ market }: DeribitRequest, { instrument, atMs, mark, index }: SimQuote) {
  if (instrument.kind !== 'spot') return { mark: calculated(instrument, mark), index: calculated(instrument, index) }
  const spotIndex = calculated(instrument, market.index(instrument, atMs))
  return { mark: spotIndex, index: spotIndex }
}

/** Dollars of inverse contracts, coins of linear ones: never a number of contracts. */
export function openInterestOf({ market }: DeribitRequest, { instrument, atMs }: SimQuote): number {
  const held = market.activity.openInterest(instrument, atMs)
  if (instrument.section === 'inverse') return held * instrument.contractSizeUsd
  return Number(held.toFixed(instrument.stepDecimals))
}

/** What mark and index beside them mean, per 8 h, and what was paid over the last 8 h. */
export function fundingFields(request: DeribitRequest, quote: SimQuote): Record<string, number> {
  const { funding } = request
  const { instrument, atMs } = quote
  const { mark, index } = markAndIndex(request, quote)
  return {
    current_funding: Number(funding.current(instrument, mark, index).toFixed(8)),
    funding_8h: Number(funding.between(instrument, atMs - 8 * HOUR, atMs).toFixed(8))
  }
}
