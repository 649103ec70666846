import { annualiseFunding, fundingFromPremium, realisedFunding } from './funding.ts'
import { HOUR } from './time.ts'

/** A venue's rate in comparable terms: fraction per its own interval, per 8 h, and simple per year. */
export type RelativeFunding = {
  readonly relative: number | null
  readonly capped: boolean | null
  readonly rate8h: number | null
  readonly apr: number | null
}

type KrakenRate = {
  readonly absoluteRate: number | null
  readonly indexPrice: number | null
  /** Largest relative rate per hour, either way; null for none. */
  readonly capPerHour: number | null
}

/** Kraken PF_*: the ticker's rate is USD per 1 base per hour, so relative = absolute/index. Spec 1.6.2. */
export function krakenRelativeLinear(input: KrakenRate): RelativeFunding {
  return krakenRelative(input, (absolute, index) => absolute / index)
}

/** Kraken PI_*: the ticker's rate is base coin per 1 USD per hour, so relative = absolute · index. Spec 1.6.2. */
export function krakenRelativeInverse(input: KrakenRate): RelativeFunding {
  return krakenRelative(input, (absolute, index) => absolute * index)
}

/** Kraken, hourly: the mean premium of the hour before over the coefficient (8), within the cap; fixed for the hour. Spec 1.6.2. */
export function krakenHourlyRate(input: {
  readonly premiumAverage: number
  readonly coefficient: number
  readonly capPerHour: number
}): number {
  return clip(input.premiumAverage / input.coefficient, input.capPerHour)
}

function krakenRelative(input: KrakenRate, convert: (absolute: number, index: number) => number): RelativeFunding {
  const { absoluteRate, indexPrice, capPerHour } = input
  if (absoluteRate === null || !isPrice(indexPrice)) return { relative: null, capped: null, rate8h: null, apr: null }
  const uncapped = convert(absoluteRate, indexPrice)
  const limit = capPerHour ?? Number.POSITIVE_INFINITY
  const relative = clip(uncapped, limit)
  const { rate8h, apr } = annualiseFunding({ rate: relative, intervalHours: 1 })
  return { relative, capped: relative !== uncapped, rate8h, apr }
}

/** Deribit over a window: the sum of hourly `interest_1h`; `interest_8h` at hourly stamps counts every hour eight times. Spec 1.6.2. */
export function deribitRealised(hourlyRates: readonly number[]) {
  const { sumRate, hours, apr } = realisedFunding(hourlyRates.map((rate) => ({ rate, intervalHours: 1 })))
  return { realised: sumRate, hours, apr }
}

/** Premiums within this of zero cost nothing on Deribit. */
const DERIBIT_DAMPER = 0.00025
const DERIBIT_PERIOD_MINUTES = 480

/** Deribit's rate per 8 h at one moment, from P = (mark − index)/index: max(d, P) + min(−d, P) within ±cap; null for no cap. Spec 1.6.2. */
export function deribitRate8h(premium: number, cap8h: number | null): number {
  const damped = Math.sign(premium) * Math.max(0, Math.abs(premium) - DERIBIT_DAMPER)
  return clip(damped, cap8h ?? Number.POSITIVE_INFINITY)
}

/**
 * Deribit's continuous funding: P = (mark − index)/index, F8 = max(d, P) + min(−d, P) within ±cap, paid over minutes/480.
 * Payments are positive when the long receives. Spec 1.6.2.
 */
export function deribitPayment(input: {
  readonly markPrice: number | null
  readonly indexPrice: number | null
  readonly cap8h: number | null
  readonly longPositionUsd: number
  readonly minutes: number
}) {
  const { markPrice, indexPrice, cap8h, longPositionUsd, minutes } = input
  if (!isPrice(markPrice) || !isPrice(indexPrice)) {
    return { premium: null, rate8h: null, paymentToLongUsd: null, paymentToLongCoin: null }
  }
  const premium = (markPrice - indexPrice) / indexPrice
  const rate8h = deribitRate8h(premium, cap8h)
  const paymentToLongUsd = (-rate8h * longPositionUsd * minutes) / DERIBIT_PERIOD_MINUTES
  return { premium, rate8h, paymentToLongUsd, paymentToLongCoin: paymentToLongUsd / indexPrice }
}

const HYPERLIQUID_RULE = { interest8h: 0.0001, damper: 0.0005, intervalHours: 1, scheme: '8/N', cap: 0.04 } as const

type HyperliquidPrices = {
  readonly impactBid: number | null
  readonly impactAsk: number | null
  readonly oracle: number | null
}

/** Hyperliquid's premium at a moment, a fraction of the oracle price: nothing while the oracle is between the impact prices. */
export function hyperliquidPremium({ impactBid, impactAsk, oracle }: HyperliquidPrices): number | null {
  if (!isPrice(impactBid) || !isPrice(impactAsk) || !isPrice(oracle)) return null
  return (Math.max(impactBid - oracle, 0) - Math.max(oracle - impactAsk, 0)) / oracle
}

/** Hyperliquid's rate from the hour's average premium: F8 = P̄ + clip(0.01 % − P̄, ±0.05 %), an eighth of it an hour, ±4 % an hour. */
export function hyperliquidRate(premiumAverage: number): { readonly rate1h: number; readonly rate8h: number } {
  const { rate: rate1h, rate8h } = fundingFromPremium({ ...HYPERLIQUID_RULE, premiumAverage })
  return { rate1h, rate8h }
}

/** Hyperliquid, hourly: P from impact prices and oracle, the common formula over 8, paid on size · oracle. Spec 1.6.2. */
export function hyperliquidFunding(input: HyperliquidPrices & { readonly longPositionBase: number }) {
  const premium = hyperliquidPremium(input)
  if (premium === null) return { premium, rate8h: null, rate1h: null, longPaysUsdc: null }
  const { rate1h, rate8h } = hyperliquidRate(premium)
  return { premium, rate8h, rate1h, longPaysUsdc: input.longPositionBase * (input.oracle ?? 0) * rate1h }
}

/** dYdX v4: the chain keeps parts per million per 8 h, everybody else reads an hourly fraction. Spec 1.6.2. */
export function dydxHourlyRate(fundingPpm8h: number | null) {
  const rate1h = fundingPpm8h === null ? null : fundingPpm8h / 8e6
  return { rate1h, apr: annualiseFunding({ rate: rate1h, intervalHours: 1 }).apr }
}

/** Weight of the last hour in Coinbase International's average: 6/(7 + 1). */
const COINBASE_ALPHA = 0.75

/** Coinbase International, hourly: α · (1 h TWAP premium)/24 + (1 − α) · previous rate. Spec 1.6.2. */
export function coinbaseIntlFunding(input: {
  readonly twapPremium1h: number | null
  readonly previousFunding: number | null
}) {
  const { twapPremium1h, previousFunding } = input
  const known = twapPremium1h !== null && previousFunding !== null
  const rate1h = known ? (COINBASE_ALPHA * twapPremium1h) / 24 + (1 - COINBASE_ALPHA) * previousFunding : null
  return { alpha: COINBASE_ALPHA, rate1h, apr: annualiseFunding({ rate: rate1h, intervalHours: 1 }).apr }
}

/** OKX names three settlements: the current interval ends at the middle one, ccxt's `interval` is the one after. Spec 1.6.2. */
export function okxIntervals(input: {
  readonly prevFundingTime: number | null
  readonly fundingTime: number | null
  readonly nextFundingTime: number | null
}) {
  return {
    currentIntervalHours: hoursBetween(input.prevFundingTime, input.fundingTime),
    nextIntervalHours: hoursBetween(input.fundingTime, input.nextFundingTime)
  }
}

function hoursBetween(fromMs: number | null, toMs: number | null): number | null {
  return fromMs !== null && toMs !== null && toMs > fromMs ? (toMs - fromMs) / HOUR : null
}

function isPrice(value: number | null): value is number {
  return value !== null && value > 0
}

function clip(value: number, limit: number): number {
  return Math.min(Math.max(value, -limit), limit)
}
