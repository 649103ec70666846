import { type Book, bookOf, type Level, midOfLevels } from './book.ts'
import type { CarryDirection } from './carry.ts'
import {
  add,
  compare,
  type Decimal,
  divideDecimal,
  isPositive,
  multiply,
  ONE,
  ratioOf,
  subtract,
  ZERO
} from './decimal.ts'

/** What entering a carry of this size would have cost at the books as they stood. Slippage is positive for the worse. */
export type CarryEntry = {
  /** Both books are deep enough; without that nothing else is told. */
  readonly sufficient: boolean
  /** Base bought (reverse: sold short) on the spot leg. */
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

/** The books of both legs. A contract unit is `multiplier` base units, a spot quote `fx` (1 unless given) contract quotes. */
export type CarryBooks = {
  readonly spot: Book
  readonly contract: Book
  readonly multiplier: Decimal | null
  readonly fx?: Decimal
  readonly direction?: CarryDirection
}

/**
 * Walks the spot asks for so much quote, then sells the same base quantity on the contract's bids: the legs match by base, not by
 * money. In reverse, the spot bids and the contract's asks. entryBasis = perpVwap/(m · spotVwap · fx) − 1. Spec 2.3.
 */
export function enterCarry(input: CarryBooks & { readonly notionalQuote: Decimal | null }): CarryEntry {
  const { notionalQuote, multiplier, fx = ONE, direction = 'forward' } = input
  const isForward = direction === 'forward'
  const [spot, contract] = [bookOf(input.spot), bookOf(input.contract)]
  if (!notionalQuote || !multiplier || !isPositive(notionalQuote) || !isPositive(multiplier)) return INSUFFICIENT
  const baseQty = baseFor(isForward ? spot.asks : spot.bids, notionalQuote)
  if (baseQty === null) return INSUFFICIENT
  const units = quotient(baseQty, multiplier)
  const proceeds = quoteFor(isForward ? contract.bids : contract.asks, units)
  if (proceeds === null) return INSUFFICIENT
  const spotVwap = quotient(notionalQuote, baseQty)
  const perpVwap = quotient(proceeds, units)
  return {
    sufficient: true,
    baseQty,
    spotVwap,
    perpVwap,
    entryBasisBps: awayBps(perpVwap, multiply(fx, multiply(multiplier, spotVwap))),
    spotSlippageBps: worseBps(spotVwap, midOfLevels(spot), isForward),
    perpSlippageBps: worseBps(perpVwap, midOfLevels(contract), !isForward)
  }
}

/**
 * What leaving costs beyond both mids, bps, at the books as they stand: the base that was entered with is sold (reverse: bought
 * back), and as much of the contract bought back (sold). Null where a book ends before or has no mid.
 */
export function exitSlippage(input: CarryBooks & { readonly baseQty: Decimal }): {
  readonly spotBps: number | null
  readonly perpBps: number | null
} {
  const { baseQty, multiplier, direction = 'forward' } = input
  const isForward = direction === 'forward'
  const [spot, contract] = [bookOf(input.spot), bookOf(input.contract)]
  if (!multiplier || !isPositive(multiplier) || !isPositive(baseQty)) return { spotBps: null, perpBps: null }
  const priceOf = (levels: readonly Level[], size: Decimal) => {
    const quote = quoteFor(levels, size)
    return quote && quotient(quote, size)
  }
  const units = quotient(baseQty, multiplier)
  const spotVwap = priceOf(isForward ? spot.bids : spot.asks, baseQty)
  const perpVwap = priceOf(isForward ? contract.asks : contract.bids, units)
  return {
    spotBps: spotVwap && worseBps(spotVwap, midOfLevels(spot), !isForward),
    perpBps: perpVwap && worseBps(perpVwap, midOfLevels(contract), isForward)
  }
}

/** Base that so much quote buys, or that must be sold for it; null when the side ends before. */
function baseFor(side: readonly Level[], quote: Decimal): Decimal | null {
  let left = quote
  let base = ZERO
  for (const { price, size } of side) {
    const cost = multiply(price, size)
    if (compare(cost, left) >= 0) return add(base, quotient(left, price))
    left = subtract(left, cost)
    base = add(base, size)
  }
  return null
}

/** Quote that so many units bring or cost; null when the side ends before. */
function quoteFor(side: readonly Level[], units: Decimal): Decimal | null {
  let left = units
  let quote = ZERO
  for (const { price, size } of side) {
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

/** Against mid, positive for the worse: dearer for who buys, cheaper for who sells. */
function worseBps(price: Decimal, mid: Decimal | null, isBuying: boolean): number | null {
  const away = awayBps(price, mid)
  return away === null || isBuying ? away : 0 - away
}
