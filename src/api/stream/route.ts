import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sleep } from '../../clock.ts'
import { readQuery } from '../../contract/read-query.ts'
import { STREAM_DESCRIPTION, streamParameters } from '../../contract/stream.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { SECOND } from '../../domain/time.ts'
import { InvalidInputError } from '../../errors.ts'
import { namesOf } from '../catalogue.ts'
import type { ApiContext } from '../context.ts'
import { HttpError } from '../problem.ts'
import { REFUSALS } from '../rest.ts'
import { messagesOf, type StreamQuestion, startOf } from './messages.ts'
import { startPulse } from './pulse.ts'

/** So many follow one process at once. */
const FOLLOWERS_MAX = 1_000
/** Something is told at least every 15 s: a socket on which nothing moves for three times that is dead, or its reader is. */
const STALLED_MS = 45 * SECOND
/** A revoked key is heard of within this. */
const RECHECK_MS = 3 * SECOND

/** `/v1/stream`: the board and the signals as they change. */
export function addStream(app: FastifyInstance, context: ApiContext): void {
  const pulse = startPulse(context)
  const followers = new Set<AbortController>()
  app.addHook('preClose', async () => {
    pulse.close()
    for (const follower of followers) follower.abort()
  })
  app.get('/v1/stream', {
    config: { scope: 'read', parameters: streamParameters },
    // A compressor would hold messages back.
    compress: false,
    schema: {
      tags: ['stream'],
      summary: 'The board and the signals, as they change',
      description: STREAM_DESCRIPTION,
      operationId: 'stream',
      security: [{}, { key: [] }],
      response: {
        200: {
          description: 'Messages, for as long as you listen',
          content: { 'text/event-stream': { schema: { type: 'string' } } }
        },
        ...REFUSALS
      }
    },
    handler: async (request, reply) => {
      const question = await questionOf(context, request)
      if (followers.size >= FOLLOWERS_MAX) {
        const headers = { 'retry-after': '10' }
        throw new HttpError(503, 'too_many_followers', `${FOLLOWERS_MAX} follow already; ask again.`, { headers })
      }
      const follower = new AbortController()
      followers.add(follower)
      const { leave } = await pulse.join()
      const ended = () => {
        if (!followers.delete(follower)) return
        follower.abort()
        leave()
      }
      request.raw.socket.setTimeout(STALLED_MS, () => request.raw.socket.destroy())
      void recheck(request, follower)
      return send(reply, messagesOf({ ...context, pulse }, question, follower.signal), ended)
    }
  })
}

function send(reply: FastifyReply, messages: AsyncGenerator<string>, ended: () => void): FastifyReply {
  // One message at a time is taken from the generator: what is not read is not made.
  const body = Readable.from(messages, { highWaterMark: 1 })
  body.once('close', ended)
  reply.raw.once('close', () => {
    ended()
    body.destroy()
  })
  reply.type('text/event-stream; charset=utf-8').header('cache-control', 'no-store').header('x-accel-buffering', 'no')
  return reply.send(body)
}

/** Ends the stream of a key that has been revoked. */
async function recheck(request: FastifyRequest, follower: AbortController): Promise<void> {
  if (request.headers.authorization === undefined) return
  while (!follower.signal.aborted) {
    await sleep(RECHECK_MS, follower.signal)
    if (!follower.signal.aborted && !(await request.isStillAllowed().catch(() => true))) follower.abort()
  }
}

/** The contracts whose events are told; null: all. An event names its contract, not what that is priced in. */
function idsOf(
  instruments: readonly Instrument[] | undefined,
  quotes: readonly string[] | undefined
): ReadonlySet<number> | null {
  const wanted = instruments?.filter(
    ({ quote }) => quotes?.some((each) => each === quote || each.toUpperCase() === quote) ?? true
  )
  return wanted === undefined ? null : new Set(wanted.map(({ id }) => id))
}

/** What no stream of ours gave is answered as a gap, not refused: a browser would never come back. */
function lastEventIdOf(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined
  return /^\d{1,15}$/.test(String(header)) ? Number(header) : Number.MAX_SAFE_INTEGER
}

async function questionOf({ catalogue, db }: ApiContext, { query, headers }: FastifyRequest): Promise<StreamQuestion> {
  const reading = readQuery(streamParameters, query as Record<string, unknown>)
  if (!reading.isUsable) {
    throw new InvalidInputError(reading.problems, reading.isUnknownOnly ? 'unknown_parameter' : 'invalid_parameter')
  }
  const { values } = reading
  const known = await catalogue.read()
  const { venues, assets } = namesOf(known, values)
  const instruments =
    values.instrument && (await Promise.all(values.instrument.map((key) => catalogue.getInstrument(key))))
  return {
    topics: values.topics,
    filter: {
      venues,
      assets,
      kinds: values.kind,
      quotes: values.quote,
      instruments: instruments && new Set(instruments.map(({ key }) => key)),
      minGrade: values.minGrade,
      minOpenInterestUsd: undefined,
      minVolume24hUsd: undefined
    },
    instrumentIds: idsOf(instruments ?? (values.quote && known.instruments), values.quote),
    // Known before the first byte is sent: whoever sees an answer misses nothing that comes after it.
    start: await startOf(db, lastEventIdOf(headers['last-event-id']) ?? values.lastEventId)
  }
}
