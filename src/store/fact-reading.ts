import type pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { type Decode, decodeRows, isoOfText, textsOfText } from './copy-decoding.ts'
import type { Database } from './database.ts'
import type { FactColumn, FactTable } from './fact-tables.ts'
import { isPartitioned, listStretches, type Stretch } from './partitions.ts'
import { listSealedDays, readSealedCells, type SealedDay, sealedFactOf } from './sealed/cells.ts'
import { EXPORT_NAME } from './watermark.ts'

export type FactRange = {
  /** null: of every instrument. */
  readonly instrumentIds: readonly number[] | null
  /** [fromMs, toMs); null: without an end. */
  readonly fromMs: number | null
  readonly toMs: number | null
}

/** A row, its cells in the order of the table's columns. */
export type FactCells = readonly unknown[]
type Keys = ReadonlyMap<number, string>

/**
 * Every row of a table in a range, revisions included, a stretch of time after the other and within it series by series: times as
 * ISO 8601, numerics exact, instruments by key. Read as fast as it is taken, over one session of its own; `onStretch` is told the
 * share that is done.
 */
export async function* readFacts(
  db: Database,
  table: FactTable,
  range: FactRange,
  keys: Keys,
  onStretch: (share: number) => void = () => {}
): AsyncGenerator<FactCells[]> {
  const stretches = await stretchesOf(db, table, range)
  const session = await db.openSession({ unhurried: EXPORT_NAME })
  try {
    for (const [index, stretch] of stretches.entries()) {
      // One moment of it: what is sealed meanwhile is neither read twice nor missed.
      await session.query('begin isolation level repeatable read read only')
      // Before that moment: a partition that is sealed stays until we have read it.
      await session.query(`lock table public.${table.table} in access share mode`)
      yield* readStretch(session, table, range, stretch, keys)
      await session.query('commit')
      onStretch((index + 1) / stretches.length)
    }
  } finally {
    // Of whoever stopped in the middle a COPY still runs: it ends with its session.
    await session.end()
  }
}

/** A table without partitions is one stretch. */
async function stretchesOf(db: Database, table: FactTable, range: FactRange): Promise<Stretch[]> {
  if (!isPartitioned(table.table)) return [{ fromMs: null, toMs: null }]
  return await listStretches(db, sealedFactOf(table) === undefined ? [table.table] : [table.table, 'sealed_day'], range)
}

async function* readStretch(
  session: pg.Client,
  table: FactTable,
  range: FactRange,
  stretch: Stretch,
  keys: Keys
): AsyncGenerator<FactCells[]> {
  const bounds = {
    ids: range.instrumentIds,
    fromMs: Math.max(range.fromMs ?? Number.NEGATIVE_INFINITY, stretch.fromMs ?? Number.NEGATIVE_INFINITY),
    toMs: Math.min(range.toMs ?? Number.POSITIVE_INFINITY, stretch.toMs ?? Number.POSITIVE_INFINITY)
  }
  const rowOf = rowReader(table.columns, keys)
  const hot = (where: string) =>
    decodeRows(session.query(copyTo(copyOf(table, bounds, where))) as AsyncIterable<Buffer>, rowOf)
  const fact = sealedFactOf(table)
  const days = fact === undefined ? [] : await listSealedDays(session, fact, bounds)
  yield* hot(days.length === 0 ? 'true' : `not ${isOfSealedDay(table, fact!.name)}`)
  for (const day of days) {
    const sealed = await readSealedCells(session, table, fact!, day, bounds, keys)
    yield sealed.rows
    // What came after its day was sealed lies beside it; what is being sealed lies in both.
    if (!day.hasHot) continue
    for await (const rows of hot(whereOfDay(table, day))) yield rows.filter((row) => !sealed.has(row))
  }
}

function whereOfDay({ key, time }: FactTable, { instrumentId, spotId, dayMs }: SealedDay): string {
  const spot = key.includes('spot_id') ? ` and spot_id = ${Number(spotId)}` : ''
  const day = `${time} >= ${timeText(dayMs)} and ${time} < ${timeText(dayMs)} + interval '1 day'`
  return `instrument_id = ${Number(instrumentId)}${spot} and ${day}`
}

function isOfSealedDay({ table, key, time }: FactTable, fact: string): string {
  const spot = key.includes('spot_id') ? 't.spot_id' : '0'
  return `exists (select 1 from sealed_day d where d.instrument_id = t.instrument_id and d.fact = '${fact}'
    and d.spot_id = ${spot} and d.day = date_trunc('day', t.${time}))`.replaceAll('t.', `${table}.`)
}

type Bounds = { readonly ids: readonly number[] | null; readonly fromMs: number; readonly toMs: number }

/** COPY takes no parameters: what stands in here are numbers and times that we have written ourselves. */
function copyOf({ table, columns, time, key }: FactTable, { ids, fromMs, toMs }: Bounds, where: string): string {
  const conditions = [
    where,
    ...(ids === null ? [] : [`instrument_id in (${ids.map(Number).join(', ')})`]),
    ...(fromMs === Number.NEGATIVE_INFINITY ? [] : [`${time} >= ${timeText(fromMs)}`]),
    ...(toMs === Number.POSITIVE_INFINITY ? [] : [`${time} < ${timeText(toMs)}`])
  ]
  const names = columns.map(({ column }) => column).join(', ')
  return `copy (select ${names} from ${table} where ${conditions.join(' and ')} order by ${key.join(', ')}) to stdout`
}

const timeText = (atMs: number) => `'${new Date(atMs).toISOString()}'::timestamptz`

function rowReader(columns: readonly FactColumn[], keys: Keys) {
  const decoders = columns.map(({ type }) => decoderOf(type, keys))
  return (fields: unknown[]): FactCells => {
    for (let index = 0; index < decoders.length; index += 1) {
      const field = fields[index]
      if (field !== null) fields[index] = decoders[index]!(field as string)
    }
    return fields
  }
}

function decoderOf(type: FactColumn['type'], keys: Keys): Decode {
  if (type === 'instrument') return (text) => keys.get(Number(text)) ?? null
  if (type === 'timestamptz') return isoOfText
  if (type === 'text[]') return textsOfText
  return type === 'int2' || type === 'int4' || type === 'float8' ? Number : String
}
