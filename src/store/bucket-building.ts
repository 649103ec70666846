import { addPart, type BucketPart, gatherParts } from '../domain/buckets.ts'
import { decimalToString } from '../domain/decimal.ts'
import { GRADES, type Grade } from '../domain/quality.ts'
import { DAY, floorTo, HOUR } from '../domain/time.ts'
import { bucketPartOf, type PointRow, pointOf } from './basis-buckets.ts'
import { CLOSING_LOCK } from './bucket-marks.ts'
import { type Columns, type Row, writeRows } from './copy.ts'
import type { Database, Transaction } from './database.ts'
import { isLockTimeout } from './frozen-sessions.ts'
import { ensurePartitions } from './partitions.ts'
import { FACTS } from './sealed/facts.ts'
import { listRows } from './sealed/rows.ts'

/** One builder at a time: a day is made of hours that nobody else is changing. */
const BUILDING_LOCK = `hashtext('contango buckets build')`
/** So long may closing wait for writers, which wait behind it. */
const CLOSE_WAIT_MS = 2_000
/** More hours than these are not closed one by one: each costs a look at every base of its day. */
const HOURS_MAX = 48

/**
 * Closes every hour that ended by `byMs`: from then on whoever writes into it says so. Answers false where writers would not let go; the
 * next run tries again. After a long absence the days in between are marked instead.
 */
export async function closeHours(db: Database, byMs: number): Promise<boolean> {
  try {
    await db.transaction(async (client) => {
      await client.query(`set local lock_timeout = ${CLOSE_WAIT_MS}`)
      await client.query(`select pg_advisory_xact_lock(${CLOSING_LOCK})`)
      const closedTo = new Date(floorTo(byMs, HOUR))
      const { rows } = await client.query<{ built_to: Date }>(
        `update bucket_head set closed_to = greatest(closed_to, $1) returning built_to`,
        [closedTo]
      )
      const builtTo = rows[0]!.built_to
      if (closedTo.getTime() - builtTo.getTime() <= HOURS_MAX * HOUR) return
      await client.query(
        `insert into bucket_due as d (instrument_id, spot_id, day)
         select distinct instrument_id, spot_id, date_trunc('day', tick_at) from basis_snapshot where tick_at >= $1 and tick_at < $2
         on conflict (instrument_id, spot_id, day) do update set marks = d.marks + 1`,
        [builtTo, closedTo]
      )
      await client.query('update bucket_head set built_to = $1', [closedTo])
    })
    return true
  } catch (error) {
    if (isLockTimeout(error)) return false
    throw error
  }
}

/** Rolls up the oldest hour that is closed and not yet rolled up, with its day where that ends; answers whether there was one. */
export async function buildNextHour(db: Database, nowMs: number): Promise<boolean> {
  const next = await findNextHour(db)
  if (next === undefined) return false
  await ensurePartitions(db, 'basis_bucket', [next], nowMs)
  return await db.transaction(async (client) => {
    await client.query(`select pg_advisory_xact_lock(${BUILDING_LOCK})`)
    if ((await findNextHour(client)) !== next) return true
    const { rows } = await client.query<PointRow & { instrument_id: number; spot_id: number }>(
      `select distinct on (instrument_id, spot_id, tick_at) instrument_id, spot_id, tick_at, basis_bps, span_ms, grade
       from basis_snapshot where tick_at >= $1 and tick_at < $2 order by instrument_id, spot_id, tick_at, revision desc`,
      [new Date(next), new Date(next + HOUR)]
    )
    const series = Map.groupBy(rows, ({ instrument_id, spot_id }) => `${instrument_id} ${spot_id}`)
    await writeBuckets(
      client,
      [...series.values()].flatMap((own) => bucketRowsOf(own[0]!.instrument_id, own[0]!.spot_id, own, HOUR))
    )
    if ((next + HOUR) % DAY === 0) await buildDays(client, next + HOUR - DAY)
    await client.query('update bucket_head set built_to = $1', [new Date(next + HOUR)])
    return true
  })
}

/** Up to where hours are rolled up: what lies before is there, or marked. Epoch milliseconds. */
export async function findBuiltTo(db: Pick<Database, 'query'>): Promise<number> {
  const { rows } = await db.query<{ built_to: Date }>('select built_to from bucket_head')
  return rows[0]!.built_to.getTime()
}

async function findNextHour(db: Pick<Database, 'query'>): Promise<number | undefined> {
  const { rows } = await db.query<{ built_to: Date }>('select built_to from bucket_head where built_to < closed_to')
  return rows[0]?.built_to.getTime()
}

/** The days of all series from their hours. */
async function buildDays(client: Transaction, dayMs: number): Promise<void> {
  type HourRow = Parameters<typeof bucketPartOf>[0] & { instrument_id: number; spot_id: number; grade: Grade }
  const { rows } = await client.query<HourRow>(
    `select instrument_id, spot_id, grade, first_at, last_at, open, high, low, close, sum, count, span_ms
     from basis_bucket where length_ms = ${HOUR} and start >= $1 and start < $2`,
    [new Date(dayMs), new Date(dayMs + DAY)]
  )
  const series = Map.groupBy(rows, ({ instrument_id, spot_id, grade }) => `${instrument_id} ${spot_id} ${grade}`)
  const days = [...series.values()].map((hours) => {
    const parts = new Map<number, BucketPart>()
    for (const hour of hours) addPart(parts, dayMs, bucketPartOf(hour))
    const { instrument_id, spot_id, grade } = hours[0]!
    return bucketRow(
      { instrumentId: instrument_id, spotId: spot_id, lengthMs: DAY, start: dayMs, grade },
      parts.get(dayMs)!
    )
  })
  await writeBuckets(client, days)
}

/** The oldest day that is due, epoch milliseconds; undefined: none is. */
export async function findOldestDue(db: Database): Promise<number | undefined> {
  const { rows } = await db.query<{ day: Date | null }>('select min(day) as day from bucket_due')
  return rows[0]?.day?.getTime()
}

/** Lets be what is rolled up of days whose bases are no longer kept: anew it would be made of what came late alone. */
export async function forgetDue(db: Database, beforeMs: number): Promise<void> {
  await db.query('delete from bucket_due where day < $1', [new Date(beforeMs)])
}

/** Rolls up one day of one series anew, where one is due from `fromMs` on; answers whether there was one. */
export async function rebuildNextDay(db: Database, nowMs: number, fromMs = 0): Promise<boolean> {
  const { rows } = await db.query<{ instrument_id: number; spot_id: number; day: Date }>(
    'select instrument_id, spot_id, day from bucket_due where day >= $1 order by day desc, instrument_id, spot_id limit 1',
    [new Date(fromMs)]
  )
  const due = rows[0]
  if (due === undefined) return false
  const dayMs = due.day.getTime()
  await ensurePartitions(db, 'basis_bucket', [dayMs], nowMs)
  await db.transaction(async (client) => {
    await client.query(`select pg_advisory_xact_lock(${BUILDING_LOCK})`)
    await rebuildDay(client, { instrumentId: due.instrument_id, spotId: due.spot_id }, dayMs)
  })
  return true
}

async function rebuildDay(
  client: Transaction,
  { instrumentId, spotId }: { instrumentId: number; spotId: number },
  dayMs: number
): Promise<void> {
  const key = [instrumentId, spotId, new Date(dayMs)]
  const due = await client.query<{ marks: number; built_to: Date }>(
    'select marks, built_to from bucket_due, bucket_head where instrument_id = $1 and spot_id = $2 and day = $3',
    key
  )
  const { marks, built_to } = due.rows[0] ?? {}
  if (built_to === undefined) return
  const toMs = Math.min(dayMs + DAY, built_to.getTime())
  const rows = await listRows<PointRow>(
    client,
    FACTS.basis,
    { instrumentId, spotId },
    {
      fromMs: dayMs,
      toMs,
      knownAtMs: null,
      columns: ['tick_at', 'revision', 'basis_bps', 'span_ms', 'grade']
    }
  )
  await client.query(
    `delete from basis_bucket where instrument_id = $1 and spot_id = $2 and length_ms in (${HOUR}, ${DAY})
       and start >= $3 and start < $3::timestamptz + interval '1 day'`,
    key
  )
  const lengths = toMs === dayMs + DAY ? [HOUR, DAY] : [HOUR]
  await writeBuckets(
    client,
    lengths.flatMap((lengthMs) => bucketRowsOf(instrumentId, spotId, rows, lengthMs))
  )
  // What came meanwhile has raised the marks, and the day stays due.
  await client.query('delete from bucket_due where instrument_id = $1 and spot_id = $2 and day = $3 and marks = $4', [
    ...key,
    marks
  ])
}

const COLUMNS: Columns = {
  instrument_id: 'int4',
  spot_id: 'int4',
  length_ms: 'int4',
  start: 'timestamptz',
  grade: 'text',
  first_at: 'timestamptz',
  last_at: 'timestamptz',
  open: 'float8',
  high: 'float8',
  low: 'float8',
  close: 'float8',
  sum: 'numeric',
  count: 'int4',
  span_ms: 'float8'
}

function bucketRowsOf(instrumentId: number, spotId: number, rows: readonly PointRow[], lengthMs: number): Row[] {
  return GRADES.flatMap((grade) => {
    const points = rows.filter((row) => row.grade === grade).map(pointOf)
    return [...gatherParts(points, lengthMs)].map(([start, part]) =>
      bucketRow({ instrumentId, spotId, lengthMs, start, grade }, part)
    )
  })
}

type BucketKey = { instrumentId: number; spotId: number; lengthMs: number; start: number; grade: Grade }

function bucketRow({ instrumentId, spotId, lengthMs, start, grade }: BucketKey, part: BucketPart): Row {
  const { firstAt, lastAt, open, high, low, close, sum, count, spanMs } = part
  const values = [firstAt, lastAt, open, high, low, close, decimalToString(sum), count, spanMs]
  return [instrumentId, spotId, lengthMs, start, grade, ...values]
}

async function writeBuckets(client: Transaction, rows: readonly Row[]): Promise<void> {
  const replaced = Object.keys(COLUMNS).slice(5)
  await writeRows(client, {
    table: 'basis_bucket',
    columns: COLUMNS,
    rows,
    onConflict: `(instrument_id, spot_id, length_ms, start, grade) do update set ${replaced.map((name) => `${name} = excluded.${name}`).join(', ')}`
  })
}
