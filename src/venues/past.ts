import type { InstrumentName } from '../domain/instrument.ts'
import { HOUR } from '../domain/time.ts'
import { classFor, type VenueClient } from './ccxt-client.ts'
import { candleOf, isSkipped, positive, rateOf, settlementOf } from './normalise.ts'
import type { CalculatedPrice } from './past-reading.ts'
import {
  type Candle,
  type CcxtExchange,
  type OpenInterest,
  type Settlement,
  type Skipped,
  type Untrusted,
  type VenueAdapter,
  VenueError
} from './venue.ts'

// The past of a venue, a page at a time. Venues answer a window [since, until] with at most a page of rows; which end of a window
// that holds more is answered differs, and so does whether its ends are in it: `past-windows.ts` reads a window whole.

export type Page<Row> = {
  readonly rows: readonly Row[]
  readonly skipped: readonly Skipped[]
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
    observedAt: answer.observedAt
  }
}

const askSettlements = (limit: number) => (exchange: CcxtExchange, symbol: string, since: number, until: number) =>
  exchange.fetchFundingRateHistory(symbol, since, limit, { until })

/** Closes of hourly candles that started at or after `since` and have ended by `until`, oldest first. */
export async function fetchHourlyCloses(
  client: VenueClient,
  adapter: VenueAdapter,
  instrument: PastInstrument,
  since: number,
  until: number
): Promise<Page<Candle>> {
  const ask = adapter.past?.askHourlyCandles ?? askHourlyCandles(adapter.candlePageLimit)
  return await fetchCandles(client, adapter, instrument, { ask, readClose: positive, name: 'candle' }, since, until)
}

/** The same of a price that the venue calculates; a premium is a fraction of the index price. */
export async function fetchCalculated(
  client: VenueClient,
  adapter: VenueAdapter,
  instrument: PastInstrument,
  kind: CalculatedPrice,
  since: number,
  until: number
): Promise<Page<Candle>> {
  const { pageLimit, ask = askCalculated(pageLimit) } = adapter.past!.calculated!
  const reader = {
    ask: (exchange: CcxtExchange, symbol: string, from: number, to: number) => ask(kind, exchange, symbol, from, to),
    readClose: kind === 'premium' ? rateOf : positive,
    name: `${kind}_candle`
  }
  return await fetchCandles(client, adapter, instrument, reader, since, until)
}

type CandleReader = {
  readonly ask: (exchange: CcxtExchange, symbol: string, since: number, until: number) => Promise<Untrusted[]>
  readonly readClose: (value: Untrusted) => string | null
  readonly name: string
}

async function fetchCandles(
  client: VenueClient,
  adapter: VenueAdapter,
  { symbol, kind }: PastInstrument,
  { ask, readClose, name }: CandleReader,
  since: number,
  until: number
): Promise<Page<Candle>> {
  const answer = await client.call((exchange) => ask(exchange, symbol, since, until), {
    ccxtId: classFor(adapter, kind)
  })
  const read = listOf(answer.value).map((row) => candleOf(row, answer.observedAt, readClose))
  const rows = read.filter((candle): candle is Candle => candle !== null)
  const skipped = read.flatMap((candle) => (candle === null ? [{ symbol, reason: `${name}_unusable` }] : []))
  return { rows: sorted(rows, ({ startAt }) => startAt), skipped, observedAt: answer.observedAt }
}

/** Open interest as it stood at full hours with `since ≤ time ≤ until`, oldest first; `observedAt` is that hour. */
export async function fetchOpenInterestPast(
  client: VenueClient,
  adapter: VenueAdapter,
  { symbol, kind }: PastInstrument,
  since: number,
  until: number
): Promise<Page<OpenInterest>> {
  const { ask, read: readRow } = adapter.past!.openInterest!
  const ccxtId = classFor(adapter, kind)
  const answer = await client.call((exchange) => ask(exchange, symbol, since, until), { ccxtId })
  const market = client.exchangeOf(ccxtId).markets?.[symbol] ?? {}
  const read = listOf(answer.value).map((row) => readHourly(readRow({ ...row, symbol }, market, answer.observedAt)))
  const rows = read.filter((row): row is OpenInterest => !isSkipped(row))
  return {
    rows: sorted(rows, ({ observedAt }) => observedAt),
    skipped: read.filter(isSkipped),
    observedAt: answer.observedAt
  }
}

/** What stood between two hours belongs to neither. */
function readHourly(row: OpenInterest | Skipped): OpenInterest | Skipped {
  if (isSkipped(row)) return row
  const { venueTime, symbol } = row
  return venueTime === null || venueTime % HOUR !== 0
    ? { symbol, reason: 'time_unusable' }
    : { ...row, observedAt: venueTime }
}

const CALCULATED_METHODS = {
  mark: 'fetchMarkOHLCV',
  index: 'fetchIndexOHLCV',
  premium: 'fetchPremiumIndexOHLCV'
} as const

const askCalculated =
  (limit: number) =>
  (kind: CalculatedPrice, exchange: CcxtExchange, symbol: string, since: number, until: number): Promise<Untrusted[]> =>
    exchange[CALCULATED_METHODS[kind]](symbol, '1h', since, limit, { until: until - 1 })

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
