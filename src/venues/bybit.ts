import { decimalToString, negate, parseDecimal } from '../domain/decimal.ts'
import { parseIntervalHours } from '../domain/funding.ts'
import { plausibleTime } from '../domain/time.ts'
import { bookCall } from './books.ts'
import { FLOW_ROWS, flowCall } from './flow.ts'
import { hoursOf, rateOf, skip } from './normalise.ts'
import type { CalculatedPrice } from './past-reading.ts'
import { amountOf, keep, keepMark, keepQuote, keepTrades, openInterestAtMark } from './reading.ts'
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

const books: Call[] = [
  bookCall({ name: 'spot books', covers: ({ kind }) => kind === 'spot', unit: 'base', levels: 200 }),
  bookCall({ name: 'linear books', covers: ({ inverse }) => inverse === false, unit: 'base', levels: 500 }),
  bookCall({ name: 'inverse books', covers: ({ inverse }) => inverse === true, unit: 'usd', levels: 500 })
]

/** Bybit publishes no taker volume. Its word for the period is not ccxt's. */
const flow = flowCall('fetchLongShortRatioHistory', async (exchange, symbol) => ({
  symbol,
  ratios: await exchange.fetchLongShortRatioHistory(symbol, '5min', undefined, FLOW_ROWS),
  taker: null
}))

function readTicker(ticker: Untrusted, context: ReadContext): void {
  const { reading, observedAt, exchange } = context
  const market = exchange.markets?.[ticker.symbol]
  keepQuote(ticker, context)
  // Inverse turnover is in coins and volume in dollars; linear and spot the other way round.
  if (market?.inverse) keepTrades({ ...ticker, quoteVolume: ticker.info?.volume24h }, context, 'usd')
  else keepTrades(ticker, context, 'quote')
  if (!market?.contract) return
  const { symbol, info } = ticker
  keepMark(ticker, context)
  keep(readOpenInterest({ symbol, info }, market, observedAt), reading.openInterest, context)
  if (market.swap) keep(readEstimate(exchange.parseFundingRate(info, market), context), reading.estimates, context)
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
  cap === null ? null : decimalToString(negate(parseDecimal(cap)!))

/**
 * Bybit counts both sides of every contract unless it says `singleOpenInterest`. Linear counts base coins and values them in the
 * quote, inverse counts dollars and values them in the coin; a figure without its value is valued at the mark beside it.
 */
function readOpenInterest(row: Untrusted, market: Untrusted, observedAt: number): OpenInterest | Skipped {
  const info = row.info ?? {}
  const single = amountOf(info.singleOpenInterest)
  const amount = single ?? amountOf(info.openInterest)
  if (amount === null) return skip(row.symbol, 'open_interest_unusable')
  const value = amountOf(info.openInterestValue)
  const valued = market.inverse ? { base: value, usd: amount } : { base: amount, usd: value }
  const { base, usd } = single === null ? valued : openInterestAtMark(amount, market.inverse, info.markPrice)
  return {
    symbol: row.symbol,
    base,
    quote: usd,
    usd,
    sides: single === null ? 2 : 1,
    unit: market.inverse ? 'usd' : 'base',
    observedAt,
    venueTime: plausibleTime(row.timestamp, observedAt)
  }
}

const OPEN_INTEREST_PAGE = 200

/** Premiums are of linear contracts alone. */
const calculatedOf = ({ kind, inverse }: Covered): readonly CalculatedPrice[] =>
  kind === 'spot' ? [] : inverse ? ['mark', 'index'] : ['mark', 'index', 'premium']

export const bybit: VenueAdapter = {
  id: 'bybit',
  name: 'Bybit',
  adapterVersion: 1,
  ccxtIds: ['bybit'],
  averaging: 'linear',
  options: { fetchMarkets: { types: ['spot', 'linear', 'inverse'] }, fetchCurrencies: false },
  calls: [...tickers, ...books, flow],
  hasBulkOpenInterest: true,
  past: {
    calculated: { served: calculatedOf, pageLimit: 1_000 },
    openInterest: {
      served: ({ kind }) => kind !== 'spot',
      pageLimit: OPEN_INTEREST_PAGE,
      keptMs: null,
      ask: (exchange, symbol, since, until) =>
        exchange.fetchOpenInterestHistory(symbol, '1h', since, OPEN_INTEREST_PAGE, { until }),
      read: readOpenInterest
    }
  },
  settlementPageLimit: 200,
  candlePageLimit: 1_000,
  readEstimate,
  readOpenInterest
}
