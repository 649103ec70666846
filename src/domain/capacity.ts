/** What may limit the size of a carry. */
export const CAPACITY_LIMITS = ['book', 'openInterest', 'volume'] as const
export type CapacityLimit = (typeof CAPACITY_LIMITS)[number]

export type Capacity = {
  /** US dollars; null while one of the three that may bind is not known: a limit that nobody has seen may be the one. */
  readonly capacityUsd: number | null
  readonly binding: CapacityLimit | null
}

const UNKNOWN: Capacity = { capacityUsd: null, binding: null }

/** A larger position than this share of either is noticed. Spec section 6. */
export const CAPACITY_SHARES = { oiShare: 0.01, advShare: 0.01 } as const

/**
 * The least of what the books bear and of a share of open interest and of 24 h volume, the first named at a tie. Books that bear at
 * least so much bind nothing: where they are the least, the limit is one that nobody has seen. Spec 3.1, vector 50.
 */
export function carryCapacity(input: {
  readonly bookCapacityUsd: number | null
  /** The books end there, or no larger size was looked for: they may bear more. */
  readonly isBookAtLeast?: boolean
  readonly oiUsd: number | null
  readonly advUsd: number | null
  readonly oiShare: number
  readonly advShare: number
}): Capacity {
  const { bookCapacityUsd, isBookAtLeast = false, oiUsd, advUsd, oiShare, advShare } = input
  const book = ['book', bookCapacityUsd] as const
  const others = [
    ['openInterest', oiUsd === null ? null : oiUsd * oiShare],
    ['volume', advUsd === null ? null : advUsd * advShare]
  ] as const
  // At a tie with what books bear at least, the other limit is met first.
  const limits: readonly (readonly [CapacityLimit, number | null])[] = isBookAtLeast
    ? [...others, book]
    : [book, ...others]
  let least = UNKNOWN
  for (const [binding, capacityUsd] of limits) {
    if (capacityUsd === null || !(capacityUsd >= 0)) return UNKNOWN
    if (least.capacityUsd === null || capacityUsd < least.capacityUsd) least = { capacityUsd, binding }
  }
  return isBookAtLeast && least.binding === 'book' ? UNKNOWN : least
}

/** Where a size was found, and what keeps it from being larger. */
export const SIZE_BOUNDS = ['net_apr', 'book_ends', 'beyond_search', 'none_pays'] as const
export type SizeBound = (typeof SIZE_BOUNDS)[number]
export type SizeFound = { readonly notional: number | null; readonly bound: SizeBound }

/** Where a larger size was not seen to fail: what was found is the least that there may be. */
export const isAtLeast = (bound: SizeBound) => bound === 'book_ends' || bound === 'beyond_search'

/** Sizes at which a capacity curve is told. */
export const CAPACITY_SIZES = [10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000] as const
/** Between which sizes one is looked for, until its bounds are that near or so many halvings are done. */
export const SIZE_SEARCH = { least: 1_000, most: 1e8, nearness: 1.00001, halvings: 40 } as const

/**
 * The largest size of [least, most] that nets at least `minimum` (fraction a year). `netAprOf` never rises with size and is null
 * where the books end before. By halving on a logarithmic scale, to a thousandth of a per cent.
 */
export function largestSize(
  netAprOf: (notional: number) => number | null,
  minimum: number,
  { least, most }: { readonly least: number; readonly most: number }
): SizeFound {
  const pays = (notional: number) => {
    const apr = netAprOf(notional)
    return apr !== null && apr >= minimum
  }
  if (!pays(least)) return { notional: null, bound: netAprOf(least) === null ? 'book_ends' : 'none_pays' }
  if (pays(most)) return { notional: most, bound: 'beyond_search' }
  let [low, high] = [least, most]
  for (let step = 0; step < SIZE_SEARCH.halvings && high / low > SIZE_SEARCH.nearness; step += 1) {
    const middle = Math.sqrt(low * high)
    if (pays(middle)) low = middle
    else high = middle
  }
  return { notional: low, bound: netAprOf(high) === null ? 'book_ends' : 'net_apr' }
}
