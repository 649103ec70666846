import type { FundingKind, IntervalSource } from './board-row.ts'
import type { OpenInterestUnit } from './open-interest.ts'

/** The newest of each fact of one instrument; times in epoch milliseconds, decimals exact. */
export type LatestQuote = {
  readonly instrumentId: number
  readonly bid: string | null
  readonly ask: string | null
  readonly bidSize: string | null
  readonly askSize: string | null
  readonly observedAt: number
  readonly venueTime: number | null
}
export type LatestLast = { readonly instrumentId: number; readonly last: string; readonly observedAt: number }
export type LatestMark = {
  readonly instrumentId: number
  readonly mark: string | null
  readonly index: string | null
  readonly observedAt: number
  readonly venueTime: number | null
}
export type LatestEstimate = {
  readonly instrumentId: number
  readonly rate: string
  readonly intervalHours: number | null
  readonly intervalSource: IntervalSource | null
  readonly kind: FundingKind
  /** On the grid, and as the venue wrote it. */
  readonly nextSettlementAt: number | null
  readonly nextSettlementVenueTime: number | null
  readonly cap: string | null
  readonly floor: string | null
  readonly determined: number | null
  readonly observedAt: number
  readonly venueTime: number | null
}
export type LatestOpenInterest = {
  readonly instrumentId: number
  readonly base: string | null
  readonly quote: string | null
  readonly usd: string | null
  /** What the venue counted, and how many sides of it; amounts are of one side. Null where it was stored before that was. */
  readonly unit: OpenInterestUnit | null
  readonly sides: number
  readonly observedAt: number
  readonly venueTime: number | null
}
/** What a venue's volume counts; dollars are made of it. */
export const VOLUME_UNITS = ['base', 'quote', 'usd', 'contracts'] as const
export type VolumeUnit = (typeof VOLUME_UNITS)[number]
export type LatestVolume = {
  readonly instrumentId: number
  readonly volume24hUsd: string
  readonly unit: VolumeUnit | null
  readonly observedAt: number
}

/** Everything one sweep brought, by our ids. */
export type Facts = {
  readonly quotes: readonly LatestQuote[]
  readonly lasts: readonly LatestLast[]
  readonly marks: readonly LatestMark[]
  readonly estimates: readonly LatestEstimate[]
  readonly openInterest: readonly LatestOpenInterest[]
  readonly volumes: readonly LatestVolume[]
}

/** Everything newest about one instrument; a group never seen is null. */
export type Latest = {
  readonly instrumentId: number
  readonly quote: (Omit<LatestQuote, 'instrumentId'> & { readonly tickAt: number; readonly changedAt: number }) | null
  readonly last: Omit<LatestLast, 'instrumentId'> | null
  readonly mark: Omit<LatestMark, 'instrumentId'> | null
  readonly estimate: Omit<LatestEstimate, 'instrumentId'> | null
  readonly openInterest: Omit<LatestOpenInterest, 'instrumentId'> | null
  readonly volume: Omit<LatestVolume, 'instrumentId'> | null
}
