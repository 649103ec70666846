import { compare, midOf, parseDecimal, toNumber } from './decimal.ts'
import { GATE_DEFAULTS } from './gates.ts'
import { type Instrument, isDollarLike } from './instrument.ts'
import type { Latest } from './latest.ts'

/** Contract quote per spot quote, from a traded stablecoin price. */
export type TradedFx = { readonly rate: number; readonly observedAt: number; readonly instrument: string }

export type FxQuote = {
  readonly base: string
  readonly quote: string
  readonly key: string
  readonly latest: Latest | undefined
}

/** Why a pair's book says nothing of the rate of now. */
export type FxRefusal = 'not_observed' | 'missing_quote' | 'crossed_book' | 'stale'

/** What one unit of a pair's base is worth in its quote by the mid of its book: traded, whole, and no older than a minute. */
export function pairRateOf(book: Latest['quote'] | undefined, nowMs: number): number | FxRefusal {
  if (!book) return 'not_observed'
  const [bid, ask] = [parseDecimal(book.bid ?? ''), parseDecimal(book.ask ?? '')]
  if (!bid || !ask) return 'missing_quote'
  if (compare(bid, ask) >= 0) return 'crossed_book'
  return nowMs - book.observedAt > GATE_DEFAULTS.fxMaxAgeMs ? 'stale' : toNumber(midOf(bid, ask))
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
    const price = pairRateOf(latest?.quote, nowMs)
    if (typeof price === 'string') continue
    return { rate: isDirect ? price : 1 / price, observedAt: latest!.quote!.observedAt, instrument: key }
  }
  return null
}

/** The pairs that convert one dollar into another, among what is followed. */
export function fxPairsOf(instruments: readonly Instrument[]): Instrument[] {
  return instruments.filter(
    ({ kind, base, quote, tracked }) => kind === 'spot' && tracked && isDollarLike(base) && isDollarLike(quote)
  )
}

/** Their quotes, those of the contract's own venue first. */
export function fxQuotesOf(
  pairs: readonly Instrument[],
  venue: string,
  latest: ReadonlyMap<number, Latest>
): FxQuote[] {
  const home = (pair: Instrument) => (pair.venue === venue ? 0 : 1)
  return [...pairs]
    .sort((a, b) => home(a) - home(b) || a.id - b.id)
    .map(({ base, quote, key, id }) => ({ base, quote, key, latest: latest.get(id) }))
}
