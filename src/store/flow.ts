import { writeRows } from './copy.ts'
import type { Database, Transaction } from './database.ts'
import { FLOW_COLUMNS } from './fact-columns.ts'
import type { HistoryRange } from './funding-history.ts'
import { KEPT_COLUMNS, type Kept, type KeptRow, keptOfRow } from './kept-rows.ts'
import type { Stamp } from './observations.ts'
import { FACTS } from './sealed/facts.ts'
import { listRows, type RowRange } from './sealed/rows.ts'

/** Account ratio and taker flow of one perpetual, as the venue sampled them. Times in epoch milliseconds, volumes in base. */
export type StoredFlow = {
  readonly instrumentId: number
  readonly longShortRatio: string | null
  readonly longShortAt: number | null
  readonly takerBuy: string | null
  readonly takerSell: string | null
  readonly takerAt: number | null
  readonly windowMs: number
  readonly observedAt: number
}

/** Stores what a round brought; what is there already stays. Answers how many were written. */
export async function insertFlows(client: Transaction, rows: readonly StoredFlow[], stamp: Stamp): Promise<number> {
  return await writeRows(client, {
    table: 'flow_snapshot',
    columns: FLOW_COLUMNS,
    rows: rows.map((row) => [
      row.instrumentId,
      stamp.tickAt,
      row.observedAt,
      row.observedAt,
      row.longShortRatio,
      row.longShortAt,
      row.takerBuy,
      row.takerSell,
      row.takerAt,
      row.windowMs,
      stamp.spanMs,
      stamp.source,
      stamp.adapterVersion,
      stamp.epoch
    ]),
    computed: { revision: '0', known_at: 'now()' },
    onConflict: '(instrument_id, tick_at, revision) do nothing'
  })
}

type Row = {
  instrument_id: number
  long_short_ratio: string | null
  long_short_at: Date | null
  taker_buy: string | null
  taker_sell: string | null
  taker_at: Date | null
  window_ms: number
  observed_at: Date
}

const COLUMNS = [
  ...(['instrument_id', 'long_short_ratio', 'long_short_at', 'taker_buy', 'taker_sell', 'taker_at'] as const),
  ...(['window_ms', 'observed_at'] as const),
  ...KEPT_COLUMNS
] as const

/** Flow of [fromMs, toMs), ascending. */
export async function listFlows(
  db: Pick<Database, 'query'>,
  range: HistoryRange & Pick<RowRange, 'toldAtMs'>
): Promise<(StoredFlow & Kept)[]> {
  const rows = await listRows<Row & KeptRow>(db, FACTS.flow, range, { ...range, columns: COLUMNS })
  return rows.map((row) => ({ ...flowOfRow(row), ...keptOfRow(row) }))
}

/** The newest flow of each of these perpetuals since a moment. */
export async function listLatestFlows(
  db: Pick<Database, 'query'>,
  instrumentIds: readonly number[],
  sinceMs: number
): Promise<ReadonlyMap<number, StoredFlow>> {
  const { rows } = await db.query<Row>(
    `select f.* from unnest($1::int[]) as wanted (id) cross join lateral (
       select instrument_id, long_short_ratio, long_short_at, taker_buy, taker_sell, taker_at, window_ms, observed_at
       from flow_snapshot where instrument_id = wanted.id and tick_at >= $2 order by tick_at desc, revision desc limit 1
     ) f`,
    [instrumentIds, new Date(sinceMs)]
  )
  return new Map(rows.map((row) => [row.instrument_id, flowOfRow(row)]))
}

function flowOfRow(row: Row): StoredFlow {
  return {
    instrumentId: row.instrument_id,
    longShortRatio: row.long_short_ratio,
    longShortAt: row.long_short_at?.getTime() ?? null,
    takerBuy: row.taker_buy,
    takerSell: row.taker_sell,
    takerAt: row.taker_at?.getTime() ?? null,
    windowMs: row.window_ms,
    observedAt: row.observed_at.getTime()
  }
}
