import { parentPort, threadId, workerData } from 'node:worker_threads'
import { systemClock } from './clock.ts'
import type { Config } from './config.ts'
import type { WorkerDeps } from './jobs/station.ts'
import { createLog } from './log.ts'
import { reportMemory } from './memory.ts'
import { openDatabase } from './store/database.ts'
import { createDiskGuard } from './store/disk.ts'
import { ADAPTERS } from './venues/registry.ts'

/** The thread of one role: its own connections, its own event loop, nothing shared but the database. */
export type WorkerTask = {
  readonly name: WorkerName
  readonly config: Config
  readonly databaseUrl: string
  readonly isSimulated: boolean
  /** Who holds the claims of this thread. */
  readonly holder: string
}

type Work = (deps: WorkerDeps, signal: AbortSignal) => Promise<void>

/** What each thread runs, loaded by it alone: ccxt is most of what there is to load, and only two of them ask exchanges. */
export const WORKERS = {
  collect: async () => [(await import('./jobs/collector.ts')).runCollector],
  history: async () => [(await import('./jobs/historian.ts')).runHistorian],
  derive: async () => [
    (await import('./jobs/deriver.ts')).runDeriver,
    (await import('./jobs/signals.ts')).runSignals,
    (await import('./jobs/buckets.ts')).runBuckets,
    (await import('./jobs/carry-outcomes.ts')).runCarryOutcomes,
    (await import('./jobs/realised.ts')).runRealised,
    (await import('./jobs/standings.ts')).runStandings,
    (await import('./jobs/movements.ts')).runMovements
  ],
  deliver: async () => [(await import('./jobs/deliver.ts')).runDeliver],
  housekeeping: async () => [
    (await import('./jobs/housekeeper.ts')).runHousekeeper,
    (await import('./jobs/keeper.ts')).runKeeper
  ]
} as const satisfies Readonly<Record<string, () => Promise<readonly Work[]>>>
export type WorkerName = keyof typeof WORKERS

const POOL_SIZE = 6

async function run(task: WorkerTask): Promise<void> {
  const { name, config, databaseUrl, isSimulated, holder } = task
  const log = createLog(config, name)
  const stop = new AbortController()
  parentPort?.on('message', () => stop.abort())
  const db = openDatabase({
    url: databaseUrl,
    poolSize: POOL_SIZE,
    applicationName: `contango ${name}`,
    onError: (error) => log.warn({ message: error.message }, 'database.connection_cut')
  })
  const deps: WorkerDeps = {
    db,
    clock: systemClock,
    log,
    config,
    holder: `${holder}/${name}/${threadId}`,
    adapters: ADAPTERS.filter(({ id }) => config.venues === null || config.venues.includes(id)),
    jitter: Math.random,
    isSimulated,
    disk: createDiskGuard(db, {
      maxBytes: config.maxDiskBytes,
      nowMs: systemClock.now,
      onChange: ({ isFull, ...sizes }) => (isFull ? log.warn(sizes, 'disk.full') : log.info(sizes, 'disk.has_room'))
    })
  }
  void reportMemory(log, config.memoryLogMs, stop.signal)
  try {
    const work: readonly Work[] = await WORKERS[name]()
    await Promise.all(work.map((run) => run(deps, stop.signal)))
  } finally {
    await db.close()
    parentPort?.close()
  }
}

if (workerData !== null && workerData !== undefined) {
  await run(workerData as WorkerTask)
  // Ends this thread, not the process: requests that wait in ccxt's own queue would keep it for as long as they are.
  process.exit(0)
}
