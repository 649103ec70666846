import { compare, decimalToString, multiply, parseDecimal } from '../domain/decimal.ts'
import { snapSettlement } from '../domain/funding.ts'
import type { InstrumentKind, InstrumentStatus } from '../domain/instrument.ts'
import { canonicalVenue, parseInstrumentKey } from '../domain/instrument.ts'
import type { VolumeUnit } from '../domain/latest.ts'
import { plausibleTime } from '../domain/time.ts'
import { assetClassOf } from './asset-class.ts'
import type { Listing } from './listing.ts'
import type {
  Candle,
  CcxtMarket,
  LastPrice,
  MarkPrice,
  Quote,
  Settlement,
  Skipped,
  Untrusted,
  Volume
} from './venue.ts'

// NaN, Infinity, empty texts, zero prices and impossible times stop here: what leaves is a value or null.

const ZERO = parseDecimal('0')!
/** No price, size or amount that a venue can mean is beyond these; 1e-400 and 1e400 are not numbers of a market. */
const SMALLEST = parseDecimal('1e-18')!
const LARGEST = parseDecimal('1e21')!

/** An exact positive decimal, or null. */
export function positive(value: Untrusted): string | null {
  const decimal = typeof value === 'string' || typeof value === 'number' ? parseDecimal(String(value)) : undefined
  if (!decimal || compare(decimal, SMALLEST) < 0 || compare(decimal, LARGEST) > 0) return null
  return decimalToString(decimal)
}

/** An exact decimal of any sign, zero included: zero is a value. Null when it is not a number a venue can mean. */
export function signed(value: Untrusted): string | null {
  const decimal = typeof value === 'string' || typeof value === 'number' ? parseDecimal(String(value)) : undefined
  if (!decimal) return null
  const size = compare(decimal, ZERO) < 0 ? { ...decimal, digits: -decimal.digits } : decimal
  return compare(size, LARGEST) > 0 ? null : decimalToString(decimal)
}

/** Funding beyond ±100 % of notional in one interval is an error of the feed, not a rate. */
const LARGEST_RATE = 1

export function rateOf(value: Untrusted): string | null {
  const rate = signed(value)
  return rate !== null && Math.abs(Number(rate)) <= LARGEST_RATE ? rate : null
}

export function isSkipped(value: object): value is Skipped {
  return 'reason' in value && !('observedAt' in value) && !('key' in value)
}

export function skip(symbol: Untrusted, reason: string): Skipped {
  return { symbol: typeof symbol === 'string' ? symbol.slice(0, 80) : null, reason }
}

/** Bid and ask of a ccxt ticker; null when it has neither. */
export function quoteOf(ticker: Untrusted, observedAt: number): Quote | null {
  const bid = positive(ticker.bid)
  const ask = positive(ticker.ask)
  if (bid === null && ask === null) return null
  return {
    symbol: ticker.symbol,
    bid,
    ask,
    bidSize: positive(ticker.bidVolume),
    askSize: positive(ticker.askVolume),
    observedAt,
    venueTime: plausibleTime(ticker.timestamp, observedAt)
  }
}

export function lastOf(ticker: Untrusted, observedAt: number): LastPrice | null {
  const last = positive(ticker.last)
  if (last === null) return null
  return { symbol: ticker.symbol, last, observedAt, venueTime: plausibleTime(ticker.timestamp, observedAt) }
}

export function markOf(row: Untrusted, observedAt: number): MarkPrice | null {
  const mark = positive(row.markPrice)
  const index = positive(row.indexPrice)
  if (mark === null && index === null) return null
  return { symbol: row.symbol, mark, index, observedAt, venueTime: plausibleTime(row.timestamp, observedAt) }
}

/** Traded in 24 h, in dollars: `quoteVolume` where the quote is a dollar; `unit` is what the venue counted. */
export function volumeOf(ticker: Untrusted, observedAt: number, unit: VolumeUnit): Volume | null {
  const volume24hUsd = signed(ticker.quoteVolume)
  if (volume24hUsd === null || volume24hUsd.startsWith('-')) return null
  return {
    symbol: ticker.symbol,
    volume24hUsd,
    unit,
    observedAt,
    venueTime: plausibleTime(ticker.timestamp, observedAt)
  }
}

/** A settled rate of a ccxt funding history. */
export function settlementOf(row: Untrusted, observedAt: number): Settlement | Skipped {
  const rate = rateOf(row.fundingRate)
  if (rate === null) return skip(row.symbol, 'rate_unusable')
  const venueTime = plausibleTime(row.timestamp, observedAt)
  if (venueTime === null) return skip(row.symbol, 'time_unusable')
  return {
    symbol: row.symbol,
    settledAt: snapSettlement(venueTime),
    venueTime,
    rate,
    mark: positive(row.info?.markPrice),
    observedAt
  }
}

/** Start and close of a ccxt candle; only closed candles say what the price was. `readClose`: `positive` unless told. */
export function candleOf(
  row: Untrusted,
  observedAt: number,
  readClose: (value: Untrusted) => string | null = positive
): Candle | null {
  const startAt = plausibleTime(row?.[0], observedAt)
  const close = readClose(row?.[4])
  return startAt === null || close === null ? null : { startAt, close }
}

export type Book = {
  readonly bids: readonly (readonly [string, string])[]
  readonly asks: readonly (readonly [string, string])[]
}

/** Both sides of a book, best price first. */
export function bookOf(book: Untrusted): Book {
  const side = (levels: Untrusted) =>
    (Array.isArray(levels) ? levels : []).flatMap((level) => {
      const price = positive(level?.[0])
      const size = positive(level?.[1])
      return price === null || size === null ? [] : [[price, size] as const]
    })
  const order = ([a]: readonly string[], [b]: readonly string[]) => compare(parseDecimal(a!)!, parseDecimal(b!)!)
  return { bids: side(book?.bids).sort((a, b) => order(b, a)), asks: side(book?.asks).sort(order) }
}

/** No venue settles oftener than every minute or seldomer than every month. */
const LONGEST_INTERVAL_HOURS = 744

/** A declared funding interval in hours, or null. */
export function hoursOf(value: Untrusted): number | null {
  const hours = Number(positive(value) ?? Number.NaN)
  return hours >= 1 / 60 && hours <= LONGEST_INTERVAL_HOURS ? hours : null
}

/** A ccxt market as a listing of ours, or why it is none. */
export function listingOf(
  venueId: string,
  market: CcxtMarket,
  nowMs: number,
  nativeIdOf: (market: CcxtMarket) => string | Skipped = ({ id }) => id
): Listing | Skipped {
  const kind = kindOf(market)
  if (!kind) return skip(market.symbol, 'unsupported_kind')
  const named = typeof market.symbol === 'string' ? parseInstrumentKey(`${venueId}:${market.symbol}`) : undefined
  if (!named || named.kind !== kind || typeof market.id !== 'string') return skip(market.symbol, 'unreadable_name')
  const nativeId = nativeIdOf(market)
  if (typeof nativeId !== 'string') return nativeId
  const expiresAt = kind === 'future' ? (expiryOf(market.expiry) ?? named.expiresAt) : null
  const delistedAt =
    kind === 'perpetual'
      ? plausibleFuture(market.info?.deliveryTime ?? market.info?.deliveryDate ?? market.info?.expTime)
      : null
  return {
    key: named.key,
    symbol: named.symbol,
    nativeId,
    kind,
    assetClass: assetClassOf(venueId, market),
    base: named.base,
    quote: named.quote,
    settle: named.settle,
    inverse: named.inverse,
    contractSize: kind === 'spot' ? null : contractSizeOf(market),
    expiresAt,
    listedAt: plausibleTime(market.created, nowMs),
    delistedAt,
    status: statusOf(market, delistedAt, expiresAt, nowMs)
  }
}

/** OKX's contracts have a multiplier beside their value (`ctMult`), which ccxt leaves out. */
export function contractSizeOf({ contractSize, info }: CcxtMarket): string | null {
  const size = positive(contractSize)
  const multiplier = info?.ctMult ? positive(info.ctMult) : '1'
  if (size === null || multiplier === null) return null
  return decimalToString(multiply(parseDecimal(size)!, parseDecimal(multiplier)!))
}

function kindOf(market: CcxtMarket): InstrumentKind | undefined {
  if (market.option || market.type === 'option') return undefined
  if (market.spot) return 'spot'
  if (market.swap) return 'perpetual'
  return market.future ? 'future' : undefined
}

const expiryOf = (value: Untrusted): number | null => {
  const expiresAt = Number(value)
  return Number.isFinite(expiresAt) && expiresAt > Date.UTC(2010, 0, 1) ? expiresAt : null
}

/** A perpetual that names a delivery in this century's first half will stop then; 2100 and 0 mean never. */
const plausibleFuture = (value: Untrusted): number | null => {
  const at = expiryOf(value)
  return at !== null && at < Date.UTC(2050, 0, 1) ? at : null
}

function statusOf(
  market: CcxtMarket,
  delistedAt: number | null,
  expiresAt: number | null,
  nowMs: number
): InstrumentStatus {
  const info = market.info ?? {}
  if (
    info.isPreListing === true ||
    info.status === 'PreLaunch' ||
    info.status === 'PENDING_TRADING' ||
    info.state === 'preopen'
  )
    return 'pre_listing'
  if (expiresAt !== null && expiresAt <= nowMs) return 'expired'
  if (delistedAt !== null) return delistedAt <= nowMs ? 'delisted' : 'delisting'
  return market.active === false ? 'delisted' : 'listed'
}

/** The name that outsiders use, from a ccxt symbol. */
export function instrumentKey(venueId: string, symbol: string): string {
  return `${canonicalVenue(venueId)}:${symbol}`
}
