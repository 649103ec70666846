import { decimalToString, divideDecimal, multiply, parseDecimal } from '../domain/decimal.ts'
import { parseIntervalHours } from '../domain/funding.ts'
import { plausibleTime } from '../domain/time.ts'
import { hoursOf, lastOf, markOf, positive, quoteOf, rateOf, signed, skip, volumeOf } from './normalise.ts'
import type {
  Call,
  Covered,
  FundingEstimate,
  OpenInterest,
  ReadContext,
  Skipped,
  Untrusted,
  VenueAdapter
} from './venue.ts'

// Bybit v5: one tickers call a category brings quotes, marks, funding and open interest together. Meanings: docs/venues.md.

const CATEGORIES = [
  { name: 'spot', covers: ({ kind }: Covered) => kind === 'spot' },
  { name: 'linear', covers: ({ inverse }: Covered) => inverse === false },
  { name: 'inverse', covers: ({ inverse }: Covered) => inverse === true }
] as const

const tickers: Call[] = CATEGORIES.map(({ name, covers }) => ({
  name: `${name} tickers`,
  method: 'fetchTickers',
  facts:
    name === 'spot' ? ['quote', 'last', 'volume'] : ['quote', 'last', 'volume', 'mark', 'estimate', 'open_interest'],
  cadence: 'poll',
  covers,
  reach: 'bulk',
  ask: (exchange) =>
    exchange.fetchTickers(undefined, name === 'spot' ? { type: 'spot' } : { type: 'swap', subType: name }),
  read: (answer, context) => {
    for (const ticker of Object.values<Untrusted>(answer)) readTicker(ticker, context)
  }
}))

function readTicker(ticker: Untrusted, context: ReadContext): void {
  const { reading, observedAt, exchange } = context
  const quote = quoteOf(ticker, observedAt)
  if (quote) reading.quotes.push(quote)
  else reading.skipped.push(skip(ticker.symbol, 'quote_unusable'))
  const last = lastOf(ticker, observedAt)
  if (last) reading.lasts.push(last)
  const market = exchange.markets?.[ticker.symbol]
  if (!market) return
  // Inverse turnover is in coins and volume in dollars; linear and spot the other way round.
  const volume = volumeOf(
    { ...ticker, quoteVolume: market.inverse ? ticker.info?.volume24h : ticker.quoteVolume },
    observedAt
  )
  if (volume) reading.volumes.push(volume)
  if (!market.contract) return
  const mark = markOf(ticker, observedAt)
  if (mark) reading.marks.push(mark)
  push(
    readOpenInterest({ symbol: ticker.symbol, info: ticker.info }, market, observedAt),
    reading.openInterest,
    context
  )
  if (market.swap)
    push(readEstimate(exchange.parseFundingRate(ticker.info, market), context), reading.estimates, context)
}

function push<T extends object>(row: T | Skipped, rows: T[], { reading }: ReadContext): void {
  if ('reason' in row) reading.skipped.push(row)
  else rows.push(row)
}

function readEstimate(row: Untrusted, { observedAt, exchange }: ReadContext): FundingEstimate | Skipped {
  const rate = rateOf(row.fundingRate)
  if (rate === null) return skip(row.symbol, 'rate_unusable')
  const info = row.info ?? {}
  const listing = exchange.markets?.[row.symbol]?.info ?? {}
  // The ticker's own interval; ccxt's comes from the market list and is stale after a change.
  const hours =
    hoursOf(info.fundingIntervalHour) ??
    hoursOf(Number(listing.fundingInterval) / 60) ??
    parseIntervalHours(row.interval)
  const cap = rateOf(info.fundingCap) ?? rateOf(listing.upperFundingRate)
  return {
    symbol: row.symbol,
    rate,
    intervalHours: hours,
    intervalSource: hours === null ? null : 'declared',
    kind: 'indicative',
    nextSettlementAt: plausibleTime(row.fundingTimestamp, observedAt),
    cap,
    floor: rateOf(listing.lowerFundingRate) ?? negated(cap),
    observedAt,
    venueTime: plausibleTime(row.timestamp, observedAt)
  }
}

/** The ticker's fundingCap bounds both signs. */
const negated = (cap: string | null): string | null =>
  cap === null ? null : decimalToString(multiply(parseDecimal(cap)!, parseDecimal('-1')!))

/**
 * Bybit counts both sides of every contract unless it says `singleOpenInterest`. Linear counts base coins and values them in the
 * quote, inverse counts dollars and values them in the coin; a figure without its value is valued at the mark beside it.
 */
function readOpenInterest(row: Untrusted, market: Untrusted, observedAt: number): OpenInterest | Skipped {
  const info = row.info ?? {}
  const single = signed(info.singleOpenInterest)
  const amount = single ?? signed(info.openInterest)
  if (amount === null || amount.startsWith('-')) return skip(row.symbol, 'open_interest_unusable')
  const value =
    single === null ? signed(info.openInterestValue) : valueAtMark(amount, positive(info.markPrice), market.inverse)
  const inDollars = market.inverse ? amount : value
  return {
    symbol: row.symbol,
    base: market.inverse ? value : amount,
    quote: inDollars,
    usd: inDollars,
    sides: single === null ? 2 : 1,
    observedAt,
    venueTime: plausibleTime(row.timestamp, observedAt)
  }
}

/** `oiUsd = oiBase · mark` (linear), `oiBase = oiUsd / mark` (inverse): domain-spec 1.5. */
function valueAtMark(amount: string, mark: string | null, inverse: boolean): string | null {
  if (mark === null) return null
  const [a, m] = [parseDecimal(amount)!, parseDecimal(mark)!]
  const value = inverse ? divideDecimal(a, m) : multiply(a, m)
  return value ? decimalToString(value) : null
}

export const bybit: VenueAdapter = {
  id: 'bybit',
  name: 'Bybit',
  adapterVersion: 1,
  ccxtIds: ['bybit'],
  averaging: 'linear',
  options: { fetchMarkets: { types: ['spot', 'linear', 'inverse'] }, fetchCurrencies: false },
  calls: tickers,
  hasBulkOpenInterest: true,
  settlementPageLimit: 200,
  candlePageLimit: 1_000,
  readEstimate,
  readOpenInterest
}
