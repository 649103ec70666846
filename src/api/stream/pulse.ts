import { sleep } from '../../clock.ts'
import { messageOf } from '../../errors.ts'
import type { Database } from '../../store/database.ts'
import type { StoredEvent } from '../../store/event-log.ts'
import type { Board, BoardCache } from '../board-cache.ts'
import { keepRecentEvents } from './recent-events.ts'

/** How often it is looked for what is new: as often as the board is graded anew. */
const BEAT_MS = 1_000

/** The board of one beat, and for each venue a number that is raised whenever a row of it has changed or fallen in grade. */
export type Beat = {
  readonly board: Board
  readonly versions: ReadonlyMap<string, number>
  /** Messages already written of this beat, by what was asked. */
  readonly messages: Map<string, Buffer>
}

/** One look a second at the board and at the order of events, for all who follow them. */
export type Pulse = {
  /** Of the last beat; there is one once somebody has joined. */
  last(): Beat
  /** The last position known to have been given. */
  head(): number
  /** The events after a position up to the head, while they are in memory; undefined: the database has them. */
  eventsAfter(position: number): readonly StoredEvent[] | undefined
  /** Resolves after the next beat, or when the signal aborts. */
  next(signal: AbortSignal): Promise<void>
  /** Beats while somebody follows. */
  join(): Promise<{ leave(): void }>
  close(): void
}

type PulseOptions = {
  readonly board: BoardCache
  readonly db: Database
  readonly log: { warn(fields: object, event: string): void }
}

export function startPulse({ board: cache, db, log }: PulseOptions): Pulse {
  const stop = new AbortController()
  const waiting = new Set<() => void>()
  let prints: ReadonlyMap<string, string> = new Map()
  let beat: Beat | undefined
  const recent = keepRecentEvents(db)
  let followers = 0
  let isBeating = false

  const lookNow = async () => {
    try {
      if (!cache.isLoaded()) await cache.refresh()
      await recent.readOn()
    } catch (error) {
      // The board ages on; events wait in the database.
      log.warn({ message: messageOf(error) }, 'stream.unread')
    }
    const board = cache.current()
    const found = printsOf(board)
    const versions = [...found].map(([venue, print]): [string, number] => {
      const version = beat?.versions.get(venue) ?? 0
      return [venue, prints.get(venue) === print ? version : version + 1]
    })
    prints = found
    beat = { board, versions: new Map(versions), messages: new Map() }
  }
  // One look at a time: what one has read on to is where the next begins.
  let looking = Promise.resolve()
  const look = () => {
    looking = looking.then(lookNow)
    return looking
  }
  const run = async () => {
    if (isBeating) return
    isBeating = true
    while (followers > 0 && !stop.signal.aborted) {
      await sleep(BEAT_MS, stop.signal)
      await look()
      for (const wake of [...waiting]) wake()
    }
    isBeating = false
  }
  return {
    last: () => beat!,
    head: recent.head,
    eventsAfter: recent.after,
    next: (signal) => waitIn(waiting, signal),
    join: async () => {
      await look()
      followers += 1
      void run()
      return {
        leave: () => {
          followers -= 1
        }
      }
    },
    close: () => {
      stop.abort()
      for (const wake of [...waiting]) wake()
    }
  }
}

/** Resolves when it is woken, or when the signal aborts. */
function waitIn(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      waiting.delete(wake)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    if (signal.aborted) return resolve()
    waiting.add(wake)
    signal.addEventListener('abort', wake, { once: true })
  })
}

/** What must differ for a venue's part of the board to be told again: its rows as stored, and how they are graded now. */
function printsOf({ rows, versions }: Board): Map<string, string> {
  const grades = Map.groupBy(rows, ({ row }) => row.venue)
  return new Map(
    [...versions].map(([venue, version]) => [
      venue,
      `${version} ${(grades.get(venue) ?? []).map(({ row }) => row.grade).join()}`
    ])
  )
}
