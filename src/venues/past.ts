import type { InstrumentName } from '../domain/instrument.ts'
import { HOUR } from '../domain/time.ts'
import { classFor, type VenueClient } from './ccxt-client.ts'
import { candleOf, isSkipped, settlementOf } from './normalise.ts'
import {
  type Candle,
  type CcxtExchange,
  type Settlement,
  type Skipped,
  type Untrusted,
  type VenueAdapter,
  VenueError
} from './venue.ts'

// The past of a venue, a page at a time. Both venues answer a window [since, until] with at most a page of rows; which end of a
// window that holds more is answered differs, so windows are chosen to hold no more than a page.

export type Page<Row> = {
  readonly rows: readonly Row[]
  readonly skipped: readonly Skipped[]
  /** How many rows came, usable or not: whether the page was full. */
  readonly received: number
  readonly observedAt: number
}

type PastInstrument = Pick<InstrumentName, 'symbol' | 'kind'>

/** Settlements with `since ≤ time ≤ until`, oldest first. */
export async function fetchSettlements(
  client: VenueClient,
  adapter: VenueAdapter,
  { symbol, kind }: PastInstrument,
  since: number,
  until: number
): Promise<Page<Settlement>> {
  const ask = adapter.past?.askSettlements ?? askSettlements(adapter.settlementPageLimit)
  const readRow = adapter.past?.readSettlement ?? settlementOf
  const answer = await client.call((exchange) => ask(exchange, symbol, since, until), {
    ccxtId: classFor(adapter, kind)
  })
  const read = listOf(answer.value).map((row) => readRow(row, answer.observedAt))
  const rows = read.filter((row): row is Settlement => !isSkipped(row) && row.symbol === symbol)
  return {
    rows: sorted(rows, ({ settledAt }) => settledAt),
    skipped: read.filter(isSkipped),
    received: read.length,
    observedAt: answer.observedAt
  }
}

const askSettlements = (limit: number) => (exchange: CcxtExchange, symbol: string, since: number, until: number) =>
  exchange.fetchFundingRateHistory(symbol, since, limit, { until })

/** Closes of hourly candles that started at or after `since` and have ended by `until`, oldest first. */
export async function fetchHourlyCloses(
  client: VenueClient,
  adapter: VenueAdapter,
  { symbol, kind }: PastInstrument,
  since: number,
  until: number
): Promise<Page<Candle>> {
  const ask = adapter.past?.askHourlyCandles ?? askHourlyCandles(adapter.candlePageLimit)
  const answer = await client.call((exchange) => ask(exchange, symbol, since, until), {
    ccxtId: classFor(adapter, kind)
  })
  const read = listOf(answer.value).map((row) => candleOf(row, answer.observedAt))
  const rows = read.filter(
    (candle): candle is Candle => candle !== null && candle.startAt >= since && candle.startAt + HOUR <= until
  )
  const skipped = read.flatMap((candle) => (candle === null ? [{ symbol, reason: 'candle_unusable' }] : []))
  return { rows: sorted(rows, ({ startAt }) => startAt), skipped, received: read.length, observedAt: answer.observedAt }
}

const askHourlyCandles = (limit: number) => (exchange: CcxtExchange, symbol: string, since: number, until: number) =>
  exchange.fetchOHLCV(symbol, '1h', since, limit, { until: until - 1 })

function listOf(value: Untrusted): Untrusted[] {
  if (!Array.isArray(value)) throw new VenueError('bad_response', 'the past is not a list')
  return value
}

function sorted<T>(rows: readonly T[], at: (row: T) => number): T[] {
  const unique = new Map(rows.map((row) => [at(row), row]))
  return [...unique.values()].sort((a, b) => at(a) - at(b))
}
