import type { Exchange } from 'ccxt'
import type { VenueName } from '../../src/sim/market/instrument.ts'
import { type Sim, startSim } from '../../src/sim/server.ts'

export const SEED = 20_261_122
/** A Sunday evening in the middle of a quarter, 7 min 23 s after the hour. */
export const NOW = Date.UTC(2026, 10, 22, 20, 7, 23, 400)
export const HOUR = 3_600_000
export const DAY = 24 * HOUR

/** A simulator whose clock stands still. */
export function openSim(nowMs = NOW, seed = SEED): Promise<Sim> {
  return startSim({ seed, clock: { now: () => nowMs } })
}

/** ccxt's own class with nothing changed but the origins that it asks. */
export async function connect(sim: Sim, venue: VenueName, nowMs = NOW): Promise<Exchange> {
  const file = new URL(`./src/${venue}.js`, import.meta.resolve('ccxt')).href
  const { default: Venue } = await import(file)
  const exchange: Exchange = new Venue({ enableRateLimit: false })
  const api = exchange.urls.api as Record<string, string>
  for (const [name, url] of Object.entries(api)) api[name] = url.replace(/^https:\/\/[^/]+/, sim.urls[venue])
  exchange.milliseconds = () => nowMs
  await exchange.loadMarkets()
  return exchange
}

// biome-ignore lint/suspicious/noExplicitAny: a venue's body, which the tests take apart key by key
export type Body = any

export async function getJson(sim: Sim, venue: VenueName, path: string): Promise<Body> {
  const response = await fetch(sim.urls[venue] + path)
  return response.json()
}
