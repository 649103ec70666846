import { floorTo } from '../../domain/time.ts'
import { integerOf } from '../answer.ts'
import { levels, type Side } from '../market/book.ts'
import type { SimQuote } from '../market/quotes.ts'
import { amountOf, calculated, type DeribitRequest, instrumentOf, invalidParam, priceOf } from './context.ts'
import { futuresOf, indexNameOf } from './instruments.ts'
import { changeOf, fundingFields, markAndIndex, notionalOf, openInterestOf } from './summaries.ts'

const DEPTH = 5
const DEEPEST = 10_000
/** Orders further than this from the index are refused. */
const BAND = 0.015

export function ticker(request: DeribitRequest): Record<string, unknown> {
  return tickerOf(request, currentQuote(request))
}

function currentQuote(request: DeribitRequest): SimQuote {
  return request.quotes([instrumentOf(request)])[0]!
}

function tickerOf(request: DeribitRequest, quote: SimQuote): Record<string, unknown> {
  const { instrument, atMs, lastTicks } = quote
  const { mark, index } = markAndIndex(request, quote)
  const day = request.day(quote)
  const price = (ticks: number) => priceOf(instrument, ticks)
  return {
    timestamp: atMs,
    state: 'open',
    stats: {
      high: price(day.highTicks),
      low: price(day.lowTicks),
      price_change: changeOf(quote, day.openTicks),
      volume: Number(day.volume.toFixed(8)),
      volume_usd: Number(day.quoteVolume.toFixed(2)),
      volume_notional: notionalOf(request, quote, day.quoteVolume)
    },
    index_price: index,
    instrument_name: instrument.id,
    last_price: price(lastTicks),
    min_price: calculated(instrument, index * (1 - BAND)),
    max_price: calculated(instrument, index * (1 + BAND)),
    mark_price: mark,
    best_bid_price: price(quote.bidTicks),
    best_bid_amount: amountOf(instrument, quote.bidSteps),
    best_ask_price: price(quote.askTicks),
    best_ask_amount: amountOf(instrument, quote.askSteps),
    ...(instrument.kind === 'spot'
      ? {}
      : {
          settlement_price: mark,
          open_interest: openInterestOf(request, quote),
          estimated_delivery_price: index
        }),
    ...(instrument.kind === 'perpetual' ? { ...fundingFields(request, quote), interest_value: 0 } : {})
  }
}

/** A book and its ticker in one. */
export function orderBook(request: DeribitRequest): unknown {
  const depth = integerOf(request.params, 'depth', DEPTH)
  if (!(depth >= 1 && depth <= DEEPEST)) throw invalidParam('depth', 'invalid depth')
  const quote = currentQuote(request)
  const { instrument, atMs } = quote
  const mid = request.market.mid(instrument, atMs)
  const side = (name: Side) =>
    levels(instrument, name, mid, atMs, depth).map(({ ticks, steps }) => [
      priceOf(instrument, ticks),
      amountOf(instrument, steps)
    ])
  return { ...tickerOf(request, quote), change_id: floorTo(atMs, 1000) / 100, bids: side('bid'), asks: side('ask') }
}

export function indexPrice(request: DeribitRequest): unknown {
  const { listings, market, params, nowMs } = request
  const name = params.get('index_name')
  if (name === null || name === '') throw invalidParam('index_name', 'value is required')
  const instrument = futuresOf(listings).find((each) => indexNameOf(each) === name)
  if (!instrument) throw invalidParam('index_name', 'index not found')
  const index = calculated(instrument, market.index(instrument, floorTo(nowMs, 1000)))
  return { index_price: index, estimated_delivery_price: index }
}
