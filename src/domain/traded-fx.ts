import { parseDecimal, toNumber } from './decimal.ts'
import { GATE_DEFAULTS } from './gates.ts'
import type { Latest } from './latest.ts'

/** Contract quote per spot quote, from a traded stablecoin price. */
export type TradedFx = { readonly rate: number; readonly observedAt: number; readonly instrument: string }

export type FxQuote = {
  readonly base: string
  readonly quote: string
  readonly key: string
  readonly latest: Latest | undefined
}

/** The contract-quote price of one unit of spot quote from a stablecoin pair traded within the last minute, first pair first. */
export function tradedFxOf(
  contractQuote: string,
  spotQuote: string,
  pairs: readonly FxQuote[],
  nowMs: number
): TradedFx | null {
  for (const { base, quote, key, latest } of pairs) {
    const isDirect = base === spotQuote && quote === contractQuote
    const isInverse = base === contractQuote && quote === spotQuote
    if (!isDirect && !isInverse) continue
    const book = latest?.quote
    const bid = parseDecimal(book?.bid ?? '')
    const ask = parseDecimal(book?.ask ?? '')
    if (!book || !bid || !ask || nowMs - book.observedAt > GATE_DEFAULTS.fxMaxAgeMs) continue
    const price = (toNumber(bid) + toNumber(ask)) / 2
    return { rate: isDirect ? price : 1 / price, observedAt: book.observedAt, instrument: key }
  }
  return null
}
