import { venueChangeView } from '../contract/happenings.ts'
import type { Transaction } from '../store/database.ts'
import { insertEvents } from '../store/events.ts'
import type { VenueChange } from '../store/venues.ts'

/** Tells of a venue's change of state, in the transaction that changed it. */
export async function tellVenueChange(client: Transaction, change: VenueChange | null): Promise<void> {
  if (change === null) return
  const { venue, state, since } = change
  await insertEvents(client, [
    {
      id: `evt_venue_${venue}_${state}_${since}`,
      type: 'venue.status_changed',
      at: since,
      about: { instrumentId: null, venue, asset: null, kind: null },
      data: venueChangeView(change)
    }
  ])
}
