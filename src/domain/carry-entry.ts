import { type Book, bookOf, type Level, midOfLevels } from './book.ts'
import { add, compare, type Decimal, divideDecimal, isPositive, multiply, ratioOf, subtract, ZERO } from './decimal.ts'

/** What entering a carry of this size would have cost at the books as they stood. Slippage is positive for the worse. */
export type CarryEntry = {
  /** Both books are deep enough; without that nothing else is told. */
  readonly sufficient: boolean
  /** Base bought on the spot leg. */
  readonly baseQty: Decimal | null
  readonly spotVwap: Decimal | null
  /** In the contract's own units. */
  readonly perpVwap: Decimal | null
  readonly entryBasisBps: number | null
  /** Against each leg's mid; null where that is not known. */
  readonly spotSlippageBps: number | null
  readonly perpSlippageBps: number | null
}

const INSUFFICIENT: CarryEntry = {
  sufficient: false,
  baseQty: null,
  spotVwap: null,
  perpVwap: null,
  entryBasisBps: null,
  spotSlippageBps: null,
  perpSlippageBps: null
}
const BPS = 10_000

/**
 * Walks the spot asks for so much quote, then sells the same base quantity on the contract's bids: the legs match by base, not by
 * money. A contract unit is `multiplier` base units. entryBasis = perpVwap/(m · spotVwap) − 1. Spec 2.3.
 */
export function enterCarry(input: {
  readonly spot: Book
  readonly contract: Book
  readonly notionalQuote: Decimal | null
  readonly multiplier: Decimal | null
}): CarryEntry {
  const { notionalQuote, multiplier } = input
  const [spot, contract] = [bookOf(input.spot), bookOf(input.contract)]
  if (!notionalQuote || !multiplier || !isPositive(notionalQuote) || !isPositive(multiplier)) return INSUFFICIENT
  const baseQty = buy(spot.asks, notionalQuote)
  if (baseQty === null) return INSUFFICIENT
  const units = quotient(baseQty, multiplier)
  const proceeds = sell(contract.bids, units)
  if (proceeds === null) return INSUFFICIENT
  const spotVwap = quotient(notionalQuote, baseQty)
  const perpVwap = quotient(proceeds, units)
  return {
    sufficient: true,
    baseQty,
    spotVwap,
    perpVwap,
    entryBasisBps: awayBps(perpVwap, multiply(multiplier, spotVwap)),
    spotSlippageBps: awayBps(spotVwap, midOfLevels(spot)),
    perpSlippageBps: negated(awayBps(perpVwap, midOfLevels(contract)))
  }
}

/** Base that so much quote buys; null when the asks end before. */
function buy(asks: readonly Level[], quote: Decimal): Decimal | null {
  let left = quote
  let base = ZERO
  for (const { price, size } of asks) {
    const cost = multiply(price, size)
    if (compare(cost, left) >= 0) return add(base, quotient(left, price))
    left = subtract(left, cost)
    base = add(base, size)
  }
  return null
}

/** Quote that so many units bring; null when the bids end before. */
function sell(bids: readonly Level[], units: Decimal): Decimal | null {
  let left = units
  let quote = ZERO
  for (const { price, size } of bids) {
    if (compare(size, left) >= 0) return add(quote, multiply(price, left))
    left = subtract(left, size)
    quote = add(quote, multiply(price, size))
  }
  return null
}

/** Of what is never 0 here. */
const quotient = (a: Decimal, b: Decimal): Decimal => divideDecimal(a, b)!

function awayBps(price: Decimal, from: Decimal | null): number | null {
  return from === null ? null : BPS * ratioOf(subtract(price, from), from)!
}

const negated = (value: number | null) => (value === null ? null : 0 - value)
