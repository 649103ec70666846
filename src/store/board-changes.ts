import type { Database } from './database.ts'

/** How a venue's part of the board stands: any commit changes it. */
export type BoardVersions = ReadonlyMap<string, string>

export async function readBoardVersions(db: Pick<Database, 'query'>): Promise<BoardVersions> {
  const { rows } = await db.query<{ venue_id: string; version: string }>(
    `select venue_id, count(*) || ' ' || max(updated_at) as version from board group by venue_id`
  )
  return new Map(rows.map(({ venue_id, version }) => [venue_id, version]))
}

/** The last time any row of the board was derived; null for an empty board. Epoch milliseconds. */
export async function findBoardTime(db: Pick<Database, 'query'>): Promise<number | null> {
  const { rows } = await db.query<{ at: Date | null }>('select max(updated_at) as at from board')
  return rows[0]?.at?.getTime() ?? null
}

export type BoardListener = { close(): Promise<void> }

/** Calls `onVenue` at every board commit. `onEnd` tells that the connection is gone: listening is then over. */
export async function listenForBoards(
  db: Database,
  onVenue: (venue: string) => void,
  onEnd: () => void
): Promise<BoardListener> {
  const session = await db.openSession()
  session.on('notification', ({ payload = '' }) => {
    if (payload.startsWith('board:')) onVenue(payload.slice('board:'.length))
  })
  try {
    await session.query('listen contango')
  } catch (error) {
    // A server that may not listen would otherwise be given another connection at every try.
    await session.end().catch(() => {})
    throw error
  }
  session.on('end', onEnd)
  return {
    close: async () => {
      session.removeListener('end', onEnd)
      await session.end()
    }
  }
}
