import type { BandPlace, FairBand } from './fair-band.ts'
import { slopeOf } from './funding-path.ts'
import { deviationOf, midrankPercentile, type RobustZ, robustZ, sumOf } from './statistics.ts'
import { DAY } from './time.ts'

// One number of many contracts, or of a long time: each says of how much it is.

export type Weighted = {
  /** Σ(weight·value)/Σ weight; null where nothing has both. */
  readonly value: number | null
  /** Contracts that are in it, and of how many. */
  readonly counted: number
  readonly of: number
  /** USD of open interest that is in it. */
  readonly openInterestUsd: number
  /** That as a share of all open interest that is known, 0 to 1; null where none is. */
  readonly coverage: number | null
  /** Contracts whose open interest nobody knows: coverage cannot speak of them. */
  readonly withoutWeight: number
}

/**
 * A funding APR or a basis of one asset over its contracts, each by its open interest. A rate has to be of one interval before: an APR
 * or a rate per 8 h. What has no value or no weight is left out and counted.
 */
export function weightByOpenInterest(
  contracts: readonly { readonly value: number | null; readonly openInterestUsd: number | null }[]
): Weighted {
  const weighed = contracts.filter(({ openInterestUsd }) => openInterestUsd !== null && openInterestUsd > 0)
  const counted = weighed.filter(({ value }) => value !== null && Number.isFinite(value))
  const weightOf = (rows: typeof contracts) => sumOf(rows.map(({ openInterestUsd }) => openInterestUsd!))
  const [included, all] = [weightOf(counted), weightOf(weighed)]
  const sum = sumOf(counted.map(({ value, openInterestUsd }) => value! * openInterestUsd!))
  return {
    value: included > 0 ? sum / included : null,
    counted: counted.length,
    of: contracts.length,
    openInterestUsd: included,
    coverage: all > 0 ? included / all : null,
    withoutWeight: contracts.filter(({ openInterestUsd }) => openInterestUsd === null).length
  }
}

export type Breadth = {
  /** Share of those whose upper bound is known that are above it. */
  readonly rich: number | null
  /** Share of those whose lower bound is known that are below it. */
  readonly cheap: number | null
  /** Share of those whose bounds are both known that are between them. */
  readonly inside: number | null
  readonly upperKnown: number
  readonly lowerKnown: number
  readonly bothKnown: number
  readonly of: number
}

/** How many contracts are beyond the bounds within which no trade pays; null: nothing is known of one. */
export function breadthOf(
  bands: readonly (Pick<FairBand, 'lowerBps' | 'upperBps' | 'classification'> | null)[]
): Breadth {
  const known = bands.filter((band) => band !== null)
  const [upper, lower] = [
    known.filter(({ upperBps }) => upperBps !== null),
    known.filter(({ lowerBps }) => lowerBps !== null)
  ]
  const both = upper.filter(({ lowerBps }) => lowerBps !== null)
  const share = (of: typeof known, place: BandPlace) =>
    of.length === 0 ? null : of.filter(({ classification }) => classification === place).length / of.length
  return {
    rich: share(upper, 'rich'),
    cheap: share(lower, 'cheap'),
    inside: share(both, 'inside'),
    upperKnown: upper.length,
    lowerKnown: lower.length,
    bothKnown: both.length,
    of: bands.length
  }
}

/** A number at a time, epoch ms. */
export type Observed = { readonly at: number; readonly value: number }

export type Standing = RobustZ & {
  readonly days: number
  /** Mid-rank, 0–100. */
  readonly percentile: number | null
  readonly observations: number
  /** From the first of them to the last. */
  readonly spanDays: number
}

/** Of its days a window must span a third, and hold as many observations as it has days: 30 d and 90 of 90 d. Spec 3.2. */
const SPAN_MIN = 1 / 3

/** Whether a history is enough of one to stand in: too few observations, or all of them near together, are none. */
export function isLongEnough({
  days,
  observations,
  spanDays
}: Pick<Standing, 'days' | 'observations' | 'spanDays'>): boolean {
  return observations > 0 && observations >= days && spanDays >= days * SPAN_MIN
}

/** Where the last observation stands among those of the days before it, itself included; null where they are too few or too near. */
export function standingOf(history: readonly Observed[], days: number): Standing {
  const last = history.at(-1)
  const within = last === undefined ? [] : history.filter(({ at }) => at > last.at - days * DAY)
  const spanDays = last === undefined ? 0 : (last.at - within[0]!.at) / DAY
  const counts = { days, observations: within.length, spanDays }
  if (last === undefined || !isLongEnough(counts)) {
    return { ...counts, percentile: null, z: null, method: null }
  }
  const values = within.map(({ value }) => value)
  return { ...counts, percentile: midrankPercentile(last.value, values), ...robustZ(last.value, values) }
}

export type Movement = {
  /** Deviation of the change from one step to the next, bps. */
  readonly perStep: number | null
  /** The same per day of independent steps, ·√(day/step): a basis that comes back moves less than that. */
  readonly perDay: number | null
  /** Until half of a distance from the mean is gone, ms: −ln 2/ln φ steps; null where it does not come back (φ ≥ 1) or is noise (φ ≤ 0). */
  readonly halfLifeMs: number | null
  /** φ: least squares of each on the one before. */
  readonly persistence: number | null
  /** Pairs of neighbours, by which all of it is. */
  readonly pairs: number
}

/** Over so long a basis is looked at. */
export const MOVEMENT_MS = 30 * DAY
const PAIRS_MIN = 30

/** How a basis moves, of observations exactly one step apart; a hole is jumped over, never bridged. */
export function movementOf(history: readonly Observed[], stepMs: number): Movement {
  const pairs = history.slice(1).flatMap(({ at, value }, index) => {
    const before = history[index]!
    return at - before.at === stepMs ? [[before.value, value] as const] : []
  })
  if (pairs.length < PAIRS_MIN) {
    return { perStep: null, perDay: null, halfLifeMs: null, persistence: null, pairs: pairs.length }
  }
  const perStep = deviationOf(pairs.map(([before, after]) => after - before))
  const persistence = slopeOf(
    pairs.map(([before]) => before),
    pairs.map(([, after]) => after)
  )
  const isDecay = persistence !== null && persistence > 0 && persistence < 1
  return {
    perStep,
    perDay: perStep * Math.sqrt(DAY / stepMs),
    halfLifeMs: isDecay ? (-Math.LN2 / Math.log(persistence)) * stepMs : null,
    persistence,
    pairs: pairs.length
  }
}
