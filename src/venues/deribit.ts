import { MINUTE, plausibleTime } from '../domain/time.ts'
import { bookCall } from './books.ts'
import { deribitLiquidations } from './liquidation-calls.ts'
import { rateOf, settlementOf, signed, skip } from './normalise.ts'
import { amountOf, keep, keepMark, keepQuote, keepTrades, openInterestAtMark } from './reading.ts'
import type {
  Call,
  CcxtExchange,
  CcxtMarket,
  Covered,
  FundingEstimate,
  OpenInterest,
  ReadContext,
  Settlement,
  Skipped,
  Untrusted,
  VenueAdapter
} from './venue.ts'

// Deribit: a book summary per settlement currency brings quotes, marks, funding and open interest together, with the venue's
// own time (it is published every two seconds). Meanings: docs/venues.md.

const isSpot = ({ kind }: Covered) => kind === 'spot'
const isLinear = ({ inverse }: Covered) => inverse === false
const isInverse = ({ inverse }: Covered) => inverse === true

const FUTURES = [
  { currency: 'BTC', covers: isInverse },
  { currency: 'ETH', covers: isInverse },
  { currency: 'USDC', covers: isLinear }
] as const
/** A spot pair is found under its quote; under its base as well, should that be the one it is filed under. */
const SPOT_CURRENCIES = ['USDC', 'USDT', 'BTC', 'ETH'] as const

/** The unit of the published rate, not a clock: funding accrues all the time. */
const RATE_HOURS = 8
/** A dated contract's estimated delivery price is its index until the last half hour, whose average it becomes. */
const DELIVERY_AVERAGE_MS = 30 * MINUTE
const CANDLES = 1_000

const futures: Call[] = FUTURES.map(({ currency, covers }) => ({
  name: `${currency} futures`,
  method: 'fetchTickers',
  facts: ['quote', 'last', 'volume', 'mark', 'estimate', 'open_interest'],
  cadence: 'poll',
  covers,
  reach: 'bulk',
  ask: (exchange) => exchange.fetchTickers(undefined, { code: currency, kind: 'future' }),
  read: readTickers
}))

/** One answer of several: a currency without pairs is no failure. */
const spot: Call = {
  name: 'spot',
  method: 'fetchTickers',
  facts: ['quote', 'last', 'volume'],
  cadence: 'poll',
  covers: isSpot,
  reach: 'bulk',
  ask: async (exchange) => {
    const ask = (code: string) => exchange.fetchTickers(undefined, { code, kind: 'spot' })
    return Object.assign({}, ...(await Promise.all(SPOT_CURRENCIES.map(ask))))
  },
  read: readTickers
}

/** Amounts are as open interest is: dollars of inverse contracts, coins of everything else, never contracts. */
const BOOK_LEVELS = 1_000
const books: Call[] = [
  bookCall({
    name: 'spot and linear books',
    covers: ({ inverse }) => inverse !== true,
    unit: 'base',
    levels: BOOK_LEVELS
  }),
  bookCall({ name: 'inverse books', covers: isInverse, unit: 'usd', levels: BOOK_LEVELS })
]

function readTickers(answer: Untrusted, context: ReadContext): void {
  for (const ticker of Object.values<Untrusted>(answer)) readTicker(ticker, context)
}

function readTicker(ticker: Untrusted, context: ReadContext): void {
  const { reading, observedAt, exchange } = context
  const market = exchange.markets?.[ticker.symbol]
  keepQuote(ticker, context)
  // ccxt's quoteVolume is the turnover in the quote currency.
  keepTrades({ ...ticker, quoteVolume: ticker.info?.volume_usd }, context, 'usd')
  if (!market?.contract) return
  keepMark({ ...ticker, indexPrice: indexOf(ticker, market, observedAt) }, context)
  keep(readOpenInterest(ticker, market, observedAt), reading.openInterest, context)
  if (market.swap) keep(readEstimate(ticker, context), reading.estimates, context)
}

/** A ticker's own index, else the estimated delivery price of a summary, which is the index until a contract is delivered. */
function indexOf({ indexPrice, info, timestamp }: Untrusted, market: Untrusted, observedAt: number): Untrusted {
  const atMs = plausibleTime(timestamp, observedAt) ?? observedAt
  const isAveraged = market.future && !(Number(market.expiry) - atMs > DELIVERY_AVERAGE_MS)
  return indexPrice ?? (isAveraged ? undefined : info?.estimated_delivery_price)
}

/** `current_funding`; ccxt's fetchFundingRate asks for what was paid over the last 8 h, which is a trailing rate too. */
function readEstimate(row: Untrusted, { observedAt }: Pick<ReadContext, 'observedAt'>): FundingEstimate | Skipped {
  const rate = rateOf(row.info?.current_funding) ?? rateOf(row.fundingRate)
  if (rate === null) return skip(row.symbol, 'rate_unusable')
  return {
    symbol: row.symbol,
    rate,
    intervalHours: RATE_HOURS,
    intervalSource: 'declared',
    kind: 'trailing',
    nextSettlementAt: null,
    cap: null,
    floor: null,
    observedAt,
    venueTime: plausibleTime(row.timestamp, observedAt)
  }
}

/** Dollars of inverse contracts, coins of linear ones, never contracts; ccxt files a linear perpetual's coins under value. */
function readOpenInterest(row: Untrusted, market: Untrusted, observedAt: number): OpenInterest | Skipped {
  const amount = amountOf(row.info?.open_interest ?? row.openInterestAmount ?? row.openInterestValue)
  if (amount === null) return skip(row.symbol, 'open_interest_unusable')
  if (typeof market.inverse !== 'boolean') return skip(row.symbol, 'unit_unknown')
  const { base, usd } = openInterestAtMark(amount, market.inverse, row.info?.mark_price)
  return {
    symbol: row.symbol,
    base,
    quote: usd,
    usd,
    sides: 1,
    unit: market.inverse ? 'usd' : 'base',
    observedAt,
    venueTime: plausibleTime(row.timestamp, observedAt)
  }
}

/** What was paid in the hour before; ccxt's own rate is `interest_8h`, which counts every hour eight times. */
function readSettlement(row: Untrusted, observedAt: number): Settlement | Skipped {
  return settlementOf({ ...row, fundingRate: row.info?.interest_1h }, observedAt)
}

/** Hours without a trade come as a repeated close with no volume: nothing was traded at that price then. */
async function askHourlyCandles(
  exchange: CcxtExchange,
  symbol: string,
  since: number,
  until: number
): Promise<Untrusted[]> {
  const rows: Untrusted = await exchange.fetchOHLCV(symbol, '1h', since, CANDLES, { until: until - 1 })
  if (!Array.isArray(rows)) return rows
  return rows.map((row) => (signed(row?.[5]) === '0' ? [row[0]] : row))
}

/** Perpetuals on shares, metals and unlisted companies are no coin that a spot leg could stand for. */
function nativeIdOf({ id, symbol, info }: CcxtMarket): string | Skipped {
  return (info?.underlying_type ?? 'crypto') === 'crypto' ? id : skip(symbol, 'not_crypto')
}

export const deribit: VenueAdapter = {
  id: 'deribit',
  name: 'Deribit',
  adapterVersion: 1,
  ccxtIds: ['deribit'],
  averaging: 'arithmetic',
  options: {},
  calls: [...futures, spot, ...books, ...deribitLiquidations],
  hasBulkOpenInterest: true,
  past: { readSettlement, askHourlyCandles },
  // It answers 720 or 744 hours, the newest of the window whatever its start: fewer are asked for, so that none is cut off.
  settlementPageLimit: 700,
  candlePageLimit: CANDLES,
  nativeIdOf,
  readEstimate,
  readOpenInterest
}
