import { readFile, realpath } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { messageOf, StartError } from '../../errors.ts'
import { findBinaries } from './binaries.ts'
import { initialise } from './cluster.ts'
import {
  createRecord,
  type DataFolder,
  dataFolderAt,
  dataPathOf,
  findServerUser,
  giveToOwner,
  openDataFolder,
  readRecord,
  refuseLostData,
  type ServerRecord,
  writeRecord
} from './data-folder.ts'
import { type FileLock, lockExclusive, tryLock } from './file-lock.ts'
import { isServerOf, readPostmaster } from './postmaster.ts'
import { embeddedUrl } from './probe.ts'
import { ensureServer, type ServerPlan, stopServer } from './server.ts'
import type { ServerSettings } from './settings.ts'

export type EmbeddedLog = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export type EmbeddedOptions = {
  readonly dataDir: string
  readonly log: EmbeddedLog
  /** In place of ours, for the next start of the server. */
  readonly settings?: ServerSettings
  /** False only for data that nobody would miss: files are not flushed when they are made. */
  readonly isDurable?: boolean
}

export type Embedded = {
  readonly url: string
  /** Where the data is, when that is not inside `dataDir`. */
  readonly note?: string
  /** Lets go of the server; the last one to do so stops it. Safe to call twice. */
  release(): Promise<void>
}

const LOCK_TIMEOUT_MS = 120_000
const WATCH_MS = 1000

/**
 * The PostgreSQL that belongs to `dataDir`: started if it does not run, joined if it does. Every process that uses it
 * holds a shared lock on one file for as long as it lives; who can get that lock alone is the last, and stops the
 * server. Starting and stopping happen under another lock, so nobody is handed a server that is going away.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const folder = await openDataFolder(options.dataDir)
  const starting = await lockForStart(folder, options)
  let attached: FileLock | undefined
  try {
    const isAlone = canLock(folder)
    // Only ever refused while somebody stops the server, and that happens under the lock we hold.
    attached = tryLock(folder.attachedLock, 'shared')
    await giveToOwner(folder.path, folder.startLock, folder.attachedLock)
    const plan = await prepare(folder, options, isAlone)
    const { port, isStarted } = await ensureServer(plan)
    const running = { ...plan, record: { ...plan.record, port }, isPortFixed: true }
    const note =
      plan.record.stagedPath && `The database of ${folder.path} is in ${plan.record.stagedPath}: ${WHY_STAGED}`
    options.log.info({ port, dataPath: plan.dataPath }, isStarted ? 'embedded.started' : 'embedded.joined')
    const stopWatching = watch(running, options)
    return {
      url: embeddedUrl(port, plan.record.password),
      ...(note === undefined ? {} : { note }),
      release: once(async () => {
        await stopWatching()
        await release(running, attached, options)
      })
    }
  } catch (error) {
    attached?.release()
    throw error
  } finally {
    starting.release()
  }
}

const WHY_STAGED = 'PostgreSQL does not run as root, and its user cannot enter this folder.'

function lockForStart({ path, startLock }: DataFolder, { log }: EmbeddedOptions): Promise<FileLock> {
  return lockExclusive(startLock, LOCK_TIMEOUT_MS, () => {
    log.info({ dataDir: path }, 'embedded.waiting')
  })
}

function canLock({ attachedLock }: DataFolder): boolean {
  const lock = tryLock(attachedLock, 'exclusive')
  lock?.release()
  return lock !== undefined
}

async function prepare(folder: DataFolder, options: EmbeddedOptions, isAlone: boolean): Promise<ServerPlan> {
  const known = await readRecord(folder)
  const user = await findServerUser(dataPathOf(folder, known), folder.path)
  const record = known ?? (await createRecord(folder, user))
  const dataPath = dataPathOf(folder, record)
  const server = readPostmaster(dataPath)
  const isRunning = server !== undefined && isServerOf(server.pid, dataPath)
  if (!isRunning && !isAlone) refuseOtherHost(folder, record)
  const binaries = await findBinaries(user)
  if (!isRunning) {
    // The password first: files that nobody can log in to would be lost.
    if (known === undefined) await writeRecord(folder, record)
    else await refuseLostData(folder, known)
    await initialise({ dataPath, password: record.password, binaries, user, isDurable: options.isDurable ?? true })
  }
  // A port that others were told stays, even if its server has just died under them.
  const isPortFixed = !isAlone && known !== undefined && known.port !== 0
  return { folder, record, dataPath, binaries, user, settings: options.settings ?? {}, isPortFixed }
}

/** Somebody uses this folder from another container: its server is out of our sight, and two would destroy the data. */
function refuseOtherHost(folder: DataFolder, { host }: ServerRecord): void {
  if (host === hostname()) return
  throw new StartError(
    'data_dir_elsewhere',
    `The database in ${folder.path} is in use by Contango on ${host}. One folder serves one machine or container: ` +
      'give each its own DATA_DIR, or let them share a DATABASE_URL.'
  )
}

/** Starts the server again when it dies while we use it. Answers with how to stop watching. */
function watch(plan: ServerPlan, options: EmbeddedOptions): () => Promise<void> {
  let reviving: Promise<void> | undefined
  const look = () => {
    const server = readPostmaster(plan.dataPath)
    if (reviving !== undefined || (server !== undefined && isServerOf(server.pid, plan.dataPath))) return
    reviving = revive(plan, options).finally(() => {
      reviving = undefined
    })
  }
  // Not clock.ts's sleep: watching must never keep a process alive that has nothing else to do.
  const timer = setInterval(look, WATCH_MS).unref()
  return async () => {
    clearInterval(timer)
    await reviving
  }
}

async function revive(plan: ServerPlan, options: EmbeddedOptions): Promise<void> {
  try {
    const starting = await lockForStart(plan.folder, options)
    try {
      const { isStarted } = await ensureServer(plan)
      if (isStarted) options.log.warn({ dataPath: plan.dataPath }, 'embedded.restarted')
    } finally {
      starting.release()
    }
  } catch (error) {
    options.log.warn({ dataPath: plan.dataPath, problem: messageOf(error) }, 'embedded.restart_failed')
  }
}

async function release(plan: ServerPlan, attached: FileLock | undefined, options: EmbeddedOptions): Promise<void> {
  let starting: FileLock | undefined
  try {
    starting = await lockForStart(plan.folder, options)
    attached?.release()
    const alone = tryLock(plan.folder.attachedLock, 'exclusive')
    if (alone === undefined) return
    try {
      await stopServer(plan)
      options.log.info({ dataPath: plan.dataPath }, 'embedded.stopped')
    } finally {
      alone.release()
    }
  } finally {
    attached?.release()
    starting?.release()
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => {
    done ??= work()
    return done
  }
}

export type EmbeddedState = {
  readonly running: boolean
  readonly pid?: number
  readonly port?: number
  readonly dataPath: string
  /** Major version of the files, once there are any. */
  readonly version?: string
}

/** What there is in a data folder, without starting or changing anything; undefined where there never was a server. */
export async function describeEmbedded(dataDir: string): Promise<EmbeddedState | undefined> {
  const path = await realpath(dataDir).catch(() => undefined)
  const folder = path === undefined ? undefined : dataFolderAt(path)
  const record = folder && (await readRecord(folder))
  if (folder === undefined || record === undefined) return undefined
  const dataPath = dataPathOf(folder, record)
  const text = await readFile(join(dataPath, 'PG_VERSION'), 'utf8').catch(() => undefined)
  const version = text === undefined ? {} : { version: text.trim() }
  const server = readPostmaster(dataPath)
  if (server === undefined || !isServerOf(server.pid, dataPath)) return { running: false, dataPath, ...version }
  return { running: true, pid: server.pid, port: server.port, dataPath, ...version }
}
