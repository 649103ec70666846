import { type Decimal, decimalToString, divideDecimal, multiply, parseDecimal } from '../domain/decimal.ts'
import { plausibleTime } from '../domain/time.ts'
import { bookOf, contractSizeOf, skip } from './normalise.ts'
import { keep } from './reading.ts'
import type { Call, CcxtMarket, OrderBook, Skipped, Untrusted } from './venue.ts'

/** What a book's sizes count: coins, dollars, or contracts of the market's size. */
export type BookUnit = 'base' | 'usd' | 'contracts'

type BookCall = Pick<Call, 'name' | 'covers'> & {
  readonly unit: BookUnit
  /** Levels a side that are asked for; the venue's own number unless told. */
  readonly levels?: number
  readonly ccxtId?: string
}

/** The call for the book of one instrument, its sizes read as base. */
export function bookCall({ name, covers, unit, levels, ccxtId }: BookCall): Call {
  return {
    name,
    method: 'fetchOrderBook',
    facts: ['book'],
    cadence: 'depth',
    covers,
    ...(ccxtId === undefined ? {} : { ccxtId }),
    reach: 'single',
    ask: (exchange, symbol) => exchange.fetchOrderBook(symbol, levels),
    read: (answer, context) => {
      const market = context.exchange.markets?.[answer.symbol] ?? {}
      keep(readBook(answer, market, unit, context.observedAt), context.reading.books, context)
    }
  }
}

/** Digits of a size that had to be divided for. */
const QUOTIENT_DIGITS = 24

/** A ccxt book with sizes in base; the reason where nothing is in it or its unit is not known. */
export function readBook(
  answer: Untrusted,
  market: CcxtMarket,
  unit: BookUnit,
  observedAt: number
): OrderBook | Skipped {
  const { bids, asks } = bookOf(answer)
  if (bids.length === 0 && asks.length === 0) return skip(answer.symbol, 'empty_book')
  const size = parseDecimal((unit === 'contracts' && contractSizeOf(market)) || '')
  if (unit === 'contracts' && size === undefined) return skip(answer.symbol, 'contract_size_unknown')
  const isDollars = unit === 'usd' || (unit === 'contracts' && market.inverse === true)
  const baseOf = (price: Decimal, amount: Decimal): Decimal => {
    const counted = size === undefined ? amount : multiply(amount, size)
    return isDollars ? divideDecimal(counted, price, QUOTIENT_DIGITS)! : counted
  }
  const inBase = (levels: typeof bids) =>
    levels.map(([price, amount]) => ({
      price,
      size: decimalToString(baseOf(parseDecimal(price)!, parseDecimal(amount)!))
    }))
  return {
    symbol: answer.symbol,
    bids: inBase(bids),
    asks: inBase(asks),
    observedAt,
    venueTime: plausibleTime(answer.timestamp, observedAt)
  }
}
