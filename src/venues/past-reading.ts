import type { CcxtExchange, CcxtMarket, Covered, OpenInterest, Settlement, Skipped, Untrusted } from './venue.ts'

/** Prices that a venue calculates, with candles of their own. */
export type CalculatedPrice = 'mark' | 'index' | 'premium'

type Ask = (exchange: CcxtExchange, symbol: string, since: number, until: number) => Promise<Untrusted[]>

/** A venue's own ways with its past; each left out is ccxt's. Windows are `since ≤ time ≤ until`, epoch milliseconds. */
export type PastReading = {
  readonly askSettlements?: Ask
  readonly readSettlement?: (row: Untrusted, observedAt: number) => Settlement | Skipped
  readonly askHourlyCandles?: Ask
  /** How far back hourly candles reach, where only the newest are kept; null: to the listing. */
  readonly candlesKeptMs?: (instrument: Covered) => number | null
  readonly calculated?: CalculatedPast
  readonly openInterest?: OpenInterestPast
}

/** Hourly candles of mark, index and premium. */
export type CalculatedPast = {
  readonly served: (instrument: Covered) => readonly CalculatedPrice[]
  /** The most rows of one page. */
  readonly pageLimit: number
  readonly ask?: (kind: CalculatedPrice, ...question: Parameters<Ask>) => Promise<Untrusted[]>
}

/** Open interest by the hour, as it stood at the full hour. */
export type OpenInterestPast = {
  readonly served: (instrument: Covered) => boolean
  readonly pageLimit: number
  /** How far back it is answered; null: to the listing. */
  readonly keptMs: number | null
  readonly ask: Ask
  readonly read: (row: Untrusted, market: CcxtMarket, observedAt: number) => OpenInterest | Skipped
}
