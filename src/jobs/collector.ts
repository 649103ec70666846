import { aborted, type Clock, sleep } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Instrument } from '../domain/instrument.ts'
import { MINUTE, SECOND } from '../domain/time.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Database } from '../store/database.ts'
import type { DiskGuard } from '../store/disk.ts'
import { listInstruments } from '../store/instruments.ts'
import { ensureVenues, saveBan } from '../store/venues.ts'
import { openClient, type VenueClient } from '../venues/ccxt-client.ts'
import { type VenueAdapter, VenueError } from '../venues/venue.ts'
import { rankAssets } from './assets.ts'
import { collect } from './collect.ts'
import { everyTick } from './grid.ts'
import { loadMarkets } from './markets.ts'
import { pollOpenInterest } from './open-interest.ts'
import { createSweepMemory, type SweepMemory } from './sweep.ts'
import { backOffMs, isRefusal } from './venue-health.ts'

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
type Station = {
  readonly adapter: VenueAdapter
  readonly client: VenueClient
  readonly memory: SweepMemory
  instruments: ReadonlyMap<string, Instrument>
  /** Null once the venue's markets have been loaded, else why they have not. */
  unready: string | null
  /** Whether a poll has brought quotes and marks: open interest is valued at them. */
  hasPolled: boolean
}

/** How long the first venue to be ready waits for the others before assets are ranked without them. */
const RANKING_PATIENCE_MS = 5 * SECOND

/** Collects from every venue, each at its own pace: one that hangs does not hold up the others. Ends when `signal` aborts. */
export async function runCollector(deps: WorkerDeps, signal: AbortSignal): Promise<void> {
  await ensureVenues(deps.db, deps.adapters)
  const stations = await Promise.all(deps.adapters.map((adapter) => openStation(deps, adapter)))
  const firstLoads = stations.map((station) => loadFirst(deps, station, signal))
  const allTried = Promise.all(firstLoads.map(({ tried }) => tried))
  await Promise.race([allTried, sleep(RANKING_PATIENCE_MS, signal), aborted(signal)])
  const ranking = createRanking(deps, stations)
  await Promise.all(stations.map((station, index) => runStation(deps, station, firstLoads[index]!, ranking, signal)))
}

async function runStation(
  deps: WorkerDeps,
  station: Station,
  { tried, loaded }: FirstLoad,
  ranking: Ranking,
  signal: AbortSignal
): Promise<void> {
  // A venue that cannot be loaded ticks all the same: what it does not say is a gap with the reason.
  const ranked = loaded.then(() => (signal.aborted ? undefined : ranking.refresh()))
  await tried
  if (station.unready === null) await ranked
  await Promise.all([
    ranked,
    runPolls(deps, station, signal),
    runOpenInterest(deps, station, signal),
    runMarkets(deps, station, ranking, signal)
  ])
  await station.client.close()
}

async function openStation(deps: WorkerDeps, adapter: VenueAdapter): Promise<Station> {
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

export function clientOptions({ clock, config, isSimulated }: WorkerDeps, { id }: VenueAdapter) {
  return {
    clock,
    timeoutMs: config.callTimeoutMs,
    maxBytes: config.maxResponseBytes,
    urls: config.venueUrls[id],
    throttled: !isSimulated
  }
}

type FirstLoad = { readonly tried: Promise<void>; readonly loaded: Promise<void> }

/** Loads a venue's markets, again and again until it succeeds; `tried` resolves after the first attempt, whatever came of it. */
function loadFirst(deps: WorkerDeps, station: Station, signal: AbortSignal): FirstLoad {
  const { promise: tried, resolve: markTried } = Promise.withResolvers<void>()
  const load = async () => {
    for (let failures = 1; !signal.aborted && station.unready !== null; failures += 1) {
      try {
        await loadMarkets(deps, station.adapter, station.client)
        station.unready = null
      } catch (error) {
        const waitMs = await reportLoadFailure(deps, station, error, failures)
        markTried()
        await sleep(waitMs, signal)
      }
    }
    markTried()
  }
  return { tried, loaded: load() }
}

/** Remembers why there is nothing from a venue yet, for its ticks to say; answers how long to wait. */
async function reportLoadFailure(
  { db, clock, log, config, jitter }: WorkerDeps,
  station: Station,
  error: unknown,
  failures: number
): Promise<number> {
  const venue = station.adapter.id
  const isVenues = error instanceof VenueError
  const backOff = Math.max(SECOND, backOffMs(failures + 1, config.pollMs, jitter()))
  const waitMs = Math.max(backOff, isVenues ? (error.retryAfterMs ?? 0) : 0)
  log.warn({ venue, message: messageOf(error), waitMs }, 'markets.failed')
  if (isVenues) {
    station.unready = `${error.failure}: ${error.message}`
    if (isRefusal(error.failure)) await saveBan(db, venue, station.unready, clock.now() + waitMs)
  }
  return waitMs
}

type Ranking = { refresh(): Promise<void> }

/** Ranks the assets over the venues that are ready, and hands every collector its instruments; one at a time. */
function createRanking(deps: WorkerDeps, stations: readonly Station[]): Ranking {
  let last: Promise<void> = Promise.resolve()
  const refresh = async () => {
    const ready = stations.filter(({ unready }) => unready === null)
    await rankAssets({ ...deps, ...deps.config, venues: new Set(deps.adapters.map(({ id }) => id)) }, ready)
    await shareInstruments(deps.db, stations)
  }
  return {
    refresh: () => {
      last = last.then(refresh, refresh)
      return last
    }
  }
}

async function shareInstruments(db: Database, stations: readonly Station[]): Promise<void> {
  const instruments = await listInstruments(db)
  for (const station of stations) {
    const ours = instruments.filter(({ venue, tracked }) => venue === station.adapter.id && tracked)
    station.instruments = new Map(ours.map((instrument) => [instrument.symbol, instrument]))
  }
}

async function runPolls(deps: WorkerDeps, station: Station, signal: AbortSignal): Promise<void> {
  const { clock, config, jitter } = deps
  const limits = { pollMs: config.pollMs, storeMs: config.storeMs, leaseMs: 2 * config.callTimeoutMs + 5 * SECOND }
  let failures = 0
  let restUntil = 0
  let sharedAt = clock.now()
  await everyTick(
    { clock, stepMs: config.pollMs, signal },
    async (tickAt) => {
      if (clock.now() - sharedAt > MINUTE) {
        await shareInstruments(deps.db, [station])
        sharedAt = clock.now()
      }
      const outcome = await collect({ ...deps, ...limits }, { ...station, restUntil }, tickAt)
      station.hasPolled ||= outcome?.isSuccess === true
      if (!outcome || restUntil > clock.now()) return
      failures = outcome.isSuccess ? 0 : failures + 1
      restUntil = outcome.isSuccess ? 0 : clock.now() + backOffMs(failures, config.pollMs, jitter())
    },
    (error) => deps.log.error({ venue: station.adapter.id, message: messageOf(error) }, 'collect.failed')
  )
}

async function runOpenInterest(deps: WorkerDeps, station: Station, signal: AbortSignal): Promise<void> {
  const { clock, config, log } = deps
  if (!station.adapter.calls.some(({ reach }) => reach === 'single')) return
  while (!station.hasPolled && !signal.aborted) await sleep(SECOND / 4, signal)
  await everyTick(
    { clock, stepMs: config.openInterestMs, signal },
    (tickAt) =>
      pollOpenInterest({ ...deps, leaseMs: config.openInterestMs }, { ...station, restUntil: 0 }, tickAt, signal),
    (error) => log.error({ venue: station.adapter.id, message: messageOf(error) }, 'open-interest.failed')
  )
}

async function runMarkets(deps: WorkerDeps, station: Station, ranking: Ranking, signal: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(deps.config.marketsMs * (1 + 0.05 * deps.jitter()), signal)
    if (signal.aborted) return
    try {
      await loadMarkets(deps, station.adapter, station.client)
      await ranking.refresh()
    } catch (error) {
      // What was loaded before stays in use; the next round tries again.
      deps.log.warn({ venue: station.adapter.id, message: messageOf(error) }, 'markets.failed')
    }
  }
}
