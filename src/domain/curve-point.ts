import type { CarryFacts } from './carry-case.ts'
import { annualiseDated } from './dated.ts'
import { compare, type Decimal, decimalOf, decimalOrNull, isPositive, midOf, multiply } from './decimal.ts'
import type { Latest } from './latest.ts'
import { legMultiplier } from './spot-leg.ts'
import { CURVE_DAYS_MIN } from './term-structure.ts'

/** Why a contract has no rate on the curve. */
export const POINT_ABSENCES = [
  'perpetual',
  'no_spot_leg',
  'quarantined',
  'multiplier_unresolved',
  'missing_quote',
  'stale',
  'fx_unadjusted',
  'near_expiry'
] as const
export type PointAbsence = (typeof POINT_ABSENCES)[number]

/** One contract on the curve. Spot is in contract units and currency; times in epoch ms. */
export type CurvePoint = {
  /** 0 for a perpetual. */
  readonly days: number
  readonly contractMid: Decimal | null
  readonly spotMid: Decimal | null
  readonly basisFrac: number | null
  readonly aprSimple: number | null
  readonly aprContinuous: number | null
  readonly apyCompounded: number | null
  /** Whether the shape of the curve is made of it. */
  readonly isFitted: boolean
  readonly shortTenor: boolean
  readonly absent: PointAbsence | null
  readonly observedAt: number | null
}

/** A contract's place on the curve. A perpetual has no maturity: it is shown, and nothing of it is annualised. Spec 1.3, 3.3. */
export function curvePointOf(facts: CarryFacts, quoteAgeMs: number): CurvePoint {
  const { nowMs, contract, spot, contractFacts, spotFacts } = facts
  const quotes = [contractFacts.latest?.quote, spotFacts.latest?.quote]
  const received = quotes.map((quote) => quote?.observedAt ?? null)
  const observedAt = received.includes(null) ? null : Math.min(...(received as number[]))
  const [contractMid, coinMid] = quotes.map(midOfQuote) as [Decimal | null, Decimal | null]
  const multiplier = legMultiplier(contract, spot)
  const fx = spot?.quote === contract.quote ? 1 : (facts.tradedFx?.rate ?? null)
  const rate = fx === null ? undefined : decimalOf(fx)
  const spotMid = coinMid && multiplier && rate ? multiply(rate, multiply(multiplier, coinMid)) : null
  const isQuarantined = contract.quarantine !== null || (spot?.quarantine ?? null) !== null
  const isOld = received.some((at) => at !== null && nowMs - at > quoteAgeMs)
  const refusals: readonly (readonly [PointAbsence, boolean])[] = [
    ['no_spot_leg', spot === null],
    ['quarantined', isQuarantined],
    ['multiplier_unresolved', multiplier === null],
    ['missing_quote', contractMid === null || coinMid === null],
    ['stale', isOld],
    ['fx_unadjusted', rate === undefined]
  ]
  const refusal = refusals.find(([, holds]) => holds)?.[0] ?? null
  const isPerpetual = contract.expiresAt === null
  const prices = refusal === null ? { spot: spotMid, future: contractMid } : { spot: null, future: null }
  const dated = annualiseDated({ ...prices, nowMs, expiryMs: contract.expiresAt })
  const days = dated.daysToExpiry ?? 0
  return {
    days,
    contractMid,
    spotMid: refusal === null ? spotMid : null,
    basisFrac: dated.basisFrac,
    aprSimple: dated.aprSimple,
    aprContinuous: dated.aprContinuous,
    apyCompounded: dated.apyCompounded,
    isFitted: dated.aprContinuous !== null && days >= CURVE_DAYS_MIN,
    shortTenor: dated.shortTenor,
    absent: refusal ?? (isPerpetual ? 'perpetual' : dated.nearExpiry ? 'near_expiry' : null),
    observedAt
  }
}

function midOfQuote(quote: Latest['quote'] | undefined): Decimal | null {
  const [bid, ask] = [decimalOrNull(quote?.bid), decimalOrNull(quote?.ask)]
  return bid && ask && isPositive(bid) && compare(bid, ask) < 0 ? midOf(bid, ask) : null
}
