import { randomUUID } from 'node:crypto'
import { CHANNEL } from './board.ts'
import type { Database, Transaction } from './database.ts'
import type { StoredFilter } from './subscriptions.ts'

/** An event that has its place in the order of commits. Times in epoch milliseconds. */
export type PublishedEvent = {
  readonly id: string
  readonly type: string
  readonly at: number
  readonly position: number
  readonly about: {
    readonly asset: string | null
    readonly venue: string | null
    readonly kind: string | null
    readonly signalType: string | null
    readonly signalLabel: string | null
  }
  readonly subscriptionId: string | null
  /** JSON. */
  readonly data: string
}

/** A subscription as the publisher needs it. */
export type Subscriber = {
  readonly id: string
  readonly events: readonly string[]
  readonly filter: StoredFilter
}

export type Publishing = {
  readonly limit: number
  readonly nowMs: number
  readonly isWanted: (subscriber: Subscriber, event: PublishedEvent) => boolean
  readonly bodyOf: (event: PublishedEvent, sequence: number) => string
}

/**
 * Gives the oldest unpublished events their positions, and makes a delivery for everybody who wants them; answers how many.
 * Whoever holds the head is the one publisher: an event that commits later gets a later position, so that reading on from
 * a position loses nothing.
 */
export async function publishEvents(db: Database, publishing: Publishing): Promise<number> {
  return db.transaction(async (client) => {
    const head = await client.query<{ position: bigint | string }>(
      'select position from event_head where id = 1 for update'
    )
    const events = await takeUnpublished(client, Number(head.rows[0]!.position), publishing.limit)
    if (events.length === 0) return 0
    await client.query('update event_head set position = position + $1 where id = 1', [events.length])
    await client.query(
      'update event e set position = p.position from unnest($1::text[], $2::bigint[]) as p (id, position) where e.id = p.id',
      [events.map(({ id }) => id), events.map(({ position }) => position)]
    )
    await insertDeliveries(client, await deliveriesOf(client, events, publishing), publishing.nowMs)
    await client.query('select pg_notify($1, $2)', [CHANNEL, 'published'])
    return events.length
  })
}

async function takeUnpublished(client: Transaction, head: number, limit: number): Promise<PublishedEvent[]> {
  const { rows } = await client.query<EventRow>(
    `select id, type, at, asset, venue_id, kind, signal_type, signal_label, subscription_id, data::text as data
     from event where position is null order by created_at, id limit $1`,
    [limit]
  )
  return rows.map((row, index) => ({
    id: row.id,
    type: row.type,
    at: row.at.getTime(),
    position: head + index + 1,
    about: {
      asset: row.asset,
      venue: row.venue_id,
      kind: row.kind,
      signalType: row.signal_type,
      signalLabel: row.signal_label
    },
    subscriptionId: row.subscription_id,
    data: row.data
  }))
}

type NewDelivery = {
  readonly subscriptionId: string
  readonly event: PublishedEvent
  readonly sequence: number
  readonly body: string
}

/** Who is told what, numbered per subscription in the order of positions. */
async function deliveriesOf(
  client: Transaction,
  events: readonly PublishedEvent[],
  { isWanted, bodyOf }: Publishing
): Promise<NewDelivery[]> {
  const { rows: subscribers } = await client.query<Subscriber>(
    `select id, events, filter from subscription where state = 'active' order by id`
  )
  const wanted = subscribers
    .map(({ id, ...wish }) => ({ id, events: events.filter((event) => isWanted({ id, ...wish }, event)) }))
    .filter((entry) => entry.events.length > 0)
  const last = await advanceSequences(
    client,
    wanted.map((entry) => [entry.id, entry.events.length])
  )
  return wanted.flatMap(({ id, events: theirs }) => {
    const end = last.get(id)
    // Disabled or deleted in between: it is not told.
    if (end === undefined) return []
    return theirs.map((event, index) => {
      const sequence = end - theirs.length + index + 1
      return { subscriptionId: id, event, sequence, body: bodyOf(event, sequence) }
    })
  })
}

/** Takes so many numbers of each subscription; answers the last of each that is still active. */
async function advanceSequences(
  client: Transaction,
  counts: readonly (readonly [id: string, count: number])[]
): Promise<ReadonlyMap<string, number>> {
  const ids = counts.map(([id]) => id)
  // All in one order, which everybody who locks several keeps to.
  await client.query('select 1 from subscription where id = any ($1) order by id for update', [ids])
  const { rows } = await client.query<{ id: string; sequence: bigint | string }>(
    `update subscription s set sequence = s.sequence + n.count from unnest($1::text[], $2::bigint[]) as n (id, count)
     where s.id = n.id and s.state = 'active' returning s.id, s.sequence`,
    [ids, counts.map(([, count]) => count)]
  )
  return new Map(rows.map(({ id, sequence }) => [id, Number(sequence)]))
}

async function insertDeliveries(client: Transaction, made: readonly NewDelivery[], nowMs: number): Promise<void> {
  if (made.length === 0) return
  await client.query(
    `insert into delivery (id, subscription_id, event_id, event_type, sequence, body, next_attempt_at, created_at)
     select d.id, d.subscription_id, d.event_id, d.event_type, d.sequence, d.body, $7, clock_timestamp()
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[])
       as d (id, subscription_id, event_id, event_type, sequence, body)`,
    [
      made.map(() => `msg_${randomUUID()}`),
      made.map(({ subscriptionId }) => subscriptionId),
      made.map(({ event }) => event.id),
      made.map(({ event }) => event.type),
      made.map(({ sequence }) => sequence),
      made.map(({ body }) => body),
      new Date(nowMs)
    ]
  )
}

type EventRow = {
  readonly id: string
  readonly type: string
  readonly at: Date
  readonly asset: string | null
  readonly venue_id: string | null
  readonly kind: string | null
  readonly signal_type: string | null
  readonly signal_label: string | null
  readonly subscription_id: string | null
  readonly data: string
}
