import type { WebSocket } from '@fastify/websocket'
import type { FastifyRequest } from 'fastify'
import type { Context } from 'graphql-ws'
import { sleep } from '../../clock.ts'
import { SECOND } from '../../domain/time.ts'
import { authorise, type Caller } from '../auth.ts'
import { errorOf, HttpError } from '../problem.ts'
import { callerName, type Follower } from '../stream/followers.ts'

/** A revoked key is heard of within this. */
const RECHECK_MS = 3 * SECOND
/** So many sockets are one key's, or one address's without a key; and so many subscriptions one socket's. */
const SOCKETS_PER_CALLER = 20
export const SUBSCRIPTIONS_PER_SOCKET = 50
/** Of the protocol: not let in, and asking too often or too much. */
const FORBIDDEN = 4403
/** Of WebSockets: come back later. */
export const TRY_AGAIN = 1013
/** Why a socket is closed, as long as a reason may be: 123 bytes. */
const reasonOf = (text: string): string =>
  Buffer.from(text)
    .subarray(0, 120)
    .toString('utf8')
    .replace(/\ufffd+$/, '')
export const TOO_MANY = 4429

export type Extra = {
  readonly socket: WebSocket
  readonly request: FastifyRequest
  readonly followers: Set<Follower>
  caller?: Caller
}
export type Connection = Context<Record<string, unknown> | undefined, Extra>

/** A page of another site may open a socket to this machine, and would be told what only its own pages may read. */
export function refuseForeignOrigin(origin: string | undefined, host: string | undefined): void {
  if (origin === undefined || URL.parse(origin)?.host === host) return
  throw new HttpError(403, 'foreign_origin', `Pages of ${origin.slice(0, 200)} may not open sockets here.`)
}

/** By the key in the header, or, since a browser cannot send that, in `connection_init` as `{ "authorization": "Bearer ctg_…" }`. */
export async function letIn({ extra, connectionParams }: Connection, isLoopback: boolean): Promise<boolean> {
  const { request, socket } = extra
  const given = request.headers.authorization ?? connectionParams?.authorization
  const authorization = typeof given === 'string' ? given : undefined
  const isAllowed = async () => {
    extra.caller = await request.identify(authorization)
    authorise(extra.caller, 'read', isLoopback)
  }
  try {
    await isAllowed()
  } catch (error) {
    // What is not the caller's doing is told in our words, and to come back.
    const { statusCode, message } = errorOf(error)
    socket.close(statusCode < 500 ? FORBIDDEN : TRY_AGAIN, reasonOf(message))
    return false
  }
  // Who left meanwhile is not heard leaving any more.
  if (socket.readyState !== socket.OPEN) return false
  void recheck(socket, isAllowed)
  return true
}

/** Closes the socket of a key that has been revoked. */
async function recheck(socket: WebSocket, isAllowed: () => Promise<void>): Promise<void> {
  const stop = new AbortController()
  socket.once('close', () => stop.abort())
  while (!stop.signal.aborted) {
    await sleep(RECHECK_MS, stop.signal)
    try {
      if (!stop.signal.aborted) await isAllowed()
    } catch (error) {
      // A database that is away is no reason to send anybody away.
      if (error instanceof HttpError) socket.close(FORBIDDEN, reasonOf(error.message))
    }
  }
}

/** Counts the sockets of each caller while they are open. */
export function isWithinSockets({ extra }: Connection, counts: Map<string, number>): boolean {
  const { socket, request, caller } = extra
  const name = callerName({ caller, ip: request.ip })
  const count = counts.get(name) ?? 0
  if (count >= SOCKETS_PER_CALLER) {
    socket.close(
      TOO_MANY,
      `${count} sockets of yours are open already; one takes ${SUBSCRIPTIONS_PER_SOCKET} subscriptions`
    )
    return false
  }
  counts.set(name, count + 1)
  socket.once('close', () => {
    const left = counts.get(name)! - 1
    if (left === 0) counts.delete(name)
    else counts.set(name, left)
  })
  return true
}
