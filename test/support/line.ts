import pino from 'pino'
import { type Clock, systemClock } from '../../src/clock.ts'
import { loadConfig } from '../../src/config.ts'
import { rankAssets } from '../../src/jobs/assets.ts'
import type { CollectDeps, CollectedVenue } from '../../src/jobs/collect.ts'
import { loadMarkets } from '../../src/jobs/markets.ts'
import { createSweepMemory } from '../../src/jobs/sweep.ts'
import type { Database } from '../../src/store/database.ts'
import { listInstruments } from '../../src/store/instruments.ts'
import { ensureLivePartitions } from '../../src/store/partitions.ts'
import { ensureVenues } from '../../src/store/venues.ts'
import { openClient, type VenueClient } from '../../src/venues/ccxt-client.ts'
import { ADAPTERS } from '../../src/venues/registry.ts'
import type { VenueAdapter } from '../../src/venues/venue.ts'
import type { Exchange } from './exchange.ts'

export const silentLog = pino({ level: 'silent' })

export type Line = AsyncDisposable & {
  readonly venues: Readonly<Record<string, CollectedVenue>>
  readonly deps: CollectDeps & { readonly openInterestMs: number }
}

export type LineOptions = {
  readonly clock?: Clock
  readonly assets?: readonly string[]
  readonly holder?: string
  readonly isFull?: boolean | (() => boolean)
  readonly adapters?: readonly VenueAdapter[]
  readonly timeoutMs?: number
}

/** Everything that collecting needs, on a real database and simulated exchanges, with markets loaded and assets chosen. */
export async function openLine(
  db: Database,
  exchange: Pick<Exchange, 'urls'>,
  {
    clock = systemClock,
    assets = ['BTC', 'ETH', 'PEPE', 'SOL'],
    holder = 'test',
    isFull = false,
    adapters = ADAPTERS,
    timeoutMs = 2_000
  }: LineOptions = {}
): Promise<Line> {
  // No test lives longer than until tomorrow, and each day is a table of every kind.
  await ensureLivePartitions(db, clock.now(), 1)
  await ensureVenues(db, adapters)
  const deps = {
    db,
    clock,
    log: silentLog,
    holder,
    pollMs: 10_000,
    storeMs: 60_000,
    openInterestMs: 300_000,
    leaseMs: 20_000,
    disk: { isFull: async () => (typeof isFull === 'function' ? isFull() : isFull) }
  }
  const clients = new Map<string, VenueClient>()
  for (const adapter of adapters) {
    const urls = exchange.urls[adapter.id as 'binance']
    const client = await openClient(adapter, { clock, timeoutMs, maxBytes: 20e6, urls, throttled: false })
    clients.set(adapter.id, client)
    await loadMarkets(deps, adapter, client)
  }
  const connected = adapters.map((adapter) => ({ adapter, client: clients.get(adapter.id)! }))
  await rankAssets({ ...deps, assets, assetCount: 50, venues: new Set(adapters.map(({ id }) => id)) }, connected)
  const instruments = await listInstruments(db)
  const venues = Object.fromEntries(
    connected.map(({ adapter, client }): [string, CollectedVenue] => {
      const ours = instruments.filter(({ venue, tracked }) => venue === adapter.id && tracked)
      const bySymbol = new Map(ours.map((instrument) => [instrument.symbol, instrument]))
      return [
        adapter.id,
        { adapter, client, memory: createSweepMemory(), instruments: bySymbol, restUntil: 0, unready: null }
      ]
    })
  )
  return {
    venues,
    deps,
    async [Symbol.asyncDispose]() {
      await Promise.all([...clients.values()].map((client) => client.close()))
    }
  }
}

export const testConfig = (env: Record<string, string> = {}) => loadConfig(env)
