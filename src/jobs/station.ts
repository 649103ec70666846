import { type Clock, sleep } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Instrument } from '../domain/instrument.ts'
import { SECOND } from '../domain/time.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Database } from '../store/database.ts'
import type { DiskGuard } from '../store/disk.ts'
import { type ClientOptions, openClient, type VenueClient, type VenueGate } from '../venues/ccxt-client.ts'
import { type VenueAdapter, VenueError } from '../venues/venue.ts'
import { loadMarkets } from './markets.ts'
import { createSweepMemory, type SweepMemory } from './sweep.ts'
import { createGate } from './venue-gate.ts'
import { backOffMs, stayAwayMs } from './venue-health.ts'

export type WorkerDeps = {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly config: Config
  /** Who holds our claims. */
  readonly holder: string
  readonly adapters: readonly VenueAdapter[]
  /** Spreads the waits of instances: 0 to 1. */
  readonly jitter: () => number
  /** Simulated venues are ours: no need to spare them. */
  readonly isSimulated: boolean
  /** Whether there is room for more history. */
  readonly disk: DiskGuard
}

/** A venue's collector: what it holds while it runs. */
export type Station = {
  readonly adapter: VenueAdapter
  readonly client: VenueClient
  readonly memory: SweepMemory
  instruments: ReadonlyMap<string, Instrument>
  /** Null once the venue's markets have been loaded, else why they have not. */
  unready: string | null
  /** Whether a poll has brought quotes and marks: open interest is valued at them. */
  hasPolled: boolean
}

/** Opens a venue's client and remembers nothing yet. */
export async function openStation(deps: WorkerDeps, adapter: VenueAdapter): Promise<Station> {
  const client = await openClient(adapter, clientOptions(deps, adapter))
  return {
    adapter,
    client,
    memory: createSweepMemory(),
    instruments: new Map(),
    unready: 'markets_not_loaded: not yet tried',
    hasPolled: false
  }
}

/** How this deployment speaks to a venue. */
export function clientOptions(deps: WorkerDeps, { id }: VenueAdapter): ClientOptions & { readonly gate: VenueGate } {
  const { clock, config, isSimulated } = deps
  return {
    clock,
    timeoutMs: config.callTimeoutMs,
    maxBytes: config.maxResponseBytes,
    urls: config.venueUrls[id],
    throttled: !isSimulated,
    gate: createGate(deps, id)
  }
}

export type FirstLoad = { readonly tried: Promise<void>; readonly loaded: Promise<void> }

/** Loads a venue's markets, again and again until it succeeds; `tried` resolves after the first attempt, whatever came of it. */
export function loadFirst(deps: WorkerDeps, station: Station, signal: AbortSignal): FirstLoad {
  const { promise: tried, resolve: markTried } = Promise.withResolvers<void>()
  const load = async () => {
    for (let failures = 1; !signal.aborted && station.unready !== null; failures += 1) {
      try {
        await loadMarkets(deps, station.adapter, station.client)
        station.unready = null
      } catch (error) {
        const waitMs = reportLoadFailure(deps, station, error, failures)
        markTried()
        await sleep(waitMs, signal)
      }
    }
    markTried()
  }
  return { tried, loaded: load() }
}

/** Remembers why there is nothing from a venue yet, for its ticks to say; answers how long to wait. */
function reportLoadFailure(
  { log, config, jitter }: WorkerDeps,
  station: Station,
  error: unknown,
  failures: number
): number {
  const venue = station.adapter.id
  const isVenues = error instanceof VenueError
  const backOff = Math.max(SECOND, backOffMs(failures + 1, config.pollMs, jitter()))
  const waitMs = Math.max(backOff, isVenues ? stayAwayMs(error) : 0)
  log.warn({ venue, message: messageOf(error), waitMs }, 'markets.failed')
  if (isVenues) station.unready = `${error.failure}: ${error.message}`
  return waitMs
}
