import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { sleep } from '../../clock.ts'
import { StartError } from '../../errors.ts'
import type { Binaries } from './binaries.ts'
import { serverEnvironment, writeOwned } from './cluster.ts'
import { type DataFolder, giveToOwner, type ServerRecord, writeRecord } from './data-folder.ts'
import { isProcessAlive, isServerOf, readPostmaster } from './postmaster.ts'
import { askServer, choosePort } from './probe.ts'
import type { ServerUser } from './server-user.ts'
import { type ServerSettings, serverSettings, settingsText } from './settings.ts'

export type ServerPlan = {
  readonly folder: DataFolder
  readonly record: ServerRecord
  readonly dataPath: string
  readonly binaries: Binaries
  readonly user: ServerUser | undefined
  readonly settings: ServerSettings
  /** Others are connected to this port and cannot be told of another. */
  readonly isPortFixed: boolean
}

/** How long a server may say nothing at all; recovery after a crash talks, and may take as long as it needs. */
const PATIENCE_MS = 30_000
const LOG_BYTES_MAX = 10_000_000

/**
 * Joins the server that runs on this folder, or starts one; answers with its port. The caller holds the start lock.
 * Safe whatever the last owner left: a live server, one going down, a stale pid file, children of a killed one.
 */
export async function ensureServer(plan: ServerPlan): Promise<{ port: number; isStarted: boolean }> {
  let deadline = AbortSignal.timeout(PATIENCE_MS)
  let isStarted = false
  while (!deadline.aborted) {
    const seen = readPostmaster(plan.dataPath)
    if (seen !== undefined && isServerOf(seen.pid, plan.dataPath)) {
      const answer = await askServer({ port: seen.port, password: plan.record.password, dataPath: plan.dataPath })
      if (answer === 'ready') return { port: seen.port, isStarted }
      if (answer !== 'silent') deadline = AbortSignal.timeout(PATIENCE_MS)
      await sleep(20)
      continue
    }
    // The number now belongs to somebody else (or to a zombie); PostgreSQL would take it for a running server.
    if (seen !== undefined && isProcessAlive(seen.pid)) rmSync(join(plan.dataPath, 'postmaster.pid'), { force: true })
    isStarted = (await launch(plan)) || isStarted
    if (!isStarted) await sleep(100)
  }
  const pid = readPostmaster(plan.dataPath)?.pid
  throw new StartError(
    'embedded_silent',
    `The embedded PostgreSQL in ${plan.dataPath} ${pid ? `(pid ${pid}) ` : ''}has not answered for ` +
      `${PATIENCE_MS / 1000} s. Its log: ${plan.folder.logFile}`
  )
}

/** Starts the server and waits until it serves; false when it could not yet, and another try may help. */
async function launch(plan: ServerPlan): Promise<boolean> {
  const { folder, record, dataPath, binaries, user } = plan
  const port = plan.isPortFixed ? record.port : await choosePort(record.port)
  await writeRecord(folder, { ...record, port, host: hostname() })
  await writeOwned(join(dataPath, 'postgresql.conf'), settingsText(serverSettings(port, plan.settings)), user)
  const log = openLog(folder.logFile)
  await giveToOwner(folder.path, folder.logFile)
  const logged = statSync(folder.logFile).size
  const child = spawn(binaries.postgres, ['-D', dataPath], {
    ...user,
    cwd: dataPath,
    ...serverEnvironment(),
    // It outlives us: a terminal's Ctrl-C and our own death are none of its business.
    detached: true,
    windowsHide: true,
    stdio: ['ignore', log, log]
  })
  closeSync(log)
  const problem = await untilUpOrGone(child, dataPath)
  if (problem === undefined) {
    child.unref()
    return true
  }
  const said = readFileSync(folder.logFile).subarray(logged).toString()
  if (isPassing(said)) return false
  const reason = said.split('\n').filter((line) => /FATAL|PANIC|ERROR|HINT/.test(line)) // The last lines say least.
  throw new StartError(
    'embedded_start',
    `The embedded PostgreSQL in ${dataPath} did not start (${problem}). ${reason.slice(0, 4).join(' ').trim() || said.slice(0, 500)} ` +
      `Its log: ${folder.logFile}`
  )
}

/** Old children still hold the memory, an old server is still on its way out, or somebody took the port just now. */
function isPassing(said: string): boolean {
  return /shared memory block .* still in use|lock file ".*" already exists|could not bind|could not create any TCP/.test(
    said
  )
}

async function untilUpOrGone(child: ChildProcess, dataPath: string): Promise<string | undefined> {
  let problem: string | undefined
  child.once('error', (error) => (problem = error.message))
  child.once('exit', (code, signal) => (problem = `it ended with ${signal ?? `code ${code}`}`))
  const deadline = AbortSignal.timeout(PATIENCE_MS)
  for (;;) {
    const seen = readPostmaster(dataPath)
    const isOurs = seen !== undefined && seen.pid === child.pid
    if (isOurs && seen.isReady) return undefined
    if (problem !== undefined) return problem
    // Once it has its pid file it may recover for as long as that takes.
    if (!isOurs && deadline.aborted) return 'it wrote no postmaster.pid'
    await sleep(10)
  }
}

function openLog(file: string): number {
  try {
    if (statSync(file).size > LOG_BYTES_MAX) renameSync(file, `${file}.1`)
  } catch {
    // No log yet.
  }
  return openSync(file, 'a', 0o600)
}

/** Stops the server of this folder, if one runs; gently first. The caller holds the start lock and is the last. */
export async function stopServer({ dataPath, binaries, user }: StopPlan): Promise<void> {
  const seen = readPostmaster(dataPath)
  if (seen === undefined || !isServerOf(seen.pid, dataPath)) return
  if (process.platform === 'win32') {
    const child = spawn(binaries.pgCtl, ['stop', '-D', dataPath, '-m', 'fast'], { ...user, windowsHide: true })
    await new Promise((resolve) => child.once('close', resolve).once('error', resolve))
    return
  }
  // What `pg_ctl stop -m fast` and `-m immediate` send; pg_ctl itself refuses to run as root and looks ten times a second.
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (isServerOf(seen.pid, dataPath)) process.kill(seen.pid, signal)
    if (await untilStopped(seen.pid, dataPath)) return
  }
}

export type StopPlan = Pick<ServerPlan, 'dataPath' | 'binaries' | 'user'>

async function untilStopped(pid: number, dataPath: string): Promise<boolean> {
  const deadline = AbortSignal.timeout(PATIENCE_MS)
  while (isServerOf(pid, dataPath)) {
    if (deadline.aborted) return false
    await sleep(10)
  }
  return true
}
