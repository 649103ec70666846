import { HOUR } from '../domain/time.ts'
import type { Answer, VenueClient } from './ccxt-client.ts'
import { candleOf, isSkipped, settlementOf } from './normalise.ts'
import type { Candle, Settlement, Skipped, Untrusted, VenueAdapter } from './venue.ts'

// The past of a venue, a page at a time. Both venues answer a window [since, until] with at most a page of rows; which end of a
// window that holds more is answered differs, so windows are chosen to hold no more than a page.

export type Page<Row> = {
  readonly rows: readonly Row[]
  readonly skipped: readonly Skipped[]
  readonly observedAt: number
}

/** Settlements with `since ≤ time ≤ until`, oldest first. */
export async function fetchSettlements(
  client: VenueClient,
  adapter: VenueAdapter,
  symbol: string,
  since: number,
  until: number
): Promise<Page<Settlement>> {
  const answer: Answer<Untrusted[]> = await client.call((exchange) =>
    exchange.fetchFundingRateHistory(symbol, since, adapter.settlementPageLimit, { until })
  )
  const read = answer.value.map((row) => settlementOf(row, answer.observedAt))
  const rows = read.filter((row): row is Settlement => !isSkipped(row) && row.symbol === symbol)
  return {
    rows: sorted(rows, ({ settledAt }) => settledAt),
    skipped: read.filter(isSkipped),
    observedAt: answer.observedAt
  }
}

/** Closes of hourly candles that started at or after `since` and have ended by `until`, oldest first. */
export async function fetchHourlyCloses(
  client: VenueClient,
  adapter: VenueAdapter,
  symbol: string,
  since: number,
  until: number
): Promise<Page<Candle>> {
  const answer: Answer<Untrusted[]> = await client.call((exchange) =>
    exchange.fetchOHLCV(symbol, '1h', since, adapter.candlePageLimit, { until: until - 1 })
  )
  const read = answer.value.map((row) => candleOf(row, answer.observedAt))
  const rows = read.filter(
    (candle): candle is Candle => candle !== null && candle.startAt >= since && candle.startAt + HOUR <= until
  )
  const skipped = read.flatMap((candle) => (candle === null ? [{ symbol, reason: 'candle_unusable' }] : []))
  return { rows: sorted(rows, ({ startAt }) => startAt), skipped, observedAt: answer.observedAt }
}

function sorted<T>(rows: readonly T[], at: (row: T) => number): T[] {
  const unique = new Map(rows.map((row) => [at(row), row]))
  return [...unique.values()].sort((a, b) => at(a) - at(b))
}
