import type { BoardRow } from '../domain/board-row.ts'
import type { Database, Transaction } from './database.ts'

/** Where a new board is announced; the payload is `board:` and the venue. A hint: readers poll as well. */
export const CHANNEL = 'contango'

export type BoardEntry = {
  readonly instrumentId: number
  readonly row: BoardRow
  /** Exactly what the row was computed from. */
  readonly inputs: unknown
}

/** Puts a venue's rows on the board, drops its contracts that are no longer on it, and announces that. */
export async function replaceBoard(
  client: Transaction,
  venue: string,
  tickAt: number,
  entries: readonly BoardEntry[]
): Promise<void> {
  const ids = entries.map(({ instrumentId }) => instrumentId)
  await client.query(
    `insert into board (instrument_id, venue_id, tick_at, row, inputs, updated_at)
     select b.id, $1, $2, b.row, b.inputs, clock_timestamp() from unnest($3::int[], $4::json[], $5::json[]) as b (id, row, inputs)
     on conflict (instrument_id) do update set venue_id = excluded.venue_id, tick_at = excluded.tick_at, row = excluded.row,
       inputs = excluded.inputs, updated_at = excluded.updated_at where board.tick_at <= excluded.tick_at`,
    [
      venue,
      new Date(tickAt),
      ids,
      entries.map(({ row }) => JSON.stringify(row)),
      entries.map(({ inputs }) => JSON.stringify(inputs))
    ]
  )
  await client.query('delete from board where venue_id = $1 and tick_at < $2 and instrument_id <> all ($3)', [
    venue,
    new Date(tickAt),
    ids
  ])
  await client.query('select pg_notify($1, $2)', [CHANNEL, `board:${venue}`])
}

/** The rows as judged when derived, of one venue or of all. */
export async function readBoard(db: Pick<Database, 'query'>, venue?: string): Promise<BoardRow[]> {
  const { rows } = await db.query<{ row: BoardRow }>(
    `select b.row from board b where $1::text is null or b.venue_id = $1 order by b.venue_id, b.instrument_id`,
    [venue ?? null]
  )
  return rows.map(({ row }) => row)
}

export type StoredEntry = { readonly row: BoardRow; readonly inputs: unknown; readonly tickAt: number }

/** One contract's row with what it was computed from; undefined when it is not on the board. */
export async function findBoardEntry(
  db: Pick<Database, 'query'>,
  instrumentId: number
): Promise<StoredEntry | undefined> {
  const { rows } = await db.query<{ row: BoardRow; inputs: unknown; tick_at: Date }>(
    'select row, inputs, tick_at from board where instrument_id = $1',
    [instrumentId]
  )
  return rows.map(({ row, inputs, tick_at }) => ({ row, inputs, tickAt: tick_at.getTime() }))[0]
}
