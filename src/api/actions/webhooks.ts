import { randomUUID } from 'node:crypto'
import { type EventFilter, filterProblems } from '../../contract/event-filter.ts'
import {
  deliverySchema,
  newWebhookBody,
  pingSchema,
  replayBody,
  replayedSchema,
  webhookChangeBody,
  webhookSchema,
  webhookWithSecretSchema
} from '../../contract/webhooks.ts'
import { ConflictError, InvalidInputError } from '../../errors.ts'
import { replayDeliveries, retryDelivery } from '../../store/deliveries.ts'
import { EVENT_TYPES, insertEvents } from '../../store/events.ts'
import {
  deleteSubscription,
  getSubscription,
  insertSubscription,
  rotateSecret,
  type SubscriptionChange,
  updateSubscription
} from '../../store/subscriptions.ts'
import { createSecret, ROTATION_MS } from '../../webhooks/signature.ts'
import { ForbiddenTargetError, readTarget } from '../../webhooks/target.ts'
import { namesOf } from '../catalogue.ts'
import type { ApiContext } from '../context.ts'
import { deliveryView, webhookView } from '../operations/webhooks.ts'
import { type Action, action } from './action.ts'
import { rehearseWebhook } from './rehearse.ts'

const common = { tag: 'webhooks', scope: 'webhooks' } as const
/** Pings are asked for one by one, heartbeats by their name. */
const TOLD = EVENT_TYPES.filter((type) => type !== 'test.ping' && type !== 'system.heartbeat')

const createWebhook = action({
  ...common,
  name: 'createWebhook',
  method: 'POST',
  url: '/v1/webhooks',
  summary: 'Subscribes to events; the answer shows the secret, this once',
  description: 'Without `events` it is every type there is now, but for the heartbeat.',
  body: newWebhookBody(EVENT_TYPES),
  status: 201,
  row: webhookWithSecretSchema,
  check: checkTarget,
  perform: async ({ client, keyId, values, nowMs }) => {
    const { url, events = TOLD, description = null } = values
    const filter = filterOf(values.filter)
    const secret = createSecret()
    const made = { keyId, url, description, events, filter, secret, atMs: nowMs }
    return { ...webhookView(await insertSubscription(client, made)), secret }
  }
})

const updateWebhook = action({
  ...common,
  name: 'updateWebhook',
  method: 'PATCH',
  url: '/v1/webhooks/:id',
  summary: 'Changes what is given',
  body: webhookChangeBody(EVENT_TYPES),
  status: 200,
  row: webhookSchema,
  check: async (values, context) => {
    if (Object.keys(values).length === 0) {
      throw new InvalidInputError([{ path: 'body', message: 'expected at least one field to change' }], 'invalid_body')
    }
    return checkTarget(values, context)
  },
  perform: async ({ client, id, values: { filter, ...others }, nowMs }) => {
    const given = Object.entries(others).filter(([, value]) => value !== undefined)
    const change: SubscriptionChange = {
      ...Object.fromEntries(given),
      ...(filter === undefined ? {} : { filter: filterOf(filter) })
    }
    return webhookView(await updateSubscription(client, id, change, nowMs))
  }
})

const deleteWebhook = action({
  ...common,
  name: 'deleteWebhook',
  method: 'DELETE',
  url: '/v1/webhooks/:id',
  summary: 'Ends a subscription; what waits is cancelled',
  body: {},
  status: 204,
  perform: ({ client, id, nowMs }) => deleteSubscription(client, id, nowMs)
})

const testWebhook = action({
  ...common,
  name: 'testWebhook',
  method: 'POST',
  url: '/v1/webhooks/:id/test',
  summary: 'Has an event of type test.ping delivered to this webhook alone',
  body: {},
  status: 202,
  row: pingSchema,
  perform: async ({ client, id, nowMs }) => {
    const { state } = await getSubscription(client, id, true)
    if (state !== 'active')
      throw new ConflictError('webhook_disabled', 'this webhook is disabled; nothing is sent to it')
    const event = `ping_${randomUUID()}`
    const data = { webhook: id, message: 'A test, asked for by the owner of this webhook' }
    await insertEvents(client, [{ id: event, type: 'test.ping', at: nowMs, about: null, subscriptionId: id, data }])
    return { event }
  }
})

const rotateWebhookSecret = action({
  ...common,
  name: 'rotateWebhookSecret',
  method: 'POST',
  url: '/v1/webhooks/:id/rotate-secret',
  summary: 'Gives a webhook a new secret, shown this once; for 24 hours the one before signs as well',
  body: {},
  status: 200,
  row: webhookWithSecretSchema,
  perform: async ({ client, id, nowMs }) => {
    const secret = createSecret()
    const rotated = await rotateSecret(client, id, { secret, overlapUntil: nowMs + ROTATION_MS, atMs: nowMs })
    return { ...webhookView(rotated), secret }
  }
})

const replayWebhook = action({
  ...common,
  name: 'replayWebhook',
  method: 'POST',
  url: '/v1/webhooks/:id/replay',
  summary: 'Sends deliveries again, under the same webhook-id: those made in [from, to), or those named',
  description: 'At most 10,000 at a time, oldest first. Its fields may stand in the query as well.',
  body: replayBody,
  isQueryable: true,
  status: 202,
  row: replayedSchema,
  perform: async ({ client, id, values: { from, to, deliveries }, nowMs }) => {
    const problems = [
      ...(deliveries === undefined && from === undefined
        ? [{ path: 'from', message: 'required, unless deliveries are named' }]
        : []),
      ...(deliveries !== undefined && (from ?? to) !== undefined
        ? [{ path: 'deliveries', message: 'either these or a time from which, not both' }]
        : []),
      ...(from !== undefined && from >= (to ?? Infinity) ? [{ path: 'to', message: 'must be later than from' }] : [])
    ]
    if (problems.length > 0) throw new InvalidInputError(problems, 'invalid_body')
    const replay = deliveries === undefined ? { from: from!, to: to ?? nowMs + 1 } : { ids: deliveries }
    return { replayed: await replayDeliveries(client, id, replay, nowMs) }
  }
})

const retry = action({
  ...common,
  name: 'retryDelivery',
  method: 'POST',
  url: '/v1/deliveries/:id/retry',
  summary: 'Sends one delivery again, or sooner, under the same webhook-id',
  body: {},
  status: 202,
  row: deliverySchema,
  perform: async ({ client, id, nowMs }) => deliveryView(await retryDelivery(client, id, nowMs))
})

export const webhookActions: readonly Action[] = [
  createWebhook,
  updateWebhook,
  deleteWebhook,
  testWebhook,
  rotateWebhookSecret,
  replayWebhook,
  retry,
  rehearseWebhook
]

type Target = { readonly url?: string | undefined; readonly filter?: EventFilter | undefined }

/** Refuses targets that may not be called, and names that nothing has: they would wait for ever. Names become ours. */
async function checkTarget<T extends Target>(values: T, { config, catalogue }: ApiContext): Promise<T> {
  try {
    if (values.url !== undefined) readTarget(values.url, config.webhookPrivateTargets)
  } catch (error) {
    if (!(error instanceof ForbiddenTargetError)) throw error
    throw new InvalidInputError([{ path: 'url', message: error.message }], 'invalid_body')
  }
  const { filter } = values
  if (filter === undefined) return values
  const { venues, assets } = namesOf(await catalogue.read(), filter, (word) => `filter.${word}`)
  return { ...values, filter: { ...filter, venue: venues && [...venues], asset: assets && [...assets] } }
}

/** Only the words that were given. */
function filterOf(filter: EventFilter | undefined): EventFilter {
  const problems = filterProblems(filter ?? {})
  if (problems.length > 0) throw new InvalidInputError(problems, 'invalid_body')
  const entries = Object.entries(filter ?? {})
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}
