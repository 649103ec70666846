import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { RunningApi } from './api/server.ts'
import { type Clock, sleep, systemClock } from './clock.ts'
import type { Config, Role } from './config.ts'
import { messageOf } from './errors.ts'
import { readInstrumentsFile } from './imports/instruments-file.ts'
import type { Log } from './log.ts'
import { reportMemory } from './memory.ts'
import { ensureClosedVenues } from './store/closed-venues.ts'
import { type OpenStore, openStore } from './store/open.ts'
import { saveOverrides } from './store/overrides.ts'
import type { ServiceKind } from './store/proof.ts'
import { capabilitiesOf } from './venues/capability.ts'
import { CLOSED_VENUES } from './venues/closed.ts'
import { ADAPTERS } from './venues/registry.ts'
import type { WorkerName, WorkerTask } from './worker.ts'

export type Service = {
  readonly store: OpenStore
  /** Undefined when this process does not serve. */
  readonly api: RunningApi | undefined
  close(): Promise<void>
}

/** Which threads a role needs. */
const THREADS: Readonly<Record<Role, readonly WorkerName[]>> = {
  collect: ['collect', 'history', 'housekeeping'],
  derive: ['derive'],
  deliver: ['deliver'],
  api: []
}

export type ServiceOptions = {
  readonly config: Config
  readonly log: Log
  readonly kind: ServiceKind
  readonly clock?: Clock
  /** Called with the store before anything is served, for what a demo puts into it. */
  readonly prepare?: (store: OpenStore) => Promise<void>
}

/** Who asks over HTTP is told 503 after this long, and not when a worker would give up. */
const API_STATEMENT_MS = 8_000

/** Starts what this process's roles ask for. Nothing is half-started: a failure closes what was open. */
export async function startService({
  config,
  log,
  kind,
  clock = systemClock,
  prepare
}: ServiceOptions): Promise<Service> {
  // Before anything is opened: a file that cannot be used is the reader's to mend.
  const overrides = config.instrumentsFile === null ? [] : await readInstrumentsFile(config.instrumentsFile)
  const store = await openStore({ config, kind, log, clock, statementTimeoutMs: API_STATEMENT_MS })
  const threads: Thread[] = []
  let api: RunningApi | undefined
  const stop = new AbortController()
  void reportMemory(log, config.memoryLogMs, stop.signal)
  const close = async () => {
    stop.abort()
    await api?.close()
    await Promise.all(threads.map((thread) => thread.stop()))
    await store.close()
  }
  try {
    await ensureClosedVenues(store.db, CLOSED_VENUES)
    // A process that was not told of a file does not unsay what another was told.
    if (config.roles.includes('collect') && config.instrumentsFile !== null) await saveOverrides(store.db, overrides)
    await prepare?.(store)
    if (config.roles.includes('api')) {
      const { startApi } = await import('./api/server.ts')
      api = await startApi({ config, db: store.db, clock, log, kind, capabilities: CAPABILITIES })
    }
    const holder = `${hostname()}/${process.pid}/${randomBytes(3).toString('hex')}`
    for (const name of new Set(config.roles.flatMap((role) => THREADS[role]))) {
      threads.push(
        startThread({ name, config, databaseUrl: store.url, isSimulated: kind === 'simulated', holder }, log)
      )
    }
    return { store, api, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** What we use of each venue, for `/v1/venues`. */
const CAPABILITIES = Object.fromEntries(ADAPTERS.map((adapter) => [adapter.id, capabilitiesOf(adapter)]))

type Thread = { stop(): Promise<void> }

const RESTART_MS = [0, 1_000, 5_000, 15_000]
/** A thread that has run this long is taken as well again. */
const WELL_AFTER_MS = 60_000
const STOP_WITHIN_MS = 6_000

/** Runs a role in a thread of its own, and again when it dies. */
function startThread(task: WorkerTask, log: Log): Thread {
  const stopping = new AbortController()
  let worker: Worker | undefined
  const running = (async () => {
    for (let deaths = 0; !stopping.signal.aborted; ) {
      const startedAt = performance.now()
      const fate = await runThread(task, (started) => {
        worker = started
      })
      if (stopping.signal.aborted) return
      deaths = performance.now() - startedAt > WELL_AFTER_MS ? 1 : deaths + 1
      const waitMs = RESTART_MS[Math.min(deaths, RESTART_MS.length - 1)]!
      log.error({ thread: task.name, fate, waitMs }, 'thread.died')
      await sleep(waitMs, stopping.signal)
    }
  })()
  return {
    stop: async () => {
      stopping.abort()
      worker?.postMessage('stop')
      const late = new AbortController()
      const isOver = running.then(() => true)
      const isEnded = await Promise.race([isOver, sleep(STOP_WITHIN_MS, late.signal).then(() => false)])
      late.abort()
      if (!isEnded) log.warn({ thread: task.name }, 'thread.late')
      await worker?.terminate()
    }
  }
}

async function runThread(task: WorkerTask, onStart: (worker: Worker) => void): Promise<string> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: task })
  onStart(worker)
  return await new Promise((resolve) => {
    worker.once('error', (error) => resolve(messageOf(error)))
    worker.once('exit', (code) => resolve(`exit ${code}`))
  })
}
