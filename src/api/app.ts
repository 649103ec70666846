import compressPlugin from '@fastify/compress'
import rateLimit from '@fastify/rate-limit'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, LogController } from 'fastify'
import { addActions } from './action-routes.ts'
import { listActions } from './actions/list.ts'
import { authenticate } from './auth.ts'
import { type BoardCache, keepBoard } from './board-cache.ts'
import { openCatalogue } from './catalogue.ts'
import type { ApiContext, ApiDeps } from './context.ts'
import { BROTLI_OPTIONS, GZIP_OPTIONS } from './encoding.ts'
import { tagAnswers } from './etag.ts'
import { addGraphql } from './graphql/route.ts'
import { takeSockets } from './graphql/socket.ts'
import { isLoopbackHost, refuseForeignHosts } from './hosts.ts'
import { describeApi } from './openapi.ts'
import { listOperations } from './operations/list.ts'
import { addPages } from './pages.ts'
import { HttpError, handleErrors, PROBLEM_TYPE, problemOf } from './problem.ts'
import { logRequests } from './request-log.ts'
import { addOperation } from './rest.ts'
import { addDocuments } from './routes/documents.ts'
import { addHealthRoutes } from './routes/health.ts'
import { secureAnswers } from './security-headers.ts'
import { countFollowers } from './stream/followers.ts'
import { startPulse } from './stream/pulse.ts'
import { addStream } from './stream/route.ts'
import { handleUnknownRoutes } from './unknown-route.ts'

const REQUEST_TIMEOUT_MS = 15_000
const HEADERS_TIMEOUT_MS = 10_000
const BODY_MAX_BYTES = 256 * 1_024

/** The whole API without a port: every route, plugin and hook. Touches the database only when asked something. */
export async function buildApi(deps: ApiDeps): Promise<{ app: FastifyInstance; board: BoardCache }> {
  const { config, db, clock, log } = deps
  const app = createServer(log)
  await takeSockets(app)
  const isLoopback = isLoopbackHost(config.host)
  const board = keepBoard({ db, clock, rhythm: config, log })
  app.addHook('onClose', () => board.close())
  handleErrors(app)
  // The order of these is the order in which a request meets them.
  logRequests(app, log)
  if (isLoopback) refuseForeignHosts(app, config.host)
  authenticate(app, { db, clock, isLoopback })
  await limitRates(app, config.rateLimitPerMinute)
  tagAnswers(app)
  secureAnswers(app)
  await app.register(compressPlugin, {
    threshold: 1_024,
    encodings: ['br', 'gzip'],
    zlibOptions: GZIP_OPTIONS,
    brotliOptions: BROTLI_OPTIONS
  })
  handleUnknownRoutes(app)
  await describeApi(app)
  await addRoutes(app, { ...deps, board, catalogue: openCatalogue({ db, clock }) })
  await app.ready()
  return { app, board }
}

async function addRoutes(app: FastifyInstance, context: ApiContext): Promise<void> {
  addHealthRoutes(app, context)
  const operations = listOperations(context)
  for (const operation of operations) addOperation(app, operation)
  const actions = listActions()
  await addActions(app, context, actions)
  const pulse = startPulse(context)
  const following = { pulse, followers: countFollowers(pulse) }
  app.addHook('preClose', async () => following.followers.close())
  await addGraphql(app, context, operations, actions, following)
  addStream(app, context, following)
  await addDocuments(app)
  await addPages(app)
}

function createServer(log: FastifyBaseLogger): FastifyInstance {
  const app = Fastify({
    loggerInstance: log,
    // A logger per request costs more than a short answer: `request.finished` and `request.failed` name the request.
    childLoggerFactory: (logger) => logger,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: 0,
    keepAliveTimeout: 60_000,
    forceCloseConnections: true,
    bodyLimit: BODY_MAX_BYTES,
    routerOptions: { maxParamLength: 200 },
    http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: 1_000, maxHeaderSize: 16_384 },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    frameworkErrors: (error, request, reply) => {
      const problem = problemOf(400, 'malformed_url', error.message, request.url.slice(0, 200))
      return (reply as FastifyReply).code(400).type(PROBLEM_TYPE).send(JSON.stringify(problem))
    },
    clientErrorHandler: answerBrokenRequest
  })
  // Answers are written by JSON.stringify: a schema describes them and never drops a field.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
  return app
}

/** What Node's parser refuses never reaches a route. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: import('node:net').Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, code] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ([431, 'headers_too_large'] as const)
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ([408, 'request_timeout'] as const)
        : ([400, 'malformed_request'] as const)
  const body = JSON.stringify(problemOf(status, code, 'This is not a request that can be read.', '/'))
  const head = `HTTP/1.1 ${status} ${JSON.parse(body).title}\r\ncontent-type: ${PROBLEM_TYPE}\r\nconnection: close\r\n`
  socket.end(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

async function limitRates(app: FastifyInstance, perMinute: number): Promise<void> {
  await app.register(rateLimit, {
    max: perMinute,
    timeWindow: 60_000,
    enableDraftSpec: true,
    keyGenerator: ({ caller, ip }) => (caller?.kind === 'key' ? caller.key.id : ip),
    errorResponseBuilder: (_request, { max, ttl }) =>
      new HttpError(
        429,
        'rate_limited',
        `More than ${max} requests in a minute; ask again in ${Math.ceil(ttl / 1_000)} s.`
      )
  })
}
