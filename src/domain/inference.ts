import { compare, type Decimal, decimalOf, multiply, ZERO } from './decimal.ts'
import { normalQuantile } from './normal.ts'
import { meanOf } from './statistics.ts'

export type HitRate = {
  readonly rate: number | null
  readonly low: number | null
  readonly high: number | null
}

/**
 * Share of hits with Wilson's interval: centre (p + z²/2n)/(1 + z²/n), half width z·√(p(1−p)/n + z²/4n²)/(1 + z²/n). An interval
 * that holds ½ is no evidence of an edge. Nulls without a trial, or of what cannot be. Spec 3.7, vector 47.
 */
export function wilson(input: {
  readonly hits: number
  readonly n: number
  /** Between 0 and 1, both sides: 0.95. */
  readonly confidence: number
}): HitRate {
  const { hits, n, confidence } = input
  const z = normalQuantile((1 + confidence) / 2)
  if (!(n > 0 && hits >= 0 && hits <= n) || !(confidence > 0) || Number.isNaN(z)) {
    return { rate: null, low: null, high: null }
  }
  const rate = hits / n
  const pull = z ** 2 / n
  const centre = (rate + pull / 2) / (1 + pull)
  const half = (z * Math.sqrt((rate * (1 - rate)) / n + pull / (4 * n))) / (1 + pull)
  // At no hit and at nothing but hits the bound is the rate itself, which rounding would miss.
  return { rate, low: hits === 0 ? 0 : centre - half, high: hits === n ? 1 : centre + half }
}

export type Discoveries = {
  /** In the order of the input. */
  readonly rejected: readonly boolean[]
  /** The smallest q at which each would be rejected, at most 1. */
  readonly adjusted: readonly number[]
}

/**
 * Which of many tests hold when a share `q` of those that are told may be false: sorted, all up to the largest j with p_(j) ≤ j·q/m.
 * The comparison is of exact decimals: a p on its threshold counts. Null where one is no probability. Spec 3.7, vector 48.
 */
export function benjaminiHochberg(pValues: readonly number[], q: number): Discoveries | null {
  if (![...pValues, q].every((p) => p >= 0 && p <= 1)) return null
  const count = pValues.length
  const order = pValues.map((_, index) => index).sort((a, b) => pValues[a]! - pValues[b]!)
  const [m, level] = [exact(count), exact(q)]
  const last = order.findLastIndex(
    (index, place) => compare(multiply(exact(pValues[index]!), m), multiply(exact(place + 1), level)) <= 0
  )
  const rejected = Array<boolean>(count).fill(false)
  const adjusted = Array<number>(count)
  let least = 1
  for (let place = count - 1; place >= 0; place -= 1) {
    const index = order[place]!
    least = Math.min(least, pValues[index]! * (count / (place + 1)))
    adjusted[index] = least
    rejected[index] = place <= last
  }
  return { rejected, adjusted }
}

/** What is too small for a decimal of ours is nothing. */
const exact = (value: number): Decimal => decimalOf(value) ?? ZERO

/**
 * The rows of one circular block resample: blocks of `length` from each start on, past the end from the beginning again, cut to n.
 * Blocks keep what neighbours in time have in common, which resampling single hours would break. Spec 3.7.
 */
export function circularBlocks<Row>(rows: readonly Row[], length: number, starts: readonly number[]): Row[] {
  const n = rows.length
  const within = (place: number) => rows[((place % n) + n) % n]!
  return starts.flatMap((start) => Array.from({ length }, (_, step) => within(start + step))).slice(0, n)
}

/** Mean of each resample, in their order; null without a series or a block. Vector 49. */
export function circularBlockMeans(
  series: readonly number[],
  blockLength: number,
  resamples: readonly (readonly number[])[]
): (number | null)[] {
  if (series.length === 0 || !(blockLength >= 1)) return resamples.map(() => null)
  return resamples.map((starts) =>
    starts.length === 0 ? null : meanOf(circularBlocks(series, Math.floor(blockLength), starts))
  )
}

/** Starts of the blocks of one resample, drawn by `next` (uniform in [0, 1)): as many as cover n. */
export function drawStarts(n: number, blockLength: number, next: () => number): number[] {
  return Array.from({ length: Math.ceil(n / blockLength) }, () => Math.floor(next() * n))
}
