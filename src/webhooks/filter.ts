import { type EventFilter, FILTER_WORDS, type FilterThreshold } from '../contract/event-filter.ts'
import type { SignalType } from '../domain/signal.ts'
import { extentOf } from '../domain/signal-types.ts'

/** What a subscription wants. */
export type Wish = { readonly id: string; readonly events: readonly string[]; readonly filter: EventFilter }

/** What an event is about, by the words of filters. */
export type EventTraits = { readonly [Word in (typeof FILTER_WORDS)[number]]: string | null } & {
  readonly eventType: string
  /** Of a signal, in the unit of its type: as it is, and the furthest so far. */
  readonly value?: { readonly last: number; readonly peak: number } | null
  /** For this subscription alone, whatever it wishes. */
  readonly subscriptionId: string | null
}

/** Whether a subscription is to be told of an event. */
export function isWanted(wish: Wish, event: EventTraits): boolean {
  if (event.subscriptionId !== null) return event.subscriptionId === wish.id
  if (!wish.events.includes(event.eventType)) return false
  if (wish.filter.threshold !== undefined && !isBeyond(wish.filter.threshold, event)) return false
  return FILTER_WORDS.every((word) => {
    const values = wish.filter[word]
    const value = event[word]
    // What an event does not say, it does not fulfil.
    return values === undefined || (value !== null && values.includes(value))
  })
}

/** A signal that was beyond `enter` once is told of until it is nearer than `exit`, and that it closed in any case. */
function isBeyond({ enter, exit }: FilterThreshold, { value, eventType, type, label }: EventTraits): boolean {
  if (value === null || value === undefined || type === null || label === null) return false
  const extent = (of: number) => extentOf({ type: type as SignalType, label }, of)
  return extent(value.peak) >= enter && (eventType === 'signal.closed' || extent(value.last) >= exit)
}
