import type { Clock } from '../clock.ts'
import { type Instrument, isDollarLike, isGone } from '../domain/instrument.ts'
import type { Log } from '../log.ts'
import type { Database } from '../store/database.ts'
import { upsertListings } from '../store/listings.ts'
import { linkRenamed, listOverrides } from '../store/overrides.ts'
import { saveMarketsLoaded } from '../store/venues.ts'
import type { VenueClient } from '../venues/ccxt-client.ts'
import type { Listing } from '../venues/listing.ts'
import { isSkipped, listingOf } from '../venues/normalise.ts'
import type { VenueAdapter } from '../venues/venue.ts'
import { chooseSpotLegs } from './spot-choices.ts'

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
  if (outcome.doubt !== null) client.keepMarkets()
  const overrides = await listOverrides(db)
  await linkRenamed(db, overrides, startedAt)
  await chooseSpotLegs(db)
  await saveMarketsLoaded(db, adapter.id, startedAt)
  const event = { venue: adapter.id, ...outcome, skipped: read.length - listings.length, ms: clock.now() - startedAt }
  if (outcome.doubt === null) log.info(event, 'markets.finished')
  else log.warn(event, 'markets.doubted')
  const listed = new Set(unique.map(({ key }) => key))
  const unmatched = [...overrides.keys()].filter((key) => key.startsWith(`${adapter.id}:`) && !listed.has(key))
  if (unmatched.length > 0) log.warn({ venue: adapter.id, instruments: unmatched }, 'overrides.unlisted')
}

/** The instruments to follow for these assets: their contracts and coins in dollars, their spot legs, and the stablecoin pairs. */
export function chooseTracked(
  instruments: readonly Instrument[],
  assets: ReadonlySet<string>,
  venues: ReadonlySet<string>
): number[] {
  const isLive = ({ status, venue }: Instrument) => venues.has(venue) && !isGone(status)
  const live = instruments.filter(isLive)
  const contracts = live.filter(({ kind, asset, quote }) => kind !== 'spot' && assets.has(asset) && isDollarLike(quote))
  const legs = new Set(contracts.map(({ spotId }) => spotId))
  const coins = live.filter(
    ({ id, kind, base, quote }) =>
      kind === 'spot' && (legs.has(id) || (isDollarLike(quote) && (assets.has(base) || isDollarLike(base))))
  )
  return [...contracts, ...coins].map(({ id }) => id)
}
