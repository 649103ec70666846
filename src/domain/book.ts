import { compare, type Decimal, isPositive, midOf } from './decimal.ts'

export type Level = { readonly price: Decimal; readonly size: Decimal }

/** An order book, as far as the venue showed it. Sizes in base units of its instrument. */
export type Book = { readonly bids: readonly Level[]; readonly asks: readonly Level[] }

/** Best price first, whatever the order they came in; a level without a positive price and size is none. */
export function bookOf({ bids, asks }: Book): Book {
  const real = (levels: readonly Level[]) => levels.filter(({ price, size }) => isPositive(price) && isPositive(size))
  return {
    bids: real(bids).sort((a, b) => compare(b.price, a.price)),
    asks: real(asks).sort((a, b) => compare(a.price, b.price))
  }
}

/** (best bid + best ask)/2; null when a side is empty, and for a crossed book (bid = ask is crossed, as in the gates). */
export function midOfLevels({ bids: [bid], asks: [ask] }: Book): Decimal | null {
  if (!bid || !ask || compare(bid.price, ask.price) >= 0) return null
  return midOf(bid.price, ask.price)
}
