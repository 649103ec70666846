import { DAY, floorTo, isoOf } from '../../domain/time.ts'
import type { Row } from '../copy.ts'
import type { Database } from '../database.ts'
import type { FactTable } from '../fact-tables.ts'
import type { Cell, CellType } from './column-codec.ts'
import { decodeDay } from './day-codec.ts'
import { FACTS, type Fact } from './facts.ts'

type Queryable = Pick<Database, 'query'>

/** A sealed day of one series, and whether the hot table has rows of it as well. */
export type SealedDay = {
  readonly instrumentId: number
  readonly spotId: number
  readonly dayMs: number
  readonly hasHot: boolean
}

/** The fact as which a table's days are sealed; none where they are not. */
export const sealedFactOf = ({ table }: FactTable): Fact | undefined =>
  Object.values(FACTS).find((fact) => fact.table === table)

type Bounds = { readonly ids: readonly number[] | null; readonly fromMs: number; readonly toMs: number }

/** The sealed days of a range, in order. */
export async function listSealedDays(db: Queryable, fact: Fact, { ids, fromMs, toMs }: Bounds): Promise<SealedDay[]> {
  const spot = fact.hasSpot ? 'h.spot_id' : '0'
  const { rows } = await db.query<{ instrument_id: number; spot_id: number; day: Date; has_hot: boolean }>(
    `select d.instrument_id, d.spot_id, d.day, exists (
       select 1 from ${fact.table} h where h.instrument_id = d.instrument_id and ${spot} = d.spot_id
         and h.tick_at >= d.day and h.tick_at < d.day + interval '1 day'
     ) as has_hot
     from sealed_day d where d.fact = $1 and ($2::int[] is null or d.instrument_id = any ($2))
       and ($3::timestamptz is null or d.day >= $3) and ($4::timestamptz is null or d.day < $4)
     order by d.day, d.instrument_id, d.spot_id`,
    [
      fact.name,
      ids,
      Number.isFinite(fromMs) ? new Date(floorTo(fromMs, DAY)) : null,
      Number.isFinite(toMs) ? new Date(toMs) : null
    ]
  )
  return rows.map((row) => ({
    instrumentId: row.instrument_id,
    spotId: row.spot_id,
    dayMs: row.day.getTime(),
    hasHot: row.has_hot
  }))
}

/** A sealed day's rows within a range, revisions included, as cells of the table; `has` tells whether a hot row is among them. */
export async function readSealedCells(
  db: Queryable,
  { columns, time }: FactTable,
  fact: Fact,
  { instrumentId, spotId, dayMs }: SealedDay,
  { fromMs, toMs }: Bounds,
  keys: ReadonlyMap<number, string>
): Promise<{ rows: unknown[][]; has: (row: readonly unknown[]) => boolean }> {
  const { rows: found } = await db.query<{ body: Buffer }>(
    'select body from sealed_day where instrument_id = $1 and fact = $2 and spot_id = $3 and day = $4',
    [instrumentId, fact.name, spotId, new Date(dayMs)]
  )
  const types = new Map<string, CellType>(fact.layout)
  const day = decodeDay(found[0]!.body, [...types.keys()])
  const ticks = day.columns.get('tick_at') as readonly number[]
  const cellsOf = columns.map(({ column }): ((row: number) => unknown) => {
    if (column === 'instrument_id') return () => keys.get(instrumentId) ?? null
    if (column === 'spot_id') return () => keys.get(spotId) ?? null
    const type = types.get(column)
    const cells = day.columns.get(column)
    return type === undefined || cells === undefined ? () => null : (row) => textOf(cells[row] ?? null, type)
  })
  const rows: unknown[][] = []
  for (let row = 0; row < day.count; row += 1) {
    if (ticks[row]! >= fromMs && ticks[row]! < toMs) rows.push(cellsOf.map((cell) => cell(row)))
  }
  const places = [time, 'revision'].map((name) => columns.findIndex(({ column }) => column === name))
  const keyOf = (row: readonly unknown[]) => places.map((place) => row[place]).join(' ')
  const known = new Set(rows.map(keyOf))
  return { rows, has: (row) => known.has(keyOf(row)) }
}

/** A sealed day's rows, revisions included, as the writer takes them: columns in the order wanted, null where the day has none. */
export async function readSealedRows(
  db: Queryable,
  { name, layout }: Fact,
  { instrumentId, spotId, dayMs }: Omit<SealedDay, 'hasHot'>,
  wanted: readonly string[]
): Promise<Row[]> {
  const { rows } = await db.query<{ body: Buffer }>(
    'select body from sealed_day where instrument_id = $1 and fact = $2 and spot_id = $3 and day = $4',
    [instrumentId, name, spotId, new Date(dayMs)]
  )
  const types = new Map<string, CellType>(layout)
  const { count, columns } = decodeDay(
    rows[0]!.body,
    wanted.filter((column) => types.has(column))
  )
  return Array.from({ length: count }, (_, row) => wanted.map((column) => columns.get(column)?.[row] ?? null))
}

function textOf(cell: Cell, type: CellType): unknown {
  if (cell === null || (type !== 'time' && type !== 'micros')) return cell
  return isoOf(type === 'time' ? (cell as number) : Math.floor((cell as number) / 1_000))
}
