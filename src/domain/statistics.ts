/** Sum with compensation (Neumaier): the order and the splitting of the terms do not show in the result. */
export function sumOf(values: readonly number[]): number {
  let sum = 0
  let lost = 0
  for (const value of values) {
    const next = sum + value
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    sum = next
  }
  return sum + lost
}

/**
 * Percentile 0–100 of `x` in `history`, mid-rank: 100·(#less + ½·#equal)/n; null for an empty history.
 * Ties at the venue's anchor rate are the rule; a rank that counts them as "less" would call the anchor high. Spec 3.2.
 */
export function midrankPercentile(x: number, history: readonly number[]): number | null {
  if (history.length === 0 || !Number.isFinite(x) || !history.every(Number.isFinite)) return null
  let less = 0
  let equal = 0
  for (const value of history) {
    if (value < x) less += 1
    else if (value === x) equal += 1
  }
  return (100 * (less + equal / 2)) / history.length
}

export function meanOf(values: readonly number[]): number {
  return sumOf(values) / values.length
}

/** The middle value, or the mean of the two middle ones; NaN of none. */
export function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Standard deviation of the population (divided by n); exactly 0 where all are the same. */
export function deviationOf(values: readonly number[]): number {
  if (values.every((value) => value === values[0])) return 0
  const mean = meanOf(values)
  return Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)))
}

/** The value below which the share `p` of them lies, between two neighbours linearly (the (n − 1)·p-th of the sorted ones). */
export function quantileOf(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const place = (sorted.length - 1) * p
  const below = Math.floor(place)
  const left = sorted[below]!
  return left + (sorted[Math.min(below + 1, sorted.length - 1)]! - left) * (place - below)
}

export type RobustZ = {
  readonly z: number | null
  /** `mad`: around the median; `std`: around the mean, where over half are the same; `degenerate`: all are the same, z is 0. */
  readonly method: 'mad' | 'std' | 'degenerate' | null
}

/** A median absolute deviation times this is a standard deviation, of normal values. */
export const MAD_TO_DEVIATION = 1.4826

/**
 * How many deviations `x` is away from its history: (x − median)/(1.4826·MAD), and where the MAD is 0, as that of a pinned rate is,
 * (x − mean)/population deviation. Null without a history. Spec 3.5, vector 44.
 */
export function robustZ(x: number, history: readonly number[]): RobustZ {
  if (history.length === 0 || !Number.isFinite(x) || !history.every(Number.isFinite)) return { z: null, method: null }
  const median = medianOf(history)
  const mad = medianOf(history.map((value) => Math.abs(value - median)))
  if (mad > 0) return { z: (x - median) / (MAD_TO_DEVIATION * mad), method: 'mad' }
  const deviation = deviationOf(history)
  return deviation > 0 ? { z: (x - meanOf(history)) / deviation, method: 'std' } : { z: 0, method: 'degenerate' }
}
