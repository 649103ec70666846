import { DAY, floorTo } from '../../domain/time.ts'
import type { Database, Transaction } from '../database.ts'
import type { Cell } from './column-codec.ts'
import { decodeDay } from './day-codec.ts'
import type { Fact } from './facts.ts'

/** A row of a day in the order of the fact's layout: grid time (epoch ms), revision, known at (epoch µs), and what was observed. */
export type DayRow = readonly Cell[]
export const [TICK, REVISION, KNOWN] = [0, 1, 2]

export type DayKey = { readonly instrumentId: number; readonly spotId: number; readonly dayMs: number }

/** The rows of a sealed day, whose row in the table is kept ours to the end of the transaction; none where nothing is sealed. */
export async function readDay(client: Transaction, fact: Fact, key: DayKey): Promise<DayRow[]> {
  const { rows } = await client.query<{ body: Buffer }>(
    'select body from sealed_day where instrument_id = $1 and fact = $2 and spot_id = $3 and day = $4 for update',
    valuesOf(fact, key)
  )
  const body = rows[0]?.body
  if (body === undefined) return []
  const { count, columns } = decodeDay(
    body,
    fact.layout.map(([name]) => name)
  )
  const inOrder = fact.layout.map(([name]) => columns.get(name)!)
  return Array.from({ length: count }, (_, index) => inOrder.map((cells) => cells[index]!))
}

/** Keeps a day's body; one that is there is replaced. */
export async function writeDay(
  client: Transaction,
  fact: Fact,
  key: DayKey,
  { rows, body }: { readonly rows: readonly DayRow[]; readonly body: Buffer }
): Promise<void> {
  const known = rows.map((row) => row[KNOWN] as number)
  await client.query(
    `insert into sealed_day (instrument_id, fact, spot_id, day, rows, known_to, body, sealed_at)
     values ($1, $2, $3, $4, $5, to_timestamp($6::float8 / 1000000), $7, now())
     on conflict (instrument_id, fact, spot_id, day) do update
       set rows = excluded.rows, known_to = excluded.known_to, body = excluded.body, sealed_at = excluded.sealed_at`,
    [...valuesOf(fact, key), rows.length, known.reduce((most, at) => Math.max(most, at), 0), body]
  )
}

type Keyed = { readonly instrumentId: number; readonly spotId?: number; readonly tickAt: number }

/**
 * Those of these rows, all of revision 0, that no sealed day holds already: the hot table's own key cannot tell. What is polled is never that
 * old, and need not ask.
 */
export async function withoutSealed<Row extends Keyed>(
  client: Pick<Database, 'query'>,
  { name }: Fact,
  rows: readonly Row[]
): Promise<Row[]> {
  const days = [...new Set(rows.map(({ tickAt }) => floorTo(tickAt, DAY)))].sort((a, b) => a - b)
  if (days.length === 0) return []
  const sealed = await client.query<{ instrument_id: number; spot_id: number; body: Buffer }>(
    `select instrument_id, spot_id, body from sealed_day
     where instrument_id = any ($1) and fact = $2 and day = any ($3) and day between $4 and $5`,
    [
      [...new Set(rows.map(({ instrumentId }) => instrumentId))],
      name,
      days.map((day) => new Date(day)),
      new Date(days[0]!),
      new Date(days.at(-1)!)
    ]
  )
  const keys = new Set<string>()
  for (const { instrument_id, spot_id, body } of sealed.rows) {
    const { columns } = decodeDay(body, ['tick_at', 'revision'])
    const revisions = columns.get('revision')!
    columns.get('tick_at')!.forEach((tick, index) => {
      if (revisions[index] === 0) keys.add(`${instrument_id} ${spot_id} ${tick}`)
    })
  }
  return rows.filter(({ instrumentId, spotId = 0, tickAt }) => !keys.has(`${instrumentId} ${spotId} ${tickAt}`))
}

const valuesOf = ({ name }: Fact, { instrumentId, spotId, dayMs }: DayKey) => [
  instrumentId,
  name,
  spotId,
  new Date(dayMs)
]
