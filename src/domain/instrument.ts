/** What trades: a coin for money, a contract without an expiry, a contract with one. */
export type InstrumentKind = 'spot' | 'perpetual' | 'future'

export type InstrumentStatus = 'pre_listing' | 'listed' | 'delisting' | 'delisted' | 'expired' | 'unknown'

/** The part of an instrument that its key tells. */
export type InstrumentName = {
  /** `venue:ccxt-symbol`, as everybody outside writes it. */
  readonly key: string
  readonly venue: string
  readonly symbol: string
  readonly kind: InstrumentKind
  readonly base: string
  readonly quote: string
  /** Null for spot. */
  readonly settle: string | null
  /** Settled in its base currency; null for spot. */
  readonly inverse: boolean | null
  /** Epoch milliseconds. From the venue where it says; a key alone only knows the day. */
  readonly expiresAt: number | null
}

/** One thing that trades, or traded, on one venue. Times in epoch milliseconds. */
export type Instrument = InstrumentName & {
  readonly id: number
  readonly nativeId: string | null
  /** What it is about once the multiplier is known: PEPE for 1000PEPE. */
  readonly asset: string
  /** Units of the asset in one unit of base, exact; null while unresolved. */
  readonly multiplier: string | null
  readonly multiplierSource: MultiplierSource
  /** In base (linear) or quote (inverse), exact. */
  readonly contractSize: string | null
  readonly listedAt: number | null
  readonly delistedAt: number | null
  readonly status: InstrumentStatus
  readonly source: 'venue' | 'import'
  /** The chosen spot leg's id and why it was chosen; null for spot, or where none exists. */
  readonly spotId: number | null
  readonly spotReason: SpotReason | null
  readonly tracked: boolean
  /** There at the venue's first market load: an unknown listing time counts as old. */
  readonly founding: boolean
  readonly firstSeenAt: number
}

export type MultiplierSource = 'exact' | 'stripped' | 'unresolved' | 'import'

export type SpotReason =
  | 'same_venue_same_quote'
  | 'same_venue_other_quote'
  | 'reference_venue_same_quote'
  | 'reference_venue_other_quote'

/** One id where a venue's markets are split over ccxt classes. */
const VENUE_ALIASES: Readonly<Record<string, string>> = {
  binanceusdm: 'binance',
  binancecoinm: 'binance',
  kucoinfutures: 'kucoin',
  krakenfutures: 'kraken'
}

export function canonicalVenue(id: string): string {
  return VENUE_ALIASES[id] ?? id
}

/** Quotes that are a dollar or stand for one. Different currencies all the same: see `fx`. */
const DOLLAR_LIKE = new Set(['USD', 'USDT', 'USDC', 'FDUSD', 'TUSD', 'BUSD', 'USDE', 'DAI', 'PYUSD', 'USD1', 'USDD'])

export function isDollarLike(currency: string): boolean {
  return DOLLAR_LIKE.has(currency)
}

const KEY = /^([a-z0-9]{2,40}):([^/:\s]{1,40})\/([^/:\s-]{1,20})(?::([^/:\s-]{1,20})(?:-(\d{6}))?)?$/u

/** Reads `venue:BASE/QUOTE[:SETTLE[-YYMMDD]]`; undefined when it is not such a key. An expiry is 08:00 UTC of its day. */
export function parseInstrumentKey(key: string): InstrumentName | undefined {
  const match = KEY.exec(key)
  if (!match) return undefined
  const [, venueId = '', base = '', quote = '', settle, day] = match
  const expiresAt = day === undefined ? null : expiryOf(day)
  if (expiresAt === undefined) return undefined
  const venue = canonicalVenue(venueId)
  const symbol = key.slice(venueId.length + 1)
  return {
    key: `${venue}:${symbol}`,
    venue,
    symbol,
    kind: settle === undefined ? 'spot' : expiresAt === null ? 'perpetual' : 'future',
    base,
    quote,
    settle: settle ?? null,
    inverse: settle === undefined ? null : settle === base,
    expiresAt
  }
}

function expiryOf(day: string): number | undefined {
  const iso = `20${day.slice(0, 2)}-${day.slice(2, 4)}-${day.slice(4, 6)}T08:00:00.000Z`
  const expiresAt = Date.parse(iso)
  return Number.isNaN(expiresAt) || new Date(expiresAt).toISOString() !== iso ? undefined : expiresAt
}
