import { midOfBook } from './basis.ts'
import type { PriceKind } from './board-row.ts'
import { polledMaxAgeMs } from './expiry.ts'
import {
  exceeds,
  GATE_DEFAULTS,
  type GateContract,
  type GateLeg,
  type GateLimits,
  isStale,
  judgeGates,
  skewOf
} from './gates.ts'
import { SECOND } from './time.ts'

/** What a basis row is good for, worst first: nothing, showing, a signal. */
export const GRADES = ['none', 'display', 'signal'] as const
export type Grade = (typeof GRADES)[number]

/** Each reason and the best grade that a basis row with it can have; `interval_assumed` bars funding signals only. */
export const REASON_GRADES = {
  missing_quote: 'none',
  crossed_book: 'none',
  stale_spot: 'display',
  stale_perp: 'display',
  future_timestamp: 'none',
  leg_skew: 'display',
  wide_spread_spot: 'display',
  wide_spread_perp: 'display',
  inactive_spot: 'none',
  inactive_perp: 'none',
  new_listing: 'display',
  near_expiry: 'display',
  basis_out_of_range: 'none',
  no_spot_leg: 'none',
  multiplier_unresolved: 'none',
  quarantined: 'none',
  frozen: 'display',
  fx_unadjusted: 'display',
  depeg: 'display',
  price_impact: 'display',
  price_mark: 'display',
  price_last: 'display',
  display_only_venue: 'display',
  interval_assumed: 'signal'
} as const satisfies Record<string, Grade>

export type QualityReason = keyof typeof REASON_GRADES

/** The closed list, in the order in which a row gives its reasons. */
export const QUALITY_REASONS = Object.keys(REASON_GRADES) as QualityReason[]

/** The worst of these grades; `signal` of none. */
export function lowestGrade(grades: readonly Grade[]): Grade {
  return GRADES[Math.min(GRADES.length - 1, ...grades.map((grade) => GRADES.indexOf(grade)))]!
}

/** Whether a grade is at least this good. */
export function reachesGrade(grade: Grade, minGrade: Grade): boolean {
  return GRADES.indexOf(grade) >= GRADES.indexOf(minGrade)
}

/** The best grade that these reasons leave to a basis row. */
export function gradeOf(reasons: readonly QualityReason[]): Grade {
  return lowestGrade(reasons.map((reason) => REASON_GRADES[reason]))
}

export type Judgement = { readonly grade: Grade; readonly reasons: QualityReason[] }

export type BasisLimits = GateLimits & { readonly displayMaxAgeMs: number; readonly displayMaxSkewMs: number }

const PRICE_REASONS = {
  mid: [],
  impact: ['price_impact'],
  mark: ['price_mark'],
  last: ['price_last']
} as const satisfies Record<PriceKind, readonly QualityReason[]>

export type BasisCase = {
  readonly nowMs: number
  readonly contract: GateContract
  readonly spot: GateLeg | null
  readonly priceKind: PriceKind
  /** Mid basis in contract units, so that a multiplied contract is not out of range. */
  readonly basisBps: number | null
  /** Reasons found elsewhere: multiplier_unresolved, quarantined, frozen, fx_unadjusted, depeg, display_only_venue, … */
  readonly known?: readonly QualityReason[]
  readonly limits?: BasisLimits
}

/**
 * Grade of a basis when it is derived: the gates at their `signal` limits, what the price kind and the `known` reasons allow,
 * and `none` for a leg or a skew beyond the `display` limits. Spec 1.8.
 */
export function judgeBasis(input: BasisCase): Judgement {
  const limits = input.limits ?? GATE_DEFAULTS
  const found = new Set<QualityReason>([...(input.known ?? []), ...PRICE_REASONS[input.priceKind]])
  for (const reason of judgeGates({ ...input, perp: input.contract }, limits)) {
    if (!JUDGED_HERE.has(reason) && (needsBooks(input.priceKind) || !BOOK_REASONS.has(reason))) found.add(reason)
  }
  if (input.spot === null) found.add('no_spot_leg')
  if (isUnpriced(input)) found.add('missing_quote')
  if (exceeds(absolute(input.basisBps), limits.maxAbsBasisBps)) found.add('basis_out_of_range')
  const reasons = QUALITY_REASONS.filter((reason) => found.has(reason))
  return { grade: isBeyondDisplay(input, limits) ? 'none' : gradeOf(reasons), reasons }
}

/** Gates that need more than the two books: the multiplier, and whether there is a spot leg at all. */
const JUDGED_HERE: ReadonlySet<QualityReason> = new Set(['missing_quote', 'basis_out_of_range'])
/** Gates about books, which a row of marks or last trades does not use. */
const BOOK_REASONS: ReadonlySet<QualityReason> = new Set(['crossed_book', 'wide_spread_spot', 'wide_spread_perp'])

function needsBooks(priceKind: PriceKind): boolean {
  return priceKind === 'mid' || priceKind === 'impact'
}

/** A book without a side, or, where single prices are used, no price to make a basis of. */
function isUnpriced({ contract, spot, priceKind, basisBps }: BasisCase): boolean {
  if (!needsBooks(priceKind)) return spot !== null && basisBps === null
  return midOfBook(contract) === null || (spot !== null && midOfBook(spot) === null)
}

function isBeyondDisplay({ nowMs, contract, spot }: BasisCase, limits: BasisLimits): boolean {
  const old = isStale(contract, nowMs, limits.displayMaxAgeMs) || isStale(spot, nowMs, limits.displayMaxAgeMs)
  return old || exceeds(skewOf(spot, contract), limits.displayMaxSkewMs)
}

function absolute(value: number | null): number | null {
  return value === null ? null : Math.abs(value)
}

/** How much longer than a poll a row may keep the grade `signal`. Contract, section 3. */
const SIGNAL_GRACE_MS = 5 * SECOND

/**
 * The grade that a row has at `nowMs`: it only falls. Below `signal` when the older leg was received more than a poll + 5 s ago,
 * `none` when more than 30 s or three polls, whichever is longer; the leg that is old is added to the reasons.
 * A leg time left out is taken as `observedAtMs`; `spotObservedAtMs: null` is a row without a spot leg.
 */
export function gradeAt(input: {
  readonly gradeWhenDerived: Grade
  readonly reasons?: readonly QualityReason[]
  /** Receive time of the older leg; null when nothing was received. */
  readonly observedAtMs: number | null
  readonly contractObservedAtMs?: number | null
  readonly spotObservedAtMs?: number | null
  readonly nowMs: number
  readonly pollIntervalMs: number
}): Judgement {
  const { observedAtMs, contractObservedAtMs = observedAtMs, spotObservedAtMs = observedAtMs, nowMs } = input
  const signalMs = input.pollIntervalMs + SIGNAL_GRACE_MS
  const servedMs = polledMaxAgeMs(input.pollIntervalMs)
  const isOld = (receivedMs: number | null, limitMs: number) => receivedMs !== null && nowMs - receivedMs > limitMs
  const found = new Set<QualityReason>(input.reasons)
  if (isOld(contractObservedAtMs, signalMs)) found.add('stale_perp')
  if (isOld(spotObservedAtMs, signalMs)) found.add('stale_spot')
  const received = [observedAtMs, contractObservedAtMs, spotObservedAtMs]
  // Received after now: a clock has been put back, and how old this is nobody knows.
  const isAhead = received.some((time) => time !== null && time - nowMs > GATE_DEFAULTS.maxFutureMs)
  if (isAhead) found.add('future_timestamp')
  const grade: Grade =
    observedAtMs === null || isAhead || received.some((time) => isOld(time, servedMs))
      ? 'none'
      : received.some((time) => isOld(time, signalMs))
        ? 'display'
        : 'signal'
  return {
    grade: lowestGrade([input.gradeWhenDerived, grade]),
    reasons: QUALITY_REASONS.filter((reason) => found.has(reason))
  }
}
