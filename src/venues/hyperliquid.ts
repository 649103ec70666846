import { snapSettlement } from '../domain/funding.ts'
import { floorTo, HOUR, MINUTE } from '../domain/time.ts'
import { bookCall } from './books.ts'
import { bookOf, isSkipped, rateOf, settlementOf, skip, volumeOf } from './normalise.ts'
import { amountOf, keep, keepMark, keepQuote, keepTrades, openInterestAtMark } from './reading.ts'
import {
  type Call,
  type CcxtExchange,
  type CcxtMarket,
  type Covered,
  type FundingEstimate,
  type OpenInterest,
  type ReadContext,
  type Settlement,
  type Skipped,
  type Untrusted,
  type VenueAdapter,
  VenueError
} from './venue.ts'

// Hyperliquid: one question brings every perpetual's impact prices, mark, oracle price, funding and open interest. Meanings: docs/venues.md.

const MINUTELY = { everyMs: 60_000 } as const
/** Documented: settles every full hour, at most 4 % of notional. */
const INTERVAL_HOURS = 1
/** Stamps are some milliseconds late, and once, on 2025-07-27, by 111 seconds. */
const LATE_MS = 5 * MINUTE
const CAP = '0.04'
const FLOOR = '-0.04'
/**
 * The spot pairs that are followed, by the token and its ccxt symbol. The answer for all pairs has no bid and ask, so that each
 * costs a book; the others have most of their trade elsewhere. UBTC, UETH and USOL are Unit's claims on the coins.
 */
const SPOT_PAIRS = { HYPE: 'HYPE/USDC', UBTC: 'BTC/USDC', UETH: 'ETH/USDC', USOL: 'SOL/USDC' } as const
const SPOT_SYMBOLS: ReadonlySet<string> = new Set(Object.values(SPOT_PAIRS))

const isSpot = ({ kind }: Covered) => kind === 'spot'
const isPerpetual = ({ kind }: Covered) => kind === 'perpetual'

const contexts: Call = {
  name: 'perpetual contexts',
  method: 'publicPostInfo',
  facts: ['quote', 'mark', 'estimate', 'open_interest', 'volume'],
  cadence: 'poll',
  covers: isPerpetual,
  reach: 'bulk',
  // Not fetchTickers, which asks the same: it joins the two lists without looking whether they are equally long.
  ask: (exchange) => exchange.publicPostInfo({ type: 'metaAndAssetCtxs' }),
  read: (answer, context) => {
    const symbols = symbolsByName(context.exchange)
    for (const info of joined(answer)) readContextOf(info, symbols.get(info.name), context)
  }
}

/** A coin's context has no name of its own, only its place: where one list is longer, nobody knows whose is whose. */
function joined(answer: Untrusted): Untrusted[] {
  const [universe, rows] = [answer?.[0]?.universe, answer?.[1]]
  if (!Array.isArray(universe) || !Array.isArray(rows) || universe.length !== rows.length) {
    throw new VenueError('bad_response', `perpetual contexts: ${universe?.length} coins, ${rows?.length} contexts`)
  }
  if (rows.length === 0) throw new VenueError('empty_answer', 'perpetual contexts: no coins')
  return universe.map((coin, index) => ({ ...coin, ...rows[index] }))
}

function symbolsByName({ markets }: CcxtExchange): Map<unknown, string> {
  const perpetuals = Object.values<CcxtMarket>(markets ?? {}).filter(({ swap, info }) => swap && info?.hip3 !== true)
  return new Map(perpetuals.map(({ info, symbol }) => [info?.name, symbol]))
}

function readContextOf(info: Untrusted, symbol: string | undefined, context: ReadContext): void {
  const { reading, observedAt, exchange } = context
  if (symbol === undefined) {
    reading.skipped.push(skip(info.name, 'unknown_symbol'))
    return
  }
  // A delisted coin stays in the list with a rate of zero, which nobody pays.
  if (info.isDelisted === true) {
    reading.skipped.push(skip(symbol, 'delisted'))
    return
  }
  keepQuote({ symbol, bid: info.impactPxs?.[0], ask: info.impactPxs?.[1] }, context)
  const said = { symbol, info, fundingRate: info.funding, markPrice: info.markPx, indexPrice: info.oraclePx }
  keepMark(said, context)
  keepTrades({ symbol, quoteVolume: info.dayNtlVlm }, context, 'quote')
  keep(readEstimate(said, context), reading.estimates, context)
  keep(readOpenInterest(said, exchange.markets[symbol], observedAt), reading.openInterest, context)
}

const spotBooks: Call = {
  name: 'spot books',
  method: 'fetchOrderBook',
  facts: ['quote'],
  cadence: 'poll',
  covers: isSpot,
  reach: 'bulk',
  ask: (exchange) => {
    const listed = [...SPOT_SYMBOLS].filter((symbol) => exchange.markets?.[symbol])
    return Promise.all(listed.map((symbol) => exchange.fetchOrderBook(symbol)))
  },
  read: (answer, context) => {
    for (const book of Object.values<Untrusted>(answer)) {
      const { bids, asks } = bookOf(book)
      const [[bid, bidVolume] = [], [ask, askVolume] = []] = [bids[0], asks[0]]
      keepQuote({ ...book, bid, bidVolume, ask, askVolume }, context)
    }
  }
}

/** Twenty levels a side, whatever is asked for; units of the contract. */
const books = bookCall({ name: 'books', covers: () => true, unit: 'base' })

const spotVolumes: Call = {
  name: 'spot volume',
  method: 'fetchTickers',
  facts: ['volume'],
  cadence: MINUTELY,
  covers: isSpot,
  reach: 'bulk',
  ask: (exchange) => exchange.fetchTickers(undefined, { type: 'spot' }),
  read: (answer, context) => {
    const { reading, observedAt } = context
    for (const { symbol, info } of Object.values<Untrusted>(answer)) {
      if (!SPOT_SYMBOLS.has(symbol)) continue
      // ccxt joins pairs and contexts by their place: only what names the same pair belongs together. Its `last` is the mid.
      const isSame = info?.coin === info?.name
      const volume =
        volumeOf({ symbol, quoteVolume: info?.dayNtlVlm }, observedAt, 'quote') ?? skip(symbol, 'volume_unusable')
      keep(isSame ? volume : skip(symbol, 'context_of_another_pair'), reading.volumes, context)
    }
  }
}

/** The rate is of one hour already. Nothing in the answer says when it settles: at the next full hour. */
function readEstimate(row: Untrusted, { observedAt }: ReadContext): FundingEstimate | Skipped {
  if (row.info?.isDelisted === true) return skip(row.symbol, 'delisted')
  const rate = rateOf(row.fundingRate)
  if (rate === null) return skip(row.symbol, 'rate_unusable')
  return {
    symbol: row.symbol,
    rate,
    intervalHours: INTERVAL_HOURS,
    intervalSource: 'declared',
    kind: 'indicative',
    nextSettlementAt: floorTo(observedAt, HOUR) + HOUR,
    isSettlementTimeOurs: true,
    cap: CAP,
    floor: FLOOR,
    observedAt,
    venueTime: null
  }
}

function readSettlement(row: Untrusted, observedAt: number): Settlement | Skipped {
  const settlement = settlementOf(row, observedAt)
  if (isSkipped(settlement)) return settlement
  return { ...settlement, settledAt: snapSettlement(settlement.venueTime, LATE_MS) }
}

/** Units of the contract (1,000 coins in one kPEPE), each contract once; valued at the mark beside it. */
function readOpenInterest(row: Untrusted, _market: CcxtMarket, observedAt: number): OpenInterest | Skipped {
  const amount = amountOf(row.info?.openInterest)
  if (amount === null) return skip(row.symbol, 'open_interest_unusable')
  const { base, usd } = openInterestAtMark(amount, false, row.info?.markPx)
  return { symbol: row.symbol, base, quote: usd, usd, sides: 1, unit: 'base', observedAt, venueTime: null }
}

/** ccxt's id of a perpetual is its place in the list and its base is upper case: only the venue's name tells kPEPE from KAVA. */
function nativeIdOf(market: CcxtMarket): string | Skipped {
  const { symbol, info, baseName, id } = market
  if (info?.hip3 === true || String(info?.name).includes(':')) return skip(symbol, 'other_exchange')
  if (!market.spot) return typeof info?.name === 'string' ? info.name : skip(symbol, 'unreadable_name')
  const isFollowed = Object.hasOwn(SPOT_PAIRS, baseName) && SPOT_PAIRS[baseName as 'HYPE'] === symbol
  return isFollowed ? id : skip(symbol, 'not_followed')
}

export const hyperliquid: VenueAdapter = {
  id: 'hyperliquid',
  name: 'Hyperliquid',
  adapterVersion: 1,
  ccxtIds: ['hyperliquid'],
  averaging: 'arithmetic',
  quotePriceKind: 'impact',
  // Without hip3: exchanges that others run on it, whose shares and indices have no spot to set against them.
  options: { fetchMarkets: { types: ['spot', 'swap'] } },
  calls: [contexts, spotBooks, spotVolumes, books],
  hasBulkOpenInterest: true,
  // Candles of any length of time: only the newest 5,000 exist.
  past: { readSettlement, candlesKeptMs: () => 5_000 * HOUR },
  settlementPageLimit: 500,
  candlePageLimit: 5_000,
  nativeIdOf,
  readEstimate,
  readOpenInterest
}
