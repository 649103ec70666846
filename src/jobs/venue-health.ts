import { HOUR, MINUTE, SECOND } from '../domain/time.ts'
import type { VenueState } from '../store/venues.ts'
import type { CallFailure } from './sweep.ts'

/** How long to stay away after each failure, unless the venue says. Sources: docs/venues.md. */
const STAY_AWAY_MS: Partial<Record<CallFailure['failure'], number>> = {
  rate_limited: MINUTE,
  banned: 2 * MINUTE,
  forbidden: 30 * MINUTE,
  geo_blocked: HOUR
}
const BACK_OFF_MS_MAX = 5 * MINUTE

/** Whether a failure is the venue telling us to go away: everybody who asks it must stop. */
export function isRefusal(failure: CallFailure['failure']): boolean {
  return failure in STAY_AWAY_MS
}

/** How long a refusal keeps everybody away: as long as the venue says, else as long as such a refusal usually lasts. */
export function stayAwayMs({ failure, retryAfterMs }: Pick<CallFailure, 'failure' | 'retryAfterMs'>): number {
  return retryAfterMs === null ? (STAY_AWAY_MS[failure] ?? 0) : Math.max(retryAfterMs, SECOND)
}

/** The state of a venue that refused. */
export function refusedState(failure: CallFailure['failure']): 'banned' | 'geo-blocked' {
  return failure === 'geo_blocked' ? 'geo-blocked' : 'banned'
}

export type Verdict = {
  readonly state: VenueState
  readonly reason: string | null
  readonly bannedUntil: number | null
}

/** A venue's state after a sweep, and until when it must be left alone. */
export function judgeVenue(
  {
    failures,
    asked,
    expected,
    received,
    doubt = null,
    lasting = null,
    before = 'up'
  }: {
    readonly failures: readonly CallFailure[]
    readonly asked: number
    readonly expected: number
    readonly received: number
    /** Why its answers are not believed in full. */
    readonly doubt?: string | null
    /** What failed when it was asked last, and was not asked this time. */
    readonly lasting?: CallFailure | null
    /** The state that it was in. */
    readonly before?: VenueState
  },
  nowMs: number
): Verdict {
  const worst = failures.find(({ failure }) => isRefusal(failure))
  if (worst) {
    return {
      state: refusedState(worst.failure),
      reason: reasonOf(worst),
      bannedUntil: nowMs + stayAwayMs(worst)
    }
  }
  const first = failures[0]
  if (first)
    return {
      state: failures.length === asked || received === 0 ? 'down' : 'degraded',
      reason: reasonOf(first),
      bannedUntil: null
    }
  if (doubt !== null) return { state: 'degraded', reason: doubt, bannedUntil: null }
  if (lasting !== null) return { state: 'degraded', reason: reasonOf(lasting), bannedUntil: null }
  const least = before === 'degraded' ? COVERAGE_WELL : COVERAGE_MIN
  if (expected > 0 && received < expected * least) {
    return {
      state: 'degraded',
      reason: `coverage: ${received} of ${expected} contracts and coins quoted`,
      bannedUntil: null
    }
  }
  return { state: 'up', reason: null, bannedUntil: null }
}

/** Below this share of the expected quotes a venue is not well, and from this one on it is well again: one at the limit does not go to and fro. */
const COVERAGE_MIN = 0.9
const COVERAGE_WELL = 0.95

const reasonOf = ({ failure, message }: CallFailure) => `${failure}: ${message}`

/** The wait after so many failed sweeps in a row: doubling, capped, spread by `jitter` (0 to 1) so that instances part. */
export function backOffMs(failures: number, pollMs: number, jitter: number): number {
  if (failures <= 1) return 0
  return Math.min(pollMs * 2 ** Math.min(failures - 2, 16), BACK_OFF_MS_MAX) * (1 + 0.2 * jitter)
}
