import { type BookTop, midOfBook } from './basis.ts'
import { add, compare, type Decimal, decimalOf, multiply, negate, subtract } from './decimal.ts'
import { DAY, SECOND } from './time.ts'

/** The gates of a basis, in the order in which their reasons are given. Spec 1.8. */
export const GATE_REASONS = [
  'missing_quote',
  'crossed_book',
  'stale_spot',
  'stale_perp',
  'future_timestamp',
  'leg_skew',
  'wide_spread_spot',
  'wide_spread_perp',
  'inactive_spot',
  'inactive_perp',
  'new_listing',
  'near_expiry',
  'basis_out_of_range'
] as const

export type GateReason = (typeof GATE_REASONS)[number]

export type GateLimits = {
  readonly maxAgeMs: number
  readonly maxSkewMs: number
  /** (ask − bid)/mid of one leg. */
  readonly maxSpreadBps: number
  readonly maxAbsBasisBps: number
  readonly minListingAgeMs: number
  readonly minTimeToExpiryMs: number
  /** How far a venue's clock may be ahead of ours. */
  readonly maxFutureMs: number
}

/** Limits of spec section 6. `display…`: beyond them a stale or skewed row is graded `none`. */
export const GATE_DEFAULTS = {
  maxAgeMs: 5 * SECOND,
  maxSkewMs: 2 * SECOND,
  maxSpreadBps: 100,
  maxAbsBasisBps: 2_000,
  minListingAgeMs: DAY,
  minTimeToExpiryMs: DAY,
  maxFutureMs: SECOND,
  displayMaxAgeMs: 30 * SECOND,
  displayMaxSkewMs: 10 * SECOND,
  /** A stablecoin's traded rate older than this adjusts nothing; further than this from 1 it has lost its peg. */
  fxMaxAgeMs: 60 * SECOND,
  depegBps: 50
} as const satisfies GateLimits & Record<string, number>

/** One leg as the gates see it. Times in epoch ms; `ts` is the venue's own time where it has one. */
export type GateLeg = BookTop & { readonly ts: number | null; readonly active: boolean | null }

/** `listedMs` null counts as long listed; `expiryMs` null has no expiry. */
export type GateContract = GateLeg & { readonly listedMs: number | null; readonly expiryMs: number | null }

export type GateCase = {
  readonly nowMs: number
  readonly spot: GateLeg | null
  readonly perp: GateContract | null
}

/**
 * Every gate that a pair of quotes does not pass, in order; empty when it passes all. A value at its limit passes, except that
 * bid = ask is crossed. A gate whose inputs are missing stays silent: what is missing has its own reason. Spec 1.8, vector 39.
 */
export function judgeGates({ nowMs, spot, perp }: GateCase, limits: GateLimits): GateReason[] {
  const failed: Record<GateReason, boolean> = {
    missing_quote: !hasQuote(spot) || !hasQuote(perp),
    crossed_book: isCrossed(spot) || isCrossed(perp),
    stale_spot: isStale(spot, nowMs, limits.maxAgeMs),
    stale_perp: isStale(perp, nowMs, limits.maxAgeMs),
    future_timestamp: isAhead(spot, nowMs, limits) || isAhead(perp, nowMs, limits),
    leg_skew: exceeds(skewOf(spot, perp), limits.maxSkewMs),
    wide_spread_spot: isWide(spot, limits.maxSpreadBps),
    wide_spread_perp: isWide(perp, limits.maxSpreadBps),
    inactive_spot: spot?.active === false,
    inactive_perp: perp?.active === false,
    new_listing: perp !== null && perp.listedMs !== null && nowMs - perp.listedMs < limits.minListingAgeMs,
    near_expiry: perp !== null && perp.expiryMs !== null && perp.expiryMs - nowMs < limits.minTimeToExpiryMs,
    basis_out_of_range: isFarApart(spot, perp, limits.maxAbsBasisBps)
  }
  return GATE_REASONS.filter((reason) => failed[reason])
}

/** Milliseconds between the legs' times; null when one has none. */
export function skewOf(a: GateLeg | null, b: GateLeg | null): number | null {
  return a === null || b === null || a.ts === null || b.ts === null ? null : Math.abs(a.ts - b.ts)
}

/** A leg that is there and whose time is unknown, or further back than this. */
export function isStale(leg: GateLeg | null, nowMs: number, maxAgeMs: number): boolean {
  return leg !== null && (leg.ts === null || nowMs - leg.ts > maxAgeMs)
}

export function exceeds(value: number | null, limit: number): boolean {
  return value !== null && value > limit
}

function hasQuote(leg: GateLeg | null): boolean {
  return leg !== null && midOfBook(leg) !== null
}

function isCrossed(leg: GateLeg | null): boolean {
  return leg !== null && midOfBook(leg) !== null && compare(leg.bid!, leg.ask!) >= 0
}

function isAhead(leg: GateLeg | null, nowMs: number, limits: GateLimits): boolean {
  return leg !== null && leg.ts !== null && leg.ts - nowMs > limits.maxFutureMs
}

function isWide(leg: GateLeg | null, maxSpreadBps: number): boolean {
  const mid = leg === null ? null : midOfBook(leg)
  return mid !== null && exceedsBps(subtract(leg!.ask!, leg!.bid!), mid, maxSpreadBps)
}

function isFarApart(spot: GateLeg | null, perp: GateLeg | null, maxAbsBasisBps: number): boolean {
  const spotMid = spot === null ? null : midOfBook(spot)
  const contractMid = perp === null ? null : midOfBook(perp)
  if (spotMid === null || contractMid === null) return false
  const difference = add(contractMid, negate(spotMid))
  return exceedsBps(difference.digits < 0n ? negate(difference) : difference, spotMid, maxAbsBasisBps)
}

/** Exact, so that a value at its limit is not pushed over it by rounding. */
function exceedsBps(difference: Decimal, reference: Decimal, limitBps: number): boolean {
  const limit = decimalOf(limitBps)
  const inBps = multiply(difference, { digits: 10_000n, scale: 0 })
  return limit !== undefined && compare(inBps, multiply(limit, reference)) > 0
}
