import type { Database, Transaction } from './database.ts'

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

/** Writes how a venue is doing; `state_since` moves only when the state does. Answers the change of state, if it is one. */
export async function saveVenueStatus(client: Transaction, status: VenueStatus): Promise<VenueChange | null> {
  const { rows } = await client.query<ChangeRow>(
    // A ban that another call has met meanwhile holds, whatever this poll has seen.
    `update venue v set state_since = case when v.state = $2 or (v.banned_until > $5 and $4::timestamptz is null) then v.state_since else $5 end,
       state = case when v.banned_until > $5 and $4::timestamptz is null then v.state else $2 end,
       state_reason = case when v.banned_until > $5 and $4::timestamptz is null then v.state_reason else $3 end,
       banned_until = case when v.banned_until > $5 then greatest(v.banned_until, $4) else $4 end, last_poll_at = $5,
       last_success_at = case when $6 then $5 else v.last_success_at end,
       failures = case when $6 then 0 else v.failures + 1 end, next_poll_at = $7, lag_ms = coalesce($8, v.lag_ms),
       expected = coalesce($9, v.expected), received = coalesce($10, v.received)
     from (select id, state from venue where id = $1 for update) before
     where v.id = before.id returning before.state as before, ${CHANGED}`,
    [
      status.venue,
      status.state,
      status.reason,
      dateOrNull(status.bannedUntil),
      new Date(status.polledAt),
      status.isSuccess,
      new Date(status.nextPollAt),
      status.lagMs,
      status.expected,
      status.received
    ]
  )
  return changeOf(status.venue, rows[0])
}

export async function saveMarketsLoaded(db: Database, venue: string, loadedAt: number): Promise<void> {
  await db.query('update venue set markets_loaded_at = $2 where id = $1', [venue, new Date(loadedAt)])
}

export type VenueHealth = {
  readonly state: VenueState
  readonly bannedUntil: number | null
  readonly failures: number
  /** Why its last market list was not believed in full. */
  readonly listDoubt: string | null
}

/** What has to be known before asking a venue anything: bans outlive restarts. */
export async function findVenueHealth(db: Database, venue: string): Promise<VenueHealth> {
  const { rows } = await db.query<{
    state: VenueState
    banned_until: Date | null
    failures: number
    list_doubt: string | null
  }>('select state, banned_until, failures, list_doubt from venue where id = $1', [venue])
  return {
    state: rows[0]?.state ?? 'starting',
    bannedUntil: rows[0]?.banned_until?.getTime() ?? null,
    failures: rows[0]?.failures ?? 0,
    listDoubt: rows[0]?.list_doubt ?? null
  }
}

/** When a venue is polled next: what its last poll said, until the next has ended. Null: never yet, or closed. */
export async function findNextPoll(db: Database, venue: string): Promise<number | null> {
  const { rows } = await db.query<{ next_poll_at: Date | null }>('select next_poll_at from venue where id = $1', [
    venue
  ])
  return rows[0]?.next_poll_at?.getTime() ?? null
}

/** Keeps everybody away from a venue that refused one of us; a longer ban stays. Answers the change of state, if it is one. */
export async function saveBan(
  client: Transaction,
  venue: string,
  state: 'banned' | 'geo-blocked',
  reason: string,
  until: number
): Promise<VenueChange | null> {
  const { rows } = await client.query<ChangeRow>(
    `update venue v set banned_until = greatest(v.banned_until, $2), state_reason = $3,
       state_since = case when v.state = $4 then v.state_since else now() end, state = $4
     from (select id, state from venue where id = $1 for update) before
     where v.id = before.id returning before.state as before, ${CHANGED}`,
    [venue, new Date(until), reason, state]
  )
  return changeOf(venue, rows[0])
}

/** A venue's change of state. Times in epoch milliseconds. */
export type VenueChange = {
  readonly venue: string
  readonly before: VenueState
  readonly state: VenueState
  readonly reason: string | null
  readonly since: number
  readonly bannedUntil: number | null
}

const CHANGED = 'v.state, v.state_reason, v.state_since, v.banned_until'

type ChangeRow = {
  readonly before: VenueState
  readonly state: VenueState
  readonly state_reason: string | null
  readonly state_since: Date
  readonly banned_until: Date | null
}

/** A venue that is asked for the first time has not changed. */
function changeOf(venue: string, row: ChangeRow | undefined): VenueChange | null {
  if (row === undefined || row.before === row.state || row.before === 'starting') return null
  return {
    venue,
    before: row.before,
    state: row.state,
    reason: row.state_reason,
    since: row.state_since.getTime(),
    bannedUntil: row.banned_until?.getTime() ?? null
  }
}

const dateOrNull = (at: number | null) => (at === null ? null : new Date(at))
