import { GraphQLError, type GraphQLSchema } from 'graphql'
import type { MercuriusContext } from 'mercurius'
import { venueChangeSchema } from '../../contract/happenings.ts'
import type { ParameterSpec, ParameterValues } from '../../contract/parameter.ts'
import { readQuery } from '../../contract/read-query.ts'
import { streamParameters, type Topic } from '../../contract/stream.ts'
import { isoOf } from '../../domain/time.ts'
import { InvalidInputError } from '../../errors.ts'
import type { ApiContext } from '../context.ts'
import { HttpError } from '../problem.ts'
import { newBudget } from '../row-budget.ts'
import { follow, type Told } from '../stream/follow.ts'
import type { Follower } from '../stream/followers.ts'
import { streamQuestion } from '../stream/question.ts'
import type { Following } from '../stream/route.ts'
import { argumentsOf, describe, enterObject, type TypeBook, textsOf } from './types.ts'

type Subscription = {
  readonly topic: Topic
  readonly words: string
  readonly parameters: ParameterSpec
  readonly type: string
  /** The type in GraphQL's own language. */
  readonly definition: string
  /** What is told; undefined where it is not of this subscription. */
  readonly tell: (told: Told) => object | undefined
}

const { asset, venue, kind, quote, instrument, minGrade, lastEventId } = streamParameters

const eventType = (name: string, field: string, type: string) =>
  `type ${name} {\n  "Its place in the order of events: \`lastEventId\` goes on after it"\n  id: String!\n  type: String!\n  "The time that it is about"\n  timestamp: String!\n  ${field}: ${type}!\n}`

/** An event with what it tells under a name of its own. */
const telling =
  (field: string, isOf: (type: string) => boolean = () => true) =>
  (told: Told): object | undefined => {
    if (told.kind !== 'event' || !isOf(told.event.type)) return undefined
    const { position, type, at, dataJson } = told.event
    return { id: String(position), type, timestamp: isoOf(at), [field]: JSON.parse(dataJson) }
  }

/** What can be followed, under the names of the contract. */
const SUBSCRIPTIONS: Readonly<Record<string, Subscription>> = {
  basisUpdated: {
    topic: 'board',
    words:
      'A venue’s rows of the board, whenever one of them changes or its grade falls; each venue’s once at the beginning',
    parameters: { asset, venue, kind, quote, instrument, minGrade },
    type: 'BasisUpdate',
    definition: 'type BasisUpdate {\n  venue: String!\n  asOf: String!\n  rows: [BasisRow!]!\n}',
    tell: (told) =>
      told.kind === 'board'
        ? { venue: told.venue, asOf: isoOf(told.beat.board.asOfMs), rows: told.rows.map(({ row }) => row) }
        : undefined
  },
  fundingSettled: {
    topic: 'funding',
    words: 'Every settlement as it becomes known',
    parameters: { asset, venue, quote, instrument, lastEventId },
    type: 'FundingSettledEvent',
    definition: eventType('FundingSettledEvent', 'settlement', 'FundingHistoryRow'),
    tell: telling('settlement', (type) => type === 'funding.settled')
  },
  signalEvent: {
    topic: 'signals',
    words: 'Every signal that opens, changes or closes',
    parameters: { asset, venue, kind, quote, instrument, lastEventId },
    type: 'SignalEvent',
    definition: eventType('SignalEvent', 'signal', 'Signal'),
    tell: telling('signal')
  },
  venueStatus: {
    topic: 'venues',
    words: 'Every change of a venue’s state',
    parameters: { venue, lastEventId },
    type: 'VenueStatusEvent',
    definition: eventType('VenueStatusEvent', 'change', 'VenueChange'),
    tell: telling('change')
  }
}

/** The subscriptions in GraphQL's own language; their types go into the book. */
export function subscriptionsOf(book: TypeBook): string {
  enterObject(book, 'VenueChange', venueChangeSchema)
  const fields = Object.entries(SUBSCRIPTIONS).map(([name, { words, parameters, type, definition }]) => {
    book.set(type, definition)
    return `${describe(words, '  ')}  ${name}${argumentsOf(parameters)}: ${type}!`
  })
  return `type Subscription {\n${fields.join('\n')}\n}`
}

/** Who asks over a socket. */
export type SocketCaller = MercuriusContext & { readonly join: () => Promise<Follower> }

/** Ties the schema's subscriptions to what happens: the library that made it does so only for a socket of its own. */
export function addSubscriptions(schema: GraphQLSchema, context: ApiContext, { pulse }: Following): void {
  const fields = schema.getSubscriptionType()!.getFields()
  for (const [name, subscription] of Object.entries(SUBSCRIPTIONS)) {
    const field = fields[name]!
    field.subscribe = async (_root: unknown, args: Record<string, unknown>, asked: SocketCaller) => {
      const values = valuesOf(subscription.parameters, args)
      const question = await streamQuestion(context, { topics: [subscription.topic], ...values })
      const { gap } = question.start
      if (gap !== undefined) {
        const message = `events before ${gap.before} are not kept; subscribe without it, and read what is missing over REST`
        throw new InvalidInputError([{ path: 'lastEventId', message }], 'events_not_kept')
      }
      const follower = await asked.join()
      const told = follow({ ...context, pulse }, question, follower.signal)
      return untilLeft(
        tellAll(told, name, subscription, () => {
          asked.budget = newBudget(context)
        }),
        follower
      )
    }
    field.resolve = (told: Record<string, unknown> | undefined) => {
      if (told?.[name] !== undefined) return told[name]
      throw new HttpError(400, 'needs_socket', 'A subscription needs a WebSocket (graphql-transport-ws) at /graphql.')
    }
  }
}

function valuesOf<Spec extends ParameterSpec>(spec: Spec, args: Record<string, unknown>): ParameterValues<Spec> {
  const reading = readQuery(spec, textsOf(args))
  if (!reading.isUsable) throw new InvalidInputError(reading.problems, 'invalid_parameter')
  return reading.values
}

async function* tellAll(
  all: AsyncGenerator<Told>,
  name: string,
  { tell }: Subscription,
  begin: () => void
): AsyncGenerator<object> {
  for await (const told of all) {
    const found = tell(told)
    if (found === undefined) continue
    // What the rows of a message lead to is counted for each message.
    begin()
    yield { [name]: found }
  }
}

/** Ends at once when it is left, though a generator that waits would first have to be told something. */
function untilLeft(told: AsyncGenerator<object>, { leave }: Follower): AsyncIterableIterator<object> {
  return {
    next: async () => {
      try {
        const next = await told.next()
        if (next.done) leave()
        return next
      } catch (error) {
        // Nobody calls `return` after that.
        leave()
        throw error
      }
    },
    return: async () => {
      leave()
      return { done: true, value: undefined }
    },
    throw: async (error) => {
      leave()
      throw error
    },
    [Symbol.asyncIterator]() {
      return this
    }
  }
}

export const needsSubscription = () =>
  new GraphQLError('A socket takes subscriptions; queries and mutations are asked by POST /graphql.')
