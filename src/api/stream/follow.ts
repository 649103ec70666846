import type { Clock } from '../../clock.ts'
import { TOPIC_OF_EVENTS, type Topic } from '../../contract/stream.ts'
import { SECOND } from '../../domain/time.ts'
import type { Database } from '../../store/database.ts'
import { listEventsAfter, readEventBounds, type StoredEvent } from '../../store/event-log.ts'
import type { ServedRow } from '../board-cache.ts'
import { type BoardFilter, passes } from '../board-query.ts'
import type { Beat, Pulse } from './pulse.ts'

export type StreamQuestion = {
  readonly topics: readonly Topic[]
  readonly filter: BoardFilter
  /** Which contracts' events are told; null: all. */
  readonly instrumentIds: ReadonlySet<number> | null
  readonly start: StreamStart
}

/** After which event a follower begins, and what it has missed and cannot be told any more. */
export type StreamStart = { readonly position: number; readonly gap?: Gap }

type Gap = { readonly after: number | null; readonly before: number; readonly reason: 'not_kept' | 'unknown_id' }

/** One thing that a follower is told; `position` is its place in the order of events. */
export type Told = { readonly position: number } & (
  | { readonly kind: 'gap'; readonly gap: Gap }
  | { readonly kind: 'board'; readonly venue: string; readonly beat: Beat; readonly rows: readonly ServedRow[] }
  | { readonly kind: 'event'; readonly topic: Topic; readonly event: StoredEvent }
  | { readonly kind: 'heartbeat'; readonly atMs: number }
)

export type Sources = { readonly db: Database; readonly clock: Clock; readonly pulse: Pulse }

const HEARTBEAT_MS = 15 * SECOND
const EVENTS_AT_ONCE = 200

/**
 * What one follower is told. It is made when it is taken: who reads slowly gets the newest board, not every one that was, and every
 * event, from memory or from the database. Ends when `signal` aborts.
 */
export async function* follow(
  { db, clock, pulse }: Sources,
  { topics, filter, instrumentIds, start }: StreamQuestion,
  signal: AbortSignal
): AsyncGenerator<Told> {
  let { position } = start
  if (start.gap !== undefined) yield { kind: 'gap', position, gap: start.gap }
  const told = new Map<string, number>()
  let toldAt = clock.now()
  while (!signal.aborted) {
    if (topics.includes('board')) {
      for (const venue of pulse.last().versions.keys()) {
        const beat = pulse.last()
        const rows = rowsToTell(beat, venue, filter, told)
        if (rows === undefined) continue
        yield { kind: 'board', position, venue, beat, rows }
        toldAt = clock.now()
      }
    }
    const wantsEvents = topics.some((topic) => topic !== 'board')
    for (let isMore = wantsEvents && pulse.head() > position; isMore && !signal.aborted; ) {
      const head = pulse.head()
      const known = pulse.eventsAfter(position)
      const events = known ?? (await listEventsAfter(db, position, EVENTS_AT_ONCE))
      for (const event of events) {
        position = event.position
        const topic = topicOf(event)
        if (topic === undefined || !topics.includes(topic) || !isWanted(event, filter, instrumentIds)) continue
        yield { kind: 'event', position, topic, event }
        toldAt = clock.now()
      }
      isMore = known === undefined && events.length === EVENTS_AT_ONCE
      // What is for one subscription alone has a place as well, and is nobody else's to read.
      if (!isMore) position = Math.max(position, head)
    }
    if (clock.now() - toldAt >= HEARTBEAT_MS) {
      toldAt = clock.now()
      yield { kind: 'heartbeat', position, atMs: toldAt }
    }
    await pulse.next(signal)
  }
}

/** Where who heard `lastEventId` last goes on; undefined begins with what comes. */
export async function startOf(db: Database, lastEventId: number | undefined): Promise<StreamStart> {
  const { head, oldest } = await readEventBounds(db)
  if (lastEventId === undefined) return { position: head }
  // An id that was not given yet is of another database.
  if (lastEventId > head) {
    return { position: head, gap: { after: null, before: head + 1, reason: 'unknown_id' } }
  }
  const first = oldest ?? head + 1
  if (lastEventId >= first - 1) return { position: lastEventId }
  return { position: first - 1, gap: { after: lastEventId, before: first, reason: 'not_kept' } }
}

/** A venue's rows, where they are other than what was told last; nothing for a venue that never had one that passes. */
function rowsToTell(
  { board, versions }: Beat,
  venue: string,
  filter: BoardFilter,
  told: Map<string, number>
): readonly ServedRow[] | undefined {
  const version = versions.get(venue)
  if (version === undefined || told.get(venue) === version || !(filter.venues?.has(venue) ?? true)) return undefined
  const rows = board.rows.filter((served) => served.row.venue === venue && passes(served.row, filter))
  if (rows.length === 0 && !told.has(venue)) return undefined
  told.set(venue, version)
  return rows
}

/** `signal.opened` is of the topic that `signal` has; what has none is told over webhooks alone. */
function topicOf({ type }: StoredEvent): Topic | undefined {
  return TOPIC_OF_EVENTS[type.slice(0, type.indexOf('.'))]
}

function isWanted(
  { venue, asset, kind, instrumentId }: StoredEvent,
  filter: BoardFilter,
  instrumentIds: ReadonlySet<number> | null
): boolean {
  return (
    (filter.venues === undefined || (venue !== null && filter.venues.has(venue))) &&
    (filter.assets === undefined || (asset !== null && filter.assets.has(asset))) &&
    (filter.kinds === undefined || (kind !== null && filter.kinds.includes(kind))) &&
    (instrumentIds === null || (instrumentId !== null && instrumentIds.has(instrumentId)))
  )
}
