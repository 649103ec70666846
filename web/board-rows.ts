import type { BoardRow } from '../src/domain/board-row.ts'
import type { Rhythm } from '../src/domain/expiry.ts'
import { type Answer, ask, askTagged } from './api.ts'
import { type LiveRow, liveRowOf, type ReceivedRow, receivedRowOf } from './live-row.ts'
import type { ServerClock } from './server-clock.ts'

const BOARD = '/v1/basis?limit=5000'

/** The rows of one venue, complete. */
export type VenueBoard = { readonly venue: string; readonly asOf: string; readonly rows: readonly BoardRow[] }

export type BoardRows = {
  /** Asks for the whole board, unless it is still the one that is here. */
  load(): Promise<void>
  replace(board: VenueBoard): void
  /** All rows as they are now. */
  rows(rhythm: Rhythm): LiveRow[]
  /** The time in the newest answer. */
  asOf(): string | undefined
}

/** Keeps the rows of every venue as last received. */
export function keepRows(clock: ServerClock): BoardRows {
  const venues = new Map<string, readonly ReceivedRow[]>()
  let tag: string | null = null
  let newest: string | undefined
  const hear = (asOf: string) => {
    clock.hear(asOf)
    if (newest === undefined || asOf > newest) newest = asOf
  }
  return {
    asOf: () => newest,
    rows: (rhythm) => {
      const nowMs = clock.now()
      return [...venues.values()].flat().map((row) => liveRowOf(row, nowMs, rhythm))
    },
    replace: ({ venue, asOf, rows }: VenueBoard) => {
      hear(asOf)
      venues.set(venue, rows.map(receivedRowOf))
      // What the tag stood for is no longer what is shown.
      tag = null
    },
    load: async () => {
      const tagged = await askTagged<readonly BoardRow[]>(BOARD, tag)
      if (tagged === undefined) return
      const rows = await withRest(tagged.answer)
      hear(tagged.answer.meta.asOf)
      venues.clear()
      for (const [venue, of] of Map.groupBy(rows, (row) => row.venue)) venues.set(venue, of.map(receivedRowOf))
      tag = tagged.tag
    }
  }
}

/** The pages after the first. */
async function withRest(first: Answer<readonly BoardRow[]>): Promise<readonly BoardRow[]> {
  const rows = [...first.data]
  for (let next = first.page?.next; next; ) {
    const { data, page } = await ask<readonly BoardRow[]>(`${BOARD}&cursor=${encodeURIComponent(next)}`)
    rows.push(...data)
    next = page?.next
  }
  return rows
}
