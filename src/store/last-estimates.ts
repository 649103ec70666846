import type { FundingKind, IntervalSource } from '../domain/board-row.ts'
import { DAY, MINUTE } from '../domain/time.ts'
import type { Database } from './database.ts'
import { FACTS } from './sealed/facts.ts'
import { listRows } from './sealed/rows.ts'

/** What the venue said of a settlement, the last time before it. Rates exact, times in epoch milliseconds. */
export type LastEstimate = {
  readonly rate: string
  readonly observedAt: number
  /** Null where the venue did not declare it. */
  readonly declaredHours: number | null
  readonly cap: string | null
  readonly floor: string | null
}

/** No interval is longer than a day. */
const LONGEST_PERIOD_MS = DAY + MINUTE

/** The last estimate before each of these settlements that was about it; what looks back (`trailing`) is about none. */
export async function listLastEstimates(
  client: Pick<Database, 'query'>,
  instrumentId: number,
  settledAt: readonly number[]
): Promise<ReadonlyMap<number, LastEstimate>> {
  if (settledAt.length === 0) return new Map()
  const wanted = new Set(settledAt)
  const rows = await listRows<EstimateRow>(
    client,
    FACTS.fundingEstimate,
    { instrumentId },
    {
      fromMs: settledAt.reduce((least, at) => Math.min(least, at)) - LONGEST_PERIOD_MS,
      toMs: settledAt.reduce((most, at) => Math.max(most, at)),
      knownAtMs: null,
      columns: COLUMNS,
      keep: {
        test: ({ kind, observed_at, next_settlement_at: next }) =>
          kind !== 'trailing' && next !== null && observed_at < next && wanted.has(next.getTime()),
        sql: `f.kind <> 'trailing' and f.observed_at < f.next_settlement_at`
      }
    }
  )
  // Ascending: the last of each settlement stays.
  return new Map(
    rows.map((row) => [
      row.next_settlement_at!.getTime(),
      {
        rate: row.rate,
        observedAt: row.observed_at.getTime(),
        declaredHours: row.interval_source === 'declared' ? row.interval_hours : null,
        cap: row.cap,
        floor: row.floor
      }
    ])
  )
}

type Bounds = Pick<EstimateRow, 'tick_at' | 'revision' | 'next_settlement_at' | 'cap' | 'floor'>

/** The bounds that were last told before each settlement from a time on (null: all there are). */
export async function listLastBounds(
  db: Pick<Database, 'query'>,
  instrumentId: number,
  fromMs: number | null
): Promise<ReadonlyMap<number, Pick<LastEstimate, 'cap' | 'floor'>>> {
  const rows = await listRows<Bounds>(
    db,
    FACTS.fundingEstimate,
    { instrumentId },
    {
      fromMs: fromMs === null ? 0 : fromMs - DAY,
      toMs: FAR_MS,
      knownAtMs: null,
      columns: ['tick_at', 'revision', 'next_settlement_at', 'cap', 'floor'],
      keep: {
        test: ({ tick_at, next_settlement_at: next, cap, floor }) =>
          next !== null && tick_at < next && (cap !== null || floor !== null),
        sql: 'f.tick_at < f.next_settlement_at and (f.cap is not null or f.floor is not null)'
      }
    }
  )
  return new Map(rows.map(({ next_settlement_at, cap, floor }) => [next_settlement_at!.getTime(), { cap, floor }]))
}

/** Later than anything. */
const FAR_MS = Date.UTC(9999, 0)

type EstimateRow = {
  tick_at: Date
  revision: number
  next_settlement_at: Date | null
  kind: FundingKind
  rate: string
  observed_at: Date
  interval_hours: number | null
  interval_source: IntervalSource | null
  cap: string | null
  floor: string | null
}

const COLUMNS = [
  'tick_at',
  'revision',
  'next_settlement_at',
  'kind',
  'rate',
  'observed_at',
  'interval_hours',
  'interval_source',
  'cap',
  'floor'
] as const satisfies readonly (keyof EstimateRow)[]

/** What a venue's polls said last before a moment; the interval as it was declared. */
export type ToldEstimate = {
  readonly rate: number
  readonly intervalHours: number | null
  readonly nextSettlementAt: number
  readonly observedAt: number
}

/** So long before a moment a poll may have been the last. */
const TOLD_MS_MAX = 20 * MINUTE

/** The last estimate of the minutes before each of these moments, while it is hot; `trailing` ones name no settlement. */
export async function listToldBefore(
  db: Pick<Database, 'query'>,
  instrumentId: number,
  moments: readonly number[]
): Promise<ReadonlyMap<number, ToldEstimate>> {
  type Row = EstimateRow & { moment: Date; next_settlement_at: Date }
  const { rows } = await db.query<Row>(
    `select w.moment, e.* from unnest($2::timestamptz[]) as w (moment) cross join lateral (
       select rate, observed_at, interval_hours, interval_source, next_settlement_at from funding_estimate
       where instrument_id = $1 and tick_at >= w.moment - $3 * interval '1 millisecond' and observed_at < w.moment
         and tick_at < w.moment and next_settlement_at is not null and kind <> 'trailing'
       order by tick_at desc, revision desc limit 1) e`,
    [instrumentId, moments.map((at) => new Date(at)), TOLD_MS_MAX]
  )
  return new Map(
    rows.map((row) => [
      row.moment.getTime(),
      {
        rate: Number(row.rate),
        intervalHours: row.interval_source === 'declared' ? row.interval_hours : null,
        nextSettlementAt: row.next_settlement_at.getTime(),
        observedAt: row.observed_at.getTime()
      }
    ])
  )
}
