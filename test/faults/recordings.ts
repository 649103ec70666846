import { filterCollections } from '../../src/sim/faults/body.ts'
import type { Sim } from '../../src/sim/server.ts'
import { openClient } from '../../src/venues/ccxt-client.ts'
import type { Call, CcxtExchange, VenueAdapter } from '../../src/venues/venue.ts'

// biome-ignore lint/suspicious/noExplicitAny: a venue's body, mutated without knowing it
export type Body = any

/** One call of a venue, with what the venue answered to its requests, cut down to a few rows. */
export type Recorded = {
  readonly name: string
  readonly call: Call | 'markets'
  readonly symbol: string
  readonly exchange: CcxtExchange
  readonly bodies: ReadonlyMap<string, Body>
}

const ROWS = 6
const PAGES_MAX = 20

/** Everything that a venue is asked for at a poll, and its market lists, as its simulator answers it. */
export async function recordVenue(adapter: VenueAdapter, sim: Sim, nowMs: number): Promise<Recorded[]> {
  const urls = sim.urls[adapter.id as keyof Sim['urls']]
  const clock = { now: () => nowMs }
  const options = { clock, timeoutMs: 30_000, maxBytes: 50e6, urls, throttled: false }
  const client = await openClient(adapter, options)
  try {
    const markets = Object.values(await client.loadMarkets())
    const recorded: Recorded[] = []
    for (const call of adapter.calls) {
      const covered = markets.find((market) => call.covers(coveredOf(market)))
      const exchange = client.exchangeOf(call.ccxtId)
      const symbol = covered?.symbol ?? ''
      const bodies = await record(exchange, () =>
        client.call((venue) => call.ask(venue, symbol), { ccxtId: call.ccxtId })
      )
      recorded.push({ name: `${adapter.id} ${call.name}`, call, symbol, exchange, bodies })
    }
    for (const ccxtId of adapter.ccxtIds) {
      const exchange = client.exchangeOf(ccxtId)
      const bodies = await record(exchange, () => client.call((venue) => venue.fetchMarkets(), { ccxtId }))
      recorded.push({ name: `${adapter.id} markets of ${ccxtId}`, call: 'markets', symbol: '', exchange, bodies })
    }
    return recorded
  } finally {
    await client.close()
  }
}

const coveredOf = (market: Body) => ({
  kind: market.spot ? ('spot' as const) : market.swap ? ('perpetual' as const) : ('future' as const),
  inverse: market.spot ? null : market.inverse === true
})

async function record(exchange: CcxtExchange, ask: () => Promise<unknown>): Promise<Map<string, Body>> {
  const bodies = new Map<string, Body>()
  const fetch = exchange.fetch.bind(exchange)
  exchange.fetch = async (url: string, method?: string, headers?: unknown, body?: unknown) => {
    const answer = await fetch(url, method, headers, body)
    bodies.set(
      keyOf(url, body),
      filterCollections(answer, (_element, _name, index) => index < ROWS)
    )
    return answer
  }
  await ask()
  exchange.fetch = fetch
  return bodies
}

const keyOf = (url: string, body: unknown) => `${url} ${body ?? ''}`

/** Asks again, with other bodies in the place of the recorded ones. Throws what ccxt throws. */
export async function replay(
  { call, symbol, exchange, bodies }: Recorded,
  change: (body: Body) => Body
): Promise<Body> {
  let requests = 0
  exchange.fetch = async (url: string, method = 'GET', headers: unknown = undefined, body: unknown = undefined) => {
    // A cursor that leads nowhere new is followed until the deadline of the call, of which there is none here.
    requests += 1
    if (requests > bodies.size + PAGES_MAX) throw new Error('the deadline of the call')
    const recorded =
      bodies.get(keyOf(url, body)) ?? [...bodies].find(([key]) => key.split('?')[0] === url.split('?')[0])?.[1]
    const answer = change(structuredClone(recorded))
    exchange.handleErrors(200, 'OK', url, method, {}, JSON.stringify(answer), answer, headers, body)
    return answer
  }
  return call === 'markets' ? await exchange.fetchMarkets() : await call.ask(exchange, symbol)
}
