import type { KnownDepth } from '../domain/carry-case.ts'
import { decimalOrNull } from '../domain/decimal.ts'
import type { SignalType } from '../domain/signal.ts'
import { writeRows } from './copy.ts'
import type { Database, Transaction } from './database.ts'
import { DEPTH_COLUMNS } from './fact-columns.ts'
import type { HistoryRange } from './funding-history.ts'
import { KEPT_COLUMNS, type Kept, type KeptRow, keptOfRow } from './kept-rows.ts'
import type { Stamp } from './observations.ts'
import { FACTS } from './sealed/facts.ts'
import { listRows } from './sealed/rows.ts'

/** Both sides of a book within 10, 25 and 50 bps of mid, in quote; null where the book that was returned ends before. */
export type DepthAmounts = {
  readonly bid10: string | null
  readonly ask10: string | null
  readonly bid25: string | null
  readonly ask25: string | null
  readonly bid50: string | null
  readonly ask50: string | null
}

/** Spread and depth of one instrument at one moment. Times in epoch milliseconds. */
export type StoredDepth = DepthAmounts & {
  readonly instrumentId: number
  readonly mid: string | null
  readonly spreadBps: number | null
  readonly observedAt: number
  readonly venueTime: number | null
}

/** Stores the depth of this round; what is there already stays. Answers how many were written. */
export async function insertDepths(
  client: Transaction,
  rows: readonly StoredDepth[],
  stamp: Stamp & { readonly formulaVersion: number }
): Promise<number> {
  return await writeRows(client, {
    table: 'depth_snapshot',
    columns: DEPTH_COLUMNS,
    rows: rows.map((row) => [
      row.instrumentId,
      stamp.tickAt,
      row.observedAt,
      row.venueTime,
      row.observedAt,
      row.mid,
      row.spreadBps,
      row.bid10,
      row.ask10,
      row.bid25,
      row.ask25,
      row.bid50,
      row.ask50,
      stamp.spanMs,
      stamp.source,
      stamp.formulaVersion,
      stamp.adapterVersion,
      stamp.epoch
    ]),
    computed: { revision: '0', known_at: 'now()' },
    onConflict: '(instrument_id, tick_at, revision) do nothing'
  })
}

/** One that is asked already goes on until it is below so many times as many: two that change places do not change books. */
const LEAVES_BELOW = 1.2
/** Signals that see nothing without the book of their contract. */
const SEE_BOOKS: readonly SignalType[] = ['carry_opportunity', 'liquidity_thinning']

/**
 * The instruments of one venue that are asked singly: its contracts among the `most` largest by open interest of each venue, and the
 * spot legs here of those contracts anywhere. With `askedSinceMs`, of books: those as well that were among them since then and are not far
 * below, and those with an open signal that sees books, as many again as `most` at most.
 */
export async function listDepthTargets(
  db: Pick<Database, 'query'>,
  venue: string,
  most: number,
  askedSinceMs: number | null = null
): Promise<ReadonlySet<number>> {
  const { rows } = await db.query<{ id: number }>(
    `with ranked as (
       select i.id, i.venue_id, i.spot_id,
         row_number() over (partition by i.venue_id order by l.open_interest_usd desc, i.id) as place
       from instrument i join market_latest l on l.instrument_id = i.id
       where i.tracked and i.kind <> 'spot' and i.status in ('listed', 'delisting') and l.open_interest_usd is not null
     ), staying as (
       select *, row_number() over (partition by venue_id order by place) as nth from ranked
       where place > $2 and $3::timestamptz is not null and (
         id in (select instrument_id from signal where state = 'open' and type = any ($5))
         or place <= $2 * $4::float8 and exists (select from depth_snapshot d where d.instrument_id = ranked.id and d.tick_at >= $3)
       )
     ), target as (
       select id, venue_id, spot_id from ranked where place <= $2
       union all select id, venue_id, spot_id from staying where nth <= $2
     )
     select id from target where venue_id = $1
     union select s.id from target join instrument s on s.id = target.spot_id where s.venue_id = $1`,
    [venue, most, askedSinceMs === null ? null : new Date(askedSinceMs), LEAVES_BELOW, SEE_BOOKS]
  )
  return new Set(rows.map(({ id }) => id))
}

/** A row of the table. */
export type DepthRow = {
  tick_at: Date
  revision: number
  instrument_id: number
  mid: string | null
  spread_bps: number | null
  observed_at: Date
  venue_time: Date | null
  bid_depth_10: string | null
  ask_depth_10: string | null
  bid_depth_25: string | null
  ask_depth_25: string | null
  bid_depth_50: string | null
  ask_depth_50: string | null
}
type StoredRow = Omit<DepthRow, 'tick_at' | 'revision'>

const COLUMNS = [
  ...(['instrument_id', 'mid', 'spread_bps', 'observed_at', 'venue_time', 'span_ms'] as const),
  ...(['bid_depth_10', 'ask_depth_10', 'bid_depth_25', 'ask_depth_25', 'bid_depth_50', 'ask_depth_50'] as const),
  ...KEPT_COLUMNS
] as const

/** Depth of [fromMs, toMs), ascending. */
export async function listDepths(
  db: Pick<Database, 'query'>,
  range: HistoryRange
): Promise<(StoredDepth & Kept & { readonly spanMs: number })[]> {
  type KeptDepth = DepthRow & KeptRow & { span_ms: number }
  const rows = await listRows<KeptDepth>(db, FACTS.depth, range, { ...range, columns: COLUMNS })
  return rows.map((row) => ({ ...depthOfRow(row), ...keptOfRow(row), spanMs: row.span_ms }))
}

/** The newest depth of each of these instruments since a moment. */
export async function listLatestDepths(
  db: Pick<Database, 'query'>,
  instrumentIds: readonly number[],
  sinceMs: number
): Promise<ReadonlyMap<number, StoredDepth>> {
  const { rows } = await db.query<StoredRow>(
    `select d.* from unnest($1::int[]) as wanted (id) cross join lateral (
       select instrument_id, mid, spread_bps, observed_at, venue_time, bid_depth_10, ask_depth_10, bid_depth_25, ask_depth_25,
         bid_depth_50, ask_depth_50
       from depth_snapshot where instrument_id = wanted.id and tick_at >= $2 order by tick_at desc, revision desc limit 1
     ) d`,
    [instrumentIds, new Date(sinceMs)]
  )
  return new Map(rows.map((row) => [row.instrument_id, depthOfRow(row)]))
}

export function depthOfRow(row: StoredRow): StoredDepth {
  return {
    instrumentId: row.instrument_id,
    mid: row.mid,
    spreadBps: row.spread_bps,
    observedAt: row.observed_at.getTime(),
    venueTime: row.venue_time?.getTime() ?? null,
    bid10: row.bid_depth_10,
    ask10: row.ask_depth_10,
    bid25: row.bid_depth_25,
    ask25: row.ask_depth_25,
    bid50: row.bid_depth_50,
    ask50: row.ask_depth_50
  }
}

/** What rests in a book, as carries are made of it. */
export function knownDepthOf(depth: StoredDepth | undefined): KnownDepth | undefined {
  return (
    depth && {
      bids: [depth.bid10, depth.bid25, depth.bid50].map(decimalOrNull),
      asks: [depth.ask10, depth.ask25, depth.ask50].map(decimalOrNull),
      observedAt: depth.observedAt
    }
  )
}
