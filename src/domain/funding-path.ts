import { medianOf, sumOf } from './statistics.ts'

/**
 * How funding is expected to go on: a first-order autoregression from the next settlement's rate to the long-run one.
 * Rates are fractions per interval, positive when longs pay.
 */
export type FundingPath = {
  /** Expected rate of the next settlement. */
  readonly next: number
  readonly longRun: number
  /** Part of the distance to the long run that is left after each settlement, 0–1. */
  readonly persistence: number
  /** What the venue allows per interval; null: no bound is known. */
  readonly cap?: number | null
  readonly floor?: number | null
}

/** Expected rate of the k-th settlement from now, k ≥ 1: r∞ + ρ^(k−1)·(r₁ − r∞), within floor and cap. Spec 3.1. */
export function expectedRate({ next, longRun, persistence, cap, floor }: FundingPath, k: number): number {
  const rate = longRun + persistence ** (k - 1) * (next - longRun)
  return Math.min(Math.max(rate, floor ?? Number.NEGATIVE_INFINITY), cap ?? Number.POSITIVE_INFINITY)
}

/** Sum of what the next so many settlements are expected to pay, a fraction of a constant notional. */
export function expectedFunding(path: FundingPath, settlements: number): number {
  return sumOf(Array.from({ length: settlements }, (_, index) => expectedRate(path, index + 1)))
}

/** Beyond so many settlements, a century of hourly ones, nothing breaks even. */
const SETTLEMENTS_MAX = 1_000_000
/** Sums of float64 that are this near to a cost have met it. */
const ROUNDING = 1e-12
/** A rate that nobody can be paid. */
const NOTHING = 1e-18

/**
 * The smallest number of settlements whose expected sum meets the cost (fraction of notional); 0 for no cost, null where they
 * never do. A spike that decays pays less than itself for ever. Spec 3.1, vector 29.
 */
export function breakEvenSettlements(path: FundingPath, costFrac: number): number | null {
  if (![path.next, path.longRun, costFrac].every(Number.isFinite)) return null
  if (!(Math.abs(path.persistence) < 1) && path.persistence !== 1) return null
  const target = costFrac * (1 - ROUNDING)
  const last = expectedRate({ ...path, next: path.persistence === 1 ? path.next : path.longRun }, 1)
  let sum = 0
  for (let k = 0; k <= SETTLEMENTS_MAX; k += 1) {
    if (sum >= target) return k
    const rate = expectedRate(path, k + 1)
    // From here on every settlement pays the same.
    if (Math.abs(rate - last) <= Math.max(ROUNDING * Math.abs(last), NOTHING)) {
      const more = last > 0 ? Math.ceil((target - sum) / last) : Number.POSITIVE_INFINITY
      return k + more <= SETTLEMENTS_MAX ? k + more : null
    }
    if (rate <= 0 && last <= 0 && path.persistence >= 0) return null
    sum += rate
  }
  return null
}

/** What is known of a perpetual's past funding: settlements per 8 h, oldest first, with their times in epoch ms. */
export type SettledRate = { readonly at: number; readonly rate8h: number }

export type FittedPath = {
  /** Per 8 h: a settlement of h hours pays h/8 of it. */
  readonly path: FundingPath
  /** The venue's rate that it begins with, or was held against. */
  readonly next8h: number
  readonly settlements: number
  /** `fallback`: too little variation to fit a persistence; `short_history`: the next rate or the anchor, whichever pays less. */
  readonly method: 'fitted' | 'fallback' | 'short_history'
}

export const PATH_DEFAULTS = { persistence: 0.9, persistenceMax: 0.98, settlementsMin: 30 } as const

/**
 * The path from what was settled: r∞ is the median since `longRunSince` (30 d), ρ the slope of a least-squares fit of each rate on
 * the one before (90 d), within [0, 0.98]. With fewer than 30 settlements the rate that pays the holder less, of the next and the
 * anchor, is taken for all. `side`: 1 for who receives positive funding, the short; −1 for the long. Spec 3.1.
 */
export function fitFundingPath(input: {
  readonly next8h: number
  readonly settled: readonly SettledRate[]
  readonly longRunSince: number
  readonly anchor8h: number
  readonly side: 1 | -1
  readonly cap8h?: number | null
  readonly floor8h?: number | null
}): FittedPath {
  const { next8h, settled, anchor8h, side, cap8h: cap = null, floor8h: floor = null } = input
  const settlements = settled.length
  if (settlements < PATH_DEFAULTS.settlementsMin) {
    const worse = side * Math.min(side * next8h, side * anchor8h)
    return {
      path: { next: worse, longRun: worse, persistence: 0, cap, floor },
      next8h,
      settlements,
      method: 'short_history'
    }
  }
  const rates = settled.map(({ rate8h }) => rate8h)
  const recent = settled.filter(({ at }) => at >= input.longRunSince).map(({ rate8h }) => rate8h)
  const longRun = medianOf(recent.length > 0 ? recent : rates)
  const slope = slopeOf(rates.slice(0, -1), rates.slice(1))
  const persistence =
    slope === null ? PATH_DEFAULTS.persistence : Math.min(Math.max(slope, 0), PATH_DEFAULTS.persistenceMax)
  const method = slope === null ? 'fallback' : 'fitted'
  return { path: { next: next8h, longRun, persistence, cap, floor }, next8h, settlements, method }
}

/** Least-squares slope of y on x; null where x does not vary. */
export function slopeOf(x: readonly number[], y: readonly number[]): number | null {
  const n = x.length
  if (n < 2) return null
  const [meanX, meanY] = [sumOf(x) / n, sumOf(y) / n]
  const variance = sumOf(x.map((value) => (value - meanX) ** 2))
  const scale = sumOf(x.map((value) => value * value))
  // Equal values leave only rounding behind.
  if (!(variance > 1e-24 * scale)) return null
  return sumOf(x.map((value, index) => (value - meanX) * (y[index]! - meanY))) / variance
}
