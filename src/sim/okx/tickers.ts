import { DAY, floorTo, HOUR } from '../../domain/time.ts'
import { trimmed } from '../answer.ts'
import { levels, type Side } from '../market/book.ts'
import type { SimInstrument } from '../market/instrument.ts'
import type { Market } from '../market/market.ts'
import { lastTicks, quoteOf, type SimQuote } from '../market/quotes.ts'
import {
  familyOf,
  instrumentsOf,
  instTypeOf,
  limitOf,
  OkxProblem,
  type OkxRequest,
  requiredFamilyOf,
  requiredInstrumentOf,
  typeOf
} from './context.ts'
import { calculatedOf, contractsOf, priceOf, sizeOf } from './instruments.ts'
import { faceValueOf } from './listings.ts'

const LARGEST_BOOK = 400

export function tickers(request: OkxRequest): readonly unknown[] {
  const type = instTypeOf(request)
  return request.quotes(instrumentsOf(request, type)).map((quote) => tickerRow(request, quote))
}

export function ticker(request: OkxRequest): readonly unknown[] {
  return [tickerRow(request, quoteNow(request, requiredInstrumentOf(request)))]
}

function quoteNow({ market, nowMs }: OkxRequest, instrument: SimInstrument): SimQuote {
  return quoteOf(market, instrument, nowMs - (nowMs % 1000))
}

function tickerRow(request: OkxRequest, quote: SimQuote): unknown {
  const { instrument, atMs } = quote
  const price = (ticks: number) => priceOf(instrument, ticks)
  const day = request.day(quote)
  const opening = openings(request, instrument, atMs)
  return {
    instType: typeOf(instrument),
    instId: instrument.id,
    last: price(quote.lastTicks),
    lastSz: sizeOf(instrument, Math.max(1, Math.round(quote.bidSteps / 7))),
    askPx: price(quote.askTicks),
    askSz: sizeOf(instrument, quote.askSteps),
    bidPx: price(quote.bidTicks),
    bidSz: sizeOf(instrument, quote.bidSteps),
    open24h: price(day.openTicks),
    high24h: price(day.highTicks),
    low24h: price(day.lowTicks),
    ...volumesOf(instrument, day.quoteVolume, day.volume),
    ts: String(atMs),
    sodUtc0: price(opening.utc0),
    sodUtc8: price(opening.utc8)
  }
}

/** Spot: coins, and their value in the quote. Contracts: contracts, and coins. */
function volumesOf(instrument: SimInstrument, usd: number, base: number): { volCcy24h: string; vol24h: string } {
  if (instrument.kind === 'spot') return { volCcy24h: trimmed(usd.toFixed(6)), vol24h: trimmed(base.toFixed(8)) }
  const face = faceValueOf(instrument)
  const contracts = instrument.section === 'inverse' ? usd / face : base / face
  return { volCcy24h: trimmed(base.toFixed(4)), vol24h: contractsOf(instrument, contracts) }
}

type Openings = { readonly day: number; readonly utc0: number; readonly utc8: number }
const kept = new WeakMap<SimInstrument, Openings>()

/** Prices at the last midnights of UTC and of UTC+8, looked up once between two of them. */
function openings({ market }: OkxRequest, instrument: SimInstrument, atMs: number): Openings {
  const half = floorTo(atMs, 8 * HOUR)
  const known = kept.get(instrument)
  if (known?.day === half) return known
  const at = (openMs: number) => lastTicks(market, instrument, Math.max(instrument.listedAt, openMs))
  const fresh = { day: half, utc0: at(floorTo(atMs, DAY)), utc8: at(floorTo(atMs + 8 * HOUR, DAY) - 8 * HOUR) }
  kept.set(instrument, fresh)
  return fresh
}

/** Indices of one quote currency, or one of them. */
export function indexTickers(request: OkxRequest): readonly unknown[] {
  const { params } = request
  const quoteCcy = params.get('quoteCcy')
  if (params.get('instId')) return [indexRow(request, quoteNow(request, requiredFamilyOf(request)))]
  if (!quoteCcy) throw new OkxProblem('50015', 'Either parameter instId or quoteCcy is required')
  const swaps = request.quotes(instrumentsOf(request, 'SWAP'))
  return swaps.filter(({ instrument }) => instrument.quote === quoteCcy).map((quote) => indexRow(request, quote))
}

function indexRow(request: OkxRequest, quote: SimQuote): unknown {
  const { instrument, index, atMs, lastTicks: last } = quote
  const day = request.day(quote)
  const opening = openings(request, instrument, atMs)
  // The day of the index runs like the contract's.
  const scaled = (ticks: number) => calculatedOf(instrument, (index * ticks) / last)
  return {
    instId: familyOf(instrument),
    idxPx: calculatedOf(instrument, index),
    high24h: scaled(day.highTicks),
    sodUtc0: scaled(opening.utc0),
    open24h: scaled(day.openTicks),
    low24h: scaled(day.lowTicks),
    sodUtc8: scaled(opening.utc8),
    ts: String(atMs)
  }
}

export function markPrices(request: OkxRequest): readonly unknown[] {
  const type = request.params.get('instId') && !request.params.get('instType') ? undefined : instTypeOf(request)
  const quotes = type
    ? request.quotes(instrumentsOf(request, type))
    : [quoteNow(request, requiredInstrumentOf(request))]
  return quotes
    .filter(({ instrument }) => instrument.kind !== 'spot')
    .map(({ instrument, mark, atMs }) => ({
      instType: typeOf(instrument),
      instId: instrument.id,
      markPx: calculatedOf(instrument, mark),
      ts: String(atMs)
    }))
}

/** Contracts, coins and dollars; one side. */
export function openInterest(request: OkxRequest): readonly unknown[] {
  const type = instTypeOf(request)
  return request.quotes(instrumentsOf(request, type)).map(({ instrument, atMs }) => ({
    instType: typeOf(instrument),
    instId: instrument.id,
    ...openInterestAt(request.market, instrument, atMs),
    ts: String(atMs)
  }))
}

export function openInterestAt(market: Market, instrument: SimInstrument, atMs: number) {
  const held = market.activity.openInterest(instrument, atMs)
  const usdOfBase = market.spot.usd(instrument.asset, atMs) * instrument.multiplier
  const face = faceValueOf(instrument)
  const isInverse = instrument.section === 'inverse'
  const usd = isInverse ? held * face : held * usdOfBase
  return {
    oi: contractsOf(instrument, isInverse ? held : held / face),
    oiCcy: (isInverse ? usd / usdOfBase : held).toFixed(8),
    oiUsd: usd.toFixed(8)
  }
}

export function books(request: OkxRequest): readonly unknown[] {
  const instrument = requiredInstrumentOf(request)
  const count = limitOf(request.params, 1, LARGEST_BOOK, 'sz')
  const atMs = request.nowMs - (request.nowMs % 1000)
  const mid = request.market.mid(instrument, atMs)
  const side = (name: Side) =>
    levels(instrument, name, mid, atMs, count).map(({ ticks, steps }, index) => [
      priceOf(instrument, ticks),
      sizeOf(instrument, steps),
      '0',
      String(1 + ((steps + index) % 9))
    ])
  return [{ asks: side('ask'), bids: side('bid'), ts: String(atMs) }]
}
