import type { Agent } from 'undici'
import type { Clock } from '../clock.ts'
import type { VenueUrls } from '../config.ts'
import type { InstrumentKind } from '../domain/instrument.ts'
import { DAY, HOUR, SECOND } from '../domain/time.ts'
import { messageOf } from '../errors.ts'
import { guardReaders } from './ccxt-guards.ts'
import { type CallTimes, createAgent, createFetch, withTimes } from './fetch.ts'
import { type CcxtExchange, type CcxtMarket, type VenueAdapter, VenueError, type VenueFailure } from './venue.ts'

export type ClientOptions = {
  readonly clock: Clock
  readonly timeoutMs: number
  readonly maxBytes: number
  readonly urls: VenueUrls[string] | undefined
  /** False lifts ccxt's own spacing of requests: only where the venue is ours. */
  readonly throttled: boolean
  /** What everybody knows of this venue's patience; without one every call is let through. */
  readonly gate?: VenueGate
  /** Told of every body that arrives, whole. */
  readonly heard?: (text: string) => void
}

/** Shut while a venue has told any of us to stay away. Times in epoch milliseconds. */
export type VenueGate = {
  /** Until when nothing may be asked; 0 when it may. */
  shutUntil(): Promise<number>
  /** Told of every failed call; shuts when it was a refusal. */
  report(error: VenueError): Promise<void>
}

/** An answer with the time at which it began to arrive. */
export type Answer<T> = {
  readonly value: T
  readonly observedAt: number
  readonly saidAt: number | null
  readonly requests: number
}

/** Which of an adapter's ccxt classes to ask, and how long it may take. */
export type CallOptions = { readonly ccxtId?: string | undefined; readonly timeoutMs?: number }

export type VenueClient = {
  /** The adapter's class of this id; its first unless told. */
  exchangeOf(ccxtId?: string): CcxtExchange
  /** Runs one ccxt call under one deadline, body and parsing included. Throws only VenueError. */
  call<T>(work: (exchange: CcxtExchange) => Promise<T>, options?: CallOptions): Promise<Answer<T>>
  /** Loads the venue's markets afresh; a failed load leaves the last good ones. Throws only VenueError. */
  loadMarkets(): Promise<CcxtMarket[]>
  /** Knows again what was listed before the last load, beside what it brought: a list that is not believed loses nothing. */
  keepMarkets(): void
  close(): Promise<void>
}

/** Loading markets takes several large answers: so many deadlines of a single call. */
const MARKET_LOAD_DEADLINES = 4

/** Makes unmodified ccxt exchanges that speak through our own fetch. */
export async function openClient(adapter: VenueAdapter, options: ClientOptions): Promise<VenueClient> {
  const agent = createAgent()
  const fetch = createFetch(rewriteOrigins(options.urls), agent, options.heard)
  const exchanges = new Map<string, CcxtExchange>()
  for (const ccxtId of adapter.ccxtIds) {
    const settings = { number: String, enableRateLimit: options.throttled, options: adapter.options }
    const exchange = await createExchange(ccxtId, settings)
    // ccxt's own timer ends before the body; ours covers it, so ccxt's only has to be no shorter.
    exchange.timeout = options.timeoutMs * MARKET_LOAD_DEADLINES
    exchange.fetchImplementation = fetch
    exchanges.set(ccxtId, exchange)
  }
  const exchangeOf = (ccxtId: string = adapter.ccxtIds[0]): CcxtExchange => exchanges.get(ccxtId)
  const call: VenueClient['call'] = async (work, { ccxtId, timeoutMs = options.timeoutMs } = {}) =>
    await throughGate(adapter.id, options, () =>
      runCall(adapter.id, () => work(exchangeOf(ccxtId)), { ...options, timeoutMs })
    )
  let before = new Map<string, Record<string, CcxtMarket>>()
  return {
    exchangeOf,
    call,
    loadMarkets: async () => {
      before = new Map([...exchanges].map(([ccxtId, { markets }]) => [ccxtId, markets ?? {}]))
      const lists = await Promise.all(adapter.ccxtIds.map((ccxtId) => loadClass(adapter.id, call, ccxtId, options)))
      return lists.flat()
    },
    keepMarkets: () => {
      for (const [ccxtId, exchange] of exchanges) {
        const known = Object.values({ ...before.get(ccxtId), ...exchange.markets })
        if (known.length > 0) exchange.setMarkets(known, exchange.currencies)
      }
    },
    close: () => closeAgent(agent)
  }
}

async function loadClass(
  venue: string,
  call: VenueClient['call'],
  ccxtId: string,
  { timeoutMs }: ClientOptions
): Promise<CcxtMarket[]> {
  // `true`: without it ccxt answers a failed load from its cache for ever.
  const { value } = await call<Record<string, CcxtMarket>>((exchange) => exchange.loadMarkets(true), {
    ccxtId,
    timeoutMs: timeoutMs * MARKET_LOAD_DEADLINES
  })
  const markets = Object.values(value)
  if (markets.length === 0) throw new VenueError('empty_answer', `${venue} lists no markets`)
  return markets
}

/** The class that a venue's instruments of one kind are asked of. */
export function classFor({ ccxtIds }: Pick<VenueAdapter, 'ccxtIds'>, kind: InstrumentKind): string {
  return kind === 'spot' ? ccxtIds[0] : (ccxtIds[1] ?? ccxtIds[0])
}

async function throughGate<T>(venue: string, { gate, clock }: ClientOptions, run: () => Promise<T>): Promise<T> {
  if (!gate) return await run()
  const shutUntil = await gate.shutUntil()
  const waitMs = shutUntil - clock.now()
  if (waitMs > 0) {
    throw new VenueError('banned', `${venue} is left alone until ${new Date(shutUntil).toISOString()}`, waitMs)
  }
  try {
    return await run()
  } catch (error) {
    if (error instanceof VenueError) await gate.report(error)
    throw error
  }
}

async function closeAgent(agent: Agent): Promise<void> {
  await agent.destroy()
}

/** One exchange's file instead of all of ccxt: a third of the time and memory (docs/decisions.md). */
export async function createExchange(ccxtId: string, settings: Record<string, unknown>): Promise<CcxtExchange> {
  const file = new URL(`./src/${ccxtId}.js`, import.meta.resolve('ccxt'))
  const { default: Exchange } = await import(file.href)
  const exchange = new Exchange(settings)
  exchange.number = String
  // ccxt reads books as floats whatever `number` is; their order is put right where they are read.
  exchange.parseOrderBookBidAsk = (level: unknown, price = 0, size = 1) => [
    exchange.safeString(level, price),
    exchange.safeString(level, size)
  ]
  guardReaders(exchange)
  return exchange
}

async function runCall<T>(
  venue: string,
  work: () => Promise<T>,
  { clock, timeoutMs, maxBytes }: Pick<ClientOptions, 'clock' | 'timeoutMs' | 'maxBytes'>
): Promise<Answer<T>> {
  const deadline = new AbortController()
  const times: CallTimes = {
    signal: deadline.signal,
    maxBytes,
    clock,
    firstReceivedAt: null,
    lastReceivedAt: null,
    requests: 0,
    bytes: 0,
    status: null,
    retryAfter: null,
    saidAt: null,
    isJson: true
  }
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new VenueError('timeout', `${venue} did not answer within ${timeoutMs} ms`))
      deadline.abort()
    }, timeoutMs)
  })
  try {
    const value = await Promise.race([withTimes(times, work), expired])
    if (!times.isJson) throw new VenueError('bad_response', `${venue} answered with something that is not JSON`)
    return { value, observedAt: times.firstReceivedAt ?? clock.now(), saidAt: times.saidAt, requests: times.requests }
  } catch (error) {
    throw venueErrorOf(venue, error, times, clock.now())
  } finally {
    clearTimeout(timer)
    deadline.abort()
  }
}

/** ccxt's errors and the network's, told apart by what has to be done. */
function venueErrorOf(venue: string, error: unknown, times: CallTimes, nowMs: number): VenueError {
  if (error instanceof VenueError) return error
  const retryAfterMs = retryAfterOf(times.retryAfter, nowMs, times.status === 418 ? BAN_MS_MAX : HOUR)
  const message = messageOf(error).slice(0, 300)
  return new VenueError(
    failureOf(error, times),
    message.startsWith(venue) ? message : `${venue}: ${message}`,
    retryAfterMs,
    {
      cause: error
    }
  )
}

const BY_STATUS: Readonly<Record<number, VenueFailure>> = {
  403: 'forbidden',
  418: 'banned',
  429: 'rate_limited',
  451: 'geo_blocked'
}

function failureOf(error: unknown, { status }: CallTimes): VenueFailure {
  const byStatus = status === null ? undefined : BY_STATUS[status]
  if (byStatus) return byStatus
  const name = error instanceof Error ? error.constructor.name : ''
  if (name === 'RateLimitExceeded' || name === 'DDoSProtection') return 'rate_limited'
  if (name === 'RequestTimeout') return 'timeout'
  if (status === null) return 'unreachable'
  return status >= 500 ? 'unavailable' : 'bad_response'
}

/** Binance's 418 lasts up to three days; whoever asks earlier is kept out longer. Everything else is asked again within the hour. */
const BAN_MS_MAX = 3 * DAY

/** `Retry-After` in seconds or as a date, kept within a second and `maxMs`; null when absent or senseless. */
export function retryAfterOf(text: string | null, nowMs: number, maxMs: number): number | null {
  if (text === null || text.trim() === '') return null
  const seconds = Number(text)
  const waitMs = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(text) - nowMs
  if (!Number.isFinite(waitMs) || waitMs < 0) return null
  return Math.min(Math.max(waitMs, SECOND), maxMs)
}

/** Replaces a URL's origin; the path is kept. */
export function rewriteOrigins(urls: VenueUrls[string] | undefined): (url: string) => string {
  if (urls === undefined) return (url) => url
  return (url) => {
    const { origin } = new URL(url)
    const target = typeof urls === 'string' ? urls : urls[origin]
    return target === undefined ? url : new URL(target).origin + url.slice(origin.length)
  }
}
