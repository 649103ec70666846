import { INTERVAL_CHANGE_MS } from './signal-types.ts'
import { medianOf } from './statistics.ts'
import { CURVE_DAYS_MIN, type CurveRate } from './term-structure.ts'

// What signals of buckets look at: each a pure function of what was known when the bucket closed. Null: not known, never nothing.

/** Bps, + above spot: the middle of the adjusted bases of the bucket, which must be good enough for signals. */
export function basisDislocation({ adjustedBps }: { readonly adjustedBps: readonly number[] }): number | null {
  return middleOf(adjustedBps)
}

/** Fraction a year, continuous: the rate nearest to zero of an asset's futures, which all are beyond; 0 where they disagree. Spec 3.3. */
export function expectation({ points }: { readonly points: readonly CurveRate[] }): number | null {
  const rates = points.filter(({ days }) => days >= CURVE_DAYS_MIN).map(({ aprContinuous }) => aprContinuous)
  if (rates.length === 0) return null
  const [least, most] = [Math.min(...rates), Math.max(...rates)]
  return least > 0 ? least : most < 0 ? most : 0
}

/** A dated contract's adjusted basis as a continuous rate, fraction a year: ln(1 + basis)·365/days. Spec 1.3. */
export const curveRateOf = (adjustedBps: number, days: number): number => (Math.log1p(adjustedBps / 1e4) * 365) / days

/** Bps from par, + above: of the middle of a pair's traded rates in the bucket. Spec 1.4. */
export function stablecoinDepeg({ rates }: { readonly rates: readonly number[] }): number | null {
  const rate = middleOf(rates.filter((each) => each > 0))
  return rate === null ? null : 1e4 * (rate - 1)
}

/** A change of interval, and from when we could know it. Hours. */
export type KnownChange = { readonly knownAt: number; readonly previousHours: number; readonly hours: number }

/** An entry of a contract's ledger of intervals, of one revision. `toldAt`: from when on we could know it. */
export type ToldInterval = { readonly effectiveFrom: number; readonly hours: number; readonly toldAt: number }

/**
 * Changes of interval as they were known at a time, of a ledger ascending by entry and revision: a later revision does not take back
 * what was told before it. Who hears of a change more than a day after it came into force has no news.
 */
export function changesKnownAt(ledger: readonly ToldInterval[], at: number): KnownChange[] {
  const known = ledger.filter(({ effectiveFrom, toldAt }) => toldAt <= at && effectiveFrom <= at)
  const entries = [...Map.groupBy(known, ({ effectiveFrom }) => effectiveFrom).values()]
  return entries.slice(1).flatMap((revisions, index) => {
    const previousHours = entries[index]!.at(-1)!.hours
    const { hours, effectiveFrom } = revisions.at(-1)!
    const { toldAt } = revisions[revisions.findLastIndex((one) => one.hours !== hours) + 1]!
    const isNews = hours !== previousHours && toldAt < effectiveFrom + INTERVAL_CHANGE_MS
    return isNews ? [{ knownAt: Math.max(effectiveFrom, toldAt), previousHours, hours }] : []
  })
}

/** Doublings of how often is settled, + more often, by the newest change that was in force and known within the last day; 0 without one. */
export function intervalChange({
  at,
  changes
}: {
  readonly at: number
  readonly changes: readonly KnownChange[]
}): number {
  const recent = changes.filter(({ knownAt }) => knownAt <= at && knownAt > at - INTERVAL_CHANGE_MS)
  const newest = recent.toSorted((a, b) => a.knownAt - b.knownAt).at(-1)
  return newest === undefined ? 0 : Math.log2(newest.previousHours / newest.hours)
}

/** Share, 0–1, of the bucket's polls of a venue that failed; what we did not ask says nothing of the venue. */
export function venueTrouble({ failed, done }: { readonly failed: number; readonly done: number }): number | null {
  return failed + done > 0 ? failed / (failed + done) : null
}

/** Growth of open interest over a day, fraction; in base, so that the price alone moves nothing. */
export function leverageBuildup({
  base,
  dayBefore
}: {
  readonly base: number | null
  readonly dayBefore: number | null
}): number | null {
  return base === null || dayBefore === null || !(dayBefore > 0) ? null : base / dayBefore - 1
}

/** Below this many earlier depths nothing is usual. */
export const DEPTHS_MIN = 100

/** The middle of earlier depths, quote currency; null while there are too few. */
export const usualDepth = (earlier: readonly number[]): number | null =>
  earlier.length < DEPTHS_MIN ? null : middleOf(earlier)

/** The middle of the bucket's depths of the thinner side over what is usual for it, ratio; quote currency. */
export function liquidityThinning({
  depth,
  usual
}: {
  readonly depth: readonly number[]
  readonly usual: number | null
}): number | null {
  const middle = middleOf(depth)
  return middle === null || usual === null || !(usual > 0) ? null : middle / usual
}

/** What a carry of one size is worth after all costs. Spec 3.1. */
export type CarryQuote = {
  /** Net, fraction of capital a year. */
  readonly aprCapital: number
  /** Null: it is never earned back. */
  readonly breakEvenHours: number | null
  readonly horizonHours: number
  /** Premium above the upper edge of the fair band, bps; null: the band is not known. */
  readonly aboveBandBps: number | null
  /** Expected funding a year less the dollar's interest, fraction. */
  readonly fundingExcessApr: number
}

export const FUNDING_EXCESS_MIN = 0.05

/** Fraction of capital a year, net. Spec 3.1. */
export function carryOpportunity({ quote }: { readonly quote: CarryQuote | null }): number | null {
  return quote !== null && Number.isFinite(quote.aprCapital) ? quote.aprCapital : null
}

/**
 * Whether a carry of that value may be entered: it is earned back within half of the horizon, and the premium is above the fair band or
 * funding 5 points above the dollar's interest; what is cheap to enter only is no carry. Nobody leaves one for it: hours until it is earned
 * back jump by an interval with every settlement, though the market stands still. Spec 3.1.
 */
export function mayEnterCarry({ breakEvenHours, horizonHours, aboveBandBps, fundingExcessApr }: CarryQuote): boolean {
  const isEarned = breakEvenHours !== null && breakEvenHours <= horizonHours / 2
  const isPaid = (aboveBandBps ?? 0) > 0 || fundingExcessApr >= FUNDING_EXCESS_MIN
  return isEarned && isPaid
}

function middleOf(values: readonly number[]): number | null {
  const known = values.filter(Number.isFinite)
  return known.length === 0 ? null : medianOf(known)
}
