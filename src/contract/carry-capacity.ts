import {
  CAPACITY_SHARES,
  CAPACITY_SIZES,
  carryCapacity,
  isAtLeast,
  largestSize,
  SIZE_SEARCH,
  type SizeFound
} from '../domain/capacity.ts'
import type { CarryFacts } from '../domain/carry-case.ts'
import { type CarryCase, netAprOf } from '../domain/carry-quote.ts'

type Asked = {
  readonly facts: CarryFacts
  readonly notional: number
  /** What a size must net on capital to count, fraction a year. */
  readonly minNetApr: number
}

/** What each size nets, where that halves, and how much may be held before something notices. */
export function capacityView(input: CarryCase, { facts, notional, minNetApr }: Asked) {
  const netApr = oncePerSize((size) => netAprOf(input, size))
  const sizes = [...new Set<number>([...CAPACITY_SIZES, notional])].sort((a, b) => a - b)
  const smallest = netApr(SIZE_SEARCH.least)
  const halving: SizeFound =
    smallest !== null && smallest > 0
      ? largestSize(netApr, smallest / 2, SIZE_SEARCH)
      : { notional: null, bound: smallest === null ? 'book_ends' : 'none_pays' }
  const paying = largestSize(netApr, minNetApr, SIZE_SEARCH)
  // Where no size pays the books bear none; where they end before the smallest, nobody knows.
  const bookNotional = paying.notional ?? (paying.bound === 'none_pays' ? 0 : null)
  const oiUsd = amountOf(facts.contractFacts.latest?.openInterest?.usd)
  const volumes = [facts.contractFacts, facts.spotFacts].map(({ latest }) => amountOf(latest?.volume?.volume24hUsd))
  const [contractVolume = null, spotVolume = null] = volumes
  const advUsd = contractVolume === null || spotVolume === null ? null : Math.min(contractVolume, spotVolume)
  const book = { bookCapacityUsd: bookNotional, isBookAtLeast: isAtLeast(paying.bound) }
  const share = (amount: number | null, part: number) => (amount === null ? null : amount * part)
  return {
    curve: sizes.map((size) => ({ notional: size, netAprCapital: netApr(size) })),
    halvingNotional: halving.notional,
    halvingBound: halving.bound,
    bookNotional,
    bookBound: paying.bound,
    openInterestLimit: share(oiUsd, CAPACITY_SHARES.oiShare),
    volumeLimit: share(advUsd, CAPACITY_SHARES.advShare),
    ...carryCapacity({ ...CAPACITY_SHARES, ...book, oiUsd, advUsd })
  }
}

/** Both searches look at the same sizes until they part. */
function oncePerSize(netAprOf: (size: number) => number | null): (size: number) => number | null {
  const known = new Map<number, number | null>()
  return (size) => {
    const found = known.get(size)
    if (found !== undefined) return found
    const netApr = netAprOf(size)
    known.set(size, netApr)
    return netApr
  }
}

const amountOf = (amount: string | null | undefined) =>
  amount === null || amount === undefined ? null : Number(amount)
