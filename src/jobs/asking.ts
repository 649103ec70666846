import type { Database } from '../store/database.ts'
import { listLatest } from '../store/latest.ts'
import type { VenueHealth } from '../store/venues.ts'
import type { CollectedVenue } from './collect.ts'
import { plausibleReading } from './plausibility.ts'
import { type Sweep, sweepVenue } from './sweep.ts'
import type { Verdict } from './venue-health.ts'

/** Asks a venue everything that is due, and keeps of its answers what can be true beside what is known. */
export async function believedSweep(
  db: Database,
  venue: CollectedVenue,
  tickAt: number,
  pollMs: number
): Promise<Sweep> {
  const { adapter, client, memory, instruments } = venue
  const sweep = await sweepVenue(adapter, client, memory, tickAt, { pollMs })
  const ids = [...instruments.values()].map(({ id }) => id)
  const knowledge = { instruments, latest: await listLatest(db, ids), suspects: memory.suspects }
  return { ...sweep, reading: plausibleReading(sweep.reading, knowledge) }
}

/** Why a venue is not asked at this tick; undefined when it is. */
export function restOf(
  { state, bannedUntil }: VenueHealth,
  { restUntil, unready }: CollectedVenue,
  nowMs: number
): Verdict | undefined {
  if (bannedUntil !== null && bannedUntil > nowMs) {
    const reason = `banned: staying away until ${new Date(bannedUntil).toISOString()}`
    return { state: state === 'geo-blocked' ? state : 'banned', reason, bannedUntil }
  }
  if (unready !== null) return { state: 'down', reason: unready, bannedUntil: null }
  if (restUntil <= nowMs) return undefined
  return { state: 'down', reason: `backing_off: next try at ${new Date(restUntil).toISOString()}`, bannedUntil: null }
}
