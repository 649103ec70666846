import { numberOrNull } from '../domain/decimal.ts'
import { annualiseFunding, observedIntervals } from '../domain/funding.ts'
import { type InstrumentKind, parseInstrumentKey } from '../domain/instrument.ts'
import { isoOf, isoOrNull } from '../domain/time.ts'
import { bookOf, instrumentKey, isSkipped, lastOf, markOf, quoteOf, settlementOf, skip } from '../venues/normalise.ts'
import {
  type CcxtExchange,
  emptyReading,
  type Settlement,
  type Skipped,
  type Untrusted,
  type VenueAdapter
} from '../venues/venue.ts'

export type Reader = {
  readonly adapter: VenueAdapter
  readonly exchange: CcxtExchange
  readonly observedAt: number
}

export type Rows = { readonly rows: readonly object[]; readonly skipped: readonly Skipped[] }

type Read = (answer: Untrusted, reader: Reader) => Rows

/** How each recorded ccxt method's answer becomes rows: through the adapter's own readers, as in the service. */
export const READERS: Readonly<Record<string, Read>> = {
  fetchFundingRateHistory: readSettlements,
  fetchFundingRate: oneOf(readEstimate),
  fetchFundingRates: eachOf(readEstimate),
  fetchTicker: oneOf(readTicker),
  fetchTickers: eachOf(readTicker),
  fetchBidsAsks: eachOf(readTicker),
  fetchMarkPrice: oneOf(readTicker),
  fetchMarkPrices: eachOf(readTicker),
  fetchLastPrices: eachOf((row, reader) => readTicker({ ...row, last: row.price }, reader)),
  fetchOpenInterest: oneOf(readOpenInterest),
  fetchOpenInterests: eachOf(readOpenInterest),
  fetchOrderBook: oneOf(readBook)
}

type ReadRow = (row: Untrusted, reader: Reader) => object | Skipped

function oneOf(read: ReadRow): Read {
  return (answer, reader) => gather([answer], read, reader)
}

function eachOf(read: ReadRow): Read {
  return (answer, reader) =>
    gather(isRecord(answer) || Array.isArray(answer) ? Object.values(answer) : [], read, reader)
}

function gather(answers: readonly unknown[], read: ReadRow, reader: Reader): Rows {
  const rows: object[] = []
  const skipped: Skipped[] = []
  for (const answer of answers) {
    const row = isRecord(answer) ? read(answer, reader) : skip(null, 'unreadable_row')
    if (isSkippedRow(row)) skipped.push(row)
    else rows.push(row)
  }
  return { rows, skipped }
}

const isSkippedRow = (row: object): row is Skipped => 'reason' in row && !('instrument' in row)

/** The instrument a row is about; only kinds that the service keeps have one. */
function instrumentOf(
  symbol: Untrusted,
  { adapter, exchange }: Reader,
  kinds: readonly InstrumentKind[] = ['spot', 'perpetual', 'future']
): string | Skipped {
  if (typeof symbol !== 'string') return skip(symbol, 'symbol_missing')
  const market = Object.hasOwn(exchange.markets, symbol) ? exchange.markets[symbol] : undefined
  if (!market) return skip(symbol, 'unknown_symbol')
  if (market.option || market.type === 'option') return skip(symbol, 'unsupported_kind')
  const name = parseInstrumentKey(instrumentKey(adapter.id, symbol))
  if (!name) return skip(symbol, 'unreadable_name')
  return kinds.includes(name.kind) ? name.key : skip(symbol, 'unsupported_kind')
}

const PERPETUAL = ['perpetual'] as const
const CONTRACTS = ['perpetual', 'future'] as const

function readEstimate(row: Untrusted, reader: Reader): object | Skipped {
  const instrument = instrumentOf(row.symbol, reader, PERPETUAL)
  if (typeof instrument !== 'string') return instrument
  const { adapter, exchange, observedAt } = reader
  const context = { reading: emptyReading(), observedAt, exchange, intervals: new Map() }
  const estimate = adapter.readEstimate(row, context)
  if (isSkipped(estimate)) return estimate
  const { rate8h, apr } = annualiseFunding({ rate: Number(estimate.rate), intervalHours: estimate.intervalHours })
  return {
    instrument,
    fundingRate: Number(estimate.rate),
    fundingIntervalHours: estimate.intervalHours,
    fundingIntervalSource: estimate.intervalSource,
    fundingKind: estimate.kind,
    fundingRate8h: rate8h,
    fundingApr: apr,
    nextSettlementAt: isoOrNull(estimate.nextSettlementAt),
    cap: numberOrNull(estimate.cap),
    floor: numberOrNull(estimate.floor),
    venueTime: isoOrNull(estimate.venueTime)
  }
}

function readTicker(row: Untrusted, reader: Reader): object | Skipped {
  const instrument = instrumentOf(row.symbol, reader)
  if (typeof instrument !== 'string') return instrument
  const quoted = reader.adapter.tickerTime === 'last_trade' ? { ...row, timestamp: undefined } : row
  const quote = quoteOf(quoted, reader.observedAt)
  const last = lastOf(row, reader.observedAt)
  const mark = markOf(quoted, reader.observedAt)
  const said = quote ?? last ?? mark
  if (!said) return skip(row.symbol, 'quote_unusable')
  return {
    instrument,
    bid: quote?.bid ?? null,
    ask: quote?.ask ?? null,
    last: last?.last ?? null,
    mark: mark?.mark ?? null,
    index: mark?.index ?? null,
    venueTime: isoOrNull(said.venueTime)
  }
}

function readOpenInterest(row: Untrusted, reader: Reader): object | Skipped {
  const instrument = instrumentOf(row.symbol, reader, CONTRACTS)
  if (typeof instrument !== 'string') return instrument
  const market = reader.exchange.markets[row.symbol]
  const openInterest = reader.adapter.readOpenInterest(row, market, reader.observedAt)
  if (isSkipped(openInterest)) return openInterest
  const { base, quote, usd, sides } = openInterest
  return { instrument, base, quote, usd, sides }
}

function readBook(row: Untrusted, reader: Reader): object | Skipped {
  const instrument = instrumentOf(row.symbol, reader)
  if (typeof instrument !== 'string') return instrument
  const { bids, asks } = bookOf(row)
  return bids.length + asks.length === 0 ? skip(row.symbol, 'book_unusable') : { instrument, bids, asks }
}

/** Settlements with the intervals that the page itself shows; a single one shows none. */
function readSettlements(answer: Untrusted, reader: Reader): Rows {
  const skipped: Skipped[] = []
  const readRow = reader.adapter.past?.readSettlement ?? settlementOf
  const settlements: (Settlement & { readonly instrument: string })[] = []
  for (const row of Array.isArray(answer) ? answer : []) {
    const instrument = instrumentOf(row?.symbol, reader, PERPETUAL)
    const settlement = typeof instrument === 'string' ? readRow(row, reader.observedAt) : instrument
    if (isSkipped(settlement)) skipped.push(settlement)
    else settlements.push({ ...settlement, instrument: instrument as string })
  }
  const intervals = intervalsOf(settlements)
  return { skipped, rows: settlements.map((settlement) => settlementRow(settlement, intervals)) }
}

const placeOf = ({ instrument, settledAt }: { instrument: string; settledAt: number }) => `${instrument} ${settledAt}`

function intervalsOf(
  settlements: readonly { readonly instrument: string; readonly settledAt: number }[]
): Map<string, number | null> {
  const intervals = new Map<string, number | null>()
  for (const [instrument, rows] of Map.groupBy(settlements, (row) => row.instrument)) {
    const times = [...new Set(rows.map(({ settledAt }) => settledAt))].sort((a, b) => a - b)
    const hours = observedIntervals(times)
    for (const [index, settledAt] of times.entries())
      intervals.set(placeOf({ instrument, settledAt }), hours[index] ?? null)
  }
  return intervals
}

function settlementRow(
  settlement: Settlement & { readonly instrument: string },
  intervals: ReadonlyMap<string, number | null>
): object {
  const intervalHours = intervals.get(placeOf(settlement)) ?? null
  const rate = Number(settlement.rate)
  const { rate8h, apr } = annualiseFunding({ rate, intervalHours })
  return {
    instrument: settlement.instrument,
    settledAt: isoOf(settlement.settledAt),
    venueTime: isoOf(settlement.venueTime),
    rate,
    intervalHours,
    intervalSource: intervalHours === null ? null : 'observed',
    rate8h,
    apr
  }
}

function isRecord(value: unknown): value is Record<string, Untrusted> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
