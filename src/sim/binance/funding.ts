import { HOUR } from '../../domain/time.ts'
import type { SimInstrument } from '../market/instrument.ts'
import { mix } from '../market/noise.ts'
import { quoteOf, type SimQuote } from '../market/quotes.ts'
import { type BinanceRequest, limitOf, pairOf, requiredSymbolOf, symbolOf, wholeNumber } from './context.ts'
import { invalidParameter } from './problem.ts'

const DECIMALS = 8
/** Half of the settlements are stamped late by up to this much, as the real ones are. */
const LATEST_STAMP_MS = 28

export function premiumIndex(request: BinanceRequest): unknown {
  const one = symbolOf(request)
  const { market, nowMs, section, listings } = request
  const row = (quote: SimQuote) => premiumIndexRow(request, quote)
  if (!one) {
    return request
      .quotes(listings[section])
      .filter(({ instrument }) => instrument.kind !== 'spot')
      .map(row)
  }
  const answer = row(quoteOf(market, one, nowMs - (nowMs % 1000)))
  return section === 'inverse' ? [answer] : answer
}

function premiumIndexRow({ market, section }: BinanceRequest, { instrument, atMs, mark, index }: SimQuote): unknown {
  const { funding } = instrument
  return {
    symbol: instrument.id,
    ...(section === 'inverse' ? { pair: pairOf(instrument) } : {}),
    markPrice: mark.toFixed(DECIMALS),
    indexPrice: index.toFixed(DECIMALS),
    estimatedSettlePrice: market.index(instrument, atMs - HOUR / 2).toFixed(DECIMALS),
    lastFundingRate: funding ? market.funding.indicative(instrument, atMs).toFixed(DECIMALS) : '',
    interestRate: funding ? funding.interest8h.toFixed(DECIMALS) : '',
    nextFundingTime: funding ? market.funding.nextSettlement(instrument, atMs) : 0,
    time: atMs
  }
}

/** Only the contracts whose terms were adjusted are listed: those that do not pay every 8 hours, and wider caps. */
export function fundingInfo({ listings, section }: BinanceRequest): unknown {
  return listings[section]
    .filter(({ funding }) => funding && (funding.intervalHours !== 8 || funding.cap > 0.02))
    .map(({ id, funding }) => ({
      symbol: id,
      adjustedFundingRateCap: funding!.cap.toFixed(DECIMALS),
      adjustedFundingRateFloor: (-funding!.cap).toFixed(DECIMALS),
      fundingIntervalHours: funding!.intervalHours,
      disclaimer: false,
      updateTime: null
    }))
}

/** Ascending; from `startTime` on when it is given, else the latest. USD-margined answers every symbol when none is named. */
export function fundingRate(request: BinanceRequest): unknown {
  const { listings, section, params, nowMs } = request
  const one = section === 'inverse' ? requiredSymbolOf(request) : symbolOf(request)
  const limit = limitOf(params, 100, 1000)
  const startMs = wholeNumber(params, 'startTime', -1)
  const endMs = Math.min(wholeNumber(params, 'endTime', nowMs), nowMs)
  if (params.has('startTime') && params.has('endTime') && startMs > endMs) throw invalidParameter('startTime')
  const paying = (one ? [one] : listings[section]).filter(({ funding }) => funding)
  if (one) return paying.length === 0 ? [] : settlements(request, one, { startMs, endMs, limit })
  return settlementsOfAll(request, paying, { startMs, endMs, limit })
}

/** A window from its start (or its end) that is widened until it holds enough rows. */
function settlementsOfAll(request: BinanceRequest, paying: readonly SimInstrument[], window: Window): Settlement[] {
  const { startMs, endMs, limit } = window
  for (let width = 8 * HOUR; ; width *= 2) {
    const from = startMs >= 0 ? startMs : endMs - width
    const until = startMs >= 0 ? Math.min(endMs, startMs + width) : endMs
    const rows = paying.flatMap((each) => settlements(request, each, { startMs: from, endMs: until, limit }))
    const complete = startMs >= 0 ? until === endMs : width > endMs
    if (rows.length < limit && !complete) continue
    rows.sort((a, b) => a.fundingTime - b.fundingTime)
    return startMs >= 0 ? rows.slice(0, limit) : rows.slice(-limit)
  }
}

type Settlement = { symbol: string; fundingTime: number; fundingRate: string; markPrice: string }
type Window = { startMs: number; endMs: number; limit: number }

function settlements(
  { market }: BinanceRequest,
  instrument: SimInstrument,
  { startMs, endMs, limit }: Window
): Settlement[] {
  const stepMs = instrument.funding!.intervalHours * HOUR
  const listed = market.funding.lastSettlement(instrument, instrument.listedAt) + stepMs
  const stamped = (at: number) => at + lateness(instrument, at)
  let last = market.funding.lastSettlement(instrument, endMs)
  if (stamped(last) > endMs) last -= stepMs
  let first = last - (limit - 1) * stepMs
  if (startMs >= 0) {
    first = market.funding.lastSettlement(instrument, startMs)
    if (stamped(first) < startMs) first += stepMs
    first = Math.max(first, listed)
    last = Math.min(last, first + (limit - 1) * stepMs)
  }
  const rows: Settlement[] = []
  for (let at = Math.max(first, listed); at <= last; at += stepMs) {
    rows.push({
      symbol: instrument.id,
      fundingTime: stamped(at),
      fundingRate: market.funding.settled(instrument, at).toFixed(DECIMALS),
      markPrice: market.mark(instrument, at).toFixed(DECIMALS)
    })
  }
  return rows
}

function lateness({ salt }: SimInstrument, atMs: number): number {
  const bits = mix(salt + 71, Math.floor(atMs / HOUR))
  return bits & 1 ? (bits >>> 8) % (LATEST_STAMP_MS + 1) : 0
}
