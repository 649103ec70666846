import { decimalToString, divideDecimal, parseDecimal } from '../domain/decimal.ts'
import { MINUTE, plausibleTime } from '../domain/time.ts'
import { positive, skip } from './normalise.ts'
import { amountOf, keep } from './reading.ts'
import type { Call, CcxtExchange, Flow, Skipped, Untrusted } from './venue.ts'

/** The venues' own sampling, of which all publish windows of five minutes. */
export const FLOW_WINDOW_MS = 5 * MINUTE
/** The newest row may be of a window that still runs. */
export const FLOW_ROWS = 3

/** What a venue says of one perpetual: account ratios as ccxt rows, taker volume in base by the window's stamp. */
export type FlowAnswer = {
  readonly symbol: string
  readonly ratios: readonly Untrusted[]
  /** Null where the venue publishes none. */
  readonly taker: readonly { readonly timestamp: Untrusted; readonly buy: Untrusted; readonly sell: Untrusted }[] | null
}

/** The call for account ratio and taker flow of one perpetual. */
export function flowCall(method: string, ask: (exchange: CcxtExchange, symbol: string) => Promise<FlowAnswer>): Call {
  return {
    name: 'account ratio and taker flow',
    method,
    facts: ['flow'],
    cadence: 'flow',
    covers: ({ kind }) => kind === 'perpetual',
    reach: 'single',
    ask,
    read: (answer, context) => keep(readFlow(answer, context.observedAt), context.reading.flows, context)
  }
}

/** The newest ratio, and the newest window of taker volume that is over. */
export function readFlow({ symbol, ratios, taker }: FlowAnswer, observedAt: number): Flow | Skipped {
  const ratio = newest(ratios, observedAt)
  const traded = newest(taker ?? [], observedAt - FLOW_WINDOW_MS)
  const [buy, sell] = [amountOf(traded?.row.buy), amountOf(traded?.row.sell)]
  const isTraded = traded !== undefined && buy !== null && sell !== null
  const longShortRatio = ratio === undefined ? null : accountRatioOf(ratio.row)
  if (longShortRatio === null && !isTraded) return skip(symbol, 'flow_unusable')
  return {
    symbol,
    longShortRatio,
    longShortAt: longShortRatio === null ? null : ratio!.at,
    takerBuy: isTraded ? buy : null,
    takerSell: isTraded ? sell : null,
    takerAt: isTraded ? traded.at : null,
    windowMs: FLOW_WINDOW_MS,
    observedAt,
    venueTime: ratio?.at ?? traded?.at ?? null
  }
}

/** The last row by the venue's stamp that is no later than a moment. */
function newest<Row extends { readonly timestamp: Untrusted }>(rows: readonly Row[], untilMs: number) {
  const dated = rows.flatMap((row) => {
    const at = plausibleTime(Number(row?.timestamp), untilMs)
    return at === null || at > untilMs ? [] : [{ row, at }]
  })
  return dated.reduce<(typeof dated)[number] | undefined>(
    (last, each) => (last && last.at >= each.at ? last : each),
    undefined
  )
}

const DIGITS = 12

/** Long accounts per short account: by the shares where they are told, else the venue's own ratio. */
function accountRatioOf({ info, longShortRatio }: Untrusted): string | null {
  const long = parseDecimal(positive(info?.longAccount ?? info?.buyRatio) ?? '')
  const short = parseDecimal(positive(info?.shortAccount ?? info?.sellRatio) ?? '')
  const ratio = long && short && divideDecimal(long, short, DIGITS)
  return ratio ? decimalToString(ratio) : positive(longShortRatio)
}
