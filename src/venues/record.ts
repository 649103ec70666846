import type { InstrumentName } from '../domain/instrument.ts'
import { DAY } from '../domain/time.ts'
import { classFor, type VenueClient } from './ccxt-client.ts'
import type { CcxtExchange, CcxtMarket, Untrusted, VenueAdapter } from './venue.ts'

/** A raw answer with the ccxt call that asked for it, as ccxt keeps its own static fixtures. */
export type Fixture = {
  readonly method: string
  readonly description: string
  readonly input: readonly unknown[]
  /** The body as it came, JSON. */
  readonly httpResponse: string
  /** What ccxt made of it; numbers are texts, since we read them exactly. */
  readonly parsedResponse: unknown
}

export type RecordOutcome = {
  readonly ccxtId: string
  readonly description: string
  readonly fixture: Fixture | null
  /** Why there is none. */
  readonly failure: string | null
}

/** What a recording asks besides an adapter's own calls. */
type Question = {
  readonly description: string
  readonly ccxtId: string
  readonly ask: (exchange: CcxtExchange) => Promise<unknown>
}

/** A week of settlements, and as many levels of a book as any venue gives: enough to see their form. */
const SETTLEMENTS_MS = 7 * DAY
const BOOK_LEVELS = 50

/**
 * Asks a venue everything that its adapter asks, one call after the other, and for each instrument its settlements and its book.
 * `bodies` is where the client leaves the bodies that it received. A call that fails is an outcome; the rest goes on.
 */
export async function* recordVenue(
  adapter: VenueAdapter,
  client: VenueClient,
  bodies: string[],
  { instruments, nowMs }: { readonly instruments: readonly InstrumentName[]; readonly nowMs: number }
): AsyncGenerator<RecordOutcome> {
  for (const { description, ccxtId, ask } of questionsOf(adapter, instruments, nowMs)) {
    bodies.length = 0
    const asked: { method: string; input: readonly unknown[] }[] = []
    try {
      const { value } = await client.call((exchange) => ask(noting(exchange, asked)), { ccxtId })
      yield { ccxtId, description, ...fixtureOf(description, asked, bodies, value) }
    } catch (error) {
      yield { ccxtId, description, fixture: null, failure: error instanceof Error ? error.message : String(error) }
    }
  }
}

/** The markets that the fixtures have to be read with, by ccxt's class. */
export function marketsOf(adapter: VenueAdapter, client: VenueClient): [ccxtId: string, Record<string, CcxtMarket>][] {
  return adapter.ccxtIds.map((ccxtId) => [ccxtId, client.exchangeOf(ccxtId).markets])
}

function questionsOf(adapter: VenueAdapter, instruments: readonly InstrumentName[], nowMs: number): Question[] {
  const first = adapter.ccxtIds[0]
  const contracts = instruments.filter(({ kind }) => kind !== 'spot')
  const own = adapter.calls.flatMap(({ name, reach, ask, ccxtId = first }): Question[] =>
    reach === 'bulk'
      ? [{ description: name, ccxtId, ask: (exchange) => ask(exchange, '') }]
      : contracts.map(({ symbol }) => ({
          description: `${name} of ${symbol}`,
          ccxtId,
          ask: (exchange) => ask(exchange, symbol)
        }))
  )
  const past = contracts
    .filter(({ kind }) => kind === 'perpetual')
    .map(({ symbol, kind }) => ({
      description: `settlements of ${symbol}`,
      ccxtId: classFor(adapter, kind),
      ask: (exchange: CcxtExchange) => askSettlements(adapter, exchange, symbol, nowMs)
    }))
  const books = instruments.map(({ symbol, kind }) => ({
    description: `book of ${symbol}`,
    ccxtId: classFor(adapter, kind),
    ask: (exchange: CcxtExchange) => exchange.fetchOrderBook(symbol, BOOK_LEVELS)
  }))
  return [...own, ...past, ...books]
}

function askSettlements(adapter: VenueAdapter, exchange: CcxtExchange, symbol: string, nowMs: number) {
  const ask = adapter.past?.askSettlements
  return ask
    ? ask(exchange, symbol, nowMs - SETTLEMENTS_MS, nowMs)
    : exchange.fetchFundingRateHistory(symbol, nowMs - SETTLEMENTS_MS, adapter.settlementPageLimit)
}

/** The exchange, noting what is called on it from outside; what it calls on itself passes by. */
function noting(exchange: CcxtExchange, asked: { method: string; input: readonly unknown[] }[]): CcxtExchange {
  return new Proxy(exchange, {
    get: (target, name) => {
      const value = target[name]
      if (typeof value !== 'function' || typeof name !== 'string') return value
      return (...input: unknown[]) => {
        const answer = value.apply(target, input)
        // What answers at once has asked nobody: it only reads.
        if (typeof answer?.then === 'function') asked.push({ method: name, input })
        return answer
      }
    }
  })
}

function fixtureOf(
  description: string,
  asked: readonly { method: string; input: readonly unknown[] }[],
  bodies: readonly string[],
  parsedResponse: Untrusted
): Pick<RecordOutcome, 'fixture' | 'failure'> {
  const [call, ...others] = asked
  const [body, ...more] = bodies
  if (call === undefined || body === undefined) return { fixture: null, failure: 'nothing was asked' }
  if (others.length + more.length > 0) {
    return { fixture: null, failure: `${asked.length} calls and ${bodies.length} answers; a fixture holds one of each` }
  }
  return { fixture: { ...call, description, httpResponse: body, parsedResponse }, failure: null }
}
