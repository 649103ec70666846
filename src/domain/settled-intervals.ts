import type { IntervalSource } from './board-row.ts'
import { knownInterval, observedIntervals } from './funding.ts'

/** How long a settlement's period was, and how that is known. */
export type SettledInterval = { readonly hours: number; readonly source: Exclude<IntervalSource, 'assumed'> } | null

/** A settlement time and what the venue declared of its period while that ran; null: nothing was heard. */
export type SettledTime = { readonly settledAt: number; readonly declaredHours: number | null }

/**
 * The interval that each of an ascending list of settlements closed. What the venue declared for the period holds where the gap
 * before the settlement bears it out, or where there is no gap to go by; everywhere else the gaps speak (`observedIntervals`): a
 * list of declarations may be old, a gap may be a hole. So a change to longer periods shows at its first settlement.
 */
export function settledIntervals(times: readonly SettledTime[]): SettledInterval[] {
  const observed = observedIntervals(times.map(({ settledAt }) => settledAt))
  const resolved: SettledInterval[] = []
  for (const [index, { settledAt, declaredHours }] of times.entries()) {
    const before = times[index - 1]
    const gap = before === undefined ? null : knownInterval(settledAt - before.settledAt)
    const isBorneOut = isDeclarationBorneOut(declaredHours, gap, resolved[index - 1]?.hours ?? null)
    const seen = observed[index] ?? null
    if (declaredHours !== null && (isBorneOut || seen === null)) {
      resolved.push({ hours: declaredHours, source: 'declared' })
    } else resolved.push(seen === null ? null : { hours: seen, source: 'observed' })
  }
  return resolved
}

/**
 * The gap is the declared interval, or a multiple of it that is not simply the interval before going on (a hole; or periods that
 * became shorter between two settlements of the old grid).
 */
function isDeclarationBorneOut(declared: number | null, gap: number | null, prior: number | null): boolean {
  if (declared === null || gap === null) return false
  return gap === declared || (gap !== prior && gap % declared === 0)
}
