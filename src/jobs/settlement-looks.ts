import { MINUTE, SECOND } from '../domain/time.ts'

/** After a settlement it is asked for at these times by the clock: as soon as venues show it, and once what they show stands. */
const FIRST_LOOK_MS = 30 * SECOND
const SECOND_LOOK_MS = 5 * MINUTE
/** Well within the hour in which a settlement is news. */
const LATE_LOOK_MS = 15 * MINUTE

/**
 * When a contract's settlements are asked for next. `settledAt` is the newest that is stored, `dueAt` when the one after it is due on
 * the grid. One that is late is asked for every minute until the second look, then ever more rarely: a paused contract settles
 * nothing.
 */
export function nextLookAt(settledAt: number, dueAt: number, nowMs: number): number {
  const secondLook = settledAt + SECOND_LOOK_MS
  if (nowMs < secondLook) return Math.min(secondLook, dueAt + FIRST_LOOK_MS)
  const firstLook = dueAt + FIRST_LOOK_MS
  if (nowMs < firstLook) return firstLook
  const lateBy = nowMs - dueAt
  if (lateBy < SECOND_LOOK_MS) return Math.min(nowMs + MINUTE, dueAt + SECOND_LOOK_MS)
  return nowMs + Math.min(lateBy, LATE_LOOK_MS)
}
