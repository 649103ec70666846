import { type Decimal, decimalToString, divideDecimal, multiply } from './decimal.ts'

/** The position that was closed by force; `unknown` where the venue says the taker's side alone, and not who was liquidated. */
export type LiquidatedPosition = 'long' | 'short' | 'unknown'

/** One liquidation. Amounts are exact. */
export type Liquidation = {
  /** The venue's own id of it. */
  readonly nativeId: string
  readonly occurredAt: number
  readonly position: LiquidatedPosition
  /** Quote per base, as the venue gives it: of the trade, or that of bankruptcy. */
  readonly price: string
  readonly base: string
  readonly quote: string
}

/**
 * What is looked at for liquidations, each time it is asked for. None of it is all that was liquidated: what more trades have pushed out
 * since the last asking is not seen.
 */
export const LIQUIDATION_SAMPLES = ['newest_100_orders', 'newest_1000_trades', 'newest_100_trades'] as const
export type LiquidationSample = (typeof LIQUIDATION_SAMPLES)[number]

const QUOTIENT_DIGITS = 24

/** What was liquidated, in base and in quote, at a positive price. `unit` is what the amount counts: quote is dollars, of inverse contracts. */
export function liquidationAmounts(price: Decimal, amount: Decimal, unit: 'base' | 'quote') {
  const [base, quote] =
    unit === 'base' ? [amount, multiply(amount, price)] : [divideDecimal(amount, price, QUOTIENT_DIGITS)!, amount]
  return { base: decimalToString(base), quote: decimalToString(quote) }
}

/** The position that an order of this side closed. */
export function positionClosedBy(side: unknown): LiquidatedPosition {
  if (side === 'sell') return 'long'
  return side === 'buy' ? 'short' : 'unknown'
}
