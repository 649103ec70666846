import { isoOf } from '../domain/time.ts'
import { InvalidInputError } from '../errors.ts'
import type { ApiContext } from './context.ts'
import { refuseGone } from './known-at.ts'

/** The moment that a question is about. */
export type Moment = { readonly nowMs: number; readonly isPast: boolean }

/** From when on contracts count that have gone by now; null: only those of now. */
export const goneSince = ({ nowMs, isPast }: Moment): number | null => (isPast ? nowMs : null)

/** Of `at=`, which is now unless given and never later. */
export function pastMoment(at: number | undefined, asOfMs: number): Moment {
  if (at === undefined) return { nowMs: asOfMs, isPast: false }
  if (at <= asOfMs) return { nowMs: at, isPast: true }
  const message = `expected a moment until now (${isoOf(asOfMs)}); was ${isoOf(at)}`
  throw new InvalidInputError([{ path: 'at', message }], 'invalid_parameter')
}

/** The same, of what is read from observations: refused before they are kept. */
export function keptMoment(
  context: Pick<ApiContext, 'config' | 'clock'>,
  at: number | undefined,
  asOfMs: number
): Moment {
  const moment = pastMoment(at, asOfMs)
  if (moment.isPast) refuseGone(context, moment.nowMs, { path: 'at', instead: 'ask from then on' })
  return moment
}
