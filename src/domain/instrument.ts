/** What trades: a coin for money, a contract without an expiry, a contract with one. */
export type InstrumentKind = 'spot' | 'perpetual' | 'future'

export const INSTRUMENT_STATUSES = [
  'pre_listing',
  'listed',
  'delisting',
  'delisted',
  'renamed',
  'venue_closed',
  'expired',
  'unknown'
] as const
export type InstrumentStatus = (typeof INSTRUMENT_STATUSES)[number]

/** Nothing more will come of it; its history stays. */
export function isGone(status: InstrumentStatus): boolean {
  return status === 'delisted' || status === 'renamed' || status === 'venue_closed' || status === 'expired'
}

/** What the price is about. What has one ticker in two classes is two assets. */
export const ASSET_CLASSES = ['crypto', 'stock', 'commodity', 'forex', 'bond', 'index', 'other'] as const
export type AssetClass = (typeof ASSET_CLASSES)[number]

/** What a contract pays in: the money of its price, the coin itself, or a third thing. */
export type Settlement = 'linear' | 'inverse' | 'quanto'

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
  /** What it is about once the multiplier is known: PEPE for 1000PEPE, TSLA.STOCK for a share. */
  readonly asset: string
  readonly assetClass: AssetClass
  /** Units of the asset in one unit of base, exact; null while unresolved. */
  readonly multiplier: string | null
  readonly multiplierSource: MultiplierSource
  /** In base (linear) or quote (inverse), exact. */
  readonly contractSize: string | null
  readonly listedAt: number | null
  readonly delistedAt: number | null
  readonly status: InstrumentStatus
  readonly statusSince: number
  /** When we first heard that it will stop trading. */
  readonly delistingAnnouncedAt: number | null
  /** Keys: the two names of one thing are two instruments whose histories are read one after the other. */
  readonly renamedFrom: string | null
  readonly renamedTo: string | null
  /** Why it is kept out of everything that joins instruments; null when it is not. */
  readonly quarantine: Quarantine | null
  readonly source: 'venue' | 'import'
  /** The chosen spot leg's id and why it was chosen; null for spot, or where none exists. */
  readonly spotId: number | null
  readonly spotReason: SpotReason | null
  readonly tracked: boolean
  /** There at the venue's first market load: an unknown listing time counts as old. */
  readonly founding: boolean
  readonly firstSeenAt: number
}

/** Why prices contradict what an instrument is said to be: `domain/consensus.ts`. */
export const QUARANTINE_REASONS = ['ticker_collision', 'multiplier_mismatch', 'no_majority'] as const
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number]

export type Quarantine = {
  readonly reason: QuarantineReason
  /** Its price of one unit of the asset over that of the others; of the one furthest away, where they have none in common. */
  readonly ratio: number
  readonly since: number
}

/** Whether something is under quarantine now, whatever else is known of it. */
export type Held = { readonly quarantine: unknown }

/** What is doubtful about what is told of an instrument: `quarantined` beside its own doubts, wherever it is told. */
export function doubtsOf({ quarantine }: Held, own: readonly string[] = []): string[] {
  return quarantine === null || own.includes('quarantined') ? [...own] : [...own, 'quarantined']
}

/** `only_imported`: files told of it and no venue does, so nothing comes of it but what they had. */
export const importedOf = ({ source }: Pick<Instrument, 'source'>): string[] =>
  source === 'import' ? ['only_imported'] : []

export const MULTIPLIER_SOURCES = ['exact', 'stripped', 'unresolved', 'import', 'override'] as const
export type MultiplierSource = (typeof MULTIPLIER_SOURCES)[number]

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

/** Paid in its base: inverse; in its quote, or in one dollar for another: linear; in anything else: quanto. Null for spot. */
export function settlementOf({
  base,
  quote,
  settle
}: Pick<InstrumentName, 'base' | 'quote' | 'settle'>): Settlement | null {
  if (settle === null) return null
  if (settle === base) return 'inverse'
  return settle === quote || (isDollarLike(settle) && isDollarLike(quote)) ? 'linear' : 'quanto'
}

/** An asset's name: the ticker of a coin, and with its class behind a point that of anything else. */
export function assetName(ticker: string, assetClass: AssetClass): string {
  return assetClass === 'crypto' ? ticker : `${ticker}.${assetClass.toUpperCase()}`
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
