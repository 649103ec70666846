import type { Grade, QualityReason } from './quality.ts'

/** How a basis was priced: two books, impact prices, marks, or last trades. */
export type PriceKind = 'mid' | 'impact' | 'mark' | 'last'
export type IntervalSource = 'declared' | 'observed' | 'assumed'
export type FundingKind = 'indicative' | 'fixed' | 'trailing'

/**
 * One contract on the board, as everybody outside sees it. Prices are exact decimal strings, times ISO 8601 UTC, ratios numbers;
 * what is absent is null, and `absent` says why where the kind of instrument does not.
 * `spot…` prices are in contract units (quote × multiplier), before currency conversion.
 */
export type BoardRow = {
  readonly instrument: string
  readonly spot: string | null
  readonly venue: string
  readonly asset: string
  readonly kind: 'perpetual' | 'future'
  readonly quote: string
  readonly settle: string | null
  readonly inverse: boolean | null
  readonly multiplier: number | null
  /** Contract quote per spot quote; null when no traded rate is fresh. */
  readonly fx: number | null
  readonly contractBid: string | null
  readonly contractAsk: string | null
  readonly contractMid: string | null
  readonly spotBid: string | null
  readonly spotAsk: string | null
  readonly spotMid: string | null
  readonly mark: string | null
  readonly index: string | null
  readonly basisAbs: string | null
  readonly basisBps: number | null
  readonly premiumBps: number | null
  readonly carryEntryBps: number | null
  readonly reverseEntryBps: number | null
  readonly fxBps: number | null
  readonly adjustedBasisBps: number | null
  readonly expiresAt: string | null
  readonly daysToExpiry: number | null
  /** Simple annualisation of a dated future's basis; null for perpetuals, which have no maturity. */
  readonly basisApr: number | null
  readonly fundingRate: number | null
  readonly fundingIntervalHours: number | null
  readonly fundingIntervalSource: IntervalSource | null
  readonly fundingKind: FundingKind | null
  readonly fundingRate8h: number | null
  readonly fundingApr: number | null
  /** On the venue's grid, and the stamp as the venue wrote it. */
  readonly nextSettlementAt: string | null
  readonly nextSettlementVenueTime: string | null
  /** Highest and lowest rate per interval that the venue allows. */
  readonly cap: number | null
  readonly floor: number | null
  /** Share of the averaging weight of the running period that is already fixed. */
  readonly determined: number | null
  /** Which of the venue's formulas made the rate, and which of our readings brought it. */
  readonly fundingFormulaVersion: number | null
  readonly fundingAdapterVersion: number | null
  readonly openInterestUsd: string | null
  readonly volume24hUsd: string | null
  readonly priceKind: PriceKind
  readonly grade: Grade
  readonly reasons: readonly QualityReason[]
  readonly ageMs: number | null
  readonly skewMs: number | null
  readonly absent: Readonly<Record<string, string>>
  /** Our receive time of the older leg. */
  readonly observedAt: string | null
  readonly contractObservedAt: string | null
  readonly spotObservedAt: string | null
  readonly contractVenueTime: string | null
  readonly spotVenueTime: string | null
  readonly markObservedAt: string | null
  readonly fundingObservedAt: string | null
  readonly openInterestObservedAt: string | null
  readonly volumeObservedAt: string | null
}
