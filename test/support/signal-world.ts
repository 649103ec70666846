import { parseInstrumentKey } from '../../src/domain/instrument.ts'
import { BUCKET_MS, BUCKET_TYPES } from '../../src/domain/signal-types.ts'
import { DAY, floorTo, HOUR, MINUTE } from '../../src/domain/time.ts'
import { type BucketDeps, evaluateBuckets, GRACE_MS, hashedBuckets } from '../../src/jobs/bucket-signals.ts'
import { type EvaluateDeps, evaluateNext } from '../../src/jobs/evaluate.ts'
import { regimeParameters, TYPE } from '../../src/jobs/regime-walk.ts'
import type { Database } from '../../src/store/database.ts'
import { ensureInstrument, listInstruments } from '../../src/store/instruments.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { activate } from '../../src/store/signal-activations.ts'
import { insertBasis, insertSettlements } from '../api/fixture.ts'
import { silentLog, testConfig } from './line.ts'
import { every8h, openRig } from './regimes.ts'
import { observeDepth, observeSizes } from './sizes.ts'

/** The beginning of the first bucket; what came before is nobody's news. */
export const START = floorTo(Date.UTC(2026, 2, 1), BUCKET_MS)
/** By then every signal of this world is over. */
export const END_BUCKET = 34 * 12
/** Days of calm settlements before it. */
const CALM_DAYS = 20

export type Evaluator = BucketDeps & EvaluateDeps
export type SignalWorld = Awaited<ReturnType<typeof openSignalWorld>>

const within = (bucket: number) => START + bucket * BUCKET_MS + MINUTE

/** Facts by which a signal of each of the nine types opens and closes, and who evaluates them; time is in buckets from START. */
export async function openSignalWorld(db: Database) {
  const state = { nowMs: START + GRACE_MS }
  const clock = { now: () => state.nowMs }
  const { bucketParameters, fundingRegime } = testConfig({
    FUNDING_REGIME_PERSIST_HOURS: '8',
    FUNDING_REGIME_MIN_DAYS: '10',
    FUNDING_REGIME_MIN_SETTLEMENTS: '30'
  })
  const evaluator = (of: Database, holder: string): Evaluator => ({
    db: of,
    clock,
    log: silentLog,
    holder,
    bucketParameters,
    fundingRegime
  })
  const own = evaluator(db, 'own')
  await ensurePartitions(db, 'market_snapshot', [START, START + DAY], START)
  await writeFacts(db)
  for (const type of BUCKET_TYPES) await activate(db, type, hashedBuckets(type, own))
  await activate(db, TYPE, regimeParameters(fundingRegime))
  const settled = await openRig(db, 'bybit:BTC/USDT:USDT', { FUNDING_REGIME_PERSIST_HOURS: '8' })
  await settled.settle(every8h(-CALM_DAYS * 24, CALM_DAYS * 3, 0.0001))
  await evaluateAll(own)
  await db.query('create table start_progress as select * from signal_progress')
  await db.query('create table start_input as select * from signal_input')
  await settled.settle(every8h(0, 3, 0.001))
  await settled.settle(every8h(24, 1, 0.0001))
  return {
    own,
    evaluator,
    /** The n-th bucket, from 0, has closed. */
    closed: (bucket: number) => {
      state.nowMs = START + (bucket + 1) * BUCKET_MS + GRACE_MS
    },
    endOf: (bucket: number) => START + (bucket + 1) * BUCKET_MS,
    /** As it was before anything of this world was evaluated. */
    forget: async () => {
      await db.query('truncate signal, event, signal_progress, signal_input')
      await db.query('insert into signal_progress select * from start_progress')
      await db.query('insert into signal_input select * from start_input')
      await db.query(
        `update signal_progress set due_from = $1, priority = 0, marks = marks + 1 where type = 'funding_regime'`,
        [new Date(START)]
      )
      state.nowMs = START + GRACE_MS
    },
    /** Everything that was told, but for when we knew it. */
    told: async () => {
      const { rows: signals } = await db.query(
        `select to_jsonb(s) - 'known_at' - 'updated_at' as row from signal s order by id`
      )
      const { rows: events } = await db.query(
        `select id, type, at, data::jsonb - 'knownAt' as data from event where type like 'signal.%' order by id`
      )
      return { signals: signals.map(({ row }) => row), events }
    }
  }
}

/** Everything that is due, of every type. */
export async function evaluateAll(deps: Evaluator): Promise<void> {
  for (const type of BUCKET_TYPES) while (await evaluateBuckets(deps, type)) {}
  while (await evaluateNext(deps)) {}
}

async function writeFacts(db: Database): Promise<void> {
  const instrument = async (key: string) => {
    await ensureInstrument(db, parseInstrumentKey(key)!)
    await db.query('update instrument set tracked = true where key = $1', [key])
    return (await listInstruments(db)).find((one) => one.key === key)!.id
  }
  const bases = (bps: readonly number[]) => bps.map((basisBps, bucket) => ({ atMs: within(bucket), basisBps }))
  const spot = await instrument('okx:BTC/USDT')
  await insertBasis(db, await instrument('okx:BTC/USDT:USDT'), spot, bases([40, 40, 40, 55, 1, 1, 1]))
  await insertBasis(db, await instrument('okx:BTC/USDT:USDT-260626'), spot, bases([200, 200, 200, 200, -1, -1, -1]))

  const pair = await instrument('kraken:USDT/USD')
  const mids = [0.994, 0.994, 0.994, 0.99, 0.999, 0.999, 0.999]
  for (const [bucket, mid] of mids.entries()) await quote(db, pair, bucket, mid - 0.0001, mid + 0.0001)

  const changing = await instrument('bybit:ETH/USDT:USDT')
  for (const [at, hours] of [
    [START - 30 * DAY, 8],
    [within(2), 4]
  ] as const) {
    await db.query(
      `insert into funding_interval (instrument_id, effective_from, interval_hours, source, declared_at, known_at)
       values ($1, $2, $3, 'declared', $2, $2)`,
      [changing, new Date(at), hours]
    )
  }
  for (const [bucket, end] of ['failed', 'failed', 'failed', 'done', 'done', 'done'].entries()) {
    await db.query(
      `insert into tick (job, scope, tick_at, state, holder, lease_until, claimed_at) values ('collect', 'okx', $1, $2, 't', now(), now())`,
      [new Date(within(bucket)), end]
    )
  }
  const held = await instrument('okx:ETH/USDT:USDT')
  for (const [bucket, base] of [130, 130, 130, 150, 105, 105, 105].entries()) {
    await observeSizes(db, held, { observedAt: within(bucket) - DAY, base: '100' })
    await observeSizes(db, held, { observedAt: within(bucket), base: String(base) })
  }
  const booked = await instrument('okx:SOL/USDT:USDT')
  for (let half = 1; half <= 105; half += 1)
    await observeDepth(db, booked, { observedAt: START - half * (HOUR / 2) + 1_000, bid10: '5000', ask10: '1000' })
  for (const [bucket, ask10] of ['390', '390', '390', '200', '900', '900', '900'].entries())
    await observeDepth(db, booked, { observedAt: within(bucket), bid10: '5000', ask10 })
  await writeCarry(db, await instrument('binance:BTC/USDT:USDT'), await instrument('binance:BTC/USDT'))
}

/** A perpetual that has paid shorts well for weeks, with books on both sides, until nobody bids above spot any more. */
async function writeCarry(db: Database, perpetual: number, spot: number): Promise<void> {
  await insertSettlements(
    db,
    perpetual,
    Array.from({ length: 60 }, (_, index) => ({ atMs: START - index * 8 * HOUR, rate: '0.001' }))
  )
  const bps = [10, 10, 10, 10, -400, -400, -400]
  await insertBasis(
    db,
    perpetual,
    spot,
    bps.flatMap((basisBps, bucket) => [
      { atMs: within(bucket), basisBps },
      // Two minutes later the contract's price is another one, by a basis that is good for nothing.
      { atMs: within(bucket) + LATER, basisBps: -1_000, grade: 'display' as const }
    ])
  )
  for (const [bucket, above] of bps.entries()) {
    const mid = 64_000 * (1 + above / 1e4)
    for (const [id, at] of [
      [perpetual, mid],
      [spot, 64_000]
    ] as const) {
      await quote(db, id, bucket, at - 0.5, at + 0.5)
      if (id === perpetual) await quote(db, id, bucket, 0.9 * at - 0.5, 0.9 * at + 0.5, LATER)
      if (id === perpetual) await estimate(db, id, bucket)
      const big = { bid10: '9000000', ask10: '9000000', bid25: '19000000', ask25: '19000000' }
      await observeDepth(db, id, {
        observedAt: within(bucket),
        mid: String(at),
        ...big,
        bid50: '29000000',
        ask50: '29000000'
      })
    }
  }
}

const LATER = 2 * MINUTE

async function quote(db: Database, id: number, bucket: number, bid: number, ask: number, later = 0): Promise<void> {
  await db.query(
    `insert into market_snapshot (instrument_id, tick_at, observed_at, known_at, available_at, bid, ask, bid_size, ask_size, span_ms, source,
       adapter_version) values ($1, $2, $2, $2, $2, $3, $4, 10, 10, 60000, 'polled', 1)`,
    [id, new Date(within(bucket) + later), bid, ask]
  )
}

async function estimate(db: Database, id: number, bucket: number): Promise<void> {
  await ensurePartitions(db, 'funding_estimate', [within(bucket)], START)
  await db.query(
    `insert into funding_estimate (instrument_id, tick_at, observed_at, known_at, available_at, rate, interval_hours, interval_source, kind,
       next_settlement_at, span_ms, source, formula_version, adapter_version)
     values ($1, $2, $2, $2, $2, 0.001, 8, 'declared', 'indicative', $3, 60000, 'polled', 1, 1)`,
    [id, new Date(within(bucket)), new Date(START + 8 * HOUR)]
  )
}
