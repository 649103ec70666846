import { isoOf } from '../domain/time.ts'
import { InvalidInputError } from '../errors.ts'

/** The moment that a question is about. */
export type Moment = { readonly nowMs: number; readonly isPast: boolean }

/** Of `at=`, which is now unless given and never later. */
export function pastMoment(at: number | undefined, asOfMs: number): Moment {
  if (at === undefined) return { nowMs: asOfMs, isPast: false }
  if (at <= asOfMs) return { nowMs: at, isPast: true }
  const message = `expected a moment until now (${isoOf(asOfMs)}); was ${isoOf(at)}`
  throw new InvalidInputError([{ path: 'at', message }], 'invalid_parameter')
}
