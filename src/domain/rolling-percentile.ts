export type Ranked = {
  /** Mid-rank percentile 0–100 of the newest value in its window; null while the window holds too little. */
  readonly percentile: number | null
  /** Values in the window, the newest included. */
  readonly observations: number
}

export type RollingPercentile = {
  /** Takes the next value, later than every one before it, and ranks it among those of (at − window, at]; null is no value. */
  add(at: number, value: number | null): Ranked
}

/**
 * Mid-rank percentiles over a trailing window of time, the value itself included: a value that is known at `at` belongs to what is
 * known at `at`. The window is kept sorted, so that a value costs two searches and a move instead of a pass over the window.
 */
export function createRollingPercentile(window: {
  readonly windowMs: number
  /** The oldest value must be at least this much older than the newest … */
  readonly minSpanMs: number
  /** … and so many values must be there. */
  readonly minObservations: number
}): RollingPercentile {
  const sorted: number[] = []
  const times: number[] = []
  const values: number[] = []
  let oldest = 0
  return {
    add: (at, value) => {
      if (value !== null) {
        sorted.splice(rankOf(sorted, value, true), 0, value)
        times.push(at)
        values.push(value)
      }
      while (oldest < times.length && times[oldest]! <= at - window.windowMs) {
        sorted.splice(rankOf(sorted, values[oldest]!, false), 1)
        oldest += 1
      }
      const observations = sorted.length
      const isEnough =
        observations > 0 && observations >= window.minObservations && at - times[oldest]! >= window.minSpanMs
      return { percentile: isEnough && value !== null ? midrankIn(sorted, value) : null, observations }
    }
  }
}

/** 100·(#less + ½·#equal)/n, as `midrankPercentile` counts it. */
function midrankIn(sorted: readonly number[], value: number): number {
  const less = rankOf(sorted, value, false)
  const equal = rankOf(sorted, value, true) - less
  return (100 * (less + equal / 2)) / sorted.length
}

/** How many of an ascending list are less than a value, or not more than it. */
function rankOf(sorted: readonly number[], value: number, orEqual: boolean): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const item = sorted[middle]!
    if (item < value || (orEqual && item === value)) low = middle + 1
    else high = middle
  }
  return low
}
