import { type Clock, sleep } from '../../clock.ts'
import { SECOND } from '../../domain/time.ts'

/** Who takes nothing of what waits for it for so long is sent away: it comes back, and is told the newest. */
const STALLED_MS = 20 * SECOND
const LOOK_MS = SECOND

/**
 * Watches one reader until the signal aborts. `waiting` answers null while nothing waits to be read, else a number that changes
 * whenever something of it has been taken. `onStall` is called once, at most.
 */
export async function watchReader(
  clock: Clock,
  signal: AbortSignal,
  waiting: () => number | null,
  onStall: () => void
): Promise<void> {
  let last: number | null = null
  let sinceMs = 0
  while (!signal.aborted) {
    await sleep(LOOK_MS, signal)
    if (signal.aborted) return
    const now = waiting()
    if (now === null || now !== last) sinceMs = clock.now()
    else if (clock.now() - sinceMs >= STALLED_MS) return onStall()
    last = now
  }
}
