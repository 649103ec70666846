/** What may limit the size of a carry. */
export const CAPACITY_LIMITS = ['book', 'openInterest', 'volume'] as const
export type CapacityLimit = (typeof CAPACITY_LIMITS)[number]

export type Capacity = {
  /** US dollars; null while one of the three is not known: a limit that nobody has seen may be the one that binds. */
  readonly capacityUsd: number | null
  readonly binding: CapacityLimit | null
}

/** A larger position than this share of either is noticed. Spec section 6. */
export const CAPACITY_SHARES = { oiShare: 0.01, advShare: 0.01 } as const

/** The least of what the books bear and of a share of open interest and of 24 h volume, the first named at a tie. Spec 3.1, vector 50. */
export function carryCapacity(input: {
  readonly bookCapacityUsd: number | null
  readonly oiUsd: number | null
  readonly advUsd: number | null
  readonly oiShare: number
  readonly advShare: number
}): Capacity {
  const { bookCapacityUsd, oiUsd, advUsd, oiShare, advShare } = input
  const limits: readonly (readonly [CapacityLimit, number | null])[] = [
    ['book', bookCapacityUsd],
    ['openInterest', oiUsd === null ? null : oiUsd * oiShare],
    ['volume', advUsd === null ? null : advUsd * advShare]
  ]
  let least: Capacity = { capacityUsd: null, binding: null }
  for (const [binding, capacityUsd] of limits) {
    if (capacityUsd === null || !(capacityUsd >= 0)) return { capacityUsd: null, binding: null }
    if (least.capacityUsd === null || capacityUsd < least.capacityUsd) least = { capacityUsd, binding }
  }
  return least
}

/** Where a size was found, and what keeps it from being larger. */
export const SIZE_BOUNDS = ['net_apr', 'book_ends', 'beyond_search', 'none_pays'] as const
export type SizeFound = { readonly notional: number | null; readonly bound: (typeof SIZE_BOUNDS)[number] }

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
