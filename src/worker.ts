import { parentPort, threadId, workerData } from 'node:worker_threads'
import { systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { runBuckets } from './jobs/buckets.ts'
import { runCollector } from './jobs/collector.ts'
import { runDeliver } from './jobs/deliver.ts'
import { runDeriver } from './jobs/deriver.ts'
import { runHistorian } from './jobs/historian.ts'
import { runHousekeeper } from './jobs/housekeeper.ts'
import { runKeeper } from './jobs/keeper.ts'
import { runMovements } from './jobs/movements.ts'
import { runRealised } from './jobs/realised.ts'
import { runSignals } from './jobs/signals.ts'
import { runStandings } from './jobs/standings.ts'
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

export const WORKERS = {
  collect: runCollector,
  history: runHistorian,
  derive: async (deps: WorkerDeps, signal: AbortSignal) => {
    const work = [runDeriver, runSignals, runBuckets, runRealised, runStandings, runMovements]
    await Promise.all(work.map((run) => run(deps, signal)))
  },
  deliver: runDeliver,
  housekeeping: async (deps: WorkerDeps, signal: AbortSignal) => {
    await Promise.all([runHousekeeper(deps, signal), runKeeper(deps, signal)])
  }
} as const
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
    await WORKERS[name](deps, stop.signal)
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
