import { basisFraction } from './basis.ts'
import { type Decimal, isPositive, ratioOf } from './decimal.ts'
import { DAY } from './time.ts'

export const DAYS_PER_YEAR = 365
/** Below this many days the figure per year means nothing; below the second, 1 bp of noise is over 0.5 % p.a. */
export const NEAR_EXPIRY_DAYS = 1
const SHORT_TENOR_DAYS = 7

export type DatedBasis = {
  /** Act/365, fraction of a day kept; negative after expiry. */
  readonly daysToExpiry: number | null
  /** F/S − 1 over the whole remaining life. */
  readonly basisFrac: number | null
  /** basisFrac·365/days: for display. */
  readonly aprSimple: number | null
  /** ln(F/S)·365/days: for the term structure. */
  readonly aprContinuous: number | null
  readonly apyCompounded: number | null
  /** Less than a day left: nothing is annualised. */
  readonly nearExpiry: boolean
  readonly shortTenor: boolean
}

/** A dated future's basis per year (fractions). `spot` in contract units and currency. Never for a perpetual. Spec 1.3. */
export function annualiseDated(input: {
  readonly spot: Decimal | null
  readonly future: Decimal | null
  readonly nowMs: number
  readonly expiryMs: number | null
}): DatedBasis {
  const daysToExpiry = input.expiryMs === null ? null : (input.expiryMs - input.nowMs) / DAY
  const basisFrac = basisFraction(input.future, input.spot)
  const known = { daysToExpiry, basisFrac, aprSimple: null, aprContinuous: null, apyCompounded: null }
  const nearExpiry = daysToExpiry !== null && daysToExpiry < NEAR_EXPIRY_DAYS
  const shortTenor = daysToExpiry !== null && daysToExpiry < SHORT_TENOR_DAYS
  if (daysToExpiry === null || basisFrac === null || nearExpiry) return { ...known, nearExpiry, shortTenor }
  const perYear = DAYS_PER_YEAR / daysToExpiry
  const aprContinuous = Math.log1p(basisFrac) * perYear
  return {
    ...known,
    aprSimple: basisFrac * perYear,
    aprContinuous,
    apyCompounded: Math.expm1(aprContinuous),
    nearExpiry,
    shortTenor
  }
}

/** Carry between two expiries, continuous, fraction per year: ln(F2/F1)·365/(d2 − d1); null unless the second is later. Spec 1.3. */
export function forwardRate(input: {
  readonly future1: Decimal | null
  readonly days1: number
  readonly future2: Decimal | null
  readonly days2: number
}): number | null {
  const { future1, future2, days1, days2 } = input
  if (!future1 || !future2 || !isPositive(future1) || !isPositive(future2) || !(days2 > days1)) return null
  const ratio = ratioOf(future2, future1)
  return ratio === undefined ? null : (Math.log(ratio) * DAYS_PER_YEAR) / (days2 - days1)
}
