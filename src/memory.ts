import { sleep } from './clock.ts'
import type { Log } from './log.ts'

const MEGABYTE = 1e6

/** Tells now and then what this thread holds; what the whole process does, the operating system tells. Ends when `signal` aborts. */
export async function reportMemory(log: Log, everyMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(everyMs, signal)
    if (signal.aborted) return
    const { heapUsed, external } = process.memoryUsage()
    log.info({ heapMb: rounded(heapUsed), outsideMb: rounded(external) }, 'memory.used')
  }
}

const rounded = (bytes: number) => Math.round(bytes / MEGABYTE)
