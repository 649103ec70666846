import { slopeOf } from './funding-path.ts'
import { sumOf } from './statistics.ts'

const DAYS_PER_YEAR = 365

/** One dated contract on the curve: days to expiry, and its basis per year, continuous (fraction). */
export type CurveRate = { readonly days: number; readonly aprContinuous: number }

export const STRUCTURES = ['contango', 'backwardation', 'mixed'] as const
export type Structure = (typeof STRUCTURES)[number]

/** Nearer to expiry than this a contract is shown but says nothing of the curve. Spec 3.3. */
export const CURVE_DAYS_MIN = 2
/** Within this of zero, a year, a point is neither above nor below. Spec 3.3. */
export const FLAT_APR = 0.005
/** Maturities at which curves of different days are compared. */
export const CONSTANT_MATURITIES_DAYS = [7, 30, 60, 90, 180] as const

export type CurveShape = {
  /** Change of the continuous APR for each 30 days; null under two maturities. */
  readonly slopePer30d: number | null
  readonly structure: Structure | null
  readonly levelMean: number | null
}

/**
 * Contango where every point is above the threshold, backwardation where every one is below its negative, else mixed; the slope by
 * least squares over days/30. A perpetual has no days and is no point of it. Spec 3.3, vector 52.
 */
export function shapeOfCurve(points: readonly CurveRate[], flatThreshold: number): CurveShape {
  const used = points.filter(({ days }) => days >= CURVE_DAYS_MIN)
  const rates = used.map(({ aprContinuous }) => aprContinuous)
  if (rates.length === 0) return { slopePer30d: null, structure: null, levelMean: null }
  const isAll = (holds: (rate: number) => boolean) => rates.every(holds)
  const structure = isAll((rate) => rate > flatThreshold)
    ? 'contango'
    : isAll((rate) => rate < -flatThreshold)
      ? 'backwardation'
      : 'mixed'
  const slopePer30d = slopeOf(
    used.map(({ days }) => days / 30),
    rates
  )
  return { slopePer30d, structure, levelMean: sumOf(rates) / rates.length }
}

export type Forward = { readonly fromDays: number; readonly toDays: number; readonly forwardAprContinuous: number }

/** What the curve says of the time between its expiries, continuous: (r₂·d₂ − r₁·d₁)/(d₂ − d₁) = ln(F₂/F₁)·365/(d₂ − d₁). Spec 1.3. */
export function forwardsOf(points: readonly CurveRate[]): Forward[] {
  const sorted = distinctMaturities(points)
  return sorted.slice(1).map((to, index) => {
    const from = sorted[index]!
    const growth = to.aprContinuous * to.days - from.aprContinuous * from.days
    return { fromDays: from.days, toDays: to.days, forwardAprContinuous: growth / (to.days - from.days) }
  })
}

export const MATURITY_ABSENCES = ['before_first_expiry', 'after_last_expiry', 'no_points'] as const

export type ConstantMaturity = {
  readonly days: number
  readonly aprContinuous: number | null
  readonly absent: (typeof MATURITY_ABSENCES)[number] | null
  /** Days of the two expiries that it lies between, the same twice where one has it; null with the rate. */
  readonly fromDays: number | null
  readonly toDays: number | null
}

/**
 * The curve at fixed maturities: ln(F/S) = r·d/365 by the straight line between the two expiries around, so that the forward between
 * them is constant. Nothing is extrapolated.
 */
export function constantMaturities(
  points: readonly CurveRate[],
  maturities: readonly number[] = CONSTANT_MATURITIES_DAYS
): ConstantMaturity[] {
  const sorted = distinctMaturities(points)
  const none = { aprContinuous: null, fromDays: null, toDays: null }
  return maturities.map((days) => {
    const after = sorted.findIndex((point) => point.days >= days)
    const upper = sorted[after]
    if (upper === undefined) return { days, ...none, absent: sorted.length === 0 ? 'no_points' : 'after_last_expiry' }
    const lower = upper.days === days ? upper : sorted[after - 1]
    if (lower === undefined) return { days, ...none, absent: 'before_first_expiry' }
    const between = { fromDays: lower.days, toDays: upper.days, absent: null }
    if (lower === upper) return { days, aprContinuous: upper.aprContinuous, ...between }
    const [from, to] = [growthOf(lower), growthOf(upper)]
    const growth = from + ((to - from) * (days - lower.days)) / (upper.days - lower.days)
    return { days, aprContinuous: (growth * DAYS_PER_YEAR) / days, ...between }
  })
}

/** ln(F/S). */
const growthOf = ({ days, aprContinuous }: CurveRate) => (aprContinuous * days) / DAYS_PER_YEAR

/** By maturity; of two contracts that expire together the mean. */
function distinctMaturities(points: readonly CurveRate[]): CurveRate[] {
  const used = points.filter(({ days }) => days >= CURVE_DAYS_MIN)
  return [...Map.groupBy(used, ({ days }) => days)]
    .map(([days, same]) => ({ days, aprContinuous: sumOf(same.map((point) => point.aprContinuous)) / same.length }))
    .sort((a, b) => a.days - b.days)
}
