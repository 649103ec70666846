/** Time, passed in wherever it matters, so that tests can own it. Milliseconds since 1970 UTC. */
export type Clock = { now(): number }

export const systemClock: Clock = { now: () => Date.now() }

/** Calls back once after so long, unless what it answers is called before. */
export function after(milliseconds: number, callBack: () => void): () => void {
  const timer = setTimeout(callBack, milliseconds)
  return () => clearTimeout(timer)
}

/** Waits, or stops waiting when `signal` aborts; never rejects. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, Math.max(0, milliseconds))
    signal?.addEventListener('abort', done, { once: true })
  })
}

/** Waits until whatever else is due has had its turn. */
export function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Resolves when `signal` aborts, or at once when it has. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
