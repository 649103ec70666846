import { isLongEnough, type Observed, type Standing, standingOf } from './aggregates.ts'
import type { IntervalSource } from './board-row.ts'
import { countExpected } from './expected-settlements.ts'
import { rate8hOf } from './regime-series.ts'
import { DAY } from './time.ts'

/** Days that settled funding is held against. */
export const STANDING_DAYS = [30, 90, 365] as const
export type StandingDays = (typeof STANDING_DAYS)[number]

/** No perpetual settles less often. */
export const INTERVAL_HOURS_MAX = 24

/** One settlement, as known now. */
export type SettledFunding = {
  /** Epoch milliseconds. */
  readonly settledAt: number
  /** Fraction per interval, positive: longs paid. */
  readonly rate: number
  readonly intervalHours: number | null
  readonly intervalSource: IntervalSource | null
  readonly formulaVersion: number
}

/** Why a window has neither percentile nor z: it holds too little, or did before a formula of another kind was left out. */
export type StandingRefusal = 'short_history' | 'formula_changed'

export type WindowStanding = Omit<Standing, 'days'> & {
  readonly refusal: StandingRefusal | null
  /** Settlements that were due in the window since the contract was listed; null where an interval is not known. */
  readonly expected: number | null
  /** observations / expected, at most 1. */
  readonly coverage: number | null
}

export type FundingStanding = {
  readonly settledAt: number
  readonly rate: number
  readonly intervalHours: number
  readonly intervalSource: IntervalSource
  /** Fraction per 8 h: what is ranked, so that a change of interval moves nothing. */
  readonly rate8h: number
  readonly windows: Readonly<Record<StandingDays, WindowStanding>>
}

/** The newest settlement where nobody declared or showed its interval: an older one is not told in its stead. */
export type UnrankedFunding = { readonly settledAt: number; readonly refusal: 'interval_unknown' }

/** Nothing is ranked before ninety settlements and thirty days, however short the window: what 90 d are long enough by. Spec 1.9. */
const HISTORY_MIN_OF = 90

type Known = SettledFunding & { readonly intervalHours: number; readonly intervalSource: IntervalSource }
type Ranked = Known & { readonly observed: Observed }

/**
 * Where the newest of ascending settlements stands among those of (its time − days, its time], per 8 h, itself included; null where
 * there is none. Of another formula only 8 h settlements count: shorter ones were of
 * another kind before it. Spec 1.6.1, 3.2, 3.5.
 */
export function fundingStandingOf(
  settled: readonly SettledFunding[],
  listedAt: number | null
): FundingStanding | UnrankedFunding | null {
  const last = settled.at(-1)
  if (last === undefined) return null
  if (!isKnown(last)) return { settledAt: last.settledAt, refusal: 'interval_unknown' }
  const ranked = settled.filter(isKnown).map(rankedOf)
  const { settledAt, rate, intervalHours, intervalSource, formulaVersion, observed } = ranked.at(-1)!
  const isAlike = (each: Ranked) => each.formulaVersion === formulaVersion || each.intervalHours >= 8
  const isNew = !isLongEnough(extentOf(ranked.filter(isAlike), HISTORY_MIN_OF))
  const windowOf = (days: StandingDays): WindowStanding => {
    const fromMs = settledAt - days * DAY
    const within = ranked.filter((each) => each.settledAt > fromMs)
    const known = within.filter(isAlike)
    const { days: _, ...standing } = standingOf(
      known.map(({ observed }) => observed),
      days
    )
    const isShort = isNew || standing.percentile === null
    const isLeftOut = known.length < within.length && isLongEnough(extentOf(within, days))
    const expected = countExpected(
      settled.filter((each) => each.settledAt > fromMs && each.settledAt <= settledAt),
      { fromMs: Math.max(fromMs, listedAt ?? fromMs), toMs: settledAt },
      intervalHours
    )
    return {
      ...standing,
      ...(isShort ? { percentile: null, z: null, method: null } : {}),
      refusal: isShort ? (isLeftOut ? 'formula_changed' : 'short_history') : null,
      expected,
      coverage: expected === null || expected === 0 ? null : Math.min(1, known.length / expected)
    }
  }
  return {
    settledAt,
    rate,
    intervalHours,
    intervalSource,
    rate8h: observed.value,
    windows: { 30: windowOf(30), 90: windowOf(90), 365: windowOf(365) }
  }
}

function isKnown(each: SettledFunding): each is Known {
  const { intervalHours, intervalSource } = each
  return intervalHours !== null && intervalHours > 0 && intervalSource !== null && intervalSource !== 'assumed'
}

/** Rounding is what costs: once for all windows. */
const rankedOf = (each: Known): Ranked => ({ ...each, observed: { at: each.settledAt, value: rate8hOf(each)! } })

const extentOf = (within: readonly Ranked[], days: number) => ({
  days,
  observations: within.length,
  spanDays: (within.at(-1)!.settledAt - within[0]!.settledAt) / DAY
})
