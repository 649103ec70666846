import { AsyncLocalStorage } from 'node:async_hooks'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { Agent, request } from 'undici'
import type { Clock } from '../clock.ts'
import { VenueError } from './venue.ts'

/** What is known about the answers behind one call, filled while it runs. */
export type CallTimes = {
  readonly signal: AbortSignal
  readonly maxBytes: number
  readonly clock: Clock
  /** When the first and the last answer began to arrive; parsing that queues up does not age the data. */
  firstReceivedAt: number | null
  lastReceivedAt: number | null
  requests: number
  bytes: number
  status: number | null
  retryAfter: string | null
  /** The time that the first answer bears as a whole, at its end; null when it bears none there. */
  saidAt: number | null
  /** Whether every answer so far could be JSON: a page of HTML, or half an answer, must not pass for an empty list. */
  isJson: boolean
}

const current = new AsyncLocalStorage<CallTimes>()

/** Runs `work` so that every request it makes, however deep in ccxt, obeys `times` and reports to it. */
export function withTimes<T>(times: CallTimes, work: () => Promise<T>): Promise<T> {
  return current.run(times, work)
}

type FetchParams = { method?: string; headers?: Record<string, string>; body?: string | null; signal?: AbortSignal }

/** ccxt's fetch: our receive times, our deadline over the body too, our cap on inflated bytes, and no redirects. */
export function createFetch(rewrite: (url: string) => string, agent: Agent, heard: (text: string) => void = () => {}) {
  return async function fetch(url: string, { method = 'GET', headers = {}, body }: FetchParams): Promise<Response> {
    const times = current.getStore()
    if (!times) throw new Error(`a request outside any call: ${url}`)
    times.requests += 1
    const answer = await request(rewrite(url), {
      method: method as 'GET',
      headers: { 'accept-encoding': 'gzip, deflate, br', ...headers },
      body: body ?? null,
      signal: times.signal,
      dispatcher: agent
    })
    const receivedAt = times.clock.now()
    times.firstReceivedAt ??= receivedAt
    times.lastReceivedAt = receivedAt
    // Of several answers to one call the refusal counts, whichever came last.
    if (times.status === null || answer.statusCode >= 400) times.status = answer.statusCode
    times.retryAfter ??= headerOf(answer.headers['retry-after'])
    const text = await readText(answer.body, headerOf(answer.headers['content-encoding']), times)
    heard(text)
    times.saidAt ??= stampOf(text)
    times.isJson &&= isWholeJson(text)
    return new Response(isBodyless(answer.statusCode) ? null : text, {
      status: answer.statusCode,
      headers: { 'content-type': headerOf(answer.headers['content-type']) ?? 'text/plain' }
    })
  }
}

/** Begins and ends as JSON does: a page of HTML does not, nor what was cut off, which ccxt would take for an empty answer. */
function isWholeJson(text: string): boolean {
  const ends = text.trim()
  return (ends.startsWith('[') && ends.endsWith(']')) || (ends.startsWith('{') && ends.endsWith('}'))
}

/** Bybit ends every answer with its time, and its rows have none of their own. */
function stampOf(text: string): number | null {
  const stamp = /,"time":(\d{13})\}\s*$/.exec(text.slice(-40))?.[1]
  return stamp === undefined ? null : Number(stamp)
}

export function createAgent(): Agent {
  return new Agent({ connections: 8, keepAliveTimeout: 30_000, headersTimeout: 30_000, bodyTimeout: 30_000 })
}

const isBodyless = (status: number) => status === 204 || status === 304

const headerOf = (value: string | string[] | undefined): string | null =>
  value === undefined ? null : Array.isArray(value) ? (value[0] ?? null) : value

type Body = AsyncIterable<Buffer> & {
  pipe(target: NodeJS.WritableStream): unknown
  destroy(error?: Error): unknown
} & {
  on(event: 'error', listener: (error: Error) => void): unknown
}

async function readText(body: Body, encoding: string | null, times: CallTimes): Promise<string> {
  const inflated = inflate(body, encoding)
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of inflated) {
      bytes += chunk.length
      if (bytes > times.maxBytes) {
        throw new VenueError('too_large', `an answer of more than ${times.maxBytes} bytes was cut off`)
      }
      chunks.push(chunk)
    }
  } finally {
    body.destroy()
  }
  times.bytes += bytes
  return Buffer.concat(chunks).toString('utf8')
}

function inflate(body: Body, encoding: string | null): AsyncIterable<Buffer> {
  if (encoding === null || encoding === 'identity') return body
  const stream =
    encoding === 'gzip' || encoding === 'x-gzip'
      ? createGunzip()
      : encoding === 'deflate'
        ? createInflate()
        : encoding === 'br'
          ? createBrotliDecompress()
          : undefined
  if (!stream) throw new VenueError('bad_response', `an answer in the unknown encoding ${JSON.stringify(encoding)}`)
  body.on('error', (error) => stream.destroy(error))
  body.pipe(stream)
  return stream
}
