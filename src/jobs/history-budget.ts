import { SECOND } from '../domain/time.ts'

export type BudgetDeps = {
  readonly now: () => number
  readonly wait: (milliseconds: number) => Promise<void>
  readonly callsPerSecond: number
  /** Until when the venue has told any of us to stay away; 0: it has not. */
  readonly shutUntil: () => Promise<number>
  /** When the venue is polled next, which stays until that poll has ended; null: nobody polls it. */
  readonly nextPollAt: () => Promise<number | null>
}

/** A call that begins this shortly before a poll would still be on its way when that begins. */
const BEFORE_POLL_MS = SECOND / 4
const LOOK_AGAIN_MS = SECOND / 10
/** A poll that should have ended so long ago is nobody's any more. */
const POLL_MAX_MS = 15 * SECOND
/** One call goes out after so long, whatever polls do: the past is not put off for ever. */
const YIELD_MAX_MS = 10 * SECOND

/** So many calls a second, none while the venue is banned or polled: live polls need its goodwill more. Resolves when one may be made. */
export function createBudget({ now, wait, callsPerSecond, shutUntil, nextPollAt }: BudgetDeps): () => Promise<void> {
  const stepMs = SECOND / callsPerSecond
  let nextAt = 0
  return async () => {
    const turnAt = Math.max(nextAt, now(), await shutUntil())
    await wait(turnAt - now())
    await untilQuiet(now, wait, nextPollAt)
    nextAt = Math.max(turnAt, now()) + stepMs
  }
}

async function untilQuiet(
  now: BudgetDeps['now'],
  wait: BudgetDeps['wait'],
  nextPollAt: BudgetDeps['nextPollAt']
): Promise<void> {
  const latest = now() + YIELD_MAX_MS
  for (;;) {
    const pollAt = await nextPollAt()
    const at = now()
    const isQuiet = pollAt === null || at < pollAt - BEFORE_POLL_MS || at >= pollAt + POLL_MAX_MS
    if (isQuiet || at >= latest) return
    await wait(at < pollAt ? pollAt - at : LOOK_AGAIN_MS)
  }
}
