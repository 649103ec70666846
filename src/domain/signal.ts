import type { IntervalSource } from './board-row.ts'
import type { Regime, RegimeRules } from './funding-regime.ts'

export const SIGNAL_TYPES = ['funding_regime'] as const
export type SignalType = (typeof SIGNAL_TYPES)[number]

export const SIGNAL_STATES = ['open', 'closed'] as const

/** Why a signal is no longer open. */
export const CLOSE_REASONS = ['exit', 'stale', 'delisted', 'revised', 'parameters_changed'] as const
export type CloseReason = (typeof CLOSE_REASONS)[number]

/** Whether a settlement was at its cap or floor: then the market wanted more than it shows. `unknown`: the bounds were not known. */
export const CENSORINGS = ['none', 'at_cap', 'at_floor', 'unknown'] as const
export type Censoring = (typeof CENSORINGS)[number]

/** The numbers of the settlement that opened or closed a signal. */
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

/** Everything that decides when a funding regime opens and closes. */
export type SignalParameters = RegimeRules & {
  readonly windowDays: number
  readonly minDays: number
  readonly minObservations: number
  readonly staleIntervals: number
}

/** One opening of one signal, and its end. Times in epoch milliseconds, values as rates per 8 h. */
export type Signal = {
  readonly id: string
  readonly type: SignalType
  readonly instrumentId: number
  /** 0: it is about one instrument, not about a pair. */
  readonly spotId: number
  readonly label: Regime
  readonly openedAt: number
  /** Null while it is open. */
  readonly closedAt: number | null
  readonly closeReason: CloseReason | null
  readonly knownAt: number
  readonly value: number
  readonly lastValue: number
  readonly lastAt: number
  /** The value furthest from zero so far. */
  readonly peakValue: number
  readonly opening: SignalReading
  readonly closing: SignalReading | null
  /** The hash of `parameterSet` that is in the id. */
  readonly parameters: string
  readonly parameterSet: SignalParameters
  readonly formulaVersion: number
}

/** Whom a signal is about, as outsiders name it. */
export type SignalSubject = {
  readonly instrument: string
  readonly spot: string | null
  readonly venue: string
  readonly asset: string
  readonly kind: string
}
