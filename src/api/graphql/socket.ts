import websocket, { type WebSocket } from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import {
  type ASTVisitor,
  GraphQLError,
  getOperationAST,
  parse,
  specifiedRules,
  type ValidationContext,
  validate
} from 'graphql'
import { handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws'
import { sleep } from '../../clock.ts'
import { MINUTE, SECOND } from '../../domain/time.ts'
import type { ApiContext } from '../context.ts'
import { isLoopbackHost } from '../hosts.ts'
import { HttpError } from '../problem.ts'
import { callerName } from '../stream/followers.ts'
import type { Following } from '../stream/route.ts'
import { watchReader } from '../stream/stalls.ts'
import { formatted } from './errors.ts'
import { LIMITS, limitRule, TOKENS_MAX } from './limits.ts'
import {
  type Connection,
  type Extra,
  isWithinSockets,
  letIn,
  refuseForeignOrigin,
  SUBSCRIPTIONS_PER_SOCKET,
  TOO_MANY,
  TRY_AGAIN
} from './socket-callers.ts'
import { addSubscriptions, needsSubscription, type SocketCaller } from './subscriptions.ts'

/** A message of a client is a document with its variables. */
const MESSAGE_BYTES_MAX = 64 * 1024
/** A client that does not answer a ping for so long is gone, or does not read. */
const PING_MS = 12 * SECOND
/** So many sockets are open at once in one process. */
const SOCKETS_MAX = 1_000
/** How long one that was closed may take to hear why. */
const GRACE_MS = 5 * SECOND
/** How long the other side may take to answer a close: a stop waits for it. */
const CLOSE_MS = 2 * SECOND
/** Answers to pings, and whatever else nobody reads, may wait up to so many bytes. */
const WAITING_BYTES_MAX = 32 * 1024 * 1024

/** The library's own types do not know what its socket server waits for. */
type WebSocketOptions = NonNullable<Parameters<typeof websocket>[1]['options']>

/** Takes sockets. Before everything else: one that is refused, for whatever reason, has to be closed. */
export async function takeSockets(app: FastifyInstance): Promise<void> {
  await app.register(websocket, {
    options: { maxPayload: MESSAGE_BYTES_MAX, handleProtocols, closeTimeout: CLOSE_MS } as WebSocketOptions
  })
  app.addHook('onRequest', async ({ ws, routeOptions }) => {
    if (ws && routeOptions.url !== '/graphql') throw new HttpError(400, 'no_socket', 'Only /graphql takes WebSockets.')
  })
}

/** GraphQL's subscriptions at `/graphql`, over graphql-transport-ws: the same keys, limits and verdicts as over HTTP. */
export function addSocket(app: FastifyInstance, context: ApiContext, following: Following): void {
  addSubscriptions(app.graphql.schema, context, following)
  const counts = new Map<string, number>()
  const server = makeServer<Record<string, unknown> | undefined, Extra>({
    schema: app.graphql.schema,
    onConnect: async (connection) =>
      (await letIn(connection, isLoopbackHost(context.config.host))) && isWithinSockets(connection, counts),
    onSubscribe: (connection, _id, payload) => argumentsOf(app, following, connection, payload),
    onError: (_connection, _id, _payload, errors) =>
      errors.map((error) => formatted(error as GraphQLError, context.log)),
    onNext: (_connection, _id, _payload, _args, { data, errors }) =>
      errors && { data: data ?? null, errors: errors.map((error) => formatted(error, context.log)) as never }
  })
  app.route({
    method: 'GET',
    url: '/graphql',
    schema: { hide: true },
    onRequest: async ({ headers }) => {
      refuseForeignOrigin(headers.origin, headers.host)
      if (app.websocketServer.clients.size < SOCKETS_MAX) return
      const message = `${SOCKETS_MAX} sockets are open already; ask again.`
      throw new HttpError(503, 'too_many_followers', message, { headers: { 'retry-after': '10' } })
    },
    handler: async () => {
      const message = '/graphql does not answer GET; it answers POST, and WebSockets of graphql-transport-ws'
      throw new HttpError(405, 'method_not_allowed', message, { headers: { allow: 'POST' } })
    },
    wsHandler: (socket, request) => {
      const stop = new AbortController()
      const extra: Extra = { socket, request, followers: new Set() }
      const reader: Reader = { open: 0, taken: 0 }
      const waiting = () => (reader.open > 0 ? reader.taken : null)
      void watchReader(context.clock, stop.signal, waiting, () => {
        context.log.warn({ reqId: request.id }, 'socket.stalled')
        socket.close(TRY_AGAIN, 'nothing was read for 20 s: come back, with lastEventId for events')
        void sleep(GRACE_MS, stop.signal).then(() => socket.terminate())
      })
      const closed = server.opened(
        {
          protocol: socket.protocol,
          // Resolves when the socket has taken it: who reads slowly is told less, and nothing piles up.
          send: (text) => sendOn(socket, text, reader),
          close: (code, reason) => socket.close(code, reason),
          onMessage: (take) => listen(socket, context, take)
        },
        extra
      )
      void keepAlive(socket, reader, stop.signal)
      socket.on('ping', () => {
        if (socket.bufferedAmount > WAITING_BYTES_MAX) socket.terminate()
      })
      socket.once('close', (code, reason) => {
        stop.abort()
        for (const follower of extra.followers) follower.leave()
        void closed(code, String(reason))
      })
    }
  })
}

/** What is run, or why it is not: the rules are those of HTTP. */
function argumentsOf(
  app: FastifyInstance,
  { followers }: Following,
  connection: Connection,
  payload: SubscribePayload
) {
  const { extra, subscriptions } = connection
  if (Object.keys(subscriptions).length > SUBSCRIPTIONS_PER_SOCKET) return [tooManySubscriptions()]
  const { query, operationName, variables } = payload
  const { schema } = app.graphql
  let document: ReturnType<typeof parse>
  try {
    document = parse(query, { maxTokens: TOKENS_MAX })
  } catch (error) {
    return [error as GraphQLError]
  }
  const errors = validate(schema, document, [...specifiedRules, limitRule(LIMITS), noHistories])
  if (errors.length > 0) return errors
  if (getOperationAST(document, operationName)?.operation !== 'subscription') return [needsSubscription()]
  const caller = extra.caller
  const contextValue = {
    request: { caller },
    join: async () => {
      const follower = await followers.join(callerName({ caller, ip: extra.request.ip }))
      extra.followers.add(follower)
      follower.signal.addEventListener('abort', () => extra.followers.delete(follower), { once: true })
      // The socket may have gone while the pulse was joined.
      if (extra.socket.readyState !== extra.socket.OPEN) follower.leave()
      return follower
    }
  } as unknown as SocketCaller
  return { schema, document, operationName: operationName ?? null, variableValues: variables ?? null, contextValue }
}

/** A history read anew at every message would be read every second, by nobody's leave. */
const noHistories = (context: ValidationContext): ASTVisitor => ({
  Field: (node) => {
    if (node.name.value !== 'history') return
    context.reportError(new GraphQLError('A history is not subscribed to; ask POST /graphql for it.', { nodes: node }))
  }
})

const tooManySubscriptions = () =>
  new GraphQLError(
    `One socket takes ${SUBSCRIPTIONS_PER_SOCKET} subscriptions; end one, or ask one for more with its filters.`
  )

/** Messages on their way, and those that the socket has taken. */
type Reader = { open: number; taken: number }

function sendOn(socket: WebSocket, text: string, reader: Reader): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.readyState !== socket.OPEN) return resolve()
    reader.open += 1
    socket.send(text, (error) => {
      reader.open -= 1
      reader.taken += 1
      if (error) reject(error)
      else resolve()
    })
  })
}

/** Hands on what a client says, as often as it may ask anything in a minute. */
function listen(socket: WebSocket, { config, clock, log }: ApiContext, take: (text: string) => Promise<void>): void {
  let startedAt = clock.now()
  let messages = 0
  socket.on('message', (data) => {
    if (Math.abs(clock.now() - startedAt) >= MINUTE) {
      startedAt = clock.now()
      messages = 0
    }
    messages += 1
    if (messages > config.rateLimitPerMinute)
      return socket.close(TOO_MANY, 'more messages in a minute than requests are allowed')
    take(String(data)).catch((error: unknown) => {
      log.error({ err: error }, 'socket.failed')
      socket.close(1011, 'something went wrong on this side')
    })
  })
  socket.on('error', (error) => log.warn({ message: error.message }, 'socket.broken'))
}

/** Pings, and ends what does not answer until the next one; who still has something to read could not have answered. */
async function keepAlive(socket: WebSocket, reader: Reader, signal: AbortSignal): Promise<void> {
  let isAnswered = true
  socket.on('pong', () => {
    isAnswered = true
  })
  while (!signal.aborted) {
    await sleep(PING_MS, signal)
    if (signal.aborted || socket.readyState !== socket.OPEN) return
    if (reader.open > 0) continue
    if (!isAnswered) return socket.terminate()
    isAnswered = false
    socket.ping()
  }
}
