import type { IntervalSource } from './board-row.ts'
import type { Regime, RegimeRules } from './funding-regime.ts'
import type { Held } from './instrument.ts'
import type { QuotedCarry } from './quoted-carry.ts'
import type { BucketParameters, BucketType } from './signal-types.ts'

export type SignalType = 'funding_regime' | BucketType

export const SIGNAL_STATES = ['open', 'closed'] as const

/** Why a signal is no longer open. */
export const CLOSE_REASONS = ['exit', 'stale', 'delisted', 'revised', 'parameters_changed'] as const
export type CloseReason = (typeof CLOSE_REASONS)[number]

/** Whether a settlement was at its cap or floor: then the market wanted more than it shows. `unknown`: the bounds were not known. */
export const CENSORINGS = ['none', 'at_cap', 'at_floor', 'unknown'] as const
export type Censoring = (typeof CENSORINGS)[number]

/** The numbers of the settlement that opened or closed a funding regime. */
export type SignalReading = {
  /** Fraction per interval; positive: longs pay shorts. */
  readonly rate: number
  readonly intervalHours: number
  readonly intervalSource: IntervalSource
  readonly rate8h: number
  readonly apr: number
  readonly percentile: number | null
  readonly observations: number
  readonly heldHours: number
  readonly anchored: boolean
  readonly censored: Censoring
}

/** Everything that decides when a funding regime opens, is told of again and closes. */
export type SignalParameters = RegimeRules & {
  readonly windowDays: number
  readonly minDays: number
  readonly minObservations: number
  readonly staleIntervals: number
  /** How far the rate per 8 h moves until it is told of again. */
  readonly updateRate8h: number
}

/** The bucket that opened or closed a signal. */
export type BucketReading = {
  /** In the unit of its type; null: nothing was known. */
  readonly value: number | null
  readonly bucketMinutes: number
  /** Facts in the bucket that the value was made of. */
  readonly observations: number
  /** Of a carry opportunity, where one could be quoted. */
  readonly carry?: QuotedCarry
}

/** One opening of one signal, and its end. Times in epoch milliseconds. */
export type Signal = RegimeSignal | BucketSignal

/** Values are rates per 8 h. */
export type RegimeSignal = SignalCommon & {
  readonly type: 'funding_regime'
  readonly label: Regime
  readonly opening: SignalReading
  readonly closing: SignalReading | null
  readonly parameterSet: SignalParameters
}

/** Values are in the unit of the type. */
export type BucketSignal = SignalCommon & {
  readonly type: BucketType
  readonly label: string
  readonly opening: BucketReading
  readonly closing: BucketReading | null
  readonly parameterSet: BucketParameters
}

type SignalCommon = {
  readonly id: string
  /** Null: it is about an asset's curve, or the venue as a whole. */
  readonly instrumentId: number | null
  readonly venue: string
  /** Of a curve; null: that of its instrument, or none. */
  readonly asset: string | null
  /** 0: it is about one instrument, not about a pair. */
  readonly spotId: number
  readonly openedAt: number
  /** Null while it is open. */
  readonly closedAt: number | null
  readonly closeReason: CloseReason | null
  readonly knownAt: number
  readonly value: number
  readonly lastValue: number
  readonly lastAt: number
  /** The value furthest from neutral so far. */
  readonly peakValue: number
  /** When that was seen, and when a value at most half as far from neutral was after it, on the other side too; null: not known, or not yet. */
  readonly peakAt: number | null
  readonly halvedAt: number | null
  /** The hash of `parameterSet` that is in the id. */
  readonly parameters: string
  readonly formulaVersion: number
}

/** Whom a signal is about, as outsiders name it; null where it is about an asset's curve, or a venue as a whole. */
export type SignalSubject = Held & {
  readonly instrument: string | null
  readonly spot: string | null
  readonly venue: string
  readonly asset: string | null
  readonly kind: string | null
}
