import { isDeepStrictEqual } from 'node:util'
import { DAY, floorTo } from '../../domain/time.ts'
import { raiseHorizon } from '../changes.ts'
import type { Database, Transaction } from '../database.ts'
import { dropPartition, ensurePartitions, listPartitionsOf, type Partition } from '../partitions.ts'
import type { Cell } from './column-codec.ts'
import { decodeDay, encodeDay } from './day-codec.ts'
import { type DayRow, KNOWN, REVISION, readDay, TICK, writeDay } from './days.ts'
import { cellSql, type Fact } from './facts.ts'

export type Sealed = {
  readonly partition: string
  readonly rows: number
  readonly days: number
  readonly isDropped: boolean
}

/** By partition and instrument the rows that were sealed. */
export type SealProgress = Map<string, Map<number, number>>

export type SealOptions = {
  /** Partitions that end by then are sealed. */
  readonly beforeMs: number
  readonly nowMs: number
  /** What became known since then stays hot, where it can be told in the order in which it did. */
  readonly knownBeforeMs: number
  /** Asked before every instrument: whether there is time for it. */
  readonly mayGoOn?: () => boolean
  /** What earlier runs of this process have sealed, so that a partition larger than a run comes to its end. */
  readonly progress?: SealProgress
}

/**
 * Seals every hot partition of a fact that is over: instrument by instrument, each in a transaction of its own, then the partition goes, if
 * nothing has been written to it meanwhile. A run that is killed, or out of time, is finished by the next: what is sealed twice is the same.
 */
export async function sealFact(db: Database, fact: Fact, options: SealOptions): Promise<Sealed[]> {
  const partitions = (await listPartitionsOf(db, fact.table)).filter(({ toMs }) => toMs <= options.beforeMs)
  const sealed: Sealed[] = []
  for (const partition of partitions) {
    if (!(options.mayGoOn?.() ?? true)) break
    const knownTo = await readKnownTo(db, partition.name)
    // One that is empty may have been made this moment, by whoever is about to write into it.
    if (knownTo === null || knownTo > options.knownBeforeMs) continue
    sealed.push(await sealPartition(db, fact, partition, options))
  }
  return sealed
}

async function sealPartition(
  db: Database,
  fact: Fact,
  { name, fromMs, toMs }: Partition,
  { nowMs, mayGoOn = () => true, progress = new Map() }: SealOptions
): Promise<Sealed> {
  const sealed = progress.get(name) ?? new Map<number, number>()
  progress.set(name, sealed)
  await ensurePartitions(db, 'sealed_day', [fromMs, toMs - 1], nowMs)
  const found = await db.query<{ instrument_id: number }>(
    `select distinct instrument_id from parts.${name} order by instrument_id`
  )
  let [rows, days] = [0, 0]
  for (const { instrument_id: instrumentId } of found.rows) {
    if (sealed.has(instrumentId)) continue
    if (!mayGoOn()) return { partition: name, rows, days, isDropped: false }
    const moved = await db.transaction((client) => sealInstrument(client, fact, name, instrumentId))
    sealed.set(instrumentId, moved.rows)
    rows += moved.rows
    days += moved.days
  }
  progress.delete(name)
  const taken = [...sealed.values()].reduce((sum, count) => sum + count, 0)
  const isDropped = await dropPartition(db, fact.table, name, async (client) => {
    const left = await client.query<{ rows: number }>(`select count(*)::float8 as rows from parts.${name}`)
    // What was written meanwhile is sealed by the next run.
    if (left.rows[0]!.rows !== taken) return false
    const knownTo = await readKnownTo(client, name)
    if (knownTo !== null) await raiseHorizon(client, fact.name, knownTo + 1)
    return true
  })
  return { partition: name, rows, days, isDropped }
}

/** When the newest row of a partition became known, epoch milliseconds; null: it has none. */
async function readKnownTo(db: Pick<Database, 'query'>, partition: string): Promise<number | null> {
  const { rows } = await db.query<{ known_to: Date | null }>(`select max(known_at) as known_to from parts.${partition}`)
  return rows[0]?.known_to?.getTime() ?? null
}

/** Moves what an instrument has in a hot partition into its sealed days; the hot rows stay until the partition goes. */
async function sealInstrument(
  client: Transaction,
  fact: Fact,
  partition: string,
  instrumentId: number
): Promise<{ rows: number; days: number }> {
  // Whoever seals the same at once must see what the other has written.
  await client.query('select pg_advisory_xact_lock(hashtext($1), $2)', [`contango seal ${fact.name}`, instrumentId])
  const columns = fact.layout.map(([column, type]) => cellSql(column, type)).join(', ')
  const { rows } = await client.query<Record<string, Cell> & { spot_id: number; tick_at: number }>(
    `select ${columns} ${fact.hasSpot ? ', spot_id' : ', 0 as spot_id'} from parts.${partition} where instrument_id = $1`,
    [instrumentId]
  )
  const days = Map.groupBy(rows, ({ spot_id, tick_at }) => `${spot_id} ${floorTo(tick_at, DAY)}`)
  for (const [key, hot] of days) {
    const [spotId, dayMs] = key.split(' ').map(Number) as [number, number]
    const dayRows = hot.map((row) => fact.layout.map(([column]) => row[column]!))
    await sealDay(client, fact, { instrumentId, spotId, dayMs }, dayRows)
  }
  return { rows: rows.length, days: days.size }
}

async function sealDay(
  client: Transaction,
  fact: Fact,
  key: { instrumentId: number; spotId: number; dayMs: number },
  hot: readonly DayRow[]
): Promise<void> {
  const sealed = await readDay(client, fact, key)
  const rows = unionOf(sealed, hot)
  if (rows.length === sealed.length) return
  const body = encodeDay(fact.layout, rows)
  refuseUnlike(fact, body, rows)
  await writeDay(client, fact, key, { rows, body })
}

/** Every tick and revision once, in order; of two that are the same, the one that was known first. */
export function unionOf(sealed: readonly DayRow[], hot: readonly DayRow[]): DayRow[] {
  const rows = new Map<string, DayRow>()
  for (const row of [...sealed, ...hot]) {
    const key = `${row[TICK]} ${row[REVISION]}`
    const other = rows.get(key)
    if (other === undefined || (row[KNOWN] as number) < (other[KNOWN] as number)) rows.set(key, row)
  }
  const byTick = (a: DayRow, b: DayRow) =>
    (a[TICK] as number) - (b[TICK] as number) || (a[REVISION] as number) - (b[REVISION] as number)
  return [...rows.values()].sort(byTick)
}

/** Nothing hot is given up for a body that does not read as what went into it. */
function refuseUnlike({ layout, name }: Fact, body: Buffer, rows: readonly DayRow[]): void {
  const { columns } = decodeDay(
    body,
    layout.map(([column]) => column)
  )
  for (const [place, [column]] of layout.entries()) {
    const written = rows.map((row) => row[place]!)
    if (!isDeepStrictEqual(columns.get(column), written))
      throw new Error(`${name}: ${column} does not read as it was written`)
  }
}
