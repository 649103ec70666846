import { request } from 'undici'
import type { Clock } from '../clock.ts'
import type { VenueUrls } from '../config.ts'
import { rewriteOrigins } from './ccxt-client.ts'
import { createAgent } from './fetch.ts'

/** What one origin of a venue said when asked the time: the cheapest question it answers. */
export type Probe = {
  readonly origin: string
  readonly isReachable: boolean
  readonly status: number | null
  /** In plain words, without the origin. */
  readonly words: string
  readonly ms: number
  /** The venue's clock minus ours, give or take half of `ms`; null when it did not say. */
  readonly clockAheadMs: number | null
}

/** Questions for the time, one per origin that the adapters use, and how to read the answers. */
const QUESTIONS: Readonly<Record<string, readonly string[]>> = {
  binance: [
    'https://api.binance.com/api/v3/time',
    'https://fapi.binance.com/fapi/v1/time',
    'https://dapi.binance.com/dapi/v1/time'
  ],
  okx: ['https://www.okx.com/api/v5/public/time'],
  kraken: [
    'https://api.kraken.com/0/public/Time',
    // The futures have no question for the time; every answer carries it.
    'https://futures.kraken.com/derivatives/api/v3/tickers/PF_XBTUSD'
  ],
  bybit: ['https://api.bybit.com/v5/market/time'],
  deribit: ['https://www.deribit.com/api/v2/public/get_time'],
  hyperliquid: ['https://api.hyperliquid.xyz/info']
}
/** What a venue is told that is asked by POST. */
const POSTED: Readonly<Record<string, string>> = { hyperliquid: '{"type":"exchangeStatus"}' }

export type ProbeOptions = {
  readonly clock: Clock
  readonly urls: VenueUrls[string] | undefined
  readonly timeoutMs: number
}

/** Asks every origin of a venue once, at the same time. Never rejects. */
export async function probeVenue(venue: string, { clock, urls, timeoutMs }: ProbeOptions): Promise<Probe[]> {
  const rewrite = rewriteOrigins(urls)
  return await Promise.all((QUESTIONS[venue] ?? []).map((url) => ask(rewrite(url), clock, timeoutMs, POSTED[venue])))
}

async function ask(url: string, clock: Clock, timeoutMs: number, posted?: string): Promise<Probe> {
  const { origin } = new URL(url)
  const agent = createAgent()
  const startedAt = clock.now()
  const done = (answer: Pick<Probe, 'status' | 'words'> & Partial<Probe>): Probe => {
    return { origin, isReachable: false, clockAheadMs: null, ms: clock.now() - startedAt, ...answer }
  }
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    const { statusCode, body } = await request(url, {
      signal,
      dispatcher: agent,
      ...(posted === undefined ? {} : postOf(posted))
    })
    const endedAt = clock.now()
    const text = (await body.text()).slice(0, 2_000)
    if (statusCode !== 200) return done({ status: statusCode, words: wordsOfStatus(statusCode) })
    const venueTime = timeIn(text)
    if (venueTime === null)
      return done({ status: 200, words: 'something else answers in its place (a proxy, a portal?)' })
    const clockAheadMs = Math.round(venueTime - (startedAt + endedAt) / 2)
    return done({ status: 200, isReachable: true, words: 'reachable', clockAheadMs })
  } catch (error) {
    return done({ status: null, words: wordsOfFailure(error, timeoutMs) })
  } finally {
    await agent.destroy()
  }
}

/** Binance: `serverTime` in milliseconds. Bybit: `result.timeNano`. OKX: `ts` of the first row. Deribit: `result`. Kraken: `result.unixtime`, `serverTime`. Hyperliquid: `time`. */
function timeIn(text: string): number | null {
  try {
    const body = JSON.parse(text) as {
      serverTime?: unknown
      time?: unknown
      result?: number | { timeNano?: unknown; unixtime?: unknown }
      data?: { ts?: unknown }[]
    }
    const { serverTime, time, result, data } = body
    const inResult =
      typeof result === 'number' ? result : Number(result?.timeNano ?? (Number(result?.unixtime) + 0.5) * 1e9) / 1e6
    const value = Number(fromIso(serverTime) ?? time ?? data?.[0]?.ts ?? inResult)
    return Number.isFinite(value) && value > 0 ? value : null
  } catch {
    return null
  }
}

const postOf = (body: string) => ({ method: 'POST' as const, headers: { 'content-type': 'application/json' }, body })

/** Kraken's futures write the time out. */
const fromIso = (time: unknown): unknown => (typeof time === 'string' && time.includes('T') ? Date.parse(time) : time)

function wordsOfStatus(status: number): string {
  if (status === 451) return 'refuses this location (HTTP 451): it does not serve the country of this address'
  if (status === 403) return 'refuses us (HTTP 403): its firewall, or a location that it does not serve'
  if (status === 418) return 'has banned this address for a while (HTTP 418): too many requests from here'
  if (status === 429) return 'asks us to slow down (HTTP 429)'
  return status >= 500 ? `is down or in maintenance (HTTP ${status})` : `answers HTTP ${status}`
}

const BY_CODE: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known here (DNS)',
  EAI_AGAIN: 'its name cannot be looked up now (DNS): no network?',
  ECONNREFUSED: 'the connection is refused: nothing listens there',
  ECONNRESET: 'the connection is cut (a firewall?)',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it: no network?',
  UND_ERR_SOCKET: 'the connection is cut (a firewall?)'
}

function wordsOfFailure(error: unknown, timeoutMs: number): string {
  const {
    code = '',
    name,
    message,
    cause
  } = error as { code?: string; name?: string; message?: string; cause?: unknown }
  if (name === 'TimeoutError' || /TIMEOUT|ETIMEDOUT/.test(code))
    return `no answer within ${timeoutMs / 1_000} s (timeout)`
  const known = BY_CODE[code]
  if (known !== undefined) return known
  if (/CERT|SSL|TLS|SELF_SIGNED/.test(code)) return `its certificate is not trusted (${code}): something intercepts it`
  return cause === undefined ? `cannot be reached: ${message}` : wordsOfFailure(cause, timeoutMs)
}

/** The venues that can be asked. */
export const PROBED: readonly string[] = Object.keys(QUESTIONS)
