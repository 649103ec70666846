import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sleep } from '../../src/clock.ts'
import { openDatabase } from '../../src/store/database.ts'
import { isServerOf, readPostmaster } from '../../src/store/embedded/postmaster.ts'

export type Holder = {
  readonly pid: number
  readonly url: string
  readonly note: string | null
  /** Lets go properly and ends. */
  release(): Promise<void>
  kill(): Promise<void>
}

const SCRIPT = fileURLToPath(new URL('./embedded-holder.ts', import.meta.url))

type HolderUser = {
  readonly uid?: number
  readonly gid?: number
  /** Ours, unless that user cannot enter where they are. */
  readonly node?: string
  readonly script?: string
}

/** Starts another process that uses the embedded database of `dataDir`. */
export function startHolder(dataDir: string, as: HolderUser = {}) {
  const { node = process.execPath, script = SCRIPT, ...user } = as
  const env = { ...process.env, HOME: dataDir }
  return spawn(node, [script, dataDir], { ...user, env, stdio: ['pipe', 'pipe', 'pipe'] })
}

/** The same, once it is connected. */
export async function openHolder(dataDir: string, as: HolderUser = {}): Promise<Holder> {
  const child = startHolder(dataDir, as)
  const gone = once(child, 'close')
  let said = ''
  child.stderr.on('data', (text) => {
    said += text
  })
  const line = await Promise.race([
    once(createInterface(child.stdout), 'line').then(([text]) => text as string),
    gone.then(([code]) => Promise.reject(new Error(`the holder of ${dataDir} ended with ${code}: ${said}`)))
  ])
  const { url, note } = JSON.parse(line) as { url: string; note: string | null }
  return {
    pid: child.pid ?? 0,
    url,
    note,
    async release() {
      child.stdin.end('release\n')
      await gone
    },
    async kill() {
      child.kill('SIGKILL')
      await gone
    }
  }
}

/** A temporary folder; open to every user unless told otherwise. At its end its server is killed, should one be left. */
export async function temporaryFolder(mode = 0o755): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'contango-test-')))
  await chmod(path, mode)
  return {
    path,
    async [Symbol.asyncDispose]() {
      const dataPath = join(path, 'postgres')
      const server = readPostmaster(dataPath)
      if (server !== undefined && isServerOf(server.pid, dataPath)) process.kill(server.pid, 'SIGQUIT')
      await rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    }
  }
}

/** One value from a database, over a connection of its own. */
export async function askOnce(url: string, text: string): Promise<unknown> {
  await using db = openDatabase({ url, poolSize: 1, applicationName: 'test' })
  const { rows } = await db.query<Record<string, unknown>>(text)
  return Object.values(rows[0] ?? {})[0]
}

/** Waits for a condition, at most that long. */
export async function until(what: string, condition: () => unknown, timeoutMs = 10_000): Promise<void> {
  const deadline = AbortSignal.timeout(timeoutMs)
  while (!(await condition())) {
    if (deadline.aborted) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await sleep(10)
  }
}
