import { type Clock, sleep } from '../clock.ts'
import { floorTo } from '../domain/time.ts'

/**
 * Calls `work` with every grid time, one after another, the running one first; a time that passes while `work` is busy is
 * skipped, not queued. A failure is told and does not end the loop.
 */
export async function everyTick(
  { clock, stepMs, signal }: { readonly clock: Clock; readonly stepMs: number; readonly signal: AbortSignal },
  work: (tickAt: number) => Promise<void>,
  onError: (error: unknown) => void
): Promise<void> {
  let tickAt = floorTo(clock.now(), stepMs)
  while (!signal.aborted) {
    try {
      await work(tickAt)
    } catch (error) {
      onError(error)
    }
    const now = clock.now()
    // A clock put back by more than a step starts again from where it is; the claims refuse what has been done.
    const isBack = tickAt - now > stepMs
    tickAt = isBack ? floorTo(now, stepMs) + stepMs : Math.max(tickAt + stepMs, floorTo(now, stepMs))
    await sleep(tickAt - clock.now(), signal)
  }
}
