import { pino } from 'pino'
import { loadConfig } from '../src/config.ts'
import { BUCKET_MS, BUCKET_TYPES } from '../src/domain/signal-types.ts'
import { DAY, floorTo, HOUR } from '../src/domain/time.ts'
import { type BucketDeps, evaluateBuckets, GRACE_MS, hashedBuckets } from '../src/jobs/bucket-signals.ts'
import { evaluateNext } from '../src/jobs/evaluate.ts'
import { regimeParameters, TYPE } from '../src/jobs/regime-walk.ts'
import type { Database } from '../src/store/database.ts'
import { createKey } from '../src/store/keys.ts'
import { ensurePartitions } from '../src/store/partitions.ts'
import { activate } from '../src/store/signal-activations.ts'
import { startChild } from './child.ts'
import { type BenchDatabase, benchDatabase } from './database.ts'
import { type Figure, inTurn, median } from './figure.ts'
import { fillMarket } from './market-fill.ts'
import { whileAsking } from './waiting.ts'

const RUNS = 3
/** Parameters as they are when nobody sets any. */
const { fundingRegime, bucketParameters } = loadConfig({})
/** Contracts that settle while so many others do not. */
const SETTLING = 200

export type SignalSizes = {
  readonly few: number
  readonly usual: number
  readonly many: number
  readonly rehearsed: { readonly contracts: number; readonly days: number }
}
const SIZES: SignalSizes = { few: 500, usual: 5_000, many: 20_000, rehearsed: { contracts: 1_000, days: 365 } }

/** Every signal of buckets and of settlements over markets of different sizes, and a rule gone over again. */
export async function measureSignals({ few, usual, many, rehearsed }: SignalSizes = SIZES): Promise<Figure[]> {
  await using database = await benchDatabase()
  const { db } = database
  const nowMs = Date.now()
  const costs: Cost[] = []
  let filled = 0
  for (const contracts of [few, usual, many]) {
    await fillMarket(db, { from: filled, to: contracts }, nowMs)
    filled = contracts
    costs.push(await measureMarket(db, contracts, nowMs))
  }
  const [first, whole, last] = costs as [Cost, Cost, Cost]
  const grown = (name: string, of: (cost: Cost) => number): Figure => ({
    name: `${name}, ${many.toLocaleString('en')} contracts`,
    unit: 'µs a contract',
    ours: of(last),
    yardstick: { name: `${few.toLocaleString('en')} contracts`, value: of(first) },
    ratio: of(last) / of(first),
    goal: { atMost: 1.5 },
    runs: RUNS
  })
  const perContract = (cost: Cost) => (cost.bucketMs * 1_000) / cost.contracts
  return [
    {
      name: `every signal of a bucket, ${usual.toLocaleString('en')} contracts`,
      unit: 'ms',
      ours: whole.bucketMs,
      yardstick: { name: 'what was observed in the bucket, by primary key', value: whole.bucketRawMs },
      ratio: whole.bucketMs / whole.bucketRawMs,
      goal: null,
      runs: RUNS
    },
    {
      name: 'the same',
      unit: 'ms',
      ours: whole.bucketMs,
      yardstick: { name: 'the five minutes until the next', value: BUCKET_MS },
      ratio: whole.bucketMs / BUCKET_MS,
      goal: { atMost: 0.1 },
      runs: RUNS
    },
    grown('every signal of a bucket', perContract),
    {
      name: `the regime after a settlement, among ${usual.toLocaleString('en')} contracts`,
      unit: 'ms a contract',
      ours: whole.settlementMs,
      yardstick: { name: 'its 90 days of settlements, by primary key', value: whole.settlementRawMs },
      ratio: whole.settlementMs / whole.settlementRawMs,
      goal: null,
      runs: RUNS
    },
    grown('the regime after a settlement', (cost) => cost.settlementMs * 1_000),
    ...(await measureRehearsal(database, rehearsed, nowMs))
  ]
}

type Cost = {
  readonly contracts: number
  /** All types, one bucket. */
  readonly bucketMs: number
  readonly bucketRawMs: number
  /** One contract. */
  readonly settlementMs: number
  readonly settlementRawMs: number
}

async function measureMarket(db: Database, contracts: number, nowMs: number): Promise<Cost> {
  await db.query('truncate signal_progress, signal, event, signal_input')
  await db.query('analyze signal_progress')
  return {
    contracts,
    ...(await measureBuckets(db, contracts, nowMs)),
    ...(await measureSettlements(db, contracts, nowMs))
  }
}

const silent = pino({ level: 'silent' })

/** The first bucket asks what is usual of the week before; the next ones know it. */
async function measureBuckets(db: Database, contracts: number, nowMs: number) {
  const newest = floorTo(nowMs, BUCKET_MS)
  const ids = Array.from({ length: contracts }, (_, index) => 2 * (index + 1) + 1)
  for (const type of BUCKET_TYPES) await activate(db, type, hashedBuckets(type, { bucketParameters }))
  const evaluate = async (end: number) => {
    const deps: BucketDeps = {
      db,
      clock: { now: () => end + GRACE_MS },
      log: silent,
      holder: 'bench',
      bucketParameters
    }
    const startedAt = performance.now()
    for (const type of BUCKET_TYPES)
      if (!(await evaluateBuckets(deps, type))) throw new Error(`${type}: nothing closed`)
    return performance.now() - startedAt
  }
  await evaluate(newest - RUNS * BUCKET_MS)
  let turn = RUNS
  const measured = await inTurn(
    RUNS,
    () => {
      turn -= 1
      return evaluate(newest - turn * BUCKET_MS)
    },
    async () => {
      const startedAt = performance.now()
      for (const table of ['basis_snapshot', 'market_snapshot', 'depth_snapshot'])
        await db.query(`select * from ${table} where instrument_id = any ($1) and tick_at >= $2 and tick_at < $3`, [
          ids,
          new Date(newest - BUCKET_MS),
          new Date(newest)
        ])
      return performance.now() - startedAt
    }
  )
  return { bucketMs: measured.ours, bucketRawMs: measured.yardstick }
}

/** Contracts settle and are evaluated one after the other, while all others are known and are not due. */
async function measureSettlements(db: Database, contracts: number, nowMs: number) {
  const parameters = regimeParameters(fundingRegime)
  const { hash } = parameters
  await activate(db, TYPE, parameters)
  const newest = floorTo(nowMs, 8 * HOUR)
  await db.query(
    `insert into signal_progress (instrument_id, type, evaluated_to, parameters, updated_at)
     select 2 * n + 1, $1, $2, $3, now() from generate_series(1, $4::int) n where n % 10 <> 0`,
    [TYPE, new Date(newest), hash, contracts]
  )
  const deps = { db, clock: { now: () => nowMs }, log: silent, holder: 'bench', fundingRegime }
  const settling = Math.min(SETTLING, Math.floor(contracts / 2))
  const evaluate = async (from: Date | '-infinity') => {
    await db.query(
      `update signal_progress set due_from = $2, marks = marks + 1, priority = instrument_id
       where type = $1 and instrument_id <= $3`,
      [TYPE, from, 2 * settling + 1]
    )
    const startedAt = performance.now()
    let evaluated = 0
    while (await evaluateNext(deps)) evaluated += 1
    return (performance.now() - startedAt) / evaluated
  }
  // All of the past first: a later settlement goes on from what was evaluated before it.
  await evaluate('-infinity')
  const measured = await inTurn(
    RUNS,
    () => evaluate(new Date(newest)),
    async () => {
      const startedAt = performance.now()
      for (let n = 1; n <= settling; n += 1)
        await db.query('select * from settlement where instrument_id = $1 and settled_at >= $2', [
          2 * n + 1,
          new Date(newest - 90 * DAY)
        ])
      return (performance.now() - startedAt) / settling
    }
  )
  return { settlementMs: measured.ours, settlementRawMs: measured.yardstick }
}

async function measureRehearsal(
  { db, url }: BenchDatabase,
  { contracts, days }: SignalSizes['rehearsed'],
  nowMs: number
): Promise<Figure[]> {
  const newest = floorTo(nowMs, 8 * HOUR)
  const from = new Date(newest - days * DAY)
  // Perpetuals alone: every tenth contract is a future.
  const ids = Array.from({ length: contracts }, (_, index) => 2 * (index + 1 + Math.floor(index / 9)) + 1)
  await ensurePartitions(db, 'signal_input', [from.getTime(), newest], nowMs)
  await db.query('truncate signal_input')
  await db.query(
    `insert into signal_input (instrument_id, type, at, known_at, value, span_hours, percentile, observations, held_hours, state, parameters)
     select i, $2, t, t, 0.0002 * (1 + sin(s / 40.0 + i)), 8, 50 + 50 * sin(s / 40.0 + i), 270, 0, 'NEUTRAL', ''
     from unnest($1::int[]) i, generate_series(0, $3::int - 1) s, lateral (select $4::timestamptz + s * interval '8 hours' as t) x`,
    [ids, TYPE, days * 3, from]
  )
  await db.query('analyze signal_input')
  const { secret } = await createKey(db, { scopes: ['webhooks'] })
  await using api = await startChild('serving-process.ts', ['api', url, String(nowMs)])
  const ask = async () => {
    const answer = await fetch(`${api.first}/v1/webhooks/rehearse`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
      body: JSON.stringify({ type: TYPE, from: from.toISOString(), to: new Date(newest).toISOString() })
    })
    const { data } = (await answer.json()) as { data?: { subjects: number; fired: number | null } }
    if (data?.subjects !== contracts || !data.fired) throw new Error(`${JSON.stringify(data)?.slice(0, 300)}`)
  }
  await ask()
  const waits: number[] = []
  const measured = await inTurn(
    RUNS,
    async () => {
      const { ms, longestMs } = await whileAsking(api.first, ask)
      waits.push(longestMs)
      return ms
    },
    async () => {
      const startedAt = performance.now()
      for (const id of ids)
        await db.query('select * from signal_input where instrument_id = $1 and at >= $2', [id, from])
      return performance.now() - startedAt
    }
  )
  return [
    {
      name: `a rule over ${days} days of ${contracts.toLocaleString('en')} contracts`,
      unit: 'ms',
      ours: measured.ours,
      yardstick: { name: 'the evaluated inputs by primary key', value: measured.yardstick },
      ratio: measured.ours / measured.yardstick,
      goal: { atMost: 2 },
      runs: RUNS
    },
    {
      name: 'the longest that another caller waits meanwhile',
      unit: 'ms',
      ours: median(waits),
      yardstick: null,
      ratio: median(waits),
      goal: { atMost: 50 },
      runs: RUNS
    }
  ]
}
