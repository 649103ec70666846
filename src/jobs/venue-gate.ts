import type { Clock } from '../clock.ts'
import { SECOND } from '../domain/time.ts'
import type { Database } from '../store/database.ts'
import { findVenueHealth, saveBan } from '../store/venues.ts'
import type { VenueGate } from '../venues/ccxt-client.ts'
import { tellVenueChange } from './venue-events.ts'
import { isRefusal, refusedState, stayAwayMs } from './venue-health.ts'

/** How long what was read about a ban may be relied on: a poll's calls in a row need not ask each, and nobody asks on for longer. */
const REMEMBER_MS = SECOND / 10

/** The gate before one venue, kept in the database: a ban met by any process, for whatever it asked, keeps all of them out. */
export function createGate({ db, clock }: { readonly db: Database; readonly clock: Clock }, venue: string): VenueGate {
  let readAt = Number.NEGATIVE_INFINITY
  let until = 0
  return {
    shutUntil: async () => {
      const now = clock.now()
      if (Math.abs(now - readAt) >= REMEMBER_MS) {
        until = Math.max(until, (await findVenueHealth(db, venue)).bannedUntil ?? 0)
        readAt = now
      }
      return until
    },
    report: async (error) => {
      if (!isRefusal(error.failure)) return
      until = Math.max(until, clock.now() + stayAwayMs(error))
      const reason = `${error.failure}: ${error.message}`
      await db.transaction(async (client) => {
        await tellVenueChange(client, await saveBan(client, venue, refusedState(error.failure), reason, until))
      })
    }
  }
}
