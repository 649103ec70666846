import type { Database } from './database.ts'

export type VenueState = 'starting' | 'up' | 'degraded' | 'down' | 'banned' | 'geo-blocked' | 'closed'

/** How a venue's last poll went. Times in epoch milliseconds. */
export type VenueStatus = {
  readonly venue: string
  readonly state: VenueState
  readonly reason: string | null
  readonly bannedUntil: number | null
  readonly isSuccess: boolean
  readonly polledAt: number
  readonly nextPollAt: number
  readonly lagMs: number | null
  readonly expected: number | null
  readonly received: number | null
}

/** Makes sure that the venues exist. */
export async function ensureVenues(
  db: Database,
  venues: readonly { readonly id: string; readonly name: string; readonly adapterVersion: number }[]
): Promise<void> {
  for (const { id, name, adapterVersion } of venues) {
    await db.query(
      `insert into venue (id, name, adapter_version) values ($1, $2, $3)
       on conflict (id) do update set name = excluded.name, adapter_version = excluded.adapter_version`,
      [id, name, adapterVersion]
    )
  }
}

/** Writes how a venue is doing; `state_since` moves only when the state does. */
export async function saveVenueStatus(client: Pick<Database, 'query'>, status: VenueStatus): Promise<void> {
  const date = (at: number | null) => (at === null ? null : new Date(at))
  await client.query(
    // A ban that another call has met meanwhile holds, whatever this poll has seen.
    `update venue set state_since = case when state = $2 or (banned_until > $5 and $4::timestamptz is null) then state_since else $5 end,
       state = case when banned_until > $5 and $4::timestamptz is null then state else $2 end,
       state_reason = case when banned_until > $5 and $4::timestamptz is null then state_reason else $3 end,
       banned_until = case when banned_until > $5 then greatest(banned_until, $4) else $4 end, last_poll_at = $5, last_success_at = case when $6 then $5 else last_success_at end,
       failures = case when $6 then 0 else failures + 1 end, next_poll_at = $7, lag_ms = coalesce($8, lag_ms),
       expected = coalesce($9, expected), received = coalesce($10, received)
     where id = $1`,
    [
      status.venue,
      status.state,
      status.reason,
      date(status.bannedUntil),
      new Date(status.polledAt),
      status.isSuccess,
      new Date(status.nextPollAt),
      status.lagMs,
      status.expected,
      status.received
    ]
  )
}

export async function saveMarketsLoaded(db: Database, venue: string, loadedAt: number): Promise<void> {
  await db.query('update venue set markets_loaded_at = $2 where id = $1', [venue, new Date(loadedAt)])
}

export type VenueHealth = {
  readonly state: VenueState
  readonly bannedUntil: number | null
  readonly failures: number
}

/** What has to be known before asking a venue anything: bans outlive restarts. */
export async function findVenueHealth(db: Database, venue: string): Promise<VenueHealth> {
  const { rows } = await db.query<{ state: VenueState; banned_until: Date | null; failures: number }>(
    'select state, banned_until, failures from venue where id = $1',
    [venue]
  )
  return {
    state: rows[0]?.state ?? 'starting',
    bannedUntil: rows[0]?.banned_until?.getTime() ?? null,
    failures: rows[0]?.failures ?? 0
  }
}

/** Keeps everybody away from a venue that refused one of us; a longer ban stays. */
export async function saveBan(
  db: Database,
  venue: string,
  state: 'banned' | 'geo-blocked',
  reason: string,
  until: number
): Promise<void> {
  await db.query(
    `update venue set banned_until = greatest(banned_until, $2), state_reason = $3,
       state_since = case when state = $4 then state_since else now() end, state = $4 where id = $1`,
    [venue, new Date(until), reason, state]
  )
}
