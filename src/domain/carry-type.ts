import { parseInstrumentKey } from './instrument.ts'

/** `cross_venue`: the spot leg is on another venue than the contract; the others are on one. */
export const CARRY_TYPES = ['perpetual', 'dated', 'cross_venue'] as const
export type CarryType = (typeof CARRY_TYPES)[number]

/** What a carry is of: its venue, its spot leg by key, and the contract's kind. */
export function carryTypeOf(subject: {
  readonly venue: string
  readonly spot: string | null
  readonly kind: string | null
}): CarryType {
  const spotVenue = subject.spot === null ? undefined : parseInstrumentKey(subject.spot)?.venue
  if (spotVenue !== undefined && spotVenue !== subject.venue) return 'cross_venue'
  return subject.kind === 'perpetual' ? 'perpetual' : 'dated'
}
