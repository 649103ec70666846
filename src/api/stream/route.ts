import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sleep } from '../../clock.ts'
import { readQuery } from '../../contract/read-query.ts'
import { STREAM_DESCRIPTION, streamParameters } from '../../contract/stream.ts'
import { SECOND } from '../../domain/time.ts'
import { InvalidInputError } from '../../errors.ts'
import type { ApiContext } from '../context.ts'
import { REFUSALS } from '../rest.ts'
import type { StreamQuestion } from './follow.ts'
import { callerName, type Follower, type Followers } from './followers.ts'
import { messagesOf } from './messages.ts'
import type { Pulse } from './pulse.ts'
import { streamQuestion } from './question.ts'
import { watchReader } from './stalls.ts'

/** Something is told at least every 15 s: a socket on which nothing moves for three times that is dead. */
const DEAD_MS = 45 * SECOND
/** A revoked key is heard of within this. */
const RECHECK_MS = 3 * SECOND

/** What all who follow this process share. */
export type Following = { readonly pulse: Pulse; readonly followers: Followers }

/** `/v1/stream`: the board, signals, settlements and venues as they change. */
export function addStream(app: FastifyInstance, context: ApiContext, { pulse, followers }: Following): void {
  app.get('/v1/stream', {
    config: { scope: 'read', parameters: streamParameters },
    // A compressor would hold messages back.
    compress: false,
    schema: {
      tags: ['stream'],
      summary: 'The board and what happens, as it changes',
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
      const follower = await followers.join(callerName(request))
      request.raw.socket.setTimeout(DEAD_MS, () => request.raw.socket.destroy())
      void recheck(request, follower)
      void watchDrains(request, reply, context, follower.signal)
      return send(reply, messagesOf({ ...context, pulse }, question, follower.signal), follower.leave)
    }
  })
}

function send(reply: FastifyReply, messages: AsyncGenerator<string | Buffer>, ended: () => void): FastifyReply {
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

/** Cuts off who does not read. There is no way to tell it why: what it has not taken is before anything that could be said. */
function watchDrains(request: FastifyRequest, { raw }: FastifyReply, { clock, log }: ApiContext, signal: AbortSignal) {
  let drains = 0
  raw.on('drain', () => {
    drains += 1
  })
  const waiting = () => (raw.writableNeedDrain ? drains : null)
  return watchReader(clock, signal, waiting, () => {
    log.warn({ reqId: request.id, caller: callerName(request) }, 'stream.stalled')
    request.raw.socket.destroy()
  })
}

/** Ends what follows with a key that has been revoked. */
export async function recheck(request: FastifyRequest, { signal, leave }: Follower): Promise<void> {
  if (request.headers.authorization === undefined) return
  while (!signal.aborted) {
    await sleep(RECHECK_MS, signal)
    if (!signal.aborted && !(await request.isStillAllowed().catch(() => true))) leave()
  }
}

/** What no stream of ours gave is answered as a gap, not refused: a browser would never come back. */
function lastEventIdOf(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined
  return /^\d{1,15}$/.test(String(header)) ? Number(header) : Number.MAX_SAFE_INTEGER
}

async function questionOf(context: ApiContext, { query, headers }: FastifyRequest): Promise<StreamQuestion> {
  const reading = readQuery(streamParameters, query as Record<string, unknown>)
  if (!reading.isUsable) {
    throw new InvalidInputError(reading.problems, reading.isUnknownOnly ? 'unknown_parameter' : 'invalid_parameter')
  }
  const { values } = reading
  return streamQuestion(context, {
    ...values,
    lastEventId: lastEventIdOf(headers['last-event-id']) ?? values.lastEventId
  })
}
