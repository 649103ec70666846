import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export type Child = AsyncDisposable & {
  readonly process: ChildProcess
  readonly lines: Interface
  readonly first: string
}

/** Runs a file of this folder in a process of its own, and waits for its first line. */
export async function startChild(
  file: string,
  args: readonly string[] = [],
  env: Record<string, string> = {}
): Promise<Child> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = spawn(process.execPath, [path, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env }
  })
  const gone = once(child, 'exit')
  const lines = createInterface(child.stdout)
  const [first] = (await Promise.race([
    once(lines, 'line'),
    gone.then(() => Promise.reject(new Error(`${file} ended before it said anything`)))
  ])) as [string]
  return {
    process: child,
    lines,
    first,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await gone
    }
  }
}
