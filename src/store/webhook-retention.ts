import type { Database } from './database.ts'

/** Rows of one statement: few enough to be short, many enough to get somewhere. */
const BATCH = 5_000

/**
 * Drops deliveries that ended before `before` with their attempts, then events that were published before it. What is
 * unpublished or still to be sent stays, however old.
 */
export async function deleteOldDeliveries(
  db: Database,
  before: number
): Promise<{ deliveries: number; events: number }> {
  const deliveries = await inBatches(
    db,
    `with old as (select id from delivery where finished_at < $1 and state <> 'pending' limit $2 for update skip locked),
       tries as (delete from attempt a using old where a.delivery_id = old.id)
     delete from delivery d using old where d.id = old.id returning 1`,
    new Date(before)
  )
  // Only from the beginning on: a hole would go unseen by whoever reads on from a position before it.
  const { rows } = await db.query<{ position: number }>(
    `select coalesce(
       (select min(e.position) from event e where e.created_at >= $1
          or exists (select 1 from delivery d where d.event_id = e.id and d.state = 'pending')),
       (select position + 1 from event_head)) as position`,
    [new Date(before)]
  )
  const events = await inBatches(
    db,
    `delete from event where id in (select id from event where position < $1 order by position limit $2) returning 1`,
    rows[0]!.position
  )
  return { deliveries, events }
}

/** Forgets the answers to requests older than `before`. */
export async function deleteOldIdempotencyKeys(db: Database, before: number): Promise<number> {
  const { rows } = await db.query('delete from idempotency_key where created_at < $1 returning 1', [new Date(before)])
  return rows.length
}

async function inBatches(db: Database, text: string, bound: Date | number): Promise<number> {
  for (let total = 0; ; ) {
    const { rows } = await db.query(text, [bound, BATCH])
    total += rows.length
    if (rows.length < BATCH) return total
  }
}
