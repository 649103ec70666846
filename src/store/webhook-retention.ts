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
    before,
    `with old as (select id from delivery where finished_at < $1 and state <> 'pending' limit $2 for update skip locked),
       tries as (delete from attempt a using old where a.delivery_id = old.id)
     delete from delivery d using old where d.id = old.id returning 1`
  )
  const events = await inBatches(
    db,
    before,
    `delete from event where id in (
       select e.id from event e where e.created_at < $1 and e.position is not null
         and not exists (select 1 from delivery d where d.event_id = e.id and d.state = 'pending') limit $2) returning 1`
  )
  return { deliveries, events }
}

/** Forgets the answers to requests older than `before`. */
export async function deleteOldIdempotencyKeys(db: Database, before: number): Promise<number> {
  const { rows } = await db.query('delete from idempotency_key where created_at < $1 returning 1', [new Date(before)])
  return rows.length
}

async function inBatches(db: Database, before: number, text: string): Promise<number> {
  for (let total = 0; ; ) {
    const { rows } = await db.query(text, [new Date(before), BATCH])
    total += rows.length
    if (rows.length < BATCH) return total
  }
}
