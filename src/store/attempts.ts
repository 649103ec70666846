import type { Database, Transaction } from './database.ts'
import { cancelDeliveries, type DisabledReason } from './subscriptions.ts'

/** One try and what becomes of its delivery. Times in epoch milliseconds. */
export type AttemptResult = {
  readonly deliveryId: string
  readonly subscriptionId: string
  /** Where it went. */
  readonly url: string
  readonly epoch: number
  readonly startedAt: number
  readonly durationMs: number
  readonly outcome: string
  readonly status: number | null
  readonly message: string | null
  readonly answer: string | null
  readonly state: 'delivered' | 'pending' | 'failed'
  readonly nextAttemptAt: number | null
  /** The receiver wants no more of this subscription. */
  readonly isGone: boolean
}

export type Recorded = {
  /** Deliveries that were no longer ours: another holder's try counts. */
  readonly stale: readonly string[]
  readonly disabled: readonly { readonly id: string; readonly reason: DisabledReason }[]
}

export type FailureLimits = {
  readonly nowMs: number
  /** What has failed for this long is disabled. */
  readonly failingAfterMs: number
  /** A failure that comes this long after the one before begins anew. */
  readonly quietAfterMs: number
}

/** Records tries, their deliveries' states and their subscriptions' in one transaction. */
export async function recordAttempts(
  db: Database,
  results: readonly AttemptResult[],
  limits: FailureLimits
): Promise<Recorded> {
  return db.transaction(async (client) => {
    const subscriptionIds = [...new Set(results.map(({ subscriptionId }) => subscriptionId))]
    // First the subscriptions and in one order, as everybody locks them.
    const { rows } = await client.query<{ id: string; url: string }>(
      'select id, url from subscription where id = any ($1) order by id for update',
      [subscriptionIds]
    )
    const urls = new Map(rows.map(({ id, url }) => [id, url]))
    const applied = await applyResults(client, results, limits.nowMs)
    // How it went at the URL before says nothing of the one of now.
    const counted = results.filter(
      ({ deliveryId, subscriptionId, url }) => applied.has(deliveryId) && urls.get(subscriptionId) === url
    )
    const disabled = await judgeSubscriptions(client, counted, limits)
    return {
      stale: results.map(({ deliveryId }) => deliveryId).filter((id) => !applied.has(id)),
      disabled
    }
  })
}

async function applyResults(
  client: Transaction,
  results: readonly AttemptResult[],
  nowMs: number
): Promise<ReadonlySet<string>> {
  const dateOf = (atMs: number | null) => (atMs === null ? null : new Date(atMs))
  const { rows } = await client.query<{ delivery_id: string }>(
    `with result as (
       select * from unnest($1::text[], $2::int[], $3::timestamptz[], $4::int[], $5::text[], $6::int[], $7::text[], $8::text[],
         $9::text[], $10::timestamptz[])
         as r (id, epoch, started_at, duration_ms, outcome, status, message, answer, state, next_attempt_at)
     ), applied as (
       -- What was cancelled while it was being sent stays so, unless it arrived.
       update delivery d set attempts = d.attempts + 1, holder = null, lease_until = null,
         state = case when d.state = 'cancelled' and r.state <> 'delivered' then 'cancelled' else r.state end,
         next_attempt_at = case when d.state = 'cancelled' then null else r.next_attempt_at end,
         finished_at = case when d.state = 'cancelled' or r.state <> 'pending' then $11::timestamptz end
       from result r where d.id = r.id and d.epoch = r.epoch and d.state in ('pending', 'cancelled')
       returning d.id, d.epoch, d.attempts, d.next_attempt_at
     )
     insert into attempt (delivery_id, number, started_at, duration_ms, outcome, status, message, answer, next_attempt_at)
     select a.id, a.attempts, r.started_at, r.duration_ms, r.outcome, r.status, r.message, r.answer, a.next_attempt_at
     from applied a join result r on r.id = a.id and r.epoch = a.epoch returning delivery_id`,
    [
      results.map(({ deliveryId }) => deliveryId),
      results.map(({ epoch }) => epoch),
      results.map(({ startedAt }) => new Date(startedAt)),
      results.map(({ durationMs }) => durationMs),
      results.map(({ outcome }) => outcome),
      results.map(({ status }) => status),
      results.map(({ message }) => message),
      results.map(({ answer }) => answer),
      results.map(({ state }) => state),
      results.map(({ nextAttemptAt }) => dateOf(nextAttemptAt)),
      new Date(nowMs)
    ]
  )
  return new Set(rows.map((row) => row.delivery_id))
}

/**
 * A success ends a time of failures; a failure begins one, or goes on with it unless long quiet lay between. What has failed
 * too long or is gone is disabled.
 */
export async function judgeSubscriptions(
  client: Transaction,
  results: readonly Pick<AttemptResult, 'subscriptionId' | 'state' | 'isGone'>[],
  { nowMs, failingAfterMs, quietAfterMs }: FailureLimits
): Promise<Recorded['disabled']> {
  const idsOf = (isMeant: (result: (typeof results)[number]) => boolean) => [
    ...new Set(results.filter(isMeant).map(({ subscriptionId }) => subscriptionId))
  ]
  const well = idsOf(({ state }) => state === 'delivered')
  const ill = idsOf(({ state }) => state !== 'delivered').filter((id) => !well.includes(id))
  const gone = idsOf(({ isGone }) => isGone)
  const now = new Date(nowMs)
  if (well.length > 0) {
    await client.query(
      'update subscription set failing_since = null, failed_at = null where id = any ($1) and failing_since is not null',
      [well]
    )
  }
  if (ill.length > 0) {
    await client.query(
      `update subscription set failing_since = case when failed_at >= $3 then failing_since else $2 end, failed_at = $2
       where id = any ($1)`,
      [ill, now, new Date(nowMs - quietAfterMs)]
    )
  }
  if (ill.length + gone.length === 0) return []
  const { rows } = await client.query<{ id: string; reason: DisabledReason }>(
    `update subscription set state = 'disabled', updated_at = $4,
       disabled_reason = case when id = any ($2) then 'gone' else 'failing' end
     where state = 'active' and (id = any ($2) or (id = any ($1) and failing_since <= $3))
     returning id, disabled_reason as reason`,
    [ill, gone, new Date(nowMs - failingAfterMs), now]
  )
  if (rows.length > 0) {
    await cancelDeliveries(
      client,
      rows.map(({ id }) => id),
      nowMs
    )
  }
  return rows
}
