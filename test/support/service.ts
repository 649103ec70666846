import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export type ServiceProcess = AsyncDisposable & {
  readonly pid: number
  readonly child: ChildProcess
  /** Everything it has written so far. */
  output(): string
  /** Resolves with the first match in its output; rejects when it ends, or nothing matches in time. */
  says(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>
  /** Sends a signal and waits for the end; answers the exit code, or null when killed. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

/** Runs `contango COMMAND` as a process of its own, as a user would, with only these settings. */
export function startContango(args: readonly string[], env: Readonly<Record<string, string>>): ServiceProcess {
  const { PATH = '', HOME = '', NODE_COMPILE_CACHE = '' } = process.env
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: ROOT,
    env: { PATH, HOME, NODE_COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let output = ''
  const listeners = new Set<() => void>()
  const hear = (chunk: Buffer) => {
    output += chunk.toString('utf8')
    for (const listener of listeners) listener()
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const ended = once(child, 'exit')
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await ended
    return child.exitCode
  }
  return {
    pid: child.pid!,
    child,
    output: () => output,
    says: (pattern, timeoutMs = 120_000) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const match = pattern.exec(output)
          if (match) finish(() => resolve(match))
        }
        const finish = (settle: () => void) => {
          clearTimeout(timer)
          listeners.delete(check)
          settle()
        }
        const fail = (why: string) =>
          finish(() => reject(new Error(`${why}; expected ${pattern} in:\n${output.slice(-4_000)}`)))
        const timer = setTimeout(() => fail(`nothing in ${timeoutMs} ms`), timeoutMs)
        listeners.add(check)
        void ended.then(() => fail('it ended'))
        check()
      }),
    end,
    async [Symbol.asyncDispose]() {
      await end('SIGTERM')
    }
  }
}

/** Polls until `check` answers something, or fails with what it last saw. What is long to fetch is asked for less often. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined>,
  timeoutMs = 90_000,
  everyMs = 50
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  let last: unknown
  while (performance.now() < deadline) {
    try {
      const result = await check()
      if (result !== undefined) return result
    } catch (error) {
      last = error
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
  throw new Error(`${what}: not within ${timeoutMs} ms (${last})`)
}

/** GETs JSON. */
export async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}
