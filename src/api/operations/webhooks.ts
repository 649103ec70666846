import {
  DELIVERY_STATES,
  deliveryParameters,
  deliverySchema,
  oneWebhookParameters,
  webhookParameters,
  webhookSchema
} from '../../contract/webhooks.ts'
import { isoOf, isoOrNull } from '../../domain/time.ts'
import { type Delivery, listDeliveries } from '../../store/deliveries.ts'
import { getSubscription, listSubscriptions, type Subscription } from '../../store/subscriptions.ts'
import { pageOf } from '../answers.ts'
import type { ApiContext } from '../context.ts'
import { cursorKeys, type Operation, operation } from './operation.ts'
import { pageByName } from './reference.ts'

const common = { tag: 'webhooks', scope: 'webhooks' } as const

/** Subscriptions and what became of what they were told. */
export function webhookOperations({ db, clock }: ApiContext): Operation[] {
  const webhooks = operation({
    ...common,
    name: 'webhooks',
    url: '/v1/webhooks',
    summary: 'Every webhook, without its secret',
    parameters: webhookParameters,
    type: 'Webhook',
    row: webhookSchema,
    read: async (question) => {
      const { page, ...paging } = pageByName(await listSubscriptions(db), ({ id }) => id, question)
      return { data: page.map(webhookView), ...paging, asOfMs: clock.now() }
    }
  })
  const webhook = operation({
    ...common,
    name: 'webhook',
    url: '/v1/webhooks/:id',
    summary: 'One webhook, without its secret',
    parameters: oneWebhookParameters,
    type: 'Webhook',
    row: webhookSchema,
    isSingle: true,
    read: async ({ values }) => ({ data: webhookView(await getSubscription(db, values.id)), asOfMs: clock.now() })
  })
  const deliveries = operation({
    ...common,
    name: 'deliveries',
    url: '/v1/webhooks/:id/deliveries',
    summary: 'What a webhook was told, the newest first, with every attempt',
    parameters: deliveryParameters,
    type: 'Delivery',
    row: deliverySchema,
    read: async (question) => {
      const { id, state: states = DELIVERY_STATES, limit } = question.values
      const before = cursorKeys(question, ['integer'])?.[0] as number | undefined
      await getSubscription(db, id)
      const rows = await listDeliveries(db, { subscriptionId: id, states, before, limit: limit + 1 })
      const { page, ...paging } = pageOf(rows, limit, question.fingerprint, ({ sequence }) => [sequence])
      return { data: page.map(deliveryView), ...paging, asOfMs: clock.now() }
    }
  })
  return [webhooks, webhook, deliveries]
}

/** As it is shown; its secrets are no part of it. */
export function webhookView(subscription: Subscription) {
  const { id, url, description, events, filter, state, disabledReason } = subscription
  return {
    id,
    url,
    description,
    events,
    filter,
    state,
    disabledReason,
    failingSince: isoOrNull(subscription.failingSince),
    previousSecretUntil: isoOrNull(subscription.previousUntil),
    createdAt: isoOf(subscription.createdAt),
    updatedAt: isoOf(subscription.updatedAt)
  }
}

export function deliveryView(delivery: Delivery) {
  const { id, sequence, state, attempts } = delivery
  return {
    id,
    webhook: delivery.subscriptionId,
    event: delivery.eventId,
    type: delivery.eventType,
    sequence,
    state,
    nextAttemptAt: isoOrNull(delivery.nextAttemptAt),
    createdAt: isoOf(delivery.createdAt),
    finishedAt: isoOrNull(delivery.finishedAt),
    attempts: attempts.map((attempt) => ({
      ...attempt,
      startedAt: isoOf(attempt.startedAt),
      nextAttemptAt: isoOrNull(attempt.nextAttemptAt)
    }))
  }
}
