import type { Clock } from '../clock.ts'
import { type Instrument, isDollarLike } from '../domain/instrument.ts'
import { multiplierCandidates } from '../domain/multiplier.ts'
import { chooseSpotLeg } from '../domain/spot-leg.ts'
import type { Log } from '../log.ts'
import type { Database } from '../store/database.ts'
import { listInstruments, upsertListings } from '../store/instruments.ts'
import { type SpotChoice, saveSpotChoices } from '../store/spot-legs.ts'
import { saveMarketsLoaded } from '../store/venues.ts'
import type { VenueClient } from '../venues/ccxt-client.ts'
import { isSkipped, listingOf } from '../venues/normalise.ts'
import type { Listing, VenueAdapter } from '../venues/venue.ts'

type Deps = { readonly db: Database; readonly clock: Clock; readonly log: Log }

/** Loads what a venue lists and writes it: new, changed and gone instruments. Throws VenueError when the venue fails. */
export async function loadMarkets({ db, clock, log }: Deps, adapter: VenueAdapter, client: VenueClient): Promise<void> {
  const startedAt = clock.now()
  const markets = await client.loadMarkets()
  const read = markets.map((market) => listingOf(adapter.id, market, startedAt, adapter.nativeIdOf))
  const listings = read.filter((listing): listing is Listing => !isSkipped(listing))
  // Two markets with one name would be one instrument: the last one counts, as in ccxt.
  const unique = [...new Map(listings.map((listing) => [listing.key, listing])).values()]
  const outcome = await upsertListings(db, adapter.id, unique, startedAt)
  await chooseSpotLegs(db)
  await saveMarketsLoaded(db, adapter.id, startedAt)
  const event = { venue: adapter.id, ...outcome, skipped: read.length - listings.length, ms: clock.now() - startedAt }
  if (outcome.refused === null) log.info(event, 'markets.finished')
  else log.warn(event, 'markets.refused')
}

/** Chooses every contract's spot leg anew from what is known; only what changed is written. */
export async function chooseSpotLegs(db: Database): Promise<void> {
  const instruments = await listInstruments(db)
  const spots = new Map<string, Instrument[]>()
  for (const spot of instruments) {
    if (spot.kind !== 'spot' || spot.status === 'delisted') continue
    const place = `${spot.venue} ${spot.base}`
    spots.set(place, [...(spots.get(place) ?? []), spot])
  }
  const findSpots = (contract: Instrument) => (venue: string, base: string) =>
    (spots.get(`${venue} ${base}`) ?? []).filter((spot) => isLegFor(contract, spot))
  const changed = instruments.flatMap((contract) => {
    if (contract.kind === 'spot') return []
    const choice = choiceFor(contract, findSpots(contract))
    return isSame(contract, choice) ? [] : [choice]
  })
  await saveSpotChoices(db, changed)
}

/** A contract that is polled needs a leg that is polled: a coin known from a file only is no leg for it. */
function isLegFor(contract: Instrument, spot: Instrument): boolean {
  return contract.source === 'import' || spot.source === 'venue'
}

function choiceFor(
  contract: Instrument,
  findSpots: (venue: string, base: string) => readonly Instrument[]
): SpotChoice {
  const leg = chooseSpotLeg(contract, findSpots)
  if (leg) {
    return {
      id: contract.id,
      asset: leg.spot.base,
      multiplier: String(leg.multiplier),
      multiplierSource: leg.multiplier === 1 ? 'exact' : 'stripped',
      spotId: leg.spot.id,
      spotReason: leg.reason
    }
  }
  const names = { venue: contract.venue, contractBase: contract.base, rawName: contract.nativeId ?? contract.base }
  const isAmbiguous = multiplierCandidates(names).some(({ multiplier }) => multiplier !== 1)
  return {
    id: contract.id,
    asset: contract.base,
    multiplier: isAmbiguous ? null : '1',
    multiplierSource: isAmbiguous ? 'unresolved' : 'exact',
    spotId: null,
    spotReason: null
  }
}

function isSame(contract: Instrument, choice: SpotChoice): boolean {
  return (
    contract.asset === choice.asset &&
    contract.multiplier === choice.multiplier &&
    contract.multiplierSource === choice.multiplierSource &&
    contract.spotId === choice.spotId &&
    contract.spotReason === choice.spotReason
  )
}

/** The instruments to follow for these assets: their contracts and coins in dollars, their spot legs, and the stablecoin pairs. */
export function chooseTracked(
  instruments: readonly Instrument[],
  assets: ReadonlySet<string>,
  venues: ReadonlySet<string>
): number[] {
  const isLive = ({ status, venue }: Instrument) => venues.has(venue) && status !== 'delisted' && status !== 'expired'
  const live = instruments.filter(isLive)
  const contracts = live.filter(({ kind, asset, quote }) => kind !== 'spot' && assets.has(asset) && isDollarLike(quote))
  const legs = new Set(contracts.map(({ spotId }) => spotId))
  const coins = live.filter(
    ({ id, kind, base, quote }) =>
      kind === 'spot' && (legs.has(id) || (isDollarLike(quote) && (assets.has(base) || isDollarLike(base))))
  )
  return [...contracts, ...coins].map(({ id }) => id)
}
