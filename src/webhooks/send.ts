import type { LookupFunction } from 'node:net'
import { Agent } from 'undici'
import type { Clock } from '../clock.ts'
import { type Answer, DeadlineError, post } from './post.ts'
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
/** How many read targets are remembered. */
const TARGETS_MAX = 1_000

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
  readonly tryMsMax?: number
  readonly lookup?: LookupFunction
}

/** Connections of our own: a proxy in the environment is not asked, since it would resolve names for us, unjudged. */
export function openSender({ policy, clock, tryMsMax = TRY_MS_MAX, lookup }: SenderOptions): Sender {
  const agent = new Agent({
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    // The deadline of a try is over all of these.
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
    connect: { lookup: createLookup(policy, lookup), timeout: tryMsMax }
  })
  const targets = createTargets(policy)
  const limits = { msMax: tryMsMax, answerBytesMax: ANSWER_BYTES_MAX }
  return {
    send: async ({ id, url, body, secrets }, stop) => {
      const startedAt = clock.now()
      const begun = performance.now()
      const endingOf = (ending: Ending): Try => ({
        startedAt,
        durationMs: Math.round(performance.now() - begun),
        ...ending
      })
      try {
        const headers = { ...HEADERS, ...signedHeaders(id, body, startedAt, secrets) }
        const answer = await post(agent, { ...targets(url), headers, body }, limits, stop)
        return endingOf(judge(answer, startedAt))
      } catch (error) {
        if (stop.aborted && !(error instanceof DeadlineError)) throw error
        return endingOf(failureOf(error))
      }
    },
    close: () => agent.destroy()
  }
}

const HEADERS = {
  'content-type': 'application/json',
  'user-agent': 'Contango-Webhooks/1 (+standardwebhooks)'
}

type Target = { readonly origin: string; readonly path: string }

/** Reads targets, and remembers those of late: the same are tried again and again. What they resolve to is judged at every connection. */
function createTargets(policy: TargetPolicy): (text: string) => Target {
  const known = new Map<string, Target>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    const { origin, pathname, search } = readTarget(text, policy)
    const target = { origin, path: pathname + search }
    if (known.size >= TARGETS_MAX) known.clear()
    known.set(text, target)
    return target
  }
}

type Ending = Omit<Try, 'startedAt' | 'durationMs'>

const NO_ANSWER = { status: null, answer: null, retryAfterMs: null } as const

function judge({ status, retryAfter, beginning }: Answer, nowMs: number): Ending {
  const outcome = outcomeOf(status)
  return {
    outcome,
    status,
    message: outcome === 'redirected' ? 'redirects are not followed' : null,
    answer: textOf(beginning),
    retryAfterMs: readRetryAfter(retryAfter, nowMs)
  }
}

function textOf(beginning: Buffer): string | null {
  if (beginning.length === 0) return null
  // PostgreSQL's text holds no NUL and no half of a pair.
  return beginning.toString('utf8').slice(0, ANSWER_LENGTH_KEPT).replaceAll('\0', '\u{fffd}').toWellFormed()
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
  if (error instanceof DeadlineError) return { ...NO_ANSWER, outcome: 'timeout', message: error.message }
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
