import { sumOf } from './statistics.ts'

export const TERM_STRUCTURES = ['contango', 'backwardation', 'mixed'] as const
export type TermStructure = (typeof TERM_STRUCTURES)[number]

/** A rate within this of zero, a year, is neither above nor below. Spec 3.3. */
export const FLAT_THRESHOLD = 0.005
/** Nearer expiries say more of their last trades than of carry. */
const SHORTEST_DAYS = 2
const SLOPE_DAYS = 30

/** One expiry: days to it, and ln(F/S)·365/days; null: not known. */
export type TermPoint = { readonly days: number; readonly aprContinuous: number | null }
type KnownPoint = { readonly days: number; readonly aprContinuous: number }

export type TermShape = {
  /** `contango`: every rate above +threshold; `backwardation`: every one below −threshold; null without a point. */
  readonly structure: TermStructure | null
  /** Least squares, change of the rate a year per 30 days of term; null with fewer than two expiries. */
  readonly slopePer30d: number | null
  /** Mean of the rates a year; null without a point. */
  readonly levelMean: number | null
}

/** The shape of one asset's dated futures. The perpetual's funding is never one of the points. Spec 3.3, vector 52. */
export function termShape(points: readonly TermPoint[], flatThreshold = FLAT_THRESHOLD): TermShape {
  const known = usablePoints(points)
  if (known.length === 0) return { structure: null, slopePer30d: null, levelMean: null }
  const rates = known.map(({ aprContinuous }) => aprContinuous)
  const isContango = rates.every((rate) => rate > flatThreshold)
  const isBackwardation = rates.every((rate) => rate < -flatThreshold)
  return {
    structure: isContango ? 'contango' : isBackwardation ? 'backwardation' : 'mixed',
    slopePer30d: slopeOf(known),
    levelMean: sumOf(rates) / rates.length
  }
}

/** The rate that is nearest to zero, 0 where they are on both sides of it; null without a point: what all of them are beyond. */
export function weakestRate(points: readonly TermPoint[]): number | null {
  const rates = usablePoints(points).map(({ aprContinuous }) => aprContinuous)
  if (rates.length === 0) return null
  const [least, most] = [Math.min(...rates), Math.max(...rates)]
  return least > 0 ? least : most < 0 ? most : 0
}

function usablePoints(points: readonly TermPoint[]): KnownPoint[] {
  return points.flatMap(({ days, aprContinuous }) =>
    days >= SHORTEST_DAYS && aprContinuous !== null && Number.isFinite(aprContinuous) ? [{ days, aprContinuous }] : []
  )
}

function slopeOf(points: readonly KnownPoint[]): number | null {
  const terms = points.map(({ days }) => days / SLOPE_DAYS)
  const mean = sumOf(terms) / terms.length
  const rateMean = sumOf(points.map(({ aprContinuous }) => aprContinuous)) / points.length
  const spread = sumOf(terms.map((term) => (term - mean) ** 2))
  if (points.length < 2 || spread === 0) return null
  return sumOf(points.map(({ aprContinuous }, index) => (terms[index]! - mean) * (aprContinuous - rateMean))) / spread
}
