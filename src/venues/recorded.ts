import { createExchange } from './ccxt-client.ts'
import type { CcxtExchange, CcxtMarket, Untrusted, VenueAdapter } from './venue.ts'

/** A recorded answer of a venue and the ccxt call that asked for it. */
export type Recording = {
  readonly method: string
  readonly input: readonly unknown[]
  readonly body: unknown
}

/**
 * Lets ccxt read a recorded body: its own class with recorded markets and no network. A fresh exchange each time, so that a
 * broken body leaves nothing behind for the next. Throws what ccxt throws.
 */
export async function replay(
  ccxtId: string,
  adapter: VenueAdapter,
  markets: Readonly<Record<string, CcxtMarket>>,
  { method, input, body }: Recording
): Promise<{ readonly answer: Untrusted; readonly exchange: CcxtExchange }> {
  const exchange = await createExchange(ccxtId, { number: String, enableRateLimit: false, options: adapter.options })
  exchange.setMarkets(withoutNulls(markets))
  exchange.fetch = async (url: string, verb = 'GET', headers: unknown = undefined, sent: unknown = undefined) => {
    const received = typeof body === 'string' ? parsed(body) : structuredClone(body)
    // What ccxt itself does with an answer before it parses it: a venue's own error is one here too.
    exchange.handleErrors(200, 'OK', url, verb, {}, JSON.stringify(received), received, headers, sent)
    return received
  }
  return { answer: await exchange[method](...withoutNulls(input)), exchange }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** ccxt means undefined where JSON can only say null. */
function withoutNulls<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item) => withoutNulls(item ?? undefined)) as T
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]) => [key, withoutNulls(item ?? undefined)])
  return Object.fromEntries(entries) as T
}
