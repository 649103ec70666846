import type { IntervalSource } from './board-row.ts'
import { NO_REGIME, type RegimeMemory, type RegimeRules, type RegimeState, stepRegime } from './funding-regime.ts'
import { createRollingPercentile } from './rolling-percentile.ts'
import { HOUR } from './time.ts'

/** Raised when the same settlements would give other states: it is part of the parameters, and so of every signal's id. */
export const FUNDING_REGIME_VERSION = 1

/** After so many intervals without a settlement a regime is stale, unless set otherwise. */
export const STALE_INTERVALS = 3

/** Rates within this of the venue's interest, per 8 h, are at the anchor. */
const ANCHOR_TOLERANCE = 1e-7

/** One settlement, as known now. Times in epoch milliseconds, rates as fractions per interval. */
export type RegimeFact = {
  readonly at: number
  readonly rate: number
  readonly intervalHours: number | null
  readonly intervalSource: IntervalSource | null
  /** The bounds of that time; null: not known. */
  readonly cap: number | null
  readonly floor: number | null
}

export const REGIME_FLAGS = [
  'anchored',
  'at_cap',
  'at_floor',
  'after_gap',
  'interval_unknown',
  'interval_assumed'
] as const
export type RegimeFlag = (typeof REGIME_FLAGS)[number]

/** What one settlement was taken for. */
export type RegimeRow = RegimeFact & {
  /** Null without an interval. */
  readonly rate8h: number | null
  readonly percentile: number | null
  /** Settlements in the trailing window. */
  readonly observations: number
  readonly heldHours: number
  /** After this settlement. */
  readonly state: RegimeState
  readonly flags: readonly RegimeFlag[]
}

export type RegimeSettings = {
  readonly rules: RegimeRules
  readonly windowMs: number
  readonly minSpanMs: number
  readonly minObservations: number
  /** After so many intervals without a settlement a regime is stale. */
  readonly staleIntervals: number
  /** The rate per 8 h that the venue's formula is drawn to; null: it has none. */
  readonly interest8h: number | null
  /** Ends that somebody was told of, by silence or delisting: after them everything begins anew. */
  readonly endings: readonly RegimeCut[]
}

/** Where the walk began anew: nothing that came before counts any more. */
export type RegimeCut = { readonly at: number; readonly reason: 'stale' | 'delisted' }

export type RegimeStep = {
  readonly row: RegimeRow
  /** What lies between this settlement and the one before and ended whatever there was; null: nothing does. */
  readonly cut: RegimeCut | null
}

/** A settlement's time and interval. */
export type Timed = { readonly at: number; readonly intervalHours: number }

export type RegimeSeries = {
  /** Takes a settlement that was evaluated before: only its rank among others counts. */
  remember(fact: RegimeFact): void
  /** Takes the next settlement. What is answered depends on nothing later. */
  observe(fact: RegimeFact): RegimeStep
  /** The last settlement whose interval is known, remembered ones included. */
  last(): Timed | null
}

/** Walks an instrument's settlements, ascending, with what is remembered of those evaluated before. */
export function createRegimeSeries(settings: RegimeSettings, start: RegimeMemory = NO_REGIME): RegimeSeries {
  const window = createRollingPercentile(settings)
  let memory = start
  let previousAt = Number.NEGATIVE_INFINITY
  let last: Timed | null = null
  const rank = (fact: RegimeFact) => window.add(fact.at, isUsable(fact) ? rate8hOf(fact) : null)
  const note = (fact: RegimeFact) => {
    previousAt = fact.at
    if (isUsable(fact)) last = { at: fact.at, intervalHours: fact.intervalHours }
  }
  return {
    last: () => last,
    remember: (fact) => {
      rank(fact)
      note(fact)
    },
    observe: (fact) => {
      const told = settings.endings.find(({ at }) => at > previousAt && at <= fact.at)
      const { staleIntervals } = settings
      const isAfterGap = last !== null && isSilence(last, fact.at, fact.intervalHours, staleIntervals)
      const cut = told ?? (isAfterGap ? { at: silentFrom(last!, staleIntervals), reason: 'stale' as const } : null)
      if (cut !== null) memory = NO_REGIME
      const { percentile, observations } = rank(fact)
      const { intervalHours } = fact
      const seen = isUsable(fact) ? { rate8h: rate8hOf(fact), percentile, intervalHours } : UNKNOWN
      memory = stepRegime(memory, seen, settings.rules)
      note(fact)
      const flags = flagsOf(fact, settings.interest8h, isAfterGap)
      const { state, heldHours } = memory
      return { row: { ...fact, rate8h: rate8hOf(fact), percentile, observations, heldHours, state, flags }, cut }
    }
  }
}

/** An interval that nobody declared or showed says nothing about the rate per 8 h: such a settlement neither opens nor closes. */
function isUsable(fact: RegimeFact): fact is RegimeFact & { readonly intervalHours: number } {
  const { intervalHours, intervalSource } = fact
  return intervalHours !== null && intervalHours > 0 && intervalSource !== 'assumed' && intervalSource !== null
}

const UNKNOWN = { rate8h: null, percentile: null, intervalHours: null }

/** Rounded to twelve digits: equal rates of different intervals must be ties. */
export function rate8hOf({ rate, intervalHours }: Pick<RegimeFact, 'rate' | 'intervalHours'>): number | null {
  if (intervalHours === null || !(intervalHours > 0)) return null
  return Number(((rate * 8) / intervalHours).toPrecision(12))
}

/** Whether nothing came for longer than is usual of the intervals on both sides; the next one may be a longer interval's. */
export function isSilence(last: Timed, untilMs: number, nextHours: number | null, staleIntervals: number): boolean {
  return untilMs - last.at > staleIntervals * Math.max(last.intervalHours, nextHours ?? 0) * HOUR
}

/** From when on a regime is stale when nothing follows. */
export function silentFrom({ at, intervalHours }: Timed, staleIntervals: number): number {
  return at + staleIntervals * intervalHours * HOUR
}

/** How things stand with an instrument after its last settlement. Times in epoch milliseconds. */
export type RegimeOutlook = {
  readonly isDelisted: boolean
  readonly delistedAt: number | null
  /** Until when we know that nothing is missing. */
  readonly knownTo: number
  /** The interval that the venue declares for the settlement to come; null: none. */
  readonly declaredHours: number | null
}

/** What ends a regime after its last settlement; null: it goes on. */
export function endingAfter(last: Timed, outlook: RegimeOutlook, staleIntervals: number): RegimeCut | null {
  const { isDelisted, delistedAt, knownTo, declaredHours } = outlook
  if (isDelisted) return { at: Math.max(delistedAt ?? last.at, last.at), reason: 'delisted' }
  return isSilence(last, knownTo, declaredHours, staleIntervals)
    ? { at: silentFrom(last, staleIntervals), reason: 'stale' }
    : null
}

/** The same as it stood at an earlier moment, as far as is known now. */
export function outlookAt(outlook: RegimeOutlook, atMs: number): RegimeOutlook {
  const { isDelisted, delistedAt, knownTo } = outlook
  return {
    ...outlook,
    isDelisted: isDelisted && (delistedAt ?? Number.NEGATIVE_INFINITY) <= atMs,
    knownTo: Math.min(knownTo, atMs)
  }
}

function flagsOf(fact: RegimeFact, interest8h: number | null, isAfterGap: boolean): RegimeFlag[] {
  const rate8h = rate8hOf(fact)
  const { rate, cap, floor, intervalHours, intervalSource } = fact
  const isAnchored = rate8h !== null && interest8h !== null && Math.abs(rate8h - interest8h) < ANCHOR_TOLERANCE
  const found: Record<RegimeFlag, boolean> = {
    anchored: isAnchored,
    at_cap: cap !== null && rate >= cap,
    at_floor: floor !== null && rate <= floor,
    after_gap: isAfterGap,
    interval_unknown: intervalHours === null || intervalSource === null,
    interval_assumed: intervalSource === 'assumed'
  }
  return REGIME_FLAGS.filter((flag) => found[flag])
}

/** 0.01 % per 8 h, as a fraction: what most venues' formulas are drawn to. */
const USUAL_INTEREST_8H = 0.0001

/** The rate per 8 h at which a contract's funding stands while its premium says nothing; null where the formula has no such place. */
export function anchor8hOf({ venue, base }: { readonly venue: string; readonly base: string }): number | null {
  // Kraken's rate is its premium; Deribit's is nothing within its damper; Binance takes no interest of its own coin.
  if (venue === 'kraken') return null
  if (venue === 'deribit' || (venue === 'binance' && base === 'BNB')) return 0
  return USUAL_INTEREST_8H
}
