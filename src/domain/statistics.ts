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
