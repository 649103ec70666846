import type { FundingKind, IntervalSource } from '../domain/board-row.ts'
import type { InstrumentKind } from '../domain/instrument.ts'
import type { VolumeUnit } from '../domain/latest.ts'
import type { Liquidation, LiquidationSample } from '../domain/liquidation.ts'
import type { OpenInterestUnit } from '../domain/open-interest.ts'
import type { AverageScheme } from '../domain/premium.ts'
import type { PastReading } from './past-reading.ts'

/** What was said about one symbol. `observedAt` is our receive time, `venueTime` the venue's own stamp. Decimals are exact strings. */
type Observed = { readonly symbol: string; readonly observedAt: number; readonly venueTime: number | null }

export type Quote = Observed & {
  readonly bid: string | null
  readonly ask: string | null
  readonly bidSize: string | null
  readonly askSize: string | null
}
export type LastPrice = Observed & { readonly last: string }
export type MarkPrice = Observed & { readonly mark: string | null; readonly index: string | null }
export type FundingEstimate = Observed & {
  /** Fraction per interval. */
  readonly rate: string
  readonly intervalHours: number | null
  readonly intervalSource: IntervalSource | null
  readonly kind: FundingKind
  readonly nextSettlementAt: number | null
  /** The venue does not write that time: it is the next one of its grid. */
  readonly isSettlementTimeOurs?: true
  readonly cap: string | null
  readonly floor: string | null
}
export type Settlement = Observed & {
  /** `venueTime` snapped to the full hour or minute it belongs to. */
  readonly settledAt: number
  readonly venueTime: number
  readonly rate: string
  readonly mark: string | null
}
export type OpenInterest = Observed & {
  readonly base: string | null
  readonly quote: string | null
  readonly usd: string | null
  /** 1: each contract counted once; 2: both its sides. */
  readonly sides: 1 | 2
  /** What the venue's own figure counts. */
  readonly unit: OpenInterestUnit
}
export type Volume = Observed & { readonly volume24hUsd: string; readonly unit: VolumeUnit }
/** A book as far as the venue showed it; sizes in base. */
export type OrderBook = Observed & {
  readonly bids: readonly { readonly price: string; readonly size: string }[]
  readonly asks: readonly { readonly price: string; readonly size: string }[]
}
/** As the venue samples them. `…At` is its own stamp; volumes in base. */
export type Flow = Observed & {
  /** Long accounts per short account. */
  readonly longShortRatio: string | null
  readonly longShortAt: number | null
  readonly takerBuy: string | null
  readonly takerSell: string | null
  readonly takerAt: number | null
  readonly windowMs: number
}
/** What one question showed of the liquidations of one contract: a sample, never all of them. */
export type LiquidationLook = Observed & {
  readonly sampleOf: LiquidationSample
  /** The time of the oldest thing that was looked at; null where there was nothing. */
  readonly reachesFrom: number | null
  readonly liquidations: readonly Liquidation[]
}
/** Hourly; the close of a premium is a fraction of either sign. */
export type Candle = { readonly startAt: number; readonly close: string }

/** Nothing is dropped without a reason; null symbol: the whole answer. */
export type Skipped = { readonly symbol: string | null; readonly reason: string }

/** Everything that one sweep of a venue brought. */
export type Reading = {
  readonly quotes: Quote[]
  readonly lasts: LastPrice[]
  readonly marks: MarkPrice[]
  readonly estimates: FundingEstimate[]
  readonly openInterest: OpenInterest[]
  readonly volumes: Volume[]
  readonly books: OrderBook[]
  readonly flows: Flow[]
  readonly liquidations: LiquidationLook[]
  readonly skipped: Skipped[]
}

export function emptyReading(): Reading {
  return {
    quotes: [],
    lasts: [],
    marks: [],
    estimates: [],
    openInterest: [],
    volumes: [],
    books: [],
    flows: [],
    liquidations: [],
    skipped: []
  }
}

/** A failure of the world, by what has to be done about it. */
export type VenueFailure =
  | 'timeout'
  | 'unreachable'
  | 'rate_limited'
  | 'banned'
  | 'forbidden'
  | 'geo_blocked'
  | 'bad_response'
  | 'too_large'
  | 'empty_answer'
  | 'stale_answer'
  | 'clock_ahead'
  | 'unavailable'

export class VenueError extends Error {
  override name = 'VenueError'
  readonly failure: VenueFailure
  /** How long the venue asked us to stay away. */
  readonly retryAfterMs: number | null
  constructor(failure: VenueFailure, message: string, retryAfterMs: number | null = null, options?: ErrorOptions) {
    super(message, options)
    this.failure = failure
    this.retryAfterMs = retryAfterMs
  }
}

// biome-ignore lint/suspicious/noExplicitAny: what ccxt and the venues send is untrusted; each field is checked where it is read.
export type Untrusted = any
/** A ccxt exchange; its own types promise more than the venues keep. */
export type CcxtExchange = Untrusted
export type CcxtMarket = Untrusted

/** How often a call is due: at every poll, or no oftener than this many milliseconds. */
export type Cadence = 'poll' | 'open_interest' | 'depth' | 'flow' | 'liquidation' | { readonly everyMs: number }

/** The facts that a call brings. */
export type Fact =
  | 'quote'
  | 'last'
  | 'mark'
  | 'estimate'
  | 'open_interest'
  | 'volume'
  | 'interval'
  | 'book'
  | 'flow'
  | 'liquidation'

export type Call = {
  /** For people and for `/v1/venues`. */
  readonly name: string
  /** The unified ccxt method behind it. */
  readonly method: string
  readonly facts: readonly Fact[]
  readonly cadence: Cadence
  /** The instruments it answers for; those that are followed and missing from the answer are reported. */
  readonly covers: (instrument: Covered) => boolean
  /** Which of the adapter's classes answers it; the first unless told. */
  readonly ccxtId?: string
  /** One call for all of them, or one per contract. */
  readonly reach: 'bulk' | 'single'
  /** An empty answer says something: a list of exceptions without any. */
  readonly mayBeEmpty?: true
  readonly ask: (exchange: CcxtExchange, symbol: string) => Promise<unknown>
  readonly read: (answer: Untrusted, context: ReadContext) => void
}

export type Covered = { readonly kind: InstrumentKind; readonly inverse: boolean | null }

/** An interval and its bounds as a venue declares them. */
export type DeclaredInterval = {
  readonly hours: number
  readonly cap: string | null
  readonly floor: string | null
  /** When the venue said so, epoch milliseconds. */
  readonly readAt: number
}

export type ReadContext = {
  readonly reading: Reading
  readonly observedAt: number
  readonly exchange: CcxtExchange
  /** Intervals that the venue declares in a call of its own, by symbol; kept between sweeps. */
  readonly intervals: Map<string, DeclaredInterval>
}

/** One venue, seen only through our own types: what to ask, and how to read it. Data and pure functions, no state. */
export type VenueAdapter = {
  readonly id: string
  readonly name: string
  /** Raised whenever a field gets another meaning. */
  readonly adapterVersion: number
  /** ccxt's class, which is also its file; a second one where the venue's contracts are apart (kraken, krakenfutures). */
  readonly ccxtIds: readonly [string] | readonly [string, string]
  readonly options: Readonly<Record<string, unknown>>
  readonly calls: readonly Call[]
  /** Whether open interest comes for all contracts at once, so that the venue can rank assets by it. */
  readonly hasBulkOpenInterest: boolean
  /** What its bid and ask are, where they are not a book's. */
  readonly quotePriceKind?: 'impact'
  /** What the time of its tickers is, where it is not the quote's. */
  readonly tickerTime?: 'last_trade'
  /** How the venue averages premiums over a funding period. */
  readonly averaging: AverageScheme
  /** How its past is asked for and read, where that differs from ccxt's unified calls. */
  readonly past?: PastReading
  /** The most rows that one page of the past brings. */
  readonly settlementPageLimit: number
  readonly candlePageLimit: number
  /** The venue's own name of a market where ccxt's `id` is not it, or why the market is left out. */
  readonly nativeIdOf?: (market: CcxtMarket) => string | Skipped
  readonly readEstimate: (rate: Record<string, Untrusted>, context: ReadContext) => FundingEstimate | Skipped
  readonly readOpenInterest: (
    answer: Record<string, Untrusted>,
    market: CcxtMarket,
    observedAt: number
  ) => OpenInterest | Skipped
}
