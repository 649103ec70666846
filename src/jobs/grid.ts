import { type Clock, sleep } from '../clock.ts'
import { floorTo, SECOND } from '../domain/time.ts'

/** How soon a time whose work failed is tried once more: a database that is back should not wait for the next one. */
const RETRY_MS = 2 * SECOND

/**
 * Calls `work` with every grid time, one after another, the running one first; a time that passes while `work` is busy is
 * skipped, not queued. A failure is told, tried again while its time lasts, and does not end the loop.
 */
export async function everyTick(
  { clock, stepMs, signal }: { readonly clock: Clock; readonly stepMs: number; readonly signal: AbortSignal },
  work: (tickAt: number) => Promise<void>,
  onError: (error: unknown) => void
): Promise<void> {
  let tickAt = floorTo(clock.now(), stepMs)
  while (!signal.aborted) {
    const isDone = await attempt(() => work(tickAt), onError)
    const now = clock.now()
    // A clock put back by more than a step starts again from where it is; the claims refuse what has been done.
    const isBack = tickAt - now > stepMs
    const next = isBack ? floorTo(now, stepMs) + stepMs : Math.max(tickAt + stepMs, floorTo(now, stepMs))
    const isAgain = !isDone && now + RETRY_MS < next
    if (!isAgain) tickAt = next
    await sleep(isAgain ? RETRY_MS : tickAt - now, signal)
    // Whoever was frozen in this sleep wakes late: what is asked now belongs to the time that is running now.
    tickAt = Math.max(tickAt, floorTo(clock.now(), stepMs))
  }
}

async function attempt(work: () => Promise<void>, onError: (error: unknown) => void): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    onError(error)
    return false
  }
}
