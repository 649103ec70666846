import type { Database } from './database.ts'

/** Enters venues that have closed, and closes what was known of them: its history stays, nothing more will come of it. */
export async function ensureClosedVenues(
  db: Pick<Database, 'query'>,
  venues: readonly { readonly id: string; readonly name: string; readonly closedAt: number; readonly reason: string }[]
): Promise<void> {
  for (const { id, name, closedAt, reason } of venues) {
    await db.query(
      `insert into venue (id, name, state, state_reason, state_since, closed_at) values ($1, $2, 'closed', $3, $4, $4)
       on conflict (id) do update set state = 'closed', state_reason = $3, state_since = $4, closed_at = $4, next_poll_at = null,
         banned_until = null`,
      [id, name, reason, new Date(closedAt)]
    )
    await db.query(
      `update instrument set status = 'venue_closed', status_since = $2, delisted_at = coalesce(delisted_at, $2), tracked = false
       where venue_id = $1 and status not in ('venue_closed', 'delisted', 'expired', 'renamed')`,
      [id, new Date(closedAt)]
    )
  }
}
