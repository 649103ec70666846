import { anchor8hOf } from './regime-series.ts'
import { HOURS_PER_YEAR } from './time.ts'

const BPS = 10_000

/** How a venue makes funding of a premium, per 8 h. `none`: in proportion, without a dead band. */
export type FundingRule = {
  readonly scheme: 'clamp' | 'damper0' | 'none'
  /** What funding is drawn to, fraction per 8 h. */
  readonly interest8h: number
  /** Half of the dead band's width, fraction. */
  readonly damper: number
  /** Funding per 8 h for each unit of premium beyond the dead band. */
  readonly passThrough8h?: number
}

const COMMON: FundingRule = { scheme: 'clamp', interest8h: 0.0001, damper: 0.0005 }

/** The rule of each venue whose formula we know; where there is none nothing fair is computed. Spec 1.6.1, 1.6.2, 4.2, 4.3. */
const FUNDING_RULES: Readonly<Record<string, FundingRule>> = {
  binance: COMMON,
  bybit: COMMON,
  okx: COMMON,
  gate: COMMON,
  hyperliquid: COMMON,
  deribit: { scheme: 'damper0', interest8h: 0, damper: 0.00025 },
  kraken: { scheme: 'none', interest8h: 0, damper: 0 },
  dydx: { scheme: 'none', interest8h: 0, damper: 0 },
  // A twenty-fourth of the premium an hour.
  coinbaseinternational: { scheme: 'none', interest8h: 0, damper: 0, passThrough8h: 1 / 3 }
}

export function fundingRuleOf(venue: string): FundingRule | null {
  return Object.hasOwn(FUNDING_RULES, venue) ? FUNDING_RULES[venue]! : null
}

/** The same of one contract: drawn to what its own funding rests at, which is nothing for Binance’s own coin. Spec 1.6.1. */
export function contractRuleOf(contract: { readonly venue: string; readonly base: string }): FundingRule | null {
  const rule = fundingRuleOf(contract.venue)
  if (rule === null || rule.scheme === 'none') return rule
  return { ...rule, interest8h: anchor8hOf(contract) ?? rule.interest8h }
}

/** Rates a year (fractions) of holding the quote currency and the coin: cash, and staking or lending. */
export type HoldingRates = { readonly rQuote: number; readonly rBase: number }

/** What holding a coin earns where the caller does not say. */
export const baseRateOf = (asset: string): number => (asset === 'ETH' ? 0.03 : 0)

/** What holding costs per 8 h, fraction: (r_q − r_b)·8/8760. Spec 4.3. */
export function carry8hOf({ rQuote, rBase }: HoldingRates): number {
  return ((rQuote - rBase) * 8) / HOURS_PER_YEAR
}

export type FairRange = {
  readonly carry8hBps: number
  readonly fairLowBps: number | null
  readonly fairHighBps: number | null
}

/** Rates are decimals that became float64: nearer than this they are equal. */
const EQUAL = 1e-15

/**
 * The steady premiums (bps) at which funding equals what holding costs: c8 ± damper on the side of the dead band where carry is, the
 * whole band where carry is the interest itself, c8/pass-through without one. On a clamped venue cheap dollars make that a discount.
 * Null where cap or floor keep funding from ever being the carry. Spec 4.3, vector 36.
 */
export function fairDeadband(
  input: HoldingRates & FundingRule & { readonly cap8h?: number | null; readonly floor8h?: number | null }
): FairRange {
  const { scheme, damper, passThrough8h = 1, cap8h = null, floor8h = null } = input
  const carry = carry8hOf(input)
  const carry8hBps = carry * BPS
  if ((cap8h !== null && carry > cap8h) || (floor8h !== null && carry < floor8h)) {
    return { carry8hBps, fairLowBps: null, fairHighBps: null }
  }
  const anchor = scheme === 'damper0' ? 0 : input.interest8h
  if (scheme === 'none') return range(carry8hBps, carry / passThrough8h, carry / passThrough8h)
  if (Math.abs(carry - anchor) <= EQUAL) return range(carry8hBps, anchor - damper, anchor + damper)
  const fair = carry + (carry > anchor ? damper : -damper)
  return range(carry8hBps, fair, fair)
}

const range = (carry8hBps: number, low: number, high: number): FairRange => ({
  carry8hBps,
  fairLowBps: low * BPS,
  fairHighBps: high * BPS
})

/**
 * The same with period averages that scatter by `sigmaBps` around the premium: the μ for which E[funding(μ + σZ)] is the carry,
 * found by halving. Noise blurs the dead band, so the answer moves from its edge to the anchor. Null without scatter. Spec 4.3.
 */
export function fairWithNoise(input: HoldingRates & FundingRule & { readonly sigmaBps: number | null }): number | null {
  const { scheme, damper, sigmaBps } = input
  if (sigmaBps === null || !(sigmaBps > 0)) return null
  if (scheme === 'none') return fairDeadband(input).fairLowBps
  const anchor = scheme === 'damper0' ? 0 : input.interest8h
  const excess = carry8hOf(input) - anchor
  const sigma = sigmaBps / BPS
  const reach = Math.abs(excess) + damper + 10 * sigma
  let [low, high] = [-reach, reach]
  for (let step = 0; step < 100; step += 1) {
    const middle = (low + high) / 2
    if (meanBeyond(middle, sigma, damper) < excess) low = middle
    else high = middle
  }
  return (anchor + (low + high) / 2) * BPS
}

/** E[x − clip(x, ±d)] for x ~ N(mean, σ). */
function meanBeyond(mean: number, sigma: number, damper: number): number {
  return meanAbove(mean - damper, sigma) - meanAbove(-mean - damper, sigma)
}

/** E[max(x, 0)] for x ~ N(mean, σ). */
function meanAbove(mean: number, sigma: number): number {
  const z = mean / sigma
  return mean * normalBelow(z) + (sigma * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI)
}

/** P(Z < z), to 8e-8: Abramowitz and Stegun 26.2.17. */
function normalBelow(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const sum = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum
  return z >= 0 ? 1 - tail : tail
}

export type FairPerpetual = {
  /** What funding passes on of a premium in a year. */
  readonly kappaAnnual: number | null
  readonly linearContinuous: number | null
  readonly linearContinuousBps: number | null
  readonly linearDiscrete: number | null
  readonly linearDiscreteBps: number | null
  readonly inverseContinuous: number | null
  readonly inverseContinuousBps: number | null
}

/**
 * The price of a perpetual whose funding is κ·(F − S) + ι·S in a frictionless market: linear S·(κ − ι)/(κ − (r_q − r_b)), by periods
 * S·(k − i)(1 + r_b')/((1 + k)(1 + r_b') − (1 + r_q')), inverse S·(κ + (r_q − r_b))/(κ + ι). Null where carry outgrows κ. Spec 4.2.
 */
export function fairPerpetual(
  input: HoldingRates & {
    readonly spot: number
    readonly intervalHours: number
    readonly kappaPerPeriod: number
    readonly iotaPerPeriod: number
  }
): FairPerpetual {
  const { spot, rQuote, rBase, intervalHours, kappaPerPeriod: k, iotaPerPeriod: i } = input
  const perYear = HOURS_PER_YEAR / intervalHours
  const [kappa, iota, carry] = [k * perYear, i * perYear, rQuote - rBase]
  const [quoteGrowth, baseGrowth] = [1 + rQuote / perYear, 1 + rBase / perYear]
  const isUsable = spot > 0 && intervalHours > 0 && k > 0
  const priced = (numerator: number, denominator: number) => {
    const ratio = numerator / denominator
    const isPrice = isUsable && numerator > 0 && denominator > 0
    return isPrice
      ? { price: spot * ratio, bps: ((numerator - denominator) / denominator) * BPS }
      : { price: null, bps: null }
  }
  const linear = priced(kappa - iota, kappa - carry)
  const discrete = priced((k - i) * baseGrowth, (1 + k) * baseGrowth - quoteGrowth)
  const inverse = priced(kappa + carry, kappa + iota)
  return {
    kappaAnnual: isUsable ? kappa : null,
    linearContinuous: linear.price,
    linearContinuousBps: linear.bps,
    linearDiscrete: discrete.price,
    linearDiscreteBps: discrete.bps,
    inverseContinuous: inverse.price,
    inverseContinuousBps: inverse.bps
  }
}

/** A dated contract's fair basis until expiry, bps: (r_q − r_b)·days/365. It ends there, so it can be locked. Spec 2.5. */
export function fairDatedBps({ rQuote, rBase }: HoldingRates, days: number): number {
  return ((rQuote - rBase) * days * BPS) / 365
}
