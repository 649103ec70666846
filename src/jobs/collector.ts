import { aborted, sleep } from '../clock.ts'
import { MINUTE, SECOND } from '../domain/time.ts'
import { messageOf } from '../errors.ts'
import type { Database } from '../store/database.ts'
import { listInstrumentsOf } from '../store/instruments.ts'
import { ensureVenues } from '../store/venues.ts'
import { rankAssets } from './assets.ts'
import { collect } from './collect.ts'
import { pollDepth } from './depth.ts'
import { reportFailure } from './failures.ts'
import { pollFlow } from './flow.ts'
import { everyTick } from './grid.ts'
import { pollLiquidations } from './liquidations.ts'
import { loadMarkets } from './markets.ts'
import { isOpenInterest, pollOpenInterest } from './open-interest.ts'
import { type FirstLoad, loadFirst, openStation, type Station, type WorkerDeps } from './station.ts'
import { backOffMs } from './venue-health.ts'

/** How long the first venue to be ready waits for the others before assets are ranked without them. */
const RANKING_PATIENCE_MS = 5 * SECOND

/** Collects from every venue, each at its own pace: one that hangs does not hold up the others. Ends when `signal` aborts. */
export async function runCollector(deps: WorkerDeps, signal: AbortSignal): Promise<void> {
  await ensureVenues(deps.db, deps.adapters)
  const stations = await Promise.all(deps.adapters.map((adapter) => openStation(deps, adapter)))
  const firstLoads = stations.map((station) => loadFirst(deps, station, signal))
  const allTried = Promise.all(firstLoads.map(({ tried }) => tried))
  await Promise.race([allTried, sleep(RANKING_PATIENCE_MS, signal), aborted(signal)])
  const ranking = createRanking(deps, stations, signal)
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
  const ranked = loaded.then(() => ranking.establish())
  await tried
  if (station.unready === null) await ranked
  await Promise.all([
    ranked,
    runPolls(deps, station, signal),
    runOpenInterest(deps, station, signal),
    runSingles(deps, station, signal),
    runMarkets(deps, station, ranking, signal)
  ])
  await station.client.close()
}

type Ranking = {
  /** Ranks once. */
  refresh(): Promise<void>
  /** Ranks, and again with growing waits until it succeeds. */
  establish(): Promise<void>
}

/** Ranks the assets over the venues that are ready, and hands every collector its instruments; one at a time. */
function createRanking(deps: WorkerDeps, stations: readonly Station[], signal: AbortSignal): Ranking {
  let last: Promise<void> = Promise.resolve()
  const rank = async () => {
    const ready = stations.filter(({ unready }) => unready === null)
    await rankAssets({ ...deps, ...deps.config, venues: new Set(deps.adapters.map(({ id }) => id)) }, ready)
    await Promise.all(stations.map((station) => refreshInstruments(deps.db, station)))
  }
  const refresh = () => {
    last = last.then(rank, rank)
    return last
  }
  const establish = async () => {
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        return await refresh()
      } catch (error) {
        deps.log.warn({ message: messageOf(error) }, 'assets.failed')
        await sleep(Math.max(SECOND, backOffMs(failures + 1, deps.config.pollMs, deps.jitter())), signal)
      }
    }
  }
  return { refresh, establish }
}

async function refreshInstruments(db: Database, station: Station): Promise<void> {
  const instruments = await listInstrumentsOf(db, station.adapter.id)
  const ours = instruments.filter(({ venue }) => venue === station.adapter.id)
  station.instruments = new Map(ours.map((instrument) => [instrument.symbol, instrument]))
}

async function runPolls(deps: WorkerDeps, station: Station, signal: AbortSignal): Promise<void> {
  const { clock, config, jitter } = deps
  const limits = { pollMs: config.pollMs, storeMs: config.storeMs, leaseMs: 2 * config.callTimeoutMs + 5 * SECOND }
  let failures = 0
  let restUntil = 0
  let refreshedAt = clock.now()
  await everyTick(
    { clock, stepMs: config.pollMs, signal },
    async (tickAt) => {
      if (clock.now() - refreshedAt > MINUTE) {
        await refreshInstruments(deps.db, station)
        refreshedAt = clock.now()
      }
      const outcome = await collect({ ...deps, ...limits }, { ...station, restUntil }, tickAt)
      station.hasPolled ||= outcome?.isSuccess === true
      if (!outcome || restUntil > clock.now()) return
      failures = outcome.isSuccess ? 0 : failures + 1
      restUntil = outcome.isSuccess ? 0 : clock.now() + backOffMs(failures, config.pollMs, jitter())
    },
    (error) => reportFailure(deps, error, 'collect.failed', { venue: station.adapter.id })
  )
}

async function runOpenInterest(deps: WorkerDeps, station: Station, signal: AbortSignal): Promise<void> {
  const { clock, config } = deps
  if (!station.adapter.calls.some(isOpenInterest)) return
  while (!station.hasPolled && !signal.aborted) await sleep(SECOND / 4, signal)
  await everyTick(
    { clock, stepMs: config.openInterestMs, signal },
    (tickAt) =>
      pollOpenInterest({ ...deps, pollMs: config.pollMs, leaseMs: config.openInterestMs }, station, tickAt, signal),
    (error) => reportFailure(deps, error, 'open-interest.failed', { venue: station.adapter.id })
  )
}

/** Rounds of what is asked one by one, each at its own rhythm, once prices are known. */
async function runSingles(deps: WorkerDeps, station: Station, signal: AbortSignal): Promise<void> {
  const { depth, flow, liquidation, pollMs } = deps.config
  while (!station.hasPolled && !signal.aborted) await sleep(SECOND / 4, signal)
  // A round that is slower than its rhythm goes on: the time that it missed is skipped.
  const leaseMs = (everyMs: number) => 5 * everyMs
  await Promise.all([
    runRounds(deps, station, { ...depth, name: 'depth' }, signal, (tickAt) =>
      pollDepth({ ...deps, depth, pollMs, leaseMs: leaseMs(depth.everyMs) }, station, tickAt, signal)
    ),
    runRounds(deps, station, { ...flow, name: 'flow' }, signal, (tickAt) =>
      pollFlow({ ...deps, flow, pollMs, leaseMs: leaseMs(flow.everyMs) }, station, tickAt, signal)
    ),
    runRounds(deps, station, { ...liquidation, name: 'liquidation' }, signal, (tickAt) =>
      pollLiquidations({ ...deps, liquidation, pollMs, leaseMs: leaseMs(liquidation.everyMs) }, station, tickAt, signal)
    )
  ])
}

async function runRounds(
  deps: WorkerDeps,
  { adapter }: Station,
  { contracts, everyMs, name }: { readonly contracts: number; readonly everyMs: number; readonly name: string },
  signal: AbortSignal,
  poll: (tickAt: number) => Promise<void>
): Promise<void> {
  if (contracts === 0) return
  await everyTick({ clock: deps.clock, stepMs: everyMs, signal }, poll, (error) =>
    reportFailure(deps, error, `${name}.failed`, { venue: adapter.id })
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
