import { weightOf } from '../venues/capability.ts'
import type { Call, VenueAdapter } from '../venues/venue.ts'

/** What a sweep asks at once, and what is asked behind it, in the time that is left before the next poll. */
export type SweepPlan = { readonly now: readonly Call[]; readonly slow: readonly Call[] }

/** When each call was last answered, by its name; milliseconds. */
type AnsweredAt = ReadonlyMap<string, number>

/**
 * What of a venue's bulk calls is due, by what the registry says they cost. Slow calls are due now and then and wait for room: the
 * one that has waited longest is always asked, others as long as the venue's pace lets all of it end before the next poll. What has to
 * wait stays due.
 */
export function planSweep(
  { id, calls }: Pick<VenueAdapter, 'id' | 'calls'>,
  answeredAt: AnsweredAt,
  tickAt: number,
  pollMs: number
): SweepPlan {
  const due = calls.filter((call) => call.reach === 'bulk' && isDue(call, answeredAt, tickAt))
  const now = due.filter((call) => !isSlow(call))
  const waiting = due.filter(isSlow).sort((a, b) => lastOf(a, answeredAt) - lastOf(b, answeredAt))
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

const lastOf = ({ name }: Call, answeredAt: AnsweredAt) => answeredAt.get(name) ?? 0
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
