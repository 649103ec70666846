import type { IntervalSource } from '../domain/board-row.ts'
import { parseIntervalHours } from '../domain/funding.ts'
import { plausibleTime } from '../domain/time.ts'
import { okxIntervals } from '../domain/venue-funding.ts'
import { bookCall } from './books.ts'
import { FLOW_ROWS, flowCall } from './flow.ts'
import { okxLiquidations } from './liquidation-calls.ts'
import { contractSizeOf, hoursOf, markOf, positive, rateOf, signed, skip } from './normalise.ts'
import { okxPast, SETTLEMENT_PAGE } from './okx-past.ts'
import { amountOf, keep, keepQuote, keepTrades, times } from './reading.ts'
import type {
  Call,
  CcxtMarket,
  Covered,
  FundingEstimate,
  MarkPrice,
  OpenInterest,
  ReadContext,
  Skipped,
  Untrusted,
  VenueAdapter
} from './venue.ts'

// OKX v5: each fact has a call of its own, for all instruments of a type (SPOT, SWAP, FUTURES). Meanings: docs/venues.md.

/** Open interest changes slowly and is not on the board's clock. */
const MINUTELY = { everyMs: 60_000 } as const
const CANDLE_PAGE = 300

const isContract = ({ kind }: Covered) => kind !== 'spot'

const TYPES = [
  { name: 'spot', type: 'spot', covers: ({ kind }: Covered) => kind === 'spot' },
  { name: 'swap', type: 'swap', covers: ({ kind }: Covered) => kind === 'perpetual' },
  { name: 'futures', type: 'future', covers: ({ kind }: Covered) => kind === 'future' }
] as const

const tickers: Call[] = TYPES.map(({ name, type, covers }) => ({
  name: `${name} tickers`,
  method: 'fetchTickers',
  facts: ['quote', 'last', 'volume'],
  cadence: 'poll',
  covers,
  reach: 'bulk',
  ask: (exchange) => exchange.fetchTickers(undefined, { type }),
  read: (answer, context) => {
    for (const ticker of Object.values<Untrusted>(answer)) readTicker(ticker, context)
  }
}))

function readTicker(ticker: Untrusted, context: ReadContext): void {
  const market = context.exchange.markets?.[ticker.symbol]
  keepQuote({ ...ticker, ...sizesOf(ticker, market) }, context)
  const unit = !market?.contract ? 'quote' : market.inverse ? 'contracts' : 'base'
  keepTrades({ ...ticker, quoteVolume: dollarsOf(ticker, market) }, context, unit)
}

/** Linear sizes are contracts of `ctVal` coins; coin-margined ones stay contracts, as everywhere. */
function sizesOf({ bidVolume, askVolume }: Untrusted, market: CcxtMarket): object {
  if (!market?.contract || market.inverse) return { bidVolume, askVolume }
  const face = contractSizeOf(market)
  return { bidVolume: times(positive(bidVolume), face), askVolume: times(positive(askVolume), face) }
}

/** `volCcy24h` is the quote of a spot market and the coins of a contract; `vol24h` is contracts, of so many dollars where coin-margined. */
function dollarsOf({ info, last }: Untrusted, market: CcxtMarket): string | null {
  if (!market?.contract) return signed(info?.volCcy24h)
  if (market.inverse) return times(signed(info?.vol24h), contractSizeOf(market))
  // Coins at the last price: what they were traded for is not said.
  return times(signed(info?.volCcy24h), positive(last))
}

const INDEX_QUOTES = ['USDT', 'USDC', 'USD'] as const

/** Marks and indices come in five answers and are one fact: which is why they are one call. */
const marks: Call = {
  name: 'mark and index prices',
  method: 'fetchMarkPrices',
  facts: ['mark'],
  cadence: 'poll',
  covers: isContract,
  reach: 'bulk',
  ask: async (exchange) => {
    // ccxt has no unified method for indices: a list in an envelope.
    const [swaps, futures, ...indices] = await Promise.all([
      exchange.fetchMarkPrices(undefined, { type: 'swap' }),
      exchange.fetchMarkPrices(undefined, { type: 'future' }),
      ...INDEX_QUOTES.map((quoteCcy) => exchange.publicGetMarketIndexTickers({ quoteCcy }))
    ])
    const answer = { marks: { ...swaps, ...futures }, indices: indices.flatMap((list) => list?.data ?? []) }
    return Object.keys(answer.marks).length + answer.indices.length > 0 ? answer : {}
  },
  read: (answer, context) => context.reading.marks.push(...readMarks(answer, context))
}

/** An index has no instrument of its own: it belongs to every contract on its underlying. */
function readMarks({ marks, indices }: Untrusted, { exchange, observedAt }: ReadContext): MarkPrice[] {
  const indexOf = new Map<Untrusted, Untrusted>(indices.map((row: Untrusted) => [row?.instId, row]))
  return Object.values<CcxtMarket>(exchange.markets ?? {}).flatMap((market) => {
    if (!market.contract || market.option) return []
    const mark = marks[market.symbol]
    const index = indexOf.get(market.info?.uly)
    const said = markOf(
      {
        symbol: market.symbol,
        markPrice: mark?.markPrice,
        indexPrice: index?.idxPx,
        timestamp: mark?.timestamp ?? index?.ts
      },
      observedAt
    )
    return said ? [said] : []
  })
}

const funding: Call = {
  name: 'swap funding',
  method: 'fetchFundingRates',
  facts: ['estimate'],
  cadence: 'poll',
  covers: ({ kind }) => kind === 'perpetual',
  reach: 'bulk',
  ask: (exchange) => exchange.fetchFundingRates(),
  read: (answer, context) => {
    for (const rate of Object.values<Untrusted>(answer)) {
      // Dated "X-Perps" pay funding too; they are no perpetuals.
      if (!context.exchange.markets?.[rate.symbol]?.swap) continue
      keep(readEstimate(rate, context), context.reading.estimates, context)
    }
  }
}

function readEstimate(row: Untrusted, { observedAt }: Pick<ReadContext, 'observedAt'>): FundingEstimate | Skipped {
  const rate = rateOf(row.fundingRate)
  if (rate === null) return skip(row.symbol, 'rate_unusable')
  const info = row.info ?? {}
  return {
    symbol: row.symbol,
    rate,
    ...intervalOf(row, observedAt),
    // By `next_period` the rate is that of the period before and stands; by `current_period` it moves until it is paid.
    kind: info.method === 'next_period' ? 'fixed' : 'indicative',
    nextSettlementAt: plausibleTime(row.fundingTimestamp, observedAt),
    cap: rateOf(info.maxFundingRate),
    floor: rateOf(info.minFundingRate),
    observedAt,
    venueTime: plausibleTime(row.timestamp ?? Number(info.ts), observedAt)
  }
}

/** The running period ends at `fundingTime`; ccxt's interval is the one after, which is only as long as long as nothing changes. */
function intervalOf(
  row: Untrusted,
  observedAt: number
): { intervalHours: number | null; intervalSource: IntervalSource | null } {
  const info = row.info ?? {}
  const time = (value: Untrusted) => plausibleTime(Number(value), observedAt)
  const { currentIntervalHours } = okxIntervals({
    prevFundingTime: time(info.prevFundingTime),
    fundingTime: time(info.fundingTime),
    nextFundingTime: time(info.nextFundingTime)
  })
  const declared = hoursOf(currentIntervalHours)
  if (declared !== null) return { intervalHours: declared, intervalSource: 'declared' }
  const following = hoursOf(parseIntervalHours(row.interval))
  return { intervalHours: following, intervalSource: following === null ? null : 'assumed' }
}

const openInterests: Call[] = ['SWAP', 'FUTURES'].map((instType, index) => ({
  name: `${TYPES[index + 1]!.name} open interest`,
  method: 'fetchOpenInterests',
  facts: ['open_interest'],
  cadence: MINUTELY,
  covers: TYPES[index + 1]!.covers,
  reach: 'bulk',
  ask: (exchange) => exchange.fetchOpenInterests(undefined, { instType }),
  read: (answer, context) => {
    const { reading, observedAt, exchange } = context
    for (const row of Object.values<Untrusted>(answer)) {
      keep(readOpenInterest(row, exchange.markets?.[row.symbol] ?? {}, observedAt), reading.openInterest, context)
    }
  }
}))

const BOOK_LEVELS = 400
const books: Call[] = [
  bookCall({ name: 'spot books', covers: ({ kind }) => kind === 'spot', unit: 'base', levels: BOOK_LEVELS }),
  bookCall({ name: 'contract books', covers: isContract, unit: 'contracts', levels: BOOK_LEVELS })
]

/** `unit` 0 is coins; a row is its window's beginning, what was sold, what was bought. */
const flow = flowCall('fetchLongShortRatioHistory', async (exchange, symbol) => {
  const { id } = exchange.market(symbol)
  const [ratios, taker] = await Promise.all([
    exchange.fetchLongShortRatioHistory(symbol, '5m', undefined, FLOW_ROWS),
    exchange.publicGetRubikStatTakerVolumeContract({ instId: id, period: '5m', unit: '0', limit: FLOW_ROWS })
  ])
  const rows: Untrusted[] = taker?.data ?? []
  return { symbol, ratios, taker: rows.map((row) => ({ timestamp: row?.[0], sell: row?.[1], buy: row?.[2] })) }
})

/** `oi` counts contracts, `oiCcy` coins, `oiUsd` dollars. Older answers lack the dollars, which coin-margined contracts tell. */
function readOpenInterest(row: Untrusted, market: CcxtMarket, observedAt: number): OpenInterest | Skipped {
  const info = row.info ?? {}
  const face = contractSizeOf(market)
  const contracts = amountOf(info.oi)
  const coins = amountOf(info.oiCcy)
  const base = coins ?? (market.inverse ? null : times(contracts, face))
  const usd = amountOf(info.oiUsd) ?? (market.inverse ? times(contracts, face) : null)
  if (base === null && usd === null) return skip(row.symbol, 'open_interest_unusable')
  return {
    symbol: row.symbol,
    base,
    quote: market.inverse ? usd : null,
    usd,
    sides: 1,
    unit: coins === null ? 'contracts' : 'base',
    observedAt,
    venueTime: plausibleTime(row.timestamp, observedAt)
  }
}

export const okx: VenueAdapter = {
  id: 'okx',
  name: 'OKX',
  adapterVersion: 1,
  ccxtIds: ['okx'],
  averaging: 'arithmetic',
  options: { fetchMarkets: { types: ['spot', 'swap', 'future'] } },
  calls: [...tickers, marks, funding, ...openInterests, ...books, flow, okxLiquidations],
  hasBulkOpenInterest: true,
  past: okxPast(readOpenInterest),
  settlementPageLimit: SETTLEMENT_PAGE,
  candlePageLimit: CANDLE_PAGE,
  // A dated contract that pays funding is neither a perpetual nor a future whose basis runs out.
  nativeIdOf: ({ id, symbol, info }) => (info?.ruleType === 'xperp' ? skip(symbol, 'unsupported_kind') : id),
  readEstimate,
  readOpenInterest
}
