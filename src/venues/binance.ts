import { decimalToString, multiply, parseDecimal } from '../domain/decimal.ts'
import { DAY, HOUR, plausibleTime } from '../domain/time.ts'
import { bookCall } from './books.ts'
import { FLOW_ROWS, flowCall } from './flow.ts'
import { isSkipped, positive, rateOf, signed, skip } from './normalise.ts'
import type { OpenInterestPast } from './past-reading.ts'
import { amountOf, keep, keepMark, keepQuote, keepTrades } from './reading.ts'
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

// Binance: spot, USD-M (linear) and COIN-M (inverse). Meanings: docs/venues.md.

const MINUTELY = { everyMs: 60_000 } as const
const INTERVALS = { everyMs: 600_000 } as const
/** How long an interval that Binance declared is relied on: three readings missed. */
const RELIED_ON_MS = 3 * INTERVALS.everyMs
/** USD-M and COIN-M pay every 8 h unless fundingInfo lists the contract; a documented default, not a guess per contract. */
const STANDARD_HOURS = 8

const isSpot = ({ kind }: Covered) => kind === 'spot'
const isLinear = ({ inverse }: Covered) => inverse === false
const isInverse = ({ inverse }: Covered) => inverse === true
const isContract = ({ kind }: Covered) => kind !== 'spot'

/** ccxt wants to be told which of Binance's three markets a bulk call is for. */
const MARKETS = [
  { name: 'spot', params: { type: 'spot' }, covers: isSpot },
  { name: 'linear', params: { type: 'future', subType: 'linear' }, covers: isLinear },
  { name: 'inverse', params: { type: 'delivery', subType: 'inverse' }, covers: isInverse }
] as const

const quotes: Call[] = MARKETS.map(({ name, params, covers }) => ({
  name: `${name} quotes`,
  method: 'fetchBidsAsks',
  facts: ['quote'],
  cadence: 'poll',
  covers,
  reach: 'bulk',
  ask: (exchange) => exchange.fetchBidsAsks(undefined, params),
  read: (answer, context) => {
    for (const ticker of Object.values<Untrusted>(answer)) keepQuote(ticker, context)
  }
}))

const funding: Call[] = MARKETS.slice(1).map(({ name, params, covers }) => ({
  name: `${name} marks and funding`,
  method: 'fetchFundingRates',
  facts: ['mark', 'estimate'],
  cadence: 'poll',
  covers,
  reach: 'bulk',
  ask: (exchange) => exchange.fetchFundingRates(undefined, { subType: params['subType' as keyof typeof params] }),
  read: (answer, context) => {
    for (const rate of Object.values<Untrusted>(answer)) {
      keepMark(rate, context)
      const isPerpetual = context.exchange.markets?.[rate.symbol]?.swap
      if (isPerpetual) keep(readEstimate(rate, context), context.reading.estimates, context)
    }
  }
}))

const intervals: Call[] = MARKETS.slice(1).map(({ name, params }) => ({
  name: `${name} funding intervals`,
  method: 'fetchFundingIntervals',
  facts: ['interval'],
  cadence: INTERVALS,
  covers: () => false,
  reach: 'bulk',
  // USD-M always has adjusted contracts; COIN-M may have none.
  ...(name === 'inverse' ? { mayBeEmpty: true as const } : {}),
  ask: (exchange) => exchange.fetchFundingIntervals(undefined, { subType: params['subType' as keyof typeof params] }),
  read: (answer, { intervals, exchange, observedAt }) => {
    // A contract that has left the list is back at the standard.
    for (const symbol of intervals.keys()) {
      if (exchange.markets?.[symbol]?.inverse === (name === 'inverse')) intervals.delete(symbol)
    }
    for (const row of Object.values<Untrusted>(answer)) {
      const hours = Number(row.info?.fundingIntervalHours)
      if (!Number.isInteger(hours) || hours <= 0 || hours > 24) continue
      intervals.set(row.symbol, {
        hours,
        cap: rateOf(row.info?.adjustedFundingRateCap),
        floor: rateOf(row.info?.adjustedFundingRateFloor),
        readAt: observedAt
      })
    }
    // The list names only adjusted contracts: once it has been read, the others are known to be at the standard.
    intervals.set(`standard ${name}`, { hours: STANDARD_HOURS, cap: null, floor: null, readAt: observedAt })
  }
}))

const volumes: Call[] = MARKETS.map(({ name, params, covers }) => ({
  name: `${name} last prices and volume`,
  method: 'fetchTickers',
  facts: ['last', 'volume'],
  cadence: MINUTELY,
  covers,
  reach: 'bulk',
  ask: (exchange) => exchange.fetchTickers(undefined, params),
  read: (answer, context) => {
    for (const ticker of Object.values<Untrusted>(answer)) {
      if (name === 'inverse') keepTrades(inDollars(ticker, context), context, 'contracts')
      else keepTrades(ticker, context, 'quote')
    }
  }
}))

/** COIN-M counts volume in contracts of a fixed dollar value. */
function inDollars(ticker: Untrusted, { exchange }: ReadContext): Untrusted {
  const contracts = parseDecimal(signed(ticker.info?.volume) ?? '')
  const size = parseDecimal(positive(exchange.markets?.[ticker.symbol]?.contractSize) ?? '')
  return { ...ticker, quoteVolume: contracts && size ? decimalToString(multiply(contracts, size)) : undefined }
}

const openInterest: Call = {
  name: 'open interest',
  method: 'fetchOpenInterest',
  facts: ['open_interest'],
  cadence: 'open_interest',
  covers: isContract,
  reach: 'single',
  ask: (exchange, symbol) => exchange.fetchOpenInterest(symbol),
  read: (answer, context) => {
    const { reading, exchange, observedAt } = context
    keep(readOpenInterest(answer, exchange.markets?.[answer.symbol] ?? {}, observedAt), reading.openInterest, context)
  }
}

/** A thousand levels weigh 20 of the 2,400 a minute of a futures host, 50 of the 6,000 of spot. */
const BOOK_LEVELS = 1_000
const books: Call[] = [
  bookCall({
    name: 'spot and linear books',
    covers: ({ inverse }) => inverse !== true,
    unit: 'base',
    levels: BOOK_LEVELS
  }),
  bookCall({ name: 'inverse books', covers: isInverse, unit: 'contracts', levels: BOOK_LEVELS })
]

/** Of COIN-M accounts alone are told by contract; its taker volume is by pair and kind, in contracts. */
const flow = flowCall('fetchLongShortRatioHistory', async (exchange, symbol) => {
  const { id, linear } = exchange.market(symbol)
  const [ratios, taker] = await Promise.all([
    exchange.fetchLongShortRatioHistory(symbol, '5m', undefined, FLOW_ROWS),
    linear ? exchange.fapiDataGetTakerlongshortRatio({ symbol: id, period: '5m', limit: FLOW_ROWS }) : null
  ])
  const rows: Untrusted[] | undefined = taker?.map(({ timestamp, buyVol, sellVol }: Untrusted) => ({
    timestamp,
    buy: buyVol,
    sell: sellVol
  }))
  return { symbol, ratios, taker: rows ?? null }
})

function readEstimate(row: Untrusted, { observedAt, intervals, exchange }: ReadContext): FundingEstimate | Skipped {
  const rate = rateOf(row.fundingRate)
  if (rate === null) return skip(row.symbol, 'rate_unusable')
  const market = exchange.markets?.[row.symbol] ?? {}
  const standard = intervals.get(`standard ${market.inverse ? 'inverse' : 'linear'}`)
  const interval = intervals.get(row.symbol) ?? standard
  const isDeclared = interval !== undefined && observedAt - interval.readAt <= RELIED_ON_MS
  return {
    symbol: row.symbol,
    rate,
    intervalHours: interval?.hours ?? STANDARD_HOURS,
    // Without Binance's list of adjusted contracts, or with an old one, nobody says now what this one's interval is.
    intervalSource: isDeclared ? 'declared' : 'assumed',
    kind: 'indicative',
    nextSettlementAt: plausibleTime(row.fundingTimestamp, observedAt),
    cap: interval?.cap ?? null,
    floor: interval?.floor ?? null,
    observedAt,
    venueTime: plausibleTime(row.timestamp, observedAt)
  }
}

/** Linear counts base coins, inverse counts contracts of 100 or 10 dollars; each contract once. */
function readOpenInterest(row: Untrusted, market: Untrusted, observedAt: number): OpenInterest | Skipped {
  const amount = amountOf(row.info?.openInterest ?? row.openInterestAmount)
  if (amount === null) return skip(row.symbol, 'open_interest_unusable')
  const size = parseDecimal(positive(market.contractSize) ?? '')
  if (market.inverse && !size) return skip(row.symbol, 'contract_size_unknown')
  const usd = market.inverse && size ? decimalToString(multiply(parseDecimal(amount)!, size)) : null
  return {
    symbol: row.symbol,
    base: market.inverse ? null : amount,
    quote: usd,
    usd,
    sides: 1,
    unit: market.inverse ? 'contracts' : 'base',
    observedAt,
    venueTime: plausibleTime(row.timestamp, observedAt)
  }
}

/**
 * COIN-M's is asked by pair and kind: what is answered for a dated kind is of another contract after every roll, so perpetuals only.
 * Both sizes come with it, and are exact: coins or contracts, and their value in dollars or coins.
 */
const openInterestPast: OpenInterestPast = {
  served: ({ kind, inverse }) => kind === 'perpetual' || (kind === 'future' && inverse === false),
  pageLimit: 500,
  // Thirty days, and refused when asked for more: an hour is left for the way there.
  keptMs: 30 * DAY - HOUR,
  ask: (exchange, symbol, since, until) => {
    const { inverse, info } = exchange.market(symbol)
    const pair = inverse ? { pair: info?.pair, contractType: 'PERPETUAL' } : {}
    return exchange.fetchOpenInterestHistory(symbol, '1h', since, 500, { until, ...pair })
  },
  read: (row, market, observedAt) => {
    const { sumOpenInterest, sumOpenInterestValue, timestamp } = row.info ?? {}
    const info = { openInterest: sumOpenInterest }
    const read = readOpenInterest({ symbol: row.symbol, info, timestamp }, market, observedAt)
    if (isSkipped(read)) return read
    const value = amountOf(sumOpenInterestValue)
    return market.inverse ? { ...read, base: value } : { ...read, quote: value, usd: value }
  }
}

export const binance: VenueAdapter = {
  id: 'binance',
  name: 'Binance',
  adapterVersion: 1,
  ccxtIds: ['binance'],
  averaging: 'linear',
  options: { fetchMarkets: { types: ['spot', 'linear', 'inverse'] }, fetchCurrencies: false },
  calls: [...quotes, ...intervals, ...funding, ...volumes, openInterest, ...books, flow],
  hasBulkOpenInterest: false,
  past: {
    calculated: { served: ({ kind }) => (kind === 'spot' ? [] : ['mark', 'index', 'premium']), pageLimit: 1_000 },
    openInterest: openInterestPast
  },
  settlementPageLimit: 1_000,
  candlePageLimit: 1_000,
  readEstimate,
  readOpenInterest
}
