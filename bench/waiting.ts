import { sleep } from '../src/clock.ts'

const EVERY_MS = 2

/** Does something, and tells how long it took and the longest that somebody else waited for a word of the same server meanwhile. */
export async function whileAsking(
  url: string,
  work: () => Promise<unknown>
): Promise<{ ms: number; longestMs: number }> {
  const stop = new AbortController()
  let longestMs = 0
  const asking = (async () => {
    while (!stop.signal.aborted) {
      const startedAt = performance.now()
      await (await fetch(`${url}/healthz`)).arrayBuffer()
      longestMs = Math.max(longestMs, performance.now() - startedAt)
      await sleep(EVERY_MS, stop.signal)
    }
  })()
  const startedAt = performance.now()
  try {
    await work()
    return { ms: performance.now() - startedAt, longestMs }
  } finally {
    stop.abort()
    await asking
  }
}
