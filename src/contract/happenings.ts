import { isoOf, isoOrNull } from '../domain/time.ts'
import { object, oneOf, text, textOrNull, time, timeOrNull } from './schema.ts'

// What events that are not about signals tell, the same over webhooks, the stream and GraphQL.

export const VENUE_STATES = ['starting', 'up', 'degraded', 'down', 'banned', 'geo-blocked', 'closed'] as const

export const venueChangeSchema = object({
  venue: text('The venue', 'binance'),
  before: oneOf(VENUE_STATES, 'The state that it was in'),
  state: oneOf(VENUE_STATES, 'The state that it is in'),
  reason: textOrNull('Why it is in that state'),
  since: time('Since when'),
  bannedUntil: timeOrNull('Until when it refuses us')
})

type VenueChange = {
  readonly venue: string
  readonly before: string
  readonly state: string
  readonly reason: string | null
  /** Epoch milliseconds, as the next. */
  readonly since: number
  readonly bannedUntil: number | null
}

/** A change of a venue's state, as events tell it. */
export function venueChangeView({ since, bannedUntil, ...change }: VenueChange) {
  return { ...change, since: isoOf(since), bannedUntil: isoOrNull(bannedUntil) }
}

/** A sign that the line to a subscriber works; `next` is when to expect another, epoch milliseconds. */
export function heartbeatView({ next }: { readonly next: number }) {
  return { next: isoOf(next) }
}
