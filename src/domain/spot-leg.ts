import { type Decimal, decimalOrNull, divideDecimal, ONE } from './decimal.ts'
import { type Instrument, type InstrumentName, isDollarLike, type SpotReason } from './instrument.ts'
import { type MultiplierCandidate, multiplierCandidates } from './multiplier.ts'

/** Where a spot leg is looked for when the contract's own venue has none, in this order. */
export const REFERENCE_VENUES = ['binance', 'coinbase', 'kraken', 'okx', 'bybit'] as const

export type SpotLeg<Spot> = {
  readonly spot: Spot
  /** The candidate that it is: what the contract is about, and how many of it one unit of the contract's base is. */
  readonly spotBase: string
  readonly multiplier: number
  readonly reason: SpotReason
}

type Named = Pick<InstrumentName, 'venue' | 'base' | 'quote'>

/** The spot pairs of a coin on a venue. */
export type FindSpots<Spot> = (venue: string, base: string) => readonly Spot[]

/** What a contract's own name may stand for. */
export function candidatesOf({ venue, base, nativeId }: Named & { readonly nativeId: string | null }) {
  return multiplierCandidates({ venue, contractBase: base, rawName: nativeId ?? base })
}

/**
 * Chooses a contract's spot leg, the first that exists: same venue and quote; same venue, another dollar-like quote; then the
 * reference venues in order, same quote before another. At each place an exact base wins over a stripped multiplier, so that
 * 1000SATS, itself a coin on some venues, stays what it is.
 */
export function chooseSpotLeg<Spot extends Named>(
  contract: Named & { readonly nativeId: string | null },
  findSpots: FindSpots<Spot>,
  candidates: readonly MultiplierCandidate[] = candidatesOf(contract),
  referenceVenues: readonly string[] = REFERENCE_VENUES
): SpotLeg<Spot> | undefined {
  for (const venue of [contract.venue, ...referenceVenues.filter((id) => id !== contract.venue)]) {
    const place = venue === contract.venue ? 'same_venue' : 'reference_venue'
    for (const quoted of ['same_quote', 'other_quote'] as const) {
      for (const { spotBase, multiplier } of candidates) {
        const spot = pick(findSpots(venue, spotBase), contract.quote, quoted)
        if (spot) return { spot, spotBase, multiplier, reason: `${place}_${quoted}` }
      }
    }
  }
  return undefined
}

/** Preference among the other quotes: the most traded dollar first. */
const QUOTE_ORDER = ['USDT', 'USD', 'USDC', 'FDUSD']

function pick<Spot extends Named>(
  spots: readonly Spot[],
  quote: string,
  quoted: 'same_quote' | 'other_quote'
): Spot | undefined {
  if (quoted === 'same_quote') return spots.find((spot) => spot.quote === quote)
  if (!isDollarLike(quote)) return undefined
  const rank = (spot: Spot) => (QUOTE_ORDER.indexOf(spot.quote) + 100) % 100
  return spots
    .filter((spot) => spot.quote !== quote && isDollarLike(spot.quote))
    .sort((a, b) => rank(a) - rank(b) || a.quote.localeCompare(b.quote))[0]
}

/**
 * Units of the spot's base in one unit of the contract's base: both count units of the asset, of which a spot coin may hold more than
 * one as well (1000SATS). Null while the contract's multiplier is not resolved.
 */
export function legMultiplier(
  contract: Pick<Instrument, 'multiplier'>,
  spot: Pick<Instrument, 'multiplier'> | null
): Decimal | null {
  const units = decimalOrNull(contract.multiplier)
  return units && (divideDecimal(units, decimalOrNull(spot?.multiplier) ?? ONE) ?? null)
}
