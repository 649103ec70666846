import { decimalToString, negate, parseDecimal } from '../domain/decimal.ts'
import { isDollarLike } from '../domain/instrument.ts'
import { floorTo, HOUR } from '../domain/time.ts'
import { krakenRelativeInverse, krakenRelativeLinear } from '../domain/venue-funding.ts'
import { bookCall } from './books.ts'
import { krakenLiquidations } from './liquidation-calls.ts'
import { positive, rateOf, settlementOf, signed, skip } from './normalise.ts'
import { amountOf, keep, keepMark, keepQuote, keepTrades, openInterestAtMark } from './reading.ts'
import type {
  Call,
  CcxtExchange,
  FundingEstimate,
  OpenInterest,
  ReadContext,
  Skipped,
  Untrusted,
  VenueAdapter
} from './venue.ts'

// Kraken: spot and futures are two hosts and two ccxt classes; one tickers call each brings everything. Meanings: docs/venues.md.

const SPOT = 'kraken'
const FUTURES = 'krakenfutures'
/** The documented bound of the hourly rate, for a contract whose listing does not say its own. */
const DOCUMENTED_CAP = '0.0025'
const INTERVAL_HOURS = 1
/** `OHLC` has only the newest 720 candles, whatever it is asked for. */
const SPOT_CANDLES = 720
const CONTRACT_CANDLES = 2_000

const spotTickers: Call = {
  name: 'spot tickers',
  method: 'fetchTickers',
  facts: ['quote', 'last', 'volume'],
  cadence: 'poll',
  covers: ({ kind }) => kind === 'spot',
  ccxtId: SPOT,
  reach: 'bulk',
  ask: (exchange) => exchange.fetchTickers(),
  read: (answer, context) => {
    for (const ticker of Object.values<Untrusted>(answer)) readTicker(ticker, context)
  }
}

const contractTickers: Call = {
  name: 'contract tickers',
  method: 'fetchTickers',
  facts: ['quote', 'last', 'volume', 'mark', 'estimate', 'open_interest'],
  cadence: 'poll',
  covers: ({ kind }) => kind !== 'spot',
  ccxtId: FUTURES,
  reach: 'bulk',
  ask: (exchange) => exchange.fetchTickers(),
  read: (answer, context) => {
    for (const ticker of Object.values<Untrusted>(answer)) {
      // Indices and reference rates are among the tickers; they are nothing that trades.
      if (context.exchange.markets?.[ticker.symbol]?.contract) readContract(ticker, context)
    }
  }
}

/** Contracts of inverse books are of one dollar each. */
const books: Call[] = [
  bookCall({ name: 'spot books', covers: ({ kind }) => kind === 'spot', unit: 'base', levels: 500, ccxtId: SPOT }),
  bookCall({ name: 'linear books', covers: ({ inverse }) => inverse === false, unit: 'base', ccxtId: FUTURES }),
  bookCall({ name: 'inverse books', covers: ({ inverse }) => inverse === true, unit: 'usd', ccxtId: FUTURES })
]

function readTicker(ticker: Untrusted, context: ReadContext): void {
  keepQuote(withoutTime(ticker), context)
  const isInverse = context.exchange.markets?.[ticker.symbol]?.inverse === true
  keepTrades({ ...ticker, quoteVolume: turnoverOf(ticker, context.exchange) }, context, isInverse ? 'usd' : 'quote')
}

function readContract(ticker: Untrusted, context: ReadContext): void {
  const { reading, observedAt, exchange } = context
  if (String(ticker.info?.suspended) === 'true') {
    reading.skipped.push(skip(ticker.symbol, 'suspended'))
    return
  }
  readTicker(ticker, context)
  const market = exchange.markets[ticker.symbol]
  keepMark(withoutTime(ticker), context)
  keep(readOpenInterest(ticker, market, observedAt), reading.openInterest, context)
  if (market.swap) keep(readEstimate(ticker, context), reading.estimates, context)
}

/** The ticker's time is its last trade's: minutes ago on a quiet contract whose quote is fresh. */
const withoutTime = (ticker: Untrusted): Untrusted => ({ ...ticker, timestamp: undefined })

/** Dollars of 24 h: linear contracts say them beside their coins, inverse contracts are dollars, spot is in its quote. */
function turnoverOf(ticker: Untrusted, exchange: CcxtExchange): Untrusted {
  const market = exchange.markets?.[ticker.symbol]
  if (market?.inverse) return ticker.info?.vol24h
  if (market?.linear) return ticker.info?.volumeQuote
  return isDollarLike(String(market?.quote)) ? ticker.quoteVolume : undefined
}

/**
 * The ticker's rate is absolute: dollars per coin and hour (linear), coins per dollar and hour (inverse). It was fixed from the
 * index at the hour's start; with the index beside it, it is the rate as good as the ticker lets one know it.
 */
function readEstimate(row: Untrusted, { observedAt, exchange }: ReadContext): FundingEstimate | Skipped {
  const info = row.info ?? {}
  const market = exchange.markets?.[row.symbol]
  if (!market?.swap) return skip(row.symbol, 'not_a_perpetual')
  const absoluteRate = signed(info.fundingRate)
  const indexPrice = positive(info.indexPrice)
  if (absoluteRate === null) return skip(row.symbol, 'rate_unusable')
  if (indexPrice === null) return skip(row.symbol, 'index_missing')
  const cap = positive(market.info?.maxRelativeFundingRate) ?? DOCUMENTED_CAP
  const relativeOf = market.inverse ? krakenRelativeInverse : krakenRelativeLinear
  const input = { absoluteRate: Number(absoluteRate), indexPrice: Number(indexPrice), capPerHour: Number(cap) }
  const rate = rateOf(relativeOf(input).relative)
  if (rate === null) return skip(row.symbol, 'rate_unusable')
  return {
    symbol: row.symbol,
    rate,
    intervalHours: INTERVAL_HOURS,
    intervalSource: 'declared',
    kind: 'fixed',
    nextSettlementAt: floorTo(observedAt, INTERVAL_HOURS * HOUR) + INTERVAL_HOURS * HOUR,
    isSettlementTimeOurs: true,
    cap,
    floor: decimalToString(negate(parseDecimal(cap)!)),
    observedAt,
    venueTime: null
  }
}

/** Linear contracts count coins, inverse ones dollars, each contract once; the other unit through the mark beside it. */
function readOpenInterest(row: Untrusted, market: Untrusted, observedAt: number): OpenInterest | Skipped {
  const info = row.info ?? {}
  const amount = amountOf(info.openInterest)
  if (amount === null) return skip(row.symbol, 'open_interest_unusable')
  const { base, usd } = openInterestAtMark(amount, market.inverse, info.markPrice)
  const unit = market.inverse ? 'usd' : 'base'
  return { symbol: row.symbol, base, quote: usd, usd, sides: 1, unit, observedAt, venueTime: null }
}

/** Only the relative rate is a fraction; the absolute one beside it is an amount of money. */
const readSettlement = (row: Untrusted, observedAt: number) =>
  settlementOf({ ...row, fundingRate: row.info?.relativeFundingRate }, observedAt)

/** The venue has no windows: every question is answered with all of the last year. */
async function askSettlements(
  exchange: CcxtExchange,
  symbol: string,
  since: number,
  until: number
): Promise<Untrusted[]> {
  const rows: Untrusted[] = await exchange.fetchFundingRateHistory(symbol)
  // A row without a time is kept: what reads it says why it is of no use.
  return rows.filter(({ timestamp }) => !(timestamp < since || timestamp > until))
}

/** ccxt knows no `until` here: the number of candles ends the window. */
function askContractCandles(exchange: CcxtExchange, symbol: string, since: number, until: number, params = {}) {
  const limit = Math.min(CONTRACT_CANDLES, Math.ceil((until - since) / HOUR) + 1)
  return exchange.fetchOHLCV(symbol, '1h', since, limit, params)
}

async function askHourlyCandles(
  exchange: CcxtExchange,
  symbol: string,
  since: number,
  until: number
): Promise<Untrusted[]> {
  if (exchange.id === FUTURES) return await askContractCandles(exchange, symbol, since, until)
  // What lies before the newest candles is answered with the newest candles: not worth a request.
  if (until <= exchange.milliseconds() - SPOT_CANDLES * HOUR) return []
  return await exchange.fetchOHLCV(symbol, '1h', since)
}

export const kraken: VenueAdapter = {
  id: 'kraken',
  name: 'Kraken',
  adapterVersion: 1,
  ccxtIds: [SPOT, FUTURES],
  averaging: 'arithmetic',
  options: {},
  calls: [spotTickers, contractTickers, ...books, ...krakenLiquidations],
  hasBulkOpenInterest: true,
  tickerTime: 'last_trade',
  past: {
    askSettlements,
    readSettlement,
    askHourlyCandles,
    candlesKeptMs: ({ kind }) => (kind === 'spot' ? SPOT_CANDLES * HOUR : null),
    calculated: {
      served: ({ kind }) => (kind === 'spot' ? [] : ['mark', 'index']),
      pageLimit: CONTRACT_CANDLES,
      ask: (price, exchange, symbol, since, until) => askContractCandles(exchange, symbol, since, until, { price })
    }
  },
  // A year and a bit: whatever is wanted of the past comes in one page, because it comes in one answer.
  settlementPageLimit: 9_000,
  candlePageLimit: SPOT_CANDLES,
  readEstimate,
  readOpenInterest
}
