import { add, type Decimal, decimalOf, parseDecimal, ratioOf, ZERO } from './decimal.ts'
import { floorTo } from './time.ts'

/** A number at a time (epoch ms), and how long it stands for. */
export type BucketPoint = { readonly at: number; readonly value: number; readonly spanMs: number }

/** What the points of one stretch come to; the stretches of any cut join to the same. */
export type BucketPart = {
  readonly firstAt: number
  readonly lastAt: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  /** Exact, so that the order of adding does not show. */
  readonly sum: Decimal
  readonly count: number
  readonly spanMs: number
}

/** Values over one stretch of time; nulls and count 0 without observations. */
export type Bucket = {
  /** Epoch milliseconds, a multiple of the bucket's length. */
  readonly start: number
  readonly open: number | null
  readonly high: number | null
  readonly low: number | null
  readonly close: number | null
  readonly mean: number | null
  readonly count: number
  /** Share of the bucket that observations stand for, 0 to 1. */
  readonly coverage: number
}

/** Points by the bucket that they fall into; no two have the same time. */
export function gatherParts(points: Iterable<BucketPoint>, lengthMs: number): Map<number, BucketPart> {
  const parts = new Map<number, BucketPart>()
  for (const { at, value, spanMs } of points) {
    const sum = decimalOf(value) ?? ZERO
    const part = { firstAt: at, lastAt: at, open: value, high: value, low: value, close: value, sum, count: 1, spanMs }
    addPart(parts, floorTo(at, lengthMs), part)
  }
  return parts
}

/** Adds a part to the bucket that begins at `start`. */
export function addPart(parts: Map<number, BucketPart>, start: number, part: BucketPart): void {
  const there = parts.get(start)
  parts.set(start, there === undefined ? part : joinParts(there, part))
}

/** Two parts of one bucket as one. */
export function joinParts(a: BucketPart, b: BucketPart): BucketPart {
  return {
    firstAt: Math.min(a.firstAt, b.firstAt),
    lastAt: Math.max(a.lastAt, b.lastAt),
    open: a.firstAt <= b.firstAt ? a.open : b.open,
    high: Math.max(a.high, b.high),
    low: Math.min(a.low, b.low),
    close: a.lastAt >= b.lastAt ? a.close : b.close,
    sum: add(a.sum, b.sum),
    count: a.count + b.count,
    spanMs: a.spanMs + b.spanMs
  }
}

/** Every bucket of [fromMs, toMs), both multiples of `lengthMs`, ascending. */
export function everyBucket(
  parts: ReadonlyMap<number, BucketPart>,
  { fromMs, toMs, lengthMs }: { readonly fromMs: number; readonly toMs: number; readonly lengthMs: number }
): Bucket[] {
  return Array.from({ length: Math.ceil((toMs - fromMs) / lengthMs) }, (_, index) => {
    const start = fromMs + index * lengthMs
    const part = parts.get(start)
    if (part === undefined) return { start, ...EMPTY }
    const { open, high, low, close, count, spanMs } = part
    return { start, open, high, low, close, mean: meanOf(part), count, coverage: Math.min(1, spanMs / lengthMs) }
  })
}

export const meanOf = ({ sum, count }: Pick<BucketPart, 'sum' | 'count'>): number | null =>
  ratioOf(sum, parseDecimal(String(count))!) ?? null

const EMPTY = { open: null, high: null, low: null, close: null, mean: null, count: 0, coverage: 0 }
