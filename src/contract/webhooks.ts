import { pageParameters } from './board-parameters.ts'
import { filterField } from './event-filter.ts'
import { required } from './parameter.ts'
import { listOf, word } from './parameters.ts'
import { field, requiredField, textField, textsField } from './read-body.ts'
import {
  arrayOf,
  count,
  countOrNull,
  map,
  object,
  oneOf,
  oneOfOrNull,
  text,
  textOrNull,
  texts,
  time,
  timeOrNull
} from './schema.ts'
import { readTime } from './time-text.ts'

export const SUBSCRIPTION_STATES = ['active', 'disabled'] as const
const DISABLED_REASONS = ['gone', 'failing', 'by_owner']
export const OUTCOMES = [
  'delivered',
  'refused',
  'redirected',
  'gone',
  'unreachable',
  'timeout',
  'forbidden_target'
] as const
export const DELIVERY_STATES = ['pending', 'delivered', 'failed', 'cancelled'] as const
export const URL_LENGTH_MAX = 2_000
const DESCRIPTION_LENGTH_MAX = 500
const IDS_MAX = 1_000

const url = textField('Where to send: https, on the public internet', URL_LENGTH_MAX, 'https://example.com/hooks')
const events = (types: readonly string[]) => textsField('Types of events', { known: types, example: 'signal.opened' })
const description = field<string | null>(
  { type: ['string', 'null'], maxLength: DESCRIPTION_LENGTH_MAX, description: 'What it is for, in your words' },
  (value) =>
    value === null || (typeof value === 'string' && value.length <= DESCRIPTION_LENGTH_MAX && !value.includes('\0'))
      ? { value }
      : { expected: `null or a text of at most ${DESCRIPTION_LENGTH_MAX} characters` }
)

/** What a new subscription is made of; `types` are the events that there are. */
export const newWebhookBody = (types: readonly string[]) => ({
  url: requiredField(url),
  events: events(types),
  filter: filterField,
  description
})

export const webhookChangeBody = (types: readonly string[]) => ({
  url,
  events: events(types),
  filter: filterField,
  description,
  state: field<(typeof SUBSCRIPTION_STATES)[number]>(
    { type: 'string', enum: SUBSCRIPTION_STATES, description: '`disabled` cancels what waits; `active` begins anew' },
    (value) => {
      const known = SUBSCRIPTION_STATES.find((state) => state === value)
      return known === undefined ? { expected: SUBSCRIPTION_STATES.join(' or ') } : { value: known }
    }
  )
})

export const moment = (words: string) =>
  field<number>({ type: 'string', description: words, examples: ['2026-01-31T00:00:00Z'] }, (value) => {
    const read = typeof value === 'string' || Number.isSafeInteger(value) ? readTime(String(value)) : undefined
    return typeof read === 'number' ? { value: read } : { expected: read?.refused ?? 'a time' }
  })

export const replayBody = {
  from: moment('The earliest time at which a delivery was made'),
  to: moment('The time before which it was; now, unless given'),
  deliveries: textsField(`Or these deliveries by their ids, at most ${IDS_MAX}`, { example: 'msg_…', most: IDS_MAX })
}

export const webhookParameters = { ...pageParameters }
export const oneWebhookParameters = { id: required(word('The webhook', 'sub_…')) }
export const deliveryParameters = {
  ...oneWebhookParameters,
  state: listOf(DELIVERY_STATES, 'States of deliveries'),
  ...pageParameters
}

const webhookFields = {
  id: text('Its id', 'sub_5f2c…'),
  url: text('Where it is sent', 'https://example.com/hooks'),
  description: textOrNull('What it is for'),
  events: texts('Types of events that it wants'),
  filter: map(
    {},
    'Word → values, and `threshold`; an event must fulfil every word by one of its values. Empty: everything'
  ),
  state: oneOf(SUBSCRIPTION_STATES, 'Whether anything is sent'),
  disabledReason: oneOfOrNull(
    DISABLED_REASONS,
    'Why it is disabled: its receiver answered 410, nothing arrived for five days, or somebody disabled it'
  ),
  failingSince: timeOrNull('Since when nothing has arrived; null while it goes well'),
  previousSecretUntil: timeOrNull('Until when the secret before the last rotation signs as well'),
  createdAt: time('When it was made'),
  updatedAt: time('When it was last changed')
}

export const webhookSchema = object(webhookFields)

/** The answer that shows a secret, once. */
export const webhookWithSecretSchema = object({
  ...webhookFields,
  secret: text('What its deliveries are signed with (Standard Webhooks); shown this once', 'whsec_…')
})

const attemptSchema = object({
  number: count('1 for the first'),
  startedAt: time('When it began'),
  durationMs: count('How long it took, ms'),
  outcome: oneOf(OUTCOMES, 'What it came to'),
  status: countOrNull('The HTTP status; null where there was no answer'),
  message: textOrNull('Why it failed, where the status does not say'),
  answer: textOrNull('The beginning of the answer'),
  nextAttemptAt: timeOrNull('When the next was to come, as it was decided after this one; null where none was')
})

export const deliverySchema = object({
  id: text('Its id, which is the webhook-id of every attempt', 'msg_0b61…'),
  webhook: text('The subscription', 'sub_5f2c…'),
  event: text('The event that it tells of'),
  type: text('The type of the event', 'signal.opened'),
  sequence: count('Its number within the subscription, in the order in which events were committed'),
  state: oneOf(
    DELIVERY_STATES,
    '`pending` is still to be tried; `failed` after the last try; `cancelled` with its webhook'
  ),
  nextAttemptAt: timeOrNull('When it is tried next'),
  createdAt: time('When it was made'),
  finishedAt: timeOrNull('When it ended'),
  attempts: arrayOf(attemptSchema)
})

export const pingSchema = object({ event: text('The event that will be delivered, of type test.ping') })
export const replayedSchema = object({ replayed: count('Deliveries that are sent again, each under its own id') })
