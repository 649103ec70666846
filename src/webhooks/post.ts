import type { Agent, Dispatcher } from 'undici'
import { after } from '../clock.ts'

/** What a receiver answered: the beginning of its body, and whatever else is read of it. */
export type Answer = {
  readonly status: number
  readonly retryAfter: string | null
  readonly beginning: Buffer
}

export type Post = {
  readonly origin: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string
}

export type PostLimits = {
  /** Over everything, from looking the name up to the last byte of the answer. */
  readonly msMax: number
  /** Of a longer answer the rest is cut off, together with its connection. */
  readonly answerBytesMax: number
}

/** No whole answer came in time. */
export class DeadlineError extends Error {
  override name = 'DeadlineError'
}

/**
 * One POST and its answer; rejects when there was none, or `stop` ended it. On undici's dispatch itself: its `request` makes
 * a stream, an async resource and two signals of each exchange, which cost more than the exchange.
 */
export function post(
  agent: Agent,
  { origin, path, headers, body }: Post,
  { msMax, answerBytesMax }: PostLimits,
  stop: AbortSignal
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (stop.aborted) return reject(stop.reason)
    let controller: Dispatcher.DispatchController | null = null
    /** Set once it is over, however; what comes afterwards is not listened to. */
    let failure: Error | null = null
    let isSettled = false
    let status = 0
    let retryAfter: string | null = null
    let bytes = 0
    let chunks: Buffer[] | null = null

    const settle = () => {
      isSettled = true
      cancelDeadline()
      stop.removeEventListener('abort', onStop)
    }
    const succeed = () => {
      settle()
      resolve({ status, retryAfter, beginning: chunks === null ? NOTHING : Buffer.concat(chunks) })
    }
    const fail = (error: Error) => {
      if (isSettled) return
      settle()
      failure = error
      reject(error)
      controller?.abort(error)
    }
    const onStop = () => fail(stop.reason as Error)
    const cancelDeadline = after(msMax, () => fail(new DeadlineError(`no whole answer within ${msMax / 1_000} s`)))
    stop.addEventListener('abort', onStop)

    agent.dispatch(
      { origin, path, method: 'POST', headers, body },
      {
        onRequestStart: (started) => {
          controller = started
          // It was over before it had a connection.
          if (failure !== null) started.abort(failure)
        },
        onResponseStart: (_controller, statusCode, answered) => {
          status = statusCode
          retryAfter = firstOf(answered['retry-after'])
        },
        onResponseData: (current, chunk) => {
          if (isSettled) return
          chunks ??= []
          chunks.push(chunk)
          bytes += chunk.length
          if (bytes < answerBytesMax) return
          succeed()
          current.abort(CUT)
        },
        onResponseEnd: () => {
          if (!isSettled) succeed()
        },
        onResponseError: (_controller, error) => fail(error)
      }
    )
  })
}

const NOTHING = Buffer.alloc(0)
const CUT = new Error('the answer is longer than what is read')

const firstOf = (value: string | string[] | undefined): string | null =>
  value === undefined ? null : Array.isArray(value) ? (value[0] ?? null) : value
