import { compare, type Decimal, isPositive, midOf } from './decimal.ts'

export type Level = { readonly price: Decimal; readonly size: Decimal }

/** An order book, as far as the venue showed it. Sizes in base units of its instrument. */
export type Book = { readonly bids: readonly Level[]; readonly asks: readonly Level[] }

/** Books that are in order: one is walked for a hundred sizes. */
const inOrder = new WeakSet<Book>()

/** Best price first, whatever the order they came in; a level without a positive price and size is none. */
export function bookOf(book: Book): Book {
  if (inOrder.has(book)) return book
  const { bids, asks } = book
  const real = (levels: readonly Level[]) => levels.filter(({ price, size }) => isPositive(price) && isPositive(size))
  const ordered = {
    bids: real(bids).sort((a, b) => compare(b.price, a.price)),
    asks: real(asks).sort((a, b) => compare(a.price, b.price))
  }
  inOrder.add(ordered)
  return ordered
}

/** (best bid + best ask)/2; null when a side is empty, and for a crossed book (bid = ask is crossed, as in the gates). */
export function midOfLevels({ bids: [bid], asks: [ask] }: Book): Decimal | null {
  if (!bid || !ask || compare(bid.price, ask.price) >= 0) return null
  return midOf(bid.price, ask.price)
}
