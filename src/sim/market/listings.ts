import type { Asset } from './assets.ts'
import { nextQuarterlyExpiries } from './calendar.ts'
import {
  type FundingTerms,
  type Quote,
  type SimInstrument,
  stepDecimalsFor,
  tickDecimalsFor,
  type VenueName
} from './instrument.ts'
import { saltOf } from './noise.ts'

export type Section = SimInstrument['section']

/** What a venue lists at a moment; the same object until the next quarterly expiry. */
export type Listings = {
  readonly spot: readonly SimInstrument[]
  readonly linear: readonly SimInstrument[]
  readonly inverse: readonly SimInstrument[]
  readonly byId: Readonly<Record<Section, ReadonlyMap<string, SimInstrument>>>
}

export type ListingsAt = (atMs: number) => Listings

/** One line of a venue's list, before salts and decimals. */
export type Listing = {
  readonly id: string
  readonly kind: SimInstrument['kind']
  readonly section: Section
  readonly asset: Asset
  readonly base?: string
  readonly multiplier?: number
  readonly quote: Quote
  readonly settle?: string
  readonly contractSizeUsd?: number
  readonly funding?: FundingTerms
  readonly listedAt: number
  readonly expiry?: number
  readonly tickDecimals?: number
}

/** A quantity step is worth about this much, USD. */
const STEP_USD = { spot: 1, perpetual: 100, future: 100 } as const

/** A venue's listings over time: `list` is asked again after each expiry, with the coming ones, quarterly unless told. */
export function createListings(
  seed: number,
  venue: VenueName,
  quarters: number | ((atMs: number) => readonly number[]),
  list: (expiries: readonly number[]) => readonly Listing[],
  expiriesAt: (atMs: number, count: number) => readonly number[] = nextQuarterlyExpiries
): ListingsAt {
  let current: Listings | undefined
  let from = Number.POSITIVE_INFINITY
  let until = Number.NEGATIVE_INFINITY
  return (atMs) => {
    if (current && atMs >= from && atMs < until) return current
    const expiries = typeof quarters === 'number' ? expiriesAt(atMs, quarters) : quarters(atMs)
    from = atMs
    until = expiries[0]!
    current = group(list(expiries).map((listing) => instrumentOf(seed, venue, listing)))
    return current
  }
}

/** What a venue lists of these assets; the same object as long as the whole is. */
export function ofAssets(assets: ReadonlySet<string>, everything: ListingsAt): ListingsAt {
  let whole: Listings | undefined
  let part: Listings | undefined
  return (atMs) => {
    const all = everything(atMs)
    if (part && whole === all) return part
    whole = all
    part = group([...all.spot, ...all.linear, ...all.inverse].filter(({ asset }) => assets.has(asset.name)))
    return part
  }
}

function group(instruments: readonly SimInstrument[]): Listings {
  const of = (section: Section) =>
    instruments.filter((each) => each.section === section).sort((a, b) => (a.id < b.id ? -1 : 1))
  const spot = of('spot')
  const linear = of('linear')
  const inverse = of('inverse')
  const byId = { spot: mapOf(spot), linear: mapOf(linear), inverse: mapOf(inverse) }
  return { spot, linear, inverse, byId }
}

function mapOf(instruments: readonly SimInstrument[]): ReadonlyMap<string, SimInstrument> {
  return new Map(instruments.map((instrument) => [instrument.id, instrument]))
}

function instrumentOf(seed: number, venue: VenueName, listing: Listing): SimInstrument {
  const { asset, kind, section } = listing
  const multiplier = listing.multiplier ?? 1
  const price = asset.usd * multiplier
  return {
    venue,
    id: listing.id,
    kind,
    section,
    asset,
    base: listing.base ?? asset.name,
    multiplier,
    quote: listing.quote,
    settle: listing.settle ?? listing.quote,
    contractSizeUsd: listing.contractSizeUsd ?? 0,
    funding: listing.funding ?? null,
    listedAt: listing.listedAt,
    expiry: listing.expiry ?? null,
    tickDecimals: listing.tickDecimals ?? tickDecimalsFor(price),
    stepDecimals: section === 'inverse' ? 0 : stepDecimalsFor(price, STEP_USD[kind]),
    salt: saltOf(seed, `${venue} ${section} ${listing.id}`),
    assetSalt: saltOf(seed, `asset ${asset.name}`)
  }
}
