import { GATE_DEFAULTS } from '../domain/gates.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { Latest } from '../domain/latest.ts'
import { isoOrNull } from '../domain/time.ts'
import { pairRateOf } from '../domain/traded-fx.ts'
import { pageParameters } from './board-parameters.ts'
import { list } from './parameters.ts'
import { absences, countOrNull, decimalOrNull, numberOrNull, object, text, timeOrNull, truthOrNull } from './schema.ts'

export const stablecoinParameters = {
  currency: list('Stablecoins', 'USDT,USDC'),
  quote: list('What they are priced in', 'USD'),
  venue: list('Venues', 'kraken'),
  ...pageParameters
}

export const stablecoinSchema = object({
  instrument: text('The pair whose book says so', 'kraken:USDT/USD'),
  venue: text('Where it trades', 'kraken'),
  currency: text('What is priced', 'USDT'),
  quote: text('In what', 'USD'),
  rate: numberOrNull('Mid of its book: one unit of `currency` in `quote`; null unless fresh', 0.99981),
  deviationBps: numberOrNull('1e4 · (rate − 1): positive above par', -1.9),
  isDepegged: truthOrNull(
    'Whether that is beyond 50 bps either way: signals across these two currencies are suspended'
  ),
  bid: decimalOrNull('Best bid as last received', '0.99980'),
  ask: decimalOrNull('Best ask as last received', '0.99982'),
  absent: absences(),
  ageMs: countOrNull('meta.asOf − observedAt, milliseconds; beyond a minute the rate is none', 812),
  observedAt: timeOrNull('When we received its quote'),
  venueTime: timeOrNull('The venue’s own time of it')
})

/** A pair's rate by its own freshness; the quote it was made of stays to be seen. */
export function stablecoinView({ key, venue, base, quote }: Instrument, latest: Latest | undefined, nowMs: number) {
  const book = latest?.quote ?? null
  const price = pairRateOf(book, nowMs)
  const rate = typeof price === 'string' ? null : price
  const deviationBps = rate === null ? null : (rate - 1) * 10_000
  const absent: Record<string, string> = {}
  if (typeof price === 'string') absent.rate = absent.deviationBps = absent.isDepegged = price
  if (book === null) absent.ageMs = absent.observedAt = 'not_observed'
  if (!book?.bid) absent.bid = book === null ? 'not_observed' : 'missing_quote'
  if (!book?.ask) absent.ask = book === null ? 'not_observed' : 'missing_quote'
  if (!book?.venueTime) absent.venueTime = book === null ? 'not_observed' : 'not_published'
  return {
    instrument: key,
    venue,
    currency: base,
    quote,
    rate,
    deviationBps,
    isDepegged: deviationBps === null ? null : Math.abs(deviationBps) > GATE_DEFAULTS.depegBps,
    bid: book?.bid ?? null,
    ask: book?.ask ?? null,
    absent,
    ageMs: book === null ? null : Math.max(0, nowMs - book.observedAt),
    observedAt: isoOrNull(book?.observedAt),
    venueTime: isoOrNull(book?.venueTime)
  }
}
