import type { SimInstrument } from './market/instrument.ts'
import { type Listings, ofAssets } from './market/listings.ts'
import type { Market } from './market/market.ts'
import { createDayStatistics, createSnapshots, type DayStatistics, type SimQuote } from './market/quotes.ts'

/** What every answer of a venue is made from. */
export type SimRequest = {
  readonly market: Market
  readonly listings: Listings
  readonly params: URLSearchParams
  readonly nowMs: number
  /** Of now, unless told. */
  quotes(instruments: readonly SimInstrument[], atMs?: number): readonly SimQuote[]
  day(quote: SimQuote): DayStatistics
}

/** Makes the requests of one venue, which share what they have worked out. */
export function createRequests(
  market: Market,
  everything: (nowMs: number) => Listings
): (params: URLSearchParams, nowMs: number) => SimRequest {
  const listingsAt = market.assets ? ofAssets(market.assets, everything) : everything
  const snapshots = createSnapshots(market)
  const day = createDayStatistics(market)
  return (params, nowMs) => ({
    market,
    listings: listingsAt(nowMs),
    params,
    nowMs,
    quotes: (instruments, atMs = nowMs) => snapshots(instruments, atMs),
    day
  })
}
