import { ConflictError, NotFoundError } from '../errors.ts'
import { CHANNEL } from './board.ts'
import type { Database, Transaction } from './database.ts'
import { getSubscription } from './subscriptions.ts'

export type DeliveryState = 'pending' | 'delivered' | 'failed' | 'cancelled'

/** One event for one subscription, with every try of it. Times in epoch milliseconds. */
export type Delivery = {
  readonly id: string
  readonly subscriptionId: string
  readonly eventId: string
  readonly eventType: string
  readonly sequence: number
  readonly state: DeliveryState
  readonly nextAttemptAt: number | null
  readonly createdAt: number
  readonly finishedAt: number | null
  readonly attempts: readonly Attempt[]
}

export type Attempt = {
  readonly number: number
  readonly startedAt: number
  readonly durationMs: number
  readonly outcome: string
  readonly status: number | null
  readonly message: string | null
  readonly answer: string | null
  /** When the next try was to come, as was decided after this one. */
  readonly nextAttemptAt: number | null
}

/** In one statement, so that a delivery's state and its attempts are of one moment. */
const COLUMNS = `d.id, d.subscription_id, d.event_id, d.event_type, d.sequence, d.state, d.next_attempt_at, d.created_at,
  d.finished_at, coalesce((
    select json_agg(json_build_object('number', a.number, 'startedAt', floor(extract(epoch from a.started_at) * 1000),
      'durationMs', a.duration_ms, 'outcome', a.outcome, 'status', a.status, 'message', a.message, 'answer', a.answer,
      'nextAttemptAt', floor(extract(epoch from a.next_attempt_at) * 1000)) order by a.number)
    from attempt a where a.delivery_id = d.id), '[]') as attempts`

/** A subscription's deliveries, the newest first, from before the sequence `before`. */
export async function listDeliveries(
  db: Pick<Database, 'query'>,
  wanted: {
    readonly subscriptionId: string
    readonly states: readonly DeliveryState[]
    readonly before: number | undefined
    readonly limit: number
  }
): Promise<Delivery[]> {
  const { rows } = await db.query<Row>(
    `select ${COLUMNS} from delivery d where d.subscription_id = $1 and d.state = any ($2)
       and ($3::bigint is null or d.sequence < $3) order by d.sequence desc limit $4`,
    [wanted.subscriptionId, wanted.states, wanted.before ?? null, wanted.limit]
  )
  return rows.map(deliveryOf)
}

/** The delivery of this id, if its subscription is still there. */
export async function getDelivery(db: Pick<Database, 'query'>, id: string): Promise<Delivery> {
  const { rows } = await db.query<Row>(
    `select ${COLUMNS} from delivery d join subscription s on s.id = d.subscription_id where d.id = $1`,
    [id]
  )
  if (rows[0] === undefined) {
    throw new NotFoundError('unknown_delivery', `no delivery has the id ${JSON.stringify(id.slice(0, 100))}`)
  }
  return deliveryOf(rows[0])
}

/** Sends it again, or sooner, as the same message. */
export async function retryDelivery(client: Transaction, id: string, nowMs: number): Promise<Delivery> {
  const { subscriptionId } = await getDelivery(client, id)
  await replayDeliveries(client, subscriptionId, { ids: [id] }, nowMs)
  return getDelivery(client, id)
}

/** Which deliveries: those of these ids, or those made in [from, to). */
export type Replay = { readonly ids: readonly string[] } | { readonly from: number; readonly to: number }

export const REPLAY_MAX = 10_000

/** Sends deliveries again under their own ids, with the whole schedule before them; one that waits goes on in its own. Answers how many. */
export async function replayDeliveries(
  client: Transaction,
  subscriptionId: string,
  replay: Replay,
  nowMs: number
): Promise<number> {
  const { state } = await getSubscription(client, subscriptionId, true)
  if (state !== 'active') {
    throw new ConflictError(
      'webhook_disabled',
      'this webhook is disabled; set its state to active before sending again'
    )
  }
  const [ids, from, to] =
    'ids' in replay ? [replay.ids, null, null] : [null, new Date(replay.from), new Date(replay.to)]
  const { rows } = await client.query<{ id: string; count: number }>(
    `update delivery d set state = 'pending', next_attempt_at = $5, finished_at = null,
       attempts_before = case when d.state = 'pending' then d.attempts_before else d.attempts end,
       -- One that is being sent goes on under its own lease.
       epoch = case when d.state = 'pending' then d.epoch else d.epoch + 1 end,
       lease_until = case when d.state = 'pending' then d.lease_until end
     where d.id in (
       select id from delivery where subscription_id = $1 and ($2::text[] is null or id = any ($2))
         and ($3::timestamptz is null or (created_at >= $3 and created_at < $4)) order by sequence limit $6)
     returning d.id`,
    [subscriptionId, ids, from, to, new Date(nowMs), REPLAY_MAX]
  )
  await client.query('select pg_notify($1, $2)', [CHANNEL, 'published'])
  return rows.length
}

function deliveryOf(row: Row): Delivery {
  return {
    id: row.id,
    subscriptionId: row.subscription_id,
    eventId: row.event_id,
    eventType: row.event_type,
    sequence: Number(row.sequence),
    state: row.state,
    nextAttemptAt: row.next_attempt_at?.getTime() ?? null,
    createdAt: row.created_at.getTime(),
    finishedAt: row.finished_at?.getTime() ?? null,
    attempts: row.attempts
  }
}

type Row = {
  readonly id: string
  readonly subscription_id: string
  readonly event_id: string
  readonly event_type: string
  readonly sequence: bigint | string
  readonly state: DeliveryState
  readonly next_attempt_at: Date | null
  readonly created_at: Date
  readonly finished_at: Date | null
  readonly attempts: readonly Attempt[]
}
