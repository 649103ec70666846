import { weightOf } from '../venues/capability.ts'
import type { Call, VenueAdapter } from '../venues/venue.ts'
import { backOffMs } from './venue-health.ts'

/** What a sweep asks at once, and what is asked behind it, in the time that is left before the next poll. */
export type SweepPlan = { readonly now: readonly Call[]; readonly slow: readonly Call[] }

/** When each call was last answered, by its name; milliseconds. */
type AnsweredAt = ReadonlyMap<string, number>

/** What is remembered of a venue's calls, by their names. */
export type CallMemory = {
  readonly answeredAt: AnsweredAt
  /** Calls that failed when they were asked last: how often in a row, and when. */
  readonly failing: ReadonlyMap<string, { readonly failures: number; readonly at: number }>
}

/**
 * What of a venue's bulk calls is due, by what the registry says they cost. Slow calls are due now and then and wait for room: the
 * one that has waited longest is always asked, others as long as the venue's pace lets all of it end before the next poll. What has to
 * wait stays due; what has failed goes to the end, and is asked less and less often.
 */
export function planSweep(
  { id, calls }: Pick<VenueAdapter, 'id' | 'calls'>,
  memory: CallMemory,
  tickAt: number,
  pollMs: number
): SweepPlan {
  const due = calls.filter((call) => call.reach === 'bulk' && isDue(call, memory.answeredAt, tickAt))
  const now = due.filter((call) => !isSlow(call))
  const waiting = due
    .filter((call) => isSlow(call) && !isResting(call, memory, tickAt, pollMs))
    .sort((a, b) => lastOf(a, memory) - lastOf(b, memory))
  let busyMs = sum(now.map((call) => weightOf(id, call)))
  const slow = waiting.filter((call, index) => {
    const weightMs = weightOf(id, call)
    if (index > 0 && busyMs + weightMs > pollMs) return false
    busyMs += weightMs
    return true
  })
  return { now, slow }
}

/** Declared intervals are needed to read estimates: asked with the poll, however seldom they are due. */
export const isInterval = ({ facts }: Call) => facts.includes('interval')
const isSlow = (call: Call) => typeof call.cadence === 'object' && !isInterval(call)

function isDue({ name, cadence }: Call, answeredAt: AnsweredAt, tickAt: number): boolean {
  if (typeof cadence === 'string') return cadence === 'poll'
  const last = answeredAt.get(name)
  return last === undefined || tickAt - last >= cadence.everyMs
}

function isResting({ name }: Call, { failing }: CallMemory, tickAt: number, pollMs: number): boolean {
  const failed = failing.get(name)
  return failed !== undefined && tickAt - failed.at < backOffMs(failed.failures, pollMs, 0)
}

const lastOf = ({ name }: Call, { answeredAt, failing }: CallMemory) =>
  Math.max(answeredAt.get(name) ?? 0, failing.get(name)?.at ?? 0)
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
