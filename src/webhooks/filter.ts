import { type EventFilter, FILTER_WORDS } from '../contract/event-filter.ts'

/** What a subscription wants. */
export type Wish = { readonly id: string; readonly events: readonly string[]; readonly filter: EventFilter }

/** What an event is about, by the words of filters. */
export type EventTraits = { readonly [Word in (typeof FILTER_WORDS)[number]]: string | null } & {
  readonly eventType: string
  /** For this subscription alone, whatever it wishes. */
  readonly subscriptionId: string | null
}

/** Whether a subscription is to be told of an event. */
export function isWanted(wish: Wish, event: EventTraits): boolean {
  if (event.subscriptionId !== null) return event.subscriptionId === wish.id
  if (!wish.events.includes(event.eventType)) return false
  return FILTER_WORDS.every((word) => {
    const values = wish.filter[word]
    const value = event[word]
    // What an event does not say, it does not fulfil.
    return values === undefined || (value !== null && values.includes(value))
  })
}
