import type { Database } from './database.ts'

type Queryable = Pick<Database, 'query'>

/** An event in the order of commits, as it was told. Times in epoch milliseconds. */
export type StoredEvent = {
  readonly position: number
  readonly id: string
  readonly type: string
  readonly at: number
  readonly venue: string | null
  readonly asset: string | null
  readonly kind: string | null
  readonly instrumentId: number | null
  /** The public data, as JSON. */
  readonly dataJson: string
}

/** Published events after a position, in their order; those for one subscription alone are nobody else's. */
export async function listEventsAfter(db: Queryable, position: number, limit: number): Promise<StoredEvent[]> {
  const { rows } = await db.query<{
    position: number
    id: string
    type: string
    at: Date
    venue_id: string | null
    asset: string | null
    kind: string | null
    instrument_id: number | null
    data: string
  }>(
    `select position, id, type, at, venue_id, asset, kind, instrument_id, data::text as data from event
     where position > $1 and subscription_id is null order by position limit $2`,
    [position, limit]
  )
  return rows.map((row) => ({
    position: row.position,
    id: row.id,
    type: row.type,
    at: row.at.getTime(),
    venue: row.venue_id,
    asset: row.asset,
    kind: row.kind,
    instrumentId: row.instrument_id,
    dataJson: row.data
  }))
}

/** The last position that was given, and the first that is still kept; `oldest` is null when none is. */
export async function readEventBounds(db: Queryable): Promise<{ head: number; oldest: number | null }> {
  const { rows } = await db.query<{ head: number; oldest: number | null }>(
    `select (select position from event_head where id = 1) as head, (select min(position) from event) as oldest`
  )
  return { head: rows[0]?.head ?? 0, oldest: rows[0]?.oldest ?? null }
}
