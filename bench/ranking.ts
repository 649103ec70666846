import { DAY, floorTo, HOUR } from '../src/domain/time.ts'
import { rankDue } from '../src/jobs/standings.ts'
import type { Database } from '../src/store/database.ts'
import { listStandings } from '../src/store/funding-standing.ts'
import { ensurePartitions } from '../src/store/partitions.ts'
import { startChild } from './child.ts'
import { benchDatabase } from './database.ts'
import { type Figure, inTurn, median } from './figure.ts'

const DAYS = 90
const NOW = floorTo(Date.now(), 8 * HOUR)
const RUNS = 5

type Sizes = { readonly contracts: number; readonly curve: readonly number[] }

/** Where the funding of 5,000 contracts stands, read and ranked; and what ranking one costs while there are more of them. */
export async function measureRanking(
  sizes: Sizes = { contracts: 5_000, curve: [500, 5_000, 20_000] }
): Promise<Figure[]> {
  await using database = await benchDatabase()
  const { db } = database
  await db.query(`insert into venue (id, name, state) values ('binance', 'Binance', 'up')`)
  const figures: Figure[] = []
  let first: number | undefined
  for (const [place, contracts] of sizes.curve.entries()) {
    await fill(db, (sizes.curve[place - 1] ?? 0) + 1, contracts)
    const perContract = await timeRanking(db, contracts)
    first ??= perContract
    figures.push(rankingFigure(contracts, perContract, { contracts: sizes.curve[0]!, perContract: first }))
    if (contracts === sizes.contracts) figures.unshift(...(await measureReading(db, database.url, contracts)))
  }
  return figures
}

/** Contracts `from` to `to` with 90 days of settlements, in the order in which they would have come. */
async function fill(db: Database, from: number, to: number): Promise<void> {
  await ensurePartitions(db, 'settlement', [NOW - DAYS * DAY, NOW], NOW)
  await db.query(
    `insert into instrument (id, key, venue_id, symbol, kind, asset, base, quote, settle, inverse, multiplier, tracked)
     select n, 'binance:' || symbol, 'binance', symbol, 'perpetual', 'COIN' || n, 'COIN' || n, 'USDT', 'USDT', false, 1, true
     from generate_series($1::int, $2::int) n, lateral (select 'COIN' || n || '/USDT:USDT' as symbol) s`,
    [from, to]
  )
  await db.query(
    `insert into settlement (instrument_id, settled_at, venue_time, observed_at, known_at, available_at, rate, interval_hours, interval_source,
       source, formula_version, adapter_version)
     select n, at, at, at, at, at, round((0.0001 * sin(n + g / 9.0) + 0.0001 * random())::numeric, 8), 8, 'declared', 'polled', 1, 1
     from generate_series(0, ${DAYS * 3 - 1}) g, generate_series($1::int, $2::int) n, lateral (select $3::timestamptz - g * interval '8 h' as at) t
     order by g desc, n`,
    [from, to, new Date(NOW)]
  )
  await db.query('insert into funding_standing (instrument_id) select generate_series($1::int, $2::int)', [from, to])
  await db.query('vacuum analyze settlement')
  await db.query('vacuum analyze funding_standing')
}

/** All of them ranked anew, by the job's own batches; milliseconds of each. */
async function timeRanking(db: Database, contracts: number): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < RUNS; run += 1) {
    await db.query('update funding_standing set is_due = true')
    const startedAt = performance.now()
    let ranked = 0
    for (let more = 1; more > 0; ranked += more) more = await rankDue({ db, clock: { now: () => NOW } })
    times.push((performance.now() - startedAt) / contracts)
    if (ranked !== contracts) throw new Error(`${ranked} of ${contracts} were ranked`)
    await db.query('vacuum funding_standing')
  }
  return median(times)
}

function rankingFigure(
  contracts: number,
  perContract: number,
  first: { readonly contracts: number; readonly perContract: number }
): Figure {
  return {
    name: `all percentiles and z-scores of ${contracts.toLocaleString('en')} contracts × ${DAYS} d made anew, each`,
    unit: 'ms',
    ours: perContract,
    yardstick: { name: `each of ${first.contracts.toLocaleString('en')}`, value: first.perContract },
    ratio: perContract / first.perContract,
    goal: { atMost: 1.5 },
    runs: RUNS,
    note: `${((perContract * contracts) / 1_000).toPrecision(3)} s for all; a settlement makes one`
  }
}

async function measureReading(db: Database, url: string, contracts: number): Promise<Figure[]> {
  await using api = await startChild('serving-process.ts', ['api', url])
  const ids = Array.from({ length: contracts }, (_, index) => index + 1)
  await db.query('drop table if exists bench_standing')
  await db.query('create table bench_standing (id int primary key, computed_at timestamptz, standing json)')
  await db.query('insert into bench_standing select instrument_id, computed_at, standing from funding_standing')
  await db.query('vacuum analyze bench_standing')
  const timed = async (work: () => Promise<number>) => {
    const startedAt = performance.now()
    const found = await work()
    if (found !== contracts) throw new Error(`${found} of ${contracts} have a standing`)
    return performance.now() - startedAt
  }
  const answered = () =>
    timed(async () => {
      const response = await fetch(`${api.first}/v1/funding/standings?sort=-percentile90d&limit=${contracts}`)
      const { data } = (await response.json()) as { data: { percentile90d: number | null }[] }
      return data.filter(({ percentile90d }) => percentile90d !== null).length
    })
  const stored = () => timed(async () => (await listStandings(db, ids)).size)
  const plain = () =>
    timed(async () => (await db.query('select * from bench_standing where id = any ($1)', [ids])).rows.length)
  const made = () => timed(async () => (await db.query(RANKED_RAW, [ids, new Date(NOW - DAYS * DAY)])).rows.length)
  for (const work of [answered, stored, plain, made]) await work()
  const [route, read] = [await inTurn(RUNS, answered, made), await inTurn(RUNS * 3, stored, plain)]
  const of = `of ${contracts.toLocaleString('en')} contracts`
  return [
    {
      name: `90-day percentiles of settled funding ${of}, asked and answered`,
      unit: 'ms',
      ours: route.ours,
      yardstick: { name: 'ranked of raw rows by primary key, in one query', value: route.yardstick },
      ratio: route.yardstick / route.ours,
      goal: { atLeast: 5 },
      runs: RUNS,
      note: 'ratio: how much faster; the answer has all three windows, and is sorted'
    },
    {
      name: `the same, read from the database`,
      unit: 'ms',
      ours: read.ours,
      yardstick: { name: 'as many plain rows by primary key', value: read.yardstick },
      ratio: read.ours / read.yardstick,
      goal: { atMost: 1.5 },
      runs: RUNS * 3
    }
  ]
}

/** What would have to be asked if nothing were kept. */
const RANKED_RAW = `select p.id, r.percentile from unnest($1::int[]) as p (id) cross join lateral (
    select 100 * (count(*) filter (where s.rate < s.newest) + count(*) filter (where s.rate = s.newest) / 2.0) / count(*) as percentile
    from (
      select rate * 8 / interval_hours::numeric as rate, first_value(rate * 8 / interval_hours::numeric) over (order by settled_at desc) as newest
      from settlement where instrument_id = p.id and settled_at > $2
    ) s
  ) r`
