import { SECOND } from '../../domain/time.ts'
import type { SimInstrument } from './instrument.ts'
import type { Market } from './market.ts'
import { uniform } from './noise.ts'
import { lastTicks } from './quotes.ts'

/** Something traded this often, whatever the instrument. */
const STEP_MS = 2 * SECOND
/** Of so many trades one is a liquidation. */
const ONE_IN = 40
const LARGEST_USD = 40_000

/** One trade; ticks of its instrument's price. */
export type SimTrade = {
  /** Counts the trades of the instrument. */
  readonly sequence: number
  readonly atMs: number
  /** What the taker did. */
  readonly side: 'buy' | 'sell'
  readonly ticks: number
  readonly usd: number
  /** Whose position was closed by force, and whether it was the taker's. */
  readonly liquidated: { readonly position: 'long' | 'short'; readonly isTaker: boolean } | null
}

type Wanted = {
  readonly untilMs: number
  readonly sinceMs: number
  readonly limit: number
  readonly onlyLiquidations?: true
}

/** The newest trades between two moments, newest first. */
export function newestTrades(
  market: Market,
  instrument: SimInstrument,
  { untilMs, sinceMs, limit, onlyLiquidations }: Wanted
): SimTrade[] {
  const { salt, listedAt } = instrument
  const first = Math.ceil(Math.max(sinceMs, listedAt) / STEP_MS)
  const trades: SimTrade[] = []
  for (let sequence = Math.floor(untilMs / STEP_MS); sequence >= first && trades.length < limit; sequence -= 1) {
    const isLiquidation = uniform(salt + 91, sequence) * ONE_IN < 1
    if (isLiquidation || !onlyLiquidations) trades.push(tradeAt(market, instrument, sequence, isLiquidation))
  }
  return trades
}

function tradeAt(market: Market, instrument: SimInstrument, sequence: number, isLiquidation: boolean): SimTrade {
  const { salt } = instrument
  const atMs = sequence * STEP_MS
  const isLong = uniform(salt + 92, sequence) < market.activity.longShare(instrument, atMs)
  const isTaker = uniform(salt + 93, sequence) < 0.8
  // A long position is closed by selling, by its owner as taker or against a taker that buys.
  const side = isLiquidation ? (isLong === isTaker ? 'sell' : 'buy') : isLong ? 'buy' : 'sell'
  return {
    sequence,
    atMs,
    side,
    ticks: lastTicks(market, instrument, atMs),
    usd: 200 + LARGEST_USD * uniform(salt + 94, sequence) ** 4,
    liquidated: isLiquidation ? { position: isLong ? 'long' : 'short', isTaker } : null
  }
}
