import { GRADES } from '../src/domain/quality.ts'
import { DAY } from '../src/domain/time.ts'
import { listBasisBuckets } from '../src/store/basis-buckets.ts'
import { type BasisSeries, listBasisPoints } from '../src/store/basis-history.ts'
import type { Database } from '../src/store/database.ts'
import { type BenchDatabase, benchDatabase } from './database.ts'
import { type Figure, inTurn, median } from './figure.ts'
import {
  DAYS,
  fillRaw,
  fillSealed,
  fillWalk,
  keepMoreContracts,
  keepMoreYears,
  ROWS,
  SERIES,
  START
} from './history-fill.ts'

const RUNS = 5
const YEAR = { fromMs: START, toMs: START + DAYS * DAY }

/** A year of minutes of 57 series: read as days, and as a day of rows, against the same rows in one table by primary key, warm and cold. */
export async function measureHistory(): Promise<Figure[]> {
  await using database = await benchDatabase()
  const { db } = database
  await fillWalk(db)
  await fillRaw(db)
  await fillSealed(db)
  await db.query('vacuum analyze bench_raw')
  await db.query('vacuum analyze sealed_day')
  await db.query('vacuum analyze basis_bucket')
  return [
    await measureYear(db),
    await measureDay(db),
    await measureBytes(db),
    // Starts the server anew, and with it the connections.
    await measureCold(database),
    ...(await measureCurve(database.db))
  ]
}

const seriesOf = (number: number): BasisSeries => ({
  instrumentId: number,
  spotId: 1_000 + number,
  knownAtMs: null,
  grades: GRADES
})

/** As `resolution=auto&points=500` reads it. */
const readYear = async (db: Database, number: number, range = YEAR) => {
  const startedAt = performance.now()
  const buckets = await listBasisBuckets(db, seriesOf(number), { ...range, bucketMs: DAY })
  if (buckets.some(({ count }) => count === 0)) throw new Error('a day without bases')
  return performance.now() - startedAt
}

async function measureYear(db: Database): Promise<Figure> {
  const raw = async () => {
    const startedAt = performance.now()
    await db.query(
      `select date_bin('1 day', tick_at, 'epoch') as start, min(basis_bps), max(basis_bps), avg(basis_bps), count(*)
       from bench_raw where instrument_id = $1 and spot_id = $2 and tick_at >= $3 and tick_at < $4 group by 1 order by 1`,
      [7, 1_007, new Date(YEAR.fromMs), new Date(YEAR.toMs)]
    )
    return performance.now() - startedAt
  }
  await raw()
  await readYear(db, 7)
  const measured = await inTurn(RUNS, () => readYear(db, 7), raw)
  return {
    name: `a year of one contract in 365 points, of ${ROWS.toLocaleString('en')} rows, warm`,
    unit: 'ms',
    ours: measured.ours,
    yardstick: { name: 'plain rows by primary key', value: measured.yardstick },
    ratio: measured.yardstick / measured.ours,
    goal: { atLeast: 50 },
    runs: RUNS,
    note: 'ratio: how much faster'
  }
}

async function measureCold(database: BenchDatabase): Promise<Figure> {
  const cold: number[] = []
  const warm: number[] = []
  for (const number of [11, 12, 13]) {
    await database.chill()
    // A connection, and the catalogue that every query needs, are not what is measured.
    await database.db.query('select 1 from bucket_head')
    cold.push(await readYear(database.db, number))
    await readYear(database.db, number)
    warm.push(await readYear(database.db, number))
  }
  const [ours, again] = [median(cold), median(warm)]
  return {
    name: 'the same after a restart, nothing of it in memory',
    unit: 'ms',
    ours,
    yardstick: { name: 'itself warm', value: again },
    ratio: ours / again,
    goal: { atMost: 10 },
    runs: cold.length
  }
}

async function measureDay(db: Database): Promise<Figure> {
  const fromMs = START + Math.floor(DAYS / 2) * DAY
  const day = { fromMs, toMs: fromMs + DAY }
  const ours = async () => {
    const startedAt = performance.now()
    const points = await listBasisPoints(db, seriesOf(9), { ...day, limit: 5_000 })
    if (points.length !== 1_440) throw new Error(`${points.length} rows in a day`)
    return performance.now() - startedAt
  }
  const raw = async () => {
    const startedAt = performance.now()
    await db.query(
      'select * from bench_raw where instrument_id = $1 and spot_id = $2 and tick_at >= $3 and tick_at < $4 order by tick_at',
      [9, 1_009, new Date(day.fromMs), new Date(day.toMs)]
    )
    return performance.now() - startedAt
  }
  await ours()
  await raw()
  const measured = await inTurn(RUNS * 3, ours, raw)
  return {
    name: 'a sealed day of one contract, all 1,440 rows, warm',
    unit: 'ms',
    ours: measured.ours,
    yardstick: { name: 'plain rows by primary key', value: measured.yardstick },
    ratio: measured.yardstick / measured.ours,
    goal: null,
    runs: RUNS * 3,
    note: 'ratio: how much faster'
  }
}

async function measureBytes(db: Database): Promise<Figure> {
  const { rows } = await db.query<{ sealed: number; raw: number }>(
    `select (select sum(pg_total_relation_size(inhrelid)) from pg_inherits where inhparent = 'sealed_day'::regclass)::float8 as sealed,
       pg_total_relation_size('bench_raw')::float8 as raw`
  )
  const { sealed, raw } = rows[0]!
  return {
    name: 'bytes of a sealed row of basis, its share of indexes with it',
    unit: 'B',
    ours: sealed / ROWS,
    yardstick: { name: 'a plain row with its key', value: raw / ROWS },
    ratio: sealed / raw,
    goal: { atMost: 0.2 },
    runs: 1
  }
}

/** The last year's read while more years, and more contracts, are kept. */
async function measureCurve(db: Database): Promise<Figure[]> {
  const timeOf = async () => {
    await readYear(db, SERIES)
    const times: number[] = []
    for (let run = 0; run < RUNS; run += 1) times.push(await readYear(db, SERIES))
    return median(times)
  }
  const first = await timeOf()
  const figure = (name: string, ours: number): Figure => ({
    name,
    unit: 'ms',
    ours,
    yardstick: { name: 'one year of 57 series kept', value: first },
    ratio: ours / first,
    goal: { atMost: 2 },
    runs: RUNS
  })
  const figures: Figure[] = []
  for (const years of [2, 5]) {
    await keepMoreYears(db, years)
    figures.push(figure(`a year in 365 points while ${years} years are kept`, await timeOf()))
  }
  for (const contracts of [1_000, 5_000]) {
    await keepMoreContracts(db, contracts)
    figures.push(
      figure(`a year in 365 points while ${contracts.toLocaleString('en')} contracts are kept`, await timeOf())
    )
  }
  return figures
}
