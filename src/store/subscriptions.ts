import { randomUUID } from 'node:crypto'
import { NotFoundError } from '../errors.ts'
import type { Database, Transaction } from './database.ts'

type Client = Pick<Database, 'query'>

/** What a subscription wants to hear of, as it was read when it was made. */
export type StoredFilter = Readonly<Record<string, unknown>>

/** Why a subscription is disabled: its receiver answered 410, failed for days, or its owner said so. */
export type DisabledReason = 'gone' | 'failing' | 'by_owner'

/** Who wants to hear of which events. Times in epoch milliseconds. Its secrets are asked for apart. */
export type Subscription = {
  readonly id: string
  readonly keyId: string
  readonly url: string
  readonly description: string | null
  readonly events: readonly string[]
  readonly filter: StoredFilter
  readonly state: 'active' | 'disabled'
  readonly disabledReason: DisabledReason | null
  readonly failingSince: number | null
  /** Until when the secret before the last rotation signs as well. */
  readonly previousUntil: number | null
  readonly createdAt: number
  readonly updatedAt: number
}

export type NewSubscription = Pick<Subscription, 'keyId' | 'url' | 'description' | 'events' | 'filter'> & {
  readonly secret: string
  readonly atMs: number
}

const COLUMNS = `id, key_id, url, description, events, filter, state, disabled_reason, failing_since, previous_until,
  created_at, updated_at`

export async function insertSubscription(client: Client, made: NewSubscription): Promise<Subscription> {
  const { rows } = await client.query<Row>(
    `insert into subscription (id, key_id, url, description, events, filter, secret, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $8) returning ${COLUMNS}`,
    [
      `sub_${randomUUID()}`,
      made.keyId,
      made.url,
      made.description,
      made.events,
      JSON.stringify(made.filter),
      made.secret,
      new Date(made.atMs)
    ]
  )
  return subscriptionOf(rows[0]!)
}

/** Every subscription, oldest first: there are few. */
export async function listSubscriptions(client: Client): Promise<Subscription[]> {
  const { rows } = await client.query<Row>(`select ${COLUMNS} from subscription order by created_at, id`)
  return rows.map(subscriptionOf)
}

/** Whether any active subscription wants events of this type. */
export async function isAnyoneTold(client: Client, eventType: string): Promise<boolean> {
  const { rows } = await client.query(
    `select 1 from subscription where state = 'active' and $1 = any (events) limit 1`,
    [eventType]
  )
  return rows.length > 0
}

/** The subscription of this id; `isLocked` keeps it as it is until the transaction ends. */
export async function getSubscription(client: Client, id: string, isLocked = false): Promise<Subscription> {
  const lock = isLocked ? 'for update' : ''
  const { rows } = await client.query<Row>(`select ${COLUMNS} from subscription where id = $1 ${lock}`, [id])
  if (rows[0] === undefined) throw unknownSubscription(id)
  return subscriptionOf(rows[0])
}

export type SubscriptionChange = Partial<Pick<Subscription, 'url' | 'description' | 'events' | 'filter' | 'state'>>

/** Changes what is given. Disabling cancels what waits; enabling and another URL forget the failures. */
export async function updateSubscription(
  client: Transaction,
  id: string,
  change: SubscriptionChange,
  atMs: number
): Promise<Subscription> {
  const before = await getSubscription(client, id, true)
  const after = { ...before, ...change }
  const isEnabled = before.state === 'disabled' && after.state === 'active'
  const isDisabled = before.state === 'active' && after.state === 'disabled'
  const { rows } = await client.query<Row>(
    `update subscription set url = $2, description = $3, events = $4, filter = $5, state = $6, disabled_reason = $7,
       failing_since = case when $8 then null else failing_since end, failed_at = case when $8 then null else failed_at end,
       updated_at = $9 where id = $1 returning ${COLUMNS}`,
    [
      id,
      after.url,
      after.description,
      after.events,
      JSON.stringify(after.filter),
      after.state,
      isDisabled ? 'by_owner' : isEnabled ? null : before.disabledReason,
      isEnabled || after.url !== before.url,
      new Date(atMs)
    ]
  )
  if (isDisabled) await cancelDeliveries(client, [id], atMs)
  return subscriptionOf(rows[0]!)
}

/** Gives it a new secret; the one before signs as well until `overlapUntil`. */
export async function rotateSecret(
  client: Client,
  id: string,
  { secret, overlapUntil, atMs }: { readonly secret: string; readonly overlapUntil: number; readonly atMs: number }
): Promise<Subscription> {
  const { rows } = await client.query<Row>(
    `update subscription set previous_secret = secret, secret = $2, previous_until = $3, updated_at = $4 where id = $1
     returning ${COLUMNS}`,
    [id, secret, new Date(overlapUntil), new Date(atMs)]
  )
  if (rows[0] === undefined) throw unknownSubscription(id)
  return subscriptionOf(rows[0])
}

/** Ends it: nothing more is sent. What was sent stays until it is too old. */
export async function deleteSubscription(client: Transaction, id: string, atMs: number): Promise<void> {
  const { rows } = await client.query('delete from subscription where id = $1 returning 1', [id])
  if (rows.length === 0) throw unknownSubscription(id)
  await cancelDeliveries(client, [id], atMs)
}

/** Ends what waits for these. One that is just being sent may still arrive. */
export async function cancelDeliveries(client: Transaction, ids: readonly string[], atMs: number): Promise<void> {
  await client.query(
    `update delivery set state = 'cancelled', next_attempt_at = null, finished_at = $2
     where state = 'pending' and subscription_id = any ($1)`,
    [ids, new Date(atMs)]
  )
}

function unknownSubscription(id: string): NotFoundError {
  return new NotFoundError('unknown_webhook', `no webhook has the id ${JSON.stringify(id.slice(0, 100))}`)
}

type Row = {
  readonly id: string
  readonly key_id: string
  readonly url: string
  readonly description: string | null
  readonly events: string[]
  readonly filter: StoredFilter
  readonly state: 'active' | 'disabled'
  readonly disabled_reason: DisabledReason | null
  readonly failing_since: Date | null
  readonly previous_until: Date | null
  readonly created_at: Date
  readonly updated_at: Date
}

function subscriptionOf(row: Row): Subscription {
  return {
    id: row.id,
    keyId: row.key_id,
    url: row.url,
    description: row.description,
    events: row.events,
    filter: row.filter,
    state: row.state,
    disabledReason: row.disabled_reason,
    failingSince: row.failing_since?.getTime() ?? null,
    previousUntil: row.previous_until?.getTime() ?? null,
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime()
  }
}
