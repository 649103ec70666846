import type { LookupFunction } from 'node:net'
import { Agent, type Dispatcher } from 'undici'
import type { Clock } from '../clock.ts'
import { readRetryAfter } from './retry-policy.ts'
import { type Secrets, signedHeaders } from './signature.ts'
import { createLookup, ForbiddenTargetError, readTarget, type TargetPolicy } from './target.ts'
import { outcomeOf, type Try } from './try.ts'

/** Over everything: looking the name up, connecting, sending, and the whole answer. */
const TRY_MS_MAX = 15_000
const ANSWER_BYTES_MAX = 64 * 1024
/** What is kept of an answer, for its owner to read. */
const ANSWER_LENGTH_KEPT = 1_000
/** How long an idle connection waits for the next delivery. */
const IDLE_MS = 10_000

/** What goes out: `id` is the same on every try, `body` exactly what was stored. */
export type Message = {
  readonly id: string
  readonly url: string
  readonly body: string
  readonly secrets: Secrets
}

export type Sender = {
  /** One try. Never rejects but when `signal` ends it: then nobody knows whether it arrived. */
  send(message: Message, signal: AbortSignal): Promise<Try>
  close(): Promise<void>
}

export type SenderOptions = {
  readonly policy: TargetPolicy
  readonly clock: Clock
  readonly connectionsPerHost: number
  readonly tryMsMax?: number
  readonly lookup?: LookupFunction
}

/** Connections of our own: a proxy in the environment is not asked, since it would resolve names for us, unjudged. */
export function openSender({
  policy,
  clock,
  connectionsPerHost,
  tryMsMax = TRY_MS_MAX,
  lookup
}: SenderOptions): Sender {
  const agent = new Agent({
    connections: connectionsPerHost,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    allowH2: false,
    connect: { lookup: createLookup(policy, lookup), timeout: tryMsMax }
  })
  return {
    send: async (message, stop) => {
      const startedAt = clock.now()
      const begun = performance.now()
      const deadline = AbortSignal.timeout(tryMsMax)
      const end = async (): Promise<Ending> => {
        try {
          const url = readTarget(message.url, policy)
          return await post(agent, url, message, startedAt, AbortSignal.any([stop, deadline]))
        } catch (error) {
          if (stop.aborted && !deadline.aborted) throw error
          return deadline.aborted
            ? { ...NO_ANSWER, outcome: 'timeout', message: `no whole answer within ${tryMsMax / 1_000} s` }
            : failureOf(error)
        }
      }
      const ending = await end()
      return { startedAt, durationMs: Math.round(performance.now() - begun), ...ending }
    },
    close: () => agent.destroy()
  }
}

type Ending = Omit<Try, 'startedAt' | 'durationMs'>

const NO_ANSWER = { status: null, answer: null, retryAfterMs: null } as const

async function post(
  agent: Agent,
  url: URL,
  { id, body, secrets }: Message,
  nowMs: number,
  signal: AbortSignal
): Promise<Ending> {
  const answer = await agent.request({
    origin: url.origin,
    path: url.pathname + url.search,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Contango-Webhooks/1 (+standardwebhooks)',
      ...signedHeaders(id, body, nowMs, secrets)
    },
    body,
    signal
  })
  const text = await readBeginning(answer.body)
  const outcome = outcomeOf(answer.statusCode)
  return {
    outcome,
    status: answer.statusCode,
    message: outcome === 'redirected' ? 'redirects are not followed' : null,
    answer: text,
    retryAfterMs: readRetryAfter(headerOf(answer.headers['retry-after']), nowMs)
  }
}

const headerOf = (value: string | string[] | undefined): string | null =>
  value === undefined ? null : Array.isArray(value) ? (value[0] ?? null) : value

/** Reads until the end or the cap; what is longer is cut off together with its connection. */
async function readBeginning(body: Dispatcher.ResponseData['body']): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    bytes += chunk.length
    // Leaving the loop destroys the stream, and with it the socket.
    if (bytes >= ANSWER_BYTES_MAX) break
  }
  const text = Buffer.concat(chunks).toString('utf8').slice(0, ANSWER_LENGTH_KEPT)
  // PostgreSQL's text holds no NUL and no half of a pair.
  return text === '' ? null : text.replaceAll('\0', '\u{fffd}').toWellFormed()
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut before the answer was complete',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'the host name could not be looked up',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time'
}

/** Errors of sockets name addresses; only their code goes on. */
function failureOf(error: unknown): Ending {
  const forbidden = chainOf(error).find((found) => found instanceof ForbiddenTargetError)
  if (forbidden) return { ...NO_ANSWER, outcome: 'forbidden_target', message: forbidden.message }
  const code = chainOf(error)
    .map((found) => (found as NodeJS.ErrnoException).code)
    .find((found) => typeof found === 'string')
  const message = REASONS[code ?? ''] ?? `the connection failed${code === undefined ? '' : ` (${code})`}`
  return { ...NO_ANSWER, outcome: 'unreachable', message }
}

/** An error, its causes, and what an AggregateError is made of. */
function chainOf(error: unknown): Error[] {
  if (!(error instanceof Error)) return []
  const parts = error instanceof AggregateError ? error.errors : []
  return [error, ...parts.flatMap(chainOf), ...chainOf(error.cause)]
}
