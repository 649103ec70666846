import { decimalOrNull as exactOrNull, numberOrNull as floatOrNull } from '../domain/decimal.ts'
import { imbalanceOf } from '../domain/depth.ts'
import { flowMetrics } from '../domain/flow.ts'
import type { Instrument } from '../domain/instrument.ts'
import { isoOf, isoOrNull } from '../domain/time.ts'
import type { BookDepth } from './depth.ts'
import type { SampledFlow } from './flow.ts'
import { provenance, provenanceView } from './histories.ts'
import { absences, count, decimalOrNull, numberOrNull, object, text, time, timeOrNull } from './schema.ts'

const tick = time('The grid time it belongs to, by which the history is ordered and cut')

/** What is known of a stored row besides what it says. */
type Kept = {
  readonly tickAt: number
  readonly knownAt: number
  readonly availableAt: number
  readonly source: string
  readonly revision: number
}

const bands = Object.fromEntries(
  [10, 25, 50].flatMap((band) => [
    [`bidDepth${band}`, decimalOrNull(`Σ price · size of the bids within ${band} bps of mid, in quote`, '1234567.8')],
    [`askDepth${band}`, decimalOrNull('The same of the asks', '1198765.4')],
    [`imbalance${band}`, numberOrNull('(bids − asks) / (bids + asks) of it: −1 to 1, positive: more bids', 0.0147)]
  ])
)

export const depthPointSchema = object({
  instrument: text('Whose book: a contract or a spot', 'binance:BTC/USDT:USDT'),
  quote: text('Currency of its prices', 'USDT'),
  observedAt: time('When we received the book'),
  tickAt: tick,
  venueTime: timeOrNull('The venue’s own time of it'),
  mid: decimalOrNull('(best bid + best ask) / 2; null for an empty side or a crossed book', '64028.5'),
  quotedSpreadBps: numberOrNull('(best ask − best bid) / mid, basis points', 0.16),
  ...bands,
  spanMs: count('How long it stands for, milliseconds', 60_000),
  absent: absences(),
  ...provenance
})

export type StoredBook = BookDepth & Kept & { readonly spanMs: number }

export function depthPoint(row: StoredBook, instrument: Instrument) {
  const why = row.mid === null ? 'crossed_or_empty_book' : 'book_ends_in_band'
  const absent: Record<string, string> = {}
  if (row.venueTime === null) absent.venueTime = 'not_published'
  if (row.mid === null) absent.mid = absent.quotedSpreadBps = why
  const sides = { 10: [row.bid10, row.ask10], 25: [row.bid25, row.ask25], 50: [row.bid50, row.ask50] } as const
  const told = Object.entries(sides).map(([band, [bid, ask]]) => {
    const imbalance = imbalanceOf(exactOrNull(bid), exactOrNull(ask))
    if (bid === null) absent[`bidDepth${band}`] = why
    if (ask === null) absent[`askDepth${band}`] = why
    if (imbalance === null) absent[`imbalance${band}`] = bid === null || ask === null ? why : 'no_depth'
    return { [`bidDepth${band}`]: bid, [`askDepth${band}`]: ask, [`imbalance${band}`]: imbalance }
  })
  return {
    instrument: instrument.key,
    quote: instrument.quote,
    observedAt: isoOf(row.observedAt),
    tickAt: isoOf(row.tickAt),
    venueTime: isoOrNull(row.venueTime),
    mid: row.mid,
    quotedSpreadBps: row.mid === null ? null : row.spreadBps,
    ...Object.assign({}, ...told),
    spanMs: row.spanMs,
    absent,
    ...provenanceView(row, instrument)
  }
}

export const flowPointSchema = object({
  instrument: text('The perpetual', 'binance:BTC/USDT:USDT'),
  observedAt: time('When we received it'),
  tickAt: tick,
  longShortAccountRatio: numberOrNull('Long accounts per short account: accounts, not money', 1.2),
  longShare: numberOrNull('r / (1 + r): share of accounts that are long, 0 to 1', 0.545),
  longShortAt: timeOrNull('The venue’s own stamp of it: rows between two of its samples repeat it'),
  takerBuyVolume: decimalOrNull('Bought by takers within the window, in base', '387.33'),
  takerSellVolume: decimalOrNull('Sold by takers within the window, in base', '248.503'),
  takerImbalance: numberOrNull('(bought − sold) / (bought + sold): −1 to 1, positive: buying', 0.218),
  takerAt: timeOrNull('The venue’s own stamp of it: rows of one window repeat it, and must not be added up'),
  windowMs: count('The window that the venue samples, milliseconds', 300_000),
  absent: absences(),
  ...provenance
})

export function flowPoint(row: SampledFlow & Kept, instrument: Instrument) {
  const metrics = flowMetrics({
    takerBuyVolume: exactOrNull(row.takerBuy),
    takerSellVolume: exactOrNull(row.takerSell),
    longShortAccountRatio: exactOrNull(row.longShortRatio)
  })
  const told = {
    longShortAccountRatio: floatOrNull(row.longShortRatio),
    longShare: metrics.longShare,
    longShortAt: isoOrNull(row.longShortAt),
    takerBuyVolume: row.takerBuy,
    takerSellVolume: row.takerSell,
    takerImbalance: metrics.takerImbalance,
    takerAt: isoOrNull(row.takerAt)
  }
  const missing = Object.entries(told).filter(([, value]) => value === null)
  const codeOf = (field: string) =>
    field === 'takerImbalance' && row.takerBuy !== null ? 'nothing_traded' : 'not_published'
  return {
    instrument: instrument.key,
    observedAt: isoOf(row.observedAt),
    tickAt: isoOf(row.tickAt),
    ...told,
    windowMs: row.windowMs,
    absent: Object.fromEntries(missing.map(([field]) => [field, codeOf(field)])),
    ...provenanceView(row, instrument)
  }
}
