// Sums and middles, as the service's words say them.

/** Neumaier’s sum: what each addition loses is added at the end. */
export function sumOf(values: readonly number[]): number {
  let [sum, lost] = [0, 0]
  for (const value of values) {
    const next = sum + value
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    sum = next
  }
  return sum + lost
}
export const meanOf = (values: readonly number[]) => sumOf(values) / values.length

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Of the population. */
export function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values)
  return values.every((value) => value === values[0])
    ? 0
    : Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)))
}

/** 0 to 100; what is equal counts half. */
export function percentileOf(x: number, among: readonly number[]): number {
  const [less, equal] = [among.filter((value) => value < x).length, among.filter((value) => value === x).length]
  return (100 * (less + equal / 2)) / among.length
}

/** By the median and the median deviation from it, by mean and deviation where that is 0. */
export function zOf(x: number, among: readonly number[], madToDeviation: number): number {
  const median = medianOf(among)
  const mad = medianOf(among.map((value) => Math.abs(value - median)))
  if (mad > 0) return (x - median) / (madToDeviation * mad)
  const deviation = deviationOf(among)
  return deviation > 0 ? (x - meanOf(among)) / deviation : 0
}

/** Of a line of least squares. */
export function slopeOf(x: readonly number[], y: readonly number[]): number {
  const [meanX, meanY] = [meanOf(x), meanOf(y)]
  const variance = sumOf(x.map((value) => (value - meanX) ** 2))
  return sumOf(x.map((value, place) => (value - meanX) * (y[place]! - meanY))) / variance
}
