import type { Database } from '../../store/database.ts'
import { listEventsAfter, readEventBounds, type StoredEvent } from '../../store/event-log.ts'

/** So many events are kept in memory for those who are not far behind. */
const RECENT_MAX = 1_000

/** The newest events in their order, read once for all who follow. */
export type RecentEvents = {
  /** The last position known to have been given. */
  head(): number
  /** The events after a position up to the head, while they are in memory; undefined: the database has them. */
  after(position: number): readonly StoredEvent[] | undefined
  /** Reads what is new. One call at a time. */
  readOn(): Promise<void>
}

export function keepRecentEvents(db: Database): RecentEvents {
  let head = 0
  let events: readonly StoredEvent[] = []
  // Every event with a position above this, up to the head, is in memory.
  let completeAfter = Number.POSITIVE_INFINITY
  return {
    head: () => head,
    after: (position) => (position < completeAfter ? undefined : events.filter((event) => event.position > position)),
    readOn: async () => {
      const newHead = Math.max(head, (await readEventBounds(db)).head)
      if (completeAfter === Number.POSITIVE_INFINITY || newHead - head > RECENT_MAX) {
        events = []
        completeAfter = newHead
      } else if (newHead > head) {
        const fresh = (await listEventsAfter(db, head, RECENT_MAX)).filter(({ position }) => position <= newHead)
        const all = [...events, ...fresh]
        if (all.length > RECENT_MAX) completeAfter = all.at(-RECENT_MAX - 1)!.position
        events = all.slice(-RECENT_MAX)
      }
      head = newHead
    }
  }
}
