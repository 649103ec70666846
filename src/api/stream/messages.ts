import type { Clock } from '../../clock.ts'
import type { Topic } from '../../contract/stream.ts'
import { isoOf, SECOND } from '../../domain/time.ts'
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

type Sources = { readonly db: Database; readonly clock: Clock; readonly pulse: Pulse }

const HEARTBEAT_MS = 15 * SECOND
const EVENTS_AT_ONCE = 200

/**
 * What one follower is told, as text. It is made when it is taken: who reads slowly gets the newest board, not every one that was,
 * and every event, from the database. Ends when `signal` aborts.
 */
export async function* messagesOf(
  { db, clock, pulse }: Sources,
  { topics, filter, instrumentIds, start }: StreamQuestion,
  signal: AbortSignal
): AsyncGenerator<string> {
  yield 'retry: 3000\n\n'
  let { position } = start
  if (start.gap !== undefined) yield message('gap', position, JSON.stringify(start.gap))
  const told = new Map<string, number>()
  let toldAt = clock.now()
  while (!signal.aborted) {
    if (topics.includes('board')) {
      for (const venue of pulse.last().versions.keys()) {
        const text = boardMessage(pulse.last(), venue, filter, told)
        if (text === undefined) continue
        yield message('board', position, text)
        toldAt = clock.now()
      }
    }
    for (let isMore = topics.includes('signals') && pulse.head() > position; isMore && !signal.aborted; ) {
      const head = pulse.head()
      const events = await listEventsAfter(db, position, EVENTS_AT_ONCE)
      for (const event of events) {
        position = event.position
        if (!isWanted(event, filter, instrumentIds)) continue
        yield message('signal', position, eventText(event))
        toldAt = clock.now()
      }
      isMore = events.length === EVENTS_AT_ONCE
      // What is for one subscription alone has a place as well, and is nobody else's to read.
      if (!isMore) position = Math.max(position, head)
    }
    if (clock.now() - toldAt >= HEARTBEAT_MS) {
      toldAt = clock.now()
      yield message('heartbeat', position, JSON.stringify({ at: isoOf(toldAt) }))
    }
    await pulse.next(signal)
  }
}

type Gap = { readonly after: number | null; readonly before: number; readonly reason: 'not_kept' | 'unknown_id' }

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
function boardMessage(
  { board, versions }: Beat,
  venue: string,
  filter: BoardFilter,
  told: Map<string, number>
): string | undefined {
  const version = versions.get(venue)
  if (version === undefined || told.get(venue) === version || !(filter.venues?.has(venue) ?? true)) return undefined
  const rows = board.rows.filter((served) => served.row.venue === venue && passes(served.row, filter))
  if (rows.length === 0 && !told.has(venue)) return undefined
  told.set(venue, version)
  return boardText(venue, board.asOfMs, rows)
}

const boardText = (venue: string, asOfMs: number, rows: readonly ServedRow[]) =>
  `{"venue":${JSON.stringify(venue)},"asOf":"${isoOf(asOfMs)}","rows":[${rows.map(({ json }) => json).join(',')}]}`

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

const eventText = ({ type, at, dataJson }: StoredEvent) =>
  `{"type":${JSON.stringify(type)},"timestamp":"${isoOf(at)}","data":${dataJson}}`

function message(event: string, id: number, data: string): string {
  return `event: ${event}\nid: ${id}\ndata: ${data}\n\n`
}
