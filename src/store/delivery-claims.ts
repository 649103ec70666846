import type { Database } from './database.ts'

/** A delivery that is ours to send until its lease lapses. What is recorded of it counts only while `epoch` is still its own. */
export type DeliveryClaim = {
  readonly id: string
  readonly epoch: number
  readonly subscriptionId: string
  readonly url: string
  readonly body: string
  readonly secret: string
  readonly previousSecret: string | null
  readonly previousUntil: number | null
  /** Tries so far since it was last asked for. */
  readonly triesDone: number
}

/** Leases are by the database's clock; `$1` is ours, by which tries are due. */
const IS_DUE = `d.state = 'pending' and d.next_attempt_at <= $1 and (d.lease_until is null or d.lease_until < now())`

/** The active subscriptions that something is due for. */
export async function listDueSubscriptions(
  db: Database,
  nowMs: number
): Promise<{ readonly id: string; readonly isFailing: boolean }[]> {
  const { rows } = await db.query<{ id: string; is_failing: boolean }>(
    `select s.id, s.failing_since is not null as is_failing from subscription s where s.state = 'active'
       and exists (select 1 from delivery d where d.subscription_id = s.id and ${IS_DUE}) order by s.id`,
    [new Date(nowMs)]
  )
  return rows.map((row) => ({ id: row.id, isFailing: row.is_failing }))
}

/** Takes so many due deliveries of each subscription, its longest due first; others pass by what is being taken. */
export async function claimDeliveries(
  db: Database,
  wanted: {
    /** How many of which subscription. */
    readonly shares: ReadonlyMap<string, number>
    readonly nowMs: number
    readonly holder: string
    readonly leaseMs: number
    /** Still in our hands, though their lease may have lapsed while the database was away. */
    readonly except: readonly string[]
  }
): Promise<DeliveryClaim[]> {
  const { rows } = await db.query<ClaimRow>(
    // By subscription, so that a long backlog of one is never sorted to find the little that another waits for.
    `update delivery d set epoch = d.epoch + 1, holder = $4, lease_until = now() + $5 * interval '1 millisecond'
     from unnest($2::text[], $3::int[]) as share (subscription_id, count), subscription s, lateral (
       select d.id from delivery d where ${IS_DUE} and d.subscription_id = share.subscription_id and d.id <> all ($6)
       order by d.next_attempt_at, d.sequence limit share.count for update skip locked
     ) due
     where d.id = due.id and s.id = share.subscription_id and s.state = 'active'
     returning d.id, d.epoch, d.subscription_id, s.url, d.body, s.secret, s.previous_secret, s.previous_until,
       d.attempts - d.attempts_before as tries_done`,
    [
      new Date(wanted.nowMs),
      [...wanted.shares.keys()],
      [...wanted.shares.values()],
      wanted.holder,
      wanted.leaseMs,
      wanted.except
    ]
  )
  return rows.map((row) => ({
    id: row.id,
    epoch: row.epoch,
    subscriptionId: row.subscription_id,
    url: row.url,
    body: row.body,
    secret: row.secret,
    previousSecret: row.previous_secret,
    previousUntil: row.previous_until?.getTime() ?? null,
    triesDone: row.tries_done
  }))
}

type Held = Pick<DeliveryClaim, 'id' | 'epoch'>

/** Holds on to what is still being sent. */
export async function renewDeliveries(db: Database, held: readonly Held[], leaseMs: number): Promise<void> {
  await db.query(
    `update delivery d set lease_until = now() + $3 * interval '1 millisecond'
     from unnest($1::text[], $2::int[]) as h (id, epoch) where d.id = h.id and d.epoch = h.epoch`,
    [held.map(({ id }) => id), held.map(({ epoch }) => epoch), leaseMs]
  )
}

/** Gives back what was not finished: it is due at once for whoever comes, and a renewal that is still on its way no longer holds it. */
export async function releaseDeliveries(db: Database, held: readonly Held[]): Promise<void> {
  await db.query(
    `update delivery d set epoch = d.epoch + 1, lease_until = null, holder = null
     from unnest($1::text[], $2::int[]) as h (id, epoch) where d.id = h.id and d.epoch = h.epoch`,
    [held.map(({ id }) => id), held.map(({ epoch }) => epoch)]
  )
}

type ClaimRow = {
  readonly id: string
  readonly epoch: number
  readonly subscription_id: string
  readonly url: string
  readonly body: string
  readonly secret: string
  readonly previous_secret: string | null
  readonly previous_until: Date | null
  readonly tries_done: number
}
