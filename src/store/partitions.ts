import { DAY, floorTo } from '../domain/time.ts'
import type { Database, Transaction } from './database.ts'
import { isLockTimeout } from './frozen-sessions.ts'

/** Tables in partitions by time. Their children live in the schema `parts`. */
const BY_DAY = ['market_snapshot', 'funding_estimate', 'basis_snapshot', 'depth_snapshot', 'flow_snapshot'] as const
const BY_MONTH = ['sealed_day', 'basis_bucket', 'liquidation_look'] as const
const BY_YEAR = ['settlement', 'signal_input', 'liquidation'] as const
export type PartitionedTable = (typeof BY_DAY)[number] | (typeof BY_MONTH)[number] | (typeof BY_YEAR)[number]

export function isPartitioned(table: string): table is PartitionedTable {
  return [...BY_DAY, ...BY_YEAR].some((partitioned) => partitioned === table)
}

/** Days in which live data is written exist this far ahead. */
export const DAYS_AHEAD = 7
/** A month that ended this long ago gets one partition instead of one a day: only back-fill and imports write there. */
const MONTHLY_AFTER_DAYS = 40

export type Partition = { readonly name: string; readonly fromMs: number; readonly toMs: number }

/** The partition that holds `atMs`, given those that exist and what day it is. */
export function partitionOf(
  table: PartitionedTable,
  atMs: number,
  nowMs: number,
  exists: (name: string) => boolean
): Partition {
  const at = new Date(atMs)
  const year = at.getUTCFullYear()
  const month = at.getUTCMonth()
  if ((BY_YEAR as readonly string[]).includes(table)) {
    return { name: `${table}_${year}`, fromMs: Date.UTC(year, 0), toMs: Date.UTC(year + 1, 0) }
  }
  const stamp = `${year}${String(month + 1).padStart(2, '0')}`
  const wholeMonth = { name: `${table}_${stamp}`, fromMs: Date.UTC(year, month), toMs: Date.UTC(year, month + 1) }
  if ((BY_MONTH as readonly string[]).includes(table) || exists(wholeMonth.name)) return wholeMonth
  const isOld = wholeMonth.toMs <= nowMs - MONTHLY_AFTER_DAYS * DAY
  if (isOld && !hasDays(wholeMonth, exists)) return wholeMonth
  const fromMs = floorTo(atMs, DAY)
  return { name: dayName(wholeMonth, fromMs), fromMs, toMs: fromMs + DAY }
}

const dayName = (month: Partition, dayMs: number) =>
  `${month.name}${String(new Date(dayMs).getUTCDate()).padStart(2, '0')}`

/** Days once made stay days: a month over them would overlap. */
function hasDays(month: Partition, exists: (name: string) => boolean): boolean {
  for (let day = month.fromMs; day < month.toMs; day += DAY) if (exists(dayName(month, day))) return true
  return false
}

/** Makes sure that rows at these times have a place. Outside transactions that write: attaching takes a lock. */
export async function ensurePartitions(
  db: Database,
  table: PartitionedTable,
  times: Iterable<number>,
  nowMs: number
): Promise<void> {
  const names = await listPartitions(db)
  const exists = (name: string) => names.has(name)
  const missing = new Map<string, Partition>()
  for (const atMs of times) {
    const partition = partitionOf(table, atMs, nowMs, (name) => exists(name) || missing.has(name))
    if (!exists(partition.name)) missing.set(partition.name, partition)
  }
  if (missing.size === 0) return
  await db.transaction(async (client) => {
    // One maker at a time; whoever waited finds them made.
    await client.query('select pg_advisory_xact_lock(hashtext($1))', [`contango partitions ${table}`])
    const made = await listPartitions(client)
    for (const partition of missing.values()) {
      if (!made.has(partition.name)) await createPartition(client, table, partition)
    }
  })
}

/** The partitions that live data needs from today on, so many days ahead, for every table. */
export async function ensureLivePartitions(db: Database, nowMs: number, daysAhead = DAYS_AHEAD): Promise<void> {
  const days = Array.from({ length: daysAhead + 2 }, (_, day) => floorTo(nowMs, DAY) + (day - 1) * DAY)
  for (const table of [...BY_DAY, ...BY_MONTH, ...BY_YEAR]) await ensurePartitions(db, table, days, nowMs)
}

/** A stretch of time; null: without an end. */
export type Stretch = { readonly fromMs: number | null; readonly toMs: number | null }

/** The stretches of time in which tables keep rows of a range, in order, none of them over the bounds of a partition. */
export async function listStretches(
  db: Pick<Database, 'query'>,
  tables: readonly PartitionedTable[],
  { fromMs, toMs }: Stretch
): Promise<Stretch[]> {
  const partitions: Partition[] = []
  for (const table of tables) partitions.push(...(await listPartitionsOf(db, table)))
  const bounds = [...new Set(partitions.flatMap((each) => [each.fromMs, each.toMs]))].sort((a, b) => a - b)
  return bounds
    .slice(1)
    .map((to, index) => ({ fromMs: bounds[index]!, toMs: to }))
    .filter(
      (piece) => piece.toMs > (fromMs ?? Number.NEGATIVE_INFINITY) && piece.fromMs < (toMs ?? Number.POSITIVE_INFINITY)
    )
    .filter((piece) => partitions.some((each) => each.fromMs < piece.toMs && each.toMs > piece.fromMs))
}

async function listPartitions(client: Pick<Database, 'query'>): Promise<Set<string>> {
  const { rows } = await client.query<{ tablename: string }>(
    `select tablename from pg_tables where schemaname = 'parts'`
  )
  return new Set(rows.map(({ tablename }) => tablename))
}

/** The partitions that a table has, oldest first. */
export async function listPartitionsOf(db: Pick<Database, 'query'>, table: PartitionedTable): Promise<Partition[]> {
  const { rows } = await db.query<{ name: string; from_at: Date; to_at: Date }>(
    `select * from (
       select c.relname as name, (regexp_match(b.bounds, 'FROM \\(''([^'']+)''\\)'))[1]::timestamptz as from_at,
         (regexp_match(b.bounds, 'TO \\(''([^'']+)''\\)'))[1]::timestamptz as to_at
       from pg_inherits i join pg_class c on c.oid = i.inhrelid, pg_get_expr(c.relpartbound, c.oid) as b (bounds)
       where i.inhparent = $1::regclass
     ) p order by from_at`,
    [`public.${table}`]
  )
  return rows.map(({ name, from_at, to_at }) => ({ name, fromMs: from_at.getTime(), toMs: to_at.getTime() }))
}

/** How long a partition's end may wait for readers, which would wait behind it. */
const DROP_WAIT_MS = 2_000

/**
 * Drops a partition if `mayGo` finds nothing in it that is needed, in the same transaction; answers whether it went. Readers that are slow
 * are let go first, the next run tries again.
 */
export async function dropPartition(
  db: Database,
  table: PartitionedTable,
  name: string,
  mayGo: (client: Transaction) => Promise<boolean> = async () => true
): Promise<boolean> {
  try {
    return await db.transaction(async (client) => {
      await client.query(`set local lock_timeout = ${DROP_WAIT_MS}`)
      await client.query('select pg_advisory_xact_lock(hashtext($1))', [`contango partitions ${table}`])
      // Looking takes a while for a large one: only who would write into it waits meanwhile.
      await client.query(`lock table parts.${name} in share mode`)
      if (!(await mayGo(client))) return false
      await client.query(`lock table public.${table}, parts.${name} in access exclusive mode`)
      await client.query(`drop table parts.${name}`)
      return true
    })
  } catch (error) {
    if (isLockTimeout(error)) return false
    throw error
  }
}

/** Drops the partitions of a table that end by then; answers their names. One that readers hold stays for the next time. */
export async function dropOlder(db: Database, table: PartitionedTable, beforeMs: number): Promise<string[]> {
  const dropped: string[] = []
  for (const { name, toMs } of await listPartitionsOf(db, table)) {
    if (toMs <= beforeMs && (await dropPartition(db, table, name))) dropped.push(name)
  }
  return dropped
}

/** Created apart and then attached: creating it in place would block readers of the whole table. */
async function createPartition(client: Transaction, table: PartitionedTable, { name, fromMs, toMs }: Partition) {
  const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()]
  await client.query(
    `create table parts.${name} (like public.${table} including defaults including constraints including indexes including storage)`
  )
  await client.query(
    `alter table public.${table} attach partition parts.${name} for values from ('${from}') to ('${to}')`
  )
}
