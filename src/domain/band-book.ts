import { type Book, bookOf, type Level } from './book.ts'
import {
  add,
  compare,
  type Decimal,
  divideDecimal,
  isPositive,
  midOf,
  multiply,
  ONE,
  subtract,
  ZERO
} from './decimal.ts'
import { DEPTH_BANDS_BPS } from './depth.ts'

/** The best price of a side and what rests there, in base; a size that is not known counts as nothing. */
export type BestLevel = { readonly price: Decimal; readonly size: Decimal | null }

/** Σ price·size of one side within each of `DEPTH_BANDS_BPS` of mid, in quote; null where the book ended inside the band. */
export type BandAmounts = readonly (Decimal | null)[]

/**
 * A book that is never better than the one it was summed from: all that a band adds is put at the band's far edge, and is as little
 * base as its quote can be. Beyond the last known band there is nothing. Best prices may be newer than the sums: the bands are then
 * taken around the new mid.
 */
export function bookOfBands(input: {
  readonly bid: BestLevel
  readonly ask: BestLevel
  readonly bids: BandAmounts
  readonly asks: BandAmounts
}): Book {
  const { bid, ask } = input
  if (!isPositive(bid.price) || compare(bid.price, ask.price) >= 0) return { bids: [], asks: [] }
  const mid = midOf(bid.price, ask.price)
  const bids = levelsOf(bid, input.bids, (bps) => lower(bid.price, multiply(mid, subtract(ONE, fractionOf(bps)))))
  const asks = levelsOf(ask, input.asks, (bps) => higher(ask.price, multiply(mid, add(ONE, fractionOf(bps)))))
  return bookOf({ bids, asks })
}

function levelsOf(best: BestLevel, amounts: BandAmounts, edgeOf: (bps: number) => Decimal): Level[] {
  const levels: Level[] = []
  let counted = ZERO
  if (best.size !== null && isPositive(best.size)) {
    levels.push({ price: best.price, size: best.size })
    counted = multiply(best.price, best.size)
  }
  for (const [index, bps] of DEPTH_BANDS_BPS.entries()) {
    const amount = amounts[index] ?? null
    if (amount === null || compare(amount, counted) <= 0) continue
    const price = edgeOf(bps)
    levels.push({ price, size: divideDecimal(subtract(amount, counted), higher(price, best.price))! })
    counted = amount
  }
  return levels
}

const higher = (a: Decimal, b: Decimal) => (compare(a, b) > 0 ? a : b)
const lower = (a: Decimal, b: Decimal) => (compare(a, b) < 0 ? a : b)
const fractionOf = (bps: number): Decimal => ({ digits: BigInt(bps), scale: 4 })
