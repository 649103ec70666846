import { sumOf } from './statistics.ts'

/** How a venue averages its premium samples: linearly increasing weights (Binance, Bybit, Gate) or equal ones (OKX, Hyperliquid). */
export type AverageScheme = 'linear' | 'arithmetic'

/** Average of premium samples (fractions), oldest first: Σk·Pₖ/Σk or the plain mean; NaN when there are none. Spec 1.6.1. */
export function averagePremium(premiums: readonly number[], scheme: AverageScheme): number {
  const n = premiums.length
  if (n === 0) return Number.NaN
  if (scheme === 'arithmetic') return sumOf(premiums) / n
  return sumOf(premiums.map((premium, index) => premium * (index + 1))) / ((n * (n + 1)) / 2)
}

/**
 * Share (0–1) of the final average's weight that `elapsed` of `total` samples fix: k(k+1)/(n(n+1)) or k/n; null when it
 * cannot be said. Half-way through a linearly weighted period only a quarter is determined. Spec 1.6.1.
 */
export function shareDetermined(elapsed: number, total: number, scheme: AverageScheme): number | null {
  if (!(total > 0) || !(elapsed >= 0) || elapsed > total) return null
  return scheme === 'linear' ? (elapsed * (elapsed + 1)) / (total * (total + 1)) : elapsed / total
}

export type PremiumProjection = { readonly weightKnown: number | null; readonly projectedAverage: number | null }

/** The period's final average premium (fraction) as it stands: w·averageSoFar + (1 − w)·expectedPremium. Spec 1.6.1. */
export function projectPremium(input: {
  readonly averageSoFar: number | null
  readonly elapsedSamples: number
  readonly totalSamples: number
  readonly expectedPremium: number | null
  readonly scheme: AverageScheme
}): PremiumProjection {
  const weightKnown = shareDetermined(input.elapsedSamples, input.totalSamples, input.scheme)
  if (weightKnown === null) return { weightKnown, projectedAverage: null }
  const known = weighted(weightKnown, input.averageSoFar)
  const expected = weighted(1 - weightKnown, input.expectedPremium)
  return { weightKnown, projectedAverage: known === null || expected === null ? null : known + expected }
}

/** A part that carries no weight need not be known. */
function weighted(weight: number, value: number | null): number | null {
  if (weight === 0) return 0
  return value === null || !Number.isFinite(value) ? null : weight * value
}
