import { DAY, HOUR, MINUTE, SECOND } from '../domain/time.ts'
import type { Try } from './try.ts'

/** How long after the try before it each try comes, the first at once: 75.6 hours in all (Standard Webhooks' example). */
export const SCHEDULE_MS = [
  0,
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR
]
/** Waits are up to this part longer, never shorter: those who failed together do not come back together. */
const JITTER = 0.1
/** A receiver may ask for this much patience, or for twice the schedule's, whichever is more. */
const PATIENCE_MS = HOUR
/** A subscription that has failed for this long without a success is disabled. */
export const FAILING_AFTER_MS = 5 * DAY
/** After this long without a failure a new one stands alone: longer than any wait between two tries of one delivery. */
export const QUIET_AFTER_MS = 60 * HOUR

/** What becomes of a delivery after a try. */
export type Verdict =
  | { readonly state: 'delivered' }
  | { readonly state: 'pending'; readonly nextAttemptAt: number }
  /** `isGone`: the receiver wants no more, of this subscription at all. */
  | { readonly state: 'failed'; readonly isGone: boolean }

/**
 * Judges a try that ended at `atMs`; `triesDone` counts it, from the last time the delivery was asked for.
 * `jitter` is 0 to 1.
 */
export function judgeTry(
  { outcome, retryAfterMs }: Pick<Try, 'outcome' | 'retryAfterMs'>,
  { triesDone, atMs, jitter }: { readonly triesDone: number; readonly atMs: number; readonly jitter: number }
): Verdict {
  if (outcome === 'delivered') return { state: 'delivered' }
  if (outcome === 'gone') return { state: 'failed', isGone: true }
  const baseMs = SCHEDULE_MS[triesDone]
  if (baseMs === undefined) return { state: 'failed', isGone: false }
  const askedMs = Math.min(retryAfterMs ?? 0, Math.max(PATIENCE_MS, 2 * baseMs))
  return { state: 'pending', nextAttemptAt: atMs + Math.round(Math.max(baseMs, askedMs) * (1 + JITTER * jitter)) }
}

/** `Retry-After` in milliseconds from `nowMs`: seconds or a date; null when it is neither, or past. */
export function readRetryAfter(text: string | null, nowMs: number): number | null {
  if (text === null) return null
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * SECOND
  // Only dates of HTTP: `Date.parse` takes "-5" and much else.
  const waitMs = /^[A-Z][a-z]{2}, .+ GMT$/.test(text.trim()) ? Date.parse(text) - nowMs : Number.NaN
  return waitMs > 0 ? waitMs : null
}
