import websocket, { type WebSocket } from '@fastify/websocket'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type GraphQLError, getOperationAST, parse, specifiedRules, validate } from 'graphql'
import { type Context, handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws'
import { sleep } from '../../clock.ts'
import { MINUTE, SECOND } from '../../domain/time.ts'
import { messageOf } from '../../errors.ts'
import { authorise, type Caller } from '../auth.ts'
import type { ApiContext } from '../context.ts'
import { isLoopbackHost } from '../hosts.ts'
import { HttpError } from '../problem.ts'
import { callerName } from '../stream/followers.ts'
import type { Following } from '../stream/route.ts'
import { formatted } from './errors.ts'
import { LIMITS, limitRule, TOKENS_MAX } from './limits.ts'
import { addSubscriptions, needsSubscription, type SocketCaller } from './subscriptions.ts'

/** A message of a client is a document with its variables. */
const MESSAGE_BYTES_MAX = 64 * 1024
/** A client that does not answer a ping for so long is gone, or does not read. */
const PING_MS = 12 * SECOND
/** A revoked key is heard of within this. */
const RECHECK_MS = 3 * SECOND
/** Of the protocol: not let in, and asking too often. */
const FORBIDDEN = 4403
const TOO_MANY = 4429

type Extra = { readonly socket: WebSocket; readonly request: FastifyRequest; caller?: Caller }
type Connection = Context<Record<string, unknown> | undefined, Extra>

/** Takes sockets. Before everything else: one that is refused, for whatever reason, has to be closed. */
export async function takeSockets(app: FastifyInstance): Promise<void> {
  await app.register(websocket, { options: { maxPayload: MESSAGE_BYTES_MAX, handleProtocols } })
}

/** GraphQL's subscriptions at `/graphql`, over graphql-transport-ws: the same keys, limits and verdicts as over HTTP. */
export function addSocket(app: FastifyInstance, context: ApiContext, following: Following): void {
  addSubscriptions(app.graphql.schema, context, following)
  const server = makeServer<Record<string, unknown> | undefined, Extra>({
    schema: app.graphql.schema,
    onConnect: (connection) => letIn(connection, isLoopbackHost(context.config.host)),
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
    onRequest: async ({ headers }) => refuseForeignOrigin(headers.origin, headers.host),
    handler: async () => {
      const message = '/graphql does not answer GET; it answers POST, and WebSockets of graphql-transport-ws'
      throw new HttpError(405, 'method_not_allowed', message, { headers: { allow: 'POST' } })
    },
    wsHandler: (socket, request) => {
      const closed = server.opened(
        {
          protocol: socket.protocol,
          // Resolves when the socket has taken it: who reads slowly is told less, and nothing piles up.
          send: (text) => sendOn(socket, text),
          close: (code, reason) => socket.close(code, reason),
          onMessage: (take) => listen(socket, context, take)
        },
        { socket, request }
      )
      const stop = keepAlive(socket)
      socket.once('close', (code, reason) => {
        stop.abort()
        void closed(code, String(reason))
      })
    }
  })
}

/** A page of another site may open a socket to this machine, and would be told what only its own pages may read. */
function refuseForeignOrigin(origin: string | undefined, host: string | undefined): void {
  if (origin === undefined || URL.parse(origin)?.host === host) return
  throw new HttpError(403, 'foreign_origin', `Pages of ${origin.slice(0, 200)} may not open sockets here.`)
}

/** By the key in the header, or, since a browser cannot send that, in `connection_init` as `{ "authorization": "Bearer ctg_…" }`. */
async function letIn({ extra, connectionParams }: Connection, isLoopback: boolean): Promise<boolean> {
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
    socket.close(FORBIDDEN, messageOf(error).slice(0, 120))
    return false
  }
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
      if (error instanceof HttpError) socket.close(FORBIDDEN, error.message.slice(0, 120))
    }
  }
}

/** What is run, or why it is not: the rules are those of HTTP. */
function argumentsOf(app: FastifyInstance, { followers }: Following, { extra }: Connection, payload: SubscribePayload) {
  const { query, operationName, variables } = payload
  const { schema } = app.graphql
  let document: ReturnType<typeof parse>
  try {
    document = parse(query, { maxTokens: TOKENS_MAX })
  } catch (error) {
    return [error as GraphQLError]
  }
  const errors = validate(schema, document, [...specifiedRules, limitRule(LIMITS)])
  if (errors.length > 0) return errors
  if (getOperationAST(document, operationName)?.operation !== 'subscription') return [needsSubscription()]
  const caller = extra.caller
  const contextValue = {
    request: { caller },
    join: () => followers.join(callerName({ caller, ip: extra.request.ip }))
  } as unknown as SocketCaller
  return { schema, document, operationName: operationName ?? null, variableValues: variables ?? null, contextValue }
}

function sendOn(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.readyState !== socket.OPEN) return resolve()
    socket.send(text, (error) => (error ? reject(error) : resolve()))
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

/** Pings, and ends what does not answer until the next one. */
function keepAlive(socket: WebSocket): AbortController {
  const stop = new AbortController()
  let isAnswered = true
  socket.on('pong', () => {
    isAnswered = true
  })
  const run = async () => {
    while (!stop.signal.aborted) {
      await sleep(PING_MS, stop.signal)
      if (stop.signal.aborted) return
      if (!isAnswered) return socket.terminate()
      isAnswered = false
      socket.ping()
    }
  }
  void run()
  return stop
}
