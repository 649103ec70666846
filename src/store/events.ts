import { CHANNEL } from './board.ts'
import type { Transaction } from './database.ts'

/** What subscribers may be told of. */
export const EVENT_TYPES = [
  'signal.opened',
  'signal.updated',
  'signal.closed',
  'venue.status_changed',
  'system.heartbeat',
  'funding.settled',
  'funding.interval_changed',
  'data.corrected',
  'test.ping'
] as const
export type EventType = (typeof EVENT_TYPES)[number]

/** A contract, or a venue as a whole: then only the venue is said. */
export type EventSubject = {
  readonly instrumentId: number | null
  readonly venue: string
  readonly asset: string | null
  readonly kind: string | null
}

/** Something that happened, as whoever saw it tells of it. Times in epoch milliseconds. */
export type NewEvent = {
  /** The same for the same happening, however often it is found: a second one is not stored. */
  readonly id: string
  readonly type: EventType
  /** The time that it is about. */
  readonly at: number
  /** Whom it is about, for filters; null where it is about nobody. */
  readonly about: EventSubject | null
  readonly signal?: { readonly type: string; readonly label: string }
  /** Left out: for everybody who wants it. */
  readonly subscriptionId?: string
  /** The public data, as REST shows it. */
  readonly data: unknown
}

/** Which of these events are stored. */
export async function listStoredEvents(client: Transaction, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await client.query<{ id: string }>('select id from event where id = any ($1)', [ids])
  return new Set(rows.map(({ id }) => id))
}

/** Stores events in the transaction of what they tell of; one that is there already stays. Answers how many were new. */
export async function insertEvents(client: Transaction, events: readonly NewEvent[]): Promise<number> {
  if (events.length === 0) return 0
  const texts = (pick: (event: NewEvent) => string | null | undefined) => events.map((event) => pick(event) ?? null)
  const { rows } = await client.query(
    `insert into event (id, type, at, created_at, instrument_id, venue_id, asset, kind, signal_type, signal_label, subscription_id, data)
     select e.id, e.type, e.at, clock_timestamp() + e.place * interval '1 microsecond', e.instrument_id, e.venue_id, e.asset, e.kind, e.signal_type, e.signal_label,
       e.subscription_id, e.data::json
     -- In the order in which they are given: the publisher goes by created_at.
     from unnest($1::text[], $2::text[], $3::timestamptz[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
       $10::text[], $11::text[]) with ordinality
       as e (id, type, at, instrument_id, venue_id, asset, kind, signal_type, signal_label, subscription_id, data, place)
     on conflict (id) do nothing returning 1`,
    [
      texts(({ id }) => id),
      texts(({ type }) => type),
      events.map(({ at }) => new Date(at)),
      events.map(({ about }) => about?.instrumentId ?? null),
      texts(({ about }) => about?.venue),
      texts(({ about }) => about?.asset),
      texts(({ about }) => about?.kind),
      texts(({ signal }) => signal?.type),
      texts(({ signal }) => signal?.label),
      texts(({ subscriptionId }) => subscriptionId),
      events.map(({ data }) => JSON.stringify(data))
    ]
  )
  // The publisher looks anyway; this makes it sooner.
  await client.query('select pg_notify($1, $2)', [CHANNEL, 'event'])
  return rows.length
}
