import { MINUTE } from './time.ts'

/** A bucket is told of half a minute after it closed: the poll after that is the first that anybody could trade at. */
export const ENTRY_DELAY_MS = MINUTE
/** Best prices that come later than this after it are of another market. */
export const QUOTES_WITHIN_MS = 15 * MINUTE

/** Epoch milliseconds, the end not included. */
export type TradingWindow = { readonly fromMs: number; readonly toMs: number }

/** In which windows the first best prices are what a carry of a signal that is over was entered and left at. */
export function tradingWindows({ openedAt, closedAt }: { readonly openedAt: number; readonly closedAt: number }): {
  readonly entry: TradingWindow
  readonly exit: TradingWindow
} {
  const [entryFrom, exitFrom] = [openedAt + ENTRY_DELAY_MS, closedAt + ENTRY_DELAY_MS]
  return {
    entry: { fromMs: entryFrom, toMs: Math.min(entryFrom + QUOTES_WITHIN_MS, exitFrom) },
    exit: { fromMs: exitFrom, toMs: exitFrom + QUOTES_WITHIN_MS }
  }
}
