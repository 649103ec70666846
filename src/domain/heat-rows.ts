import { decimalOrNull } from './decimal.ts'
import { flowMetrics } from './flow.ts'
import { annualiseFunding } from './funding.ts'
import { type HeatInputs, type HeatPoint, type HeatSeries, openInterestChanges } from './heat.ts'
import { floorTo, HOUR } from './time.ts'

/** A week of hours, and a month of settlements at three a day. */
export const HEAT_HOURS_MIN = 168
export const HEAT_SETTLEMENTS_MIN = 90
/** The hour before the one that is over, and the longest interval that venues settle in, three times. */
export const HEAT_HOUR_MAX_AGE_MS = 2 * HOUR
export const HEAT_SETTLEMENT_MAX_AGE_MS = 24 * HOUR

/** What the heat of a perpetual is made of, as it is stored: times in epoch ms, each list in the order of time. */
export type HeatRows = {
  readonly hasSpot: boolean
  /** Mean basis of each hour, bps, against the spot leg that was in use at its end. */
  readonly basis: readonly { readonly startAt: number; readonly meanBps: number; readonly spot: string }[]
  /** Every revision of each settlement, and when it counted first. */
  readonly settlements: readonly {
    readonly settledAt: number
    readonly toldAt: number
    readonly rate: string
    readonly intervalHours: number | null
    readonly isAssumed: boolean
  }[]
  /** The last of each hour: coins, US dollars, US dollars. */
  readonly openInterest: readonly {
    readonly observedAt: number
    readonly base: string
    readonly usd: string
    readonly volume24hUsd: string
  }[]
  /** The last of each hour: long accounts per short account. */
  readonly flows: readonly { readonly observedAt: number; readonly longShortRatio: string }[]
}

/** The end of an hour: then what was last in it was known. */
export const hourEnd = (at: number): number => floorTo(at, HOUR) + HOUR

/** The last of each hour. */
export function lastOfHours<T extends { readonly observedAt: number }>(rows: readonly T[]): T[] {
  const hours = new Map(rows.map((row) => [hourEnd(row.observedAt), row]))
  return [...hours].sort(([a], [b]) => a - b).map(([, row]) => row)
}

/** The components' observations of stored rows. Spec 3.5. */
export function heatInputsOf({ hasSpot, basis, settlements, openInterest, flows }: HeatRows): HeatInputs {
  const held = openInterest.map(({ observedAt, base, usd, volume24hUsd }) => {
    return { at: hourEnd(observedAt), base: Number(base), usd: Number(usd), volumeUsd: Number(volume24hUsd) }
  })
  return {
    basisExcess: hasSpot
      ? hourly(basis.map(({ startAt, meanBps, spot }) => ({ at: startAt + HOUR, value: meanBps, against: spot })))
      : 'no_spot_leg',
    funding: {
      points: ratesOf(settlements),
      maxAgeMs: HEAT_SETTLEMENT_MAX_AGE_MS,
      minObservations: HEAT_SETTLEMENTS_MIN
    },
    oiChange: hourly(openInterestChanges(held)),
    // Curves of the past are not kept as such, and takers of spot are not asked for: neither is made up.
    termSlope: 'no_curve_history',
    takerFlow: 'no_spot_flow',
    longShort: hourly(flows.flatMap((row) => pointOf(hourEnd(row.observedAt), longShareOf(row.longShortRatio))))
  }
}

/** Null where there is no ratio, or one below zero. */
export function longShareOf(longShortRatio: string | null): number | null {
  const longShortAccountRatio = decimalOrNull(longShortRatio)
  return flowMetrics({ takerBuyVolume: null, takerSellVolume: null, longShortAccountRatio }).longShare
}

const hourly = (points: readonly HeatPoint[]): HeatSeries => ({
  points,
  maxAgeMs: HEAT_HOUR_MAX_AGE_MS,
  minObservations: HEAT_HOURS_MIN
})

const pointOf = (at: number, value: number | null): HeatPoint[] =>
  value === null || !Number.isFinite(value) ? [] : [{ at, value }]

/** Settled rates per 8 h, each until a correction of it was told. */
function ratesOf(revisions: HeatRows['settlements']): HeatPoint[] {
  return revisions.flatMap(({ settledAt, rate, intervalHours, isAssumed, toldAt }, index) => {
    const next = revisions[index + 1]
    const until = next?.settledAt === settledAt ? { until: next.toldAt } : {}
    const points = isAssumed ? [] : pointOf(toldAt, annualiseFunding({ rate: Number(rate), intervalHours }).rate8h)
    return points.map((point) => ({ ...point, ...until }))
  })
}

/** What of them was known at a moment. */
export function heatRowsAt({ hasSpot, basis, settlements, openInterest, flows }: HeatRows, atMs: number): HeatRows {
  const isOver = ({ observedAt }: { readonly observedAt: number }) => hourEnd(observedAt) <= atMs
  return {
    hasSpot,
    basis: basis.filter(({ startAt }) => startAt + HOUR <= atMs),
    settlements: settlements.filter(({ toldAt }) => toldAt <= atMs),
    openInterest: openInterest.filter(isOver),
    flows: flows.filter(isOver)
  }
}
