import type { Latest } from '../domain/latest.ts'
import { DAY, floorTo } from '../domain/time.ts'
import type { Database } from './database.ts'
import { type DepthRow, depthOfRow, type StoredDepth } from './depth.ts'
import { FACTS, type Fact } from './sealed/facts.ts'
import { listRowsOfMany } from './sealed/rows.ts'

type Queryable = Pick<Database, 'query'>
/** What had been told by `atMs`: what was received later, and what was corrected or said later, was not known then. */
type Moment = {
  readonly atMs: number
  readonly sinceMs: number
  /** The last that was polled, as it was first: then going over it again finds the same. */
  readonly isAsPolled?: true
}

type MarketRow = {
  tick_at: Date
  revision: number
  observed_at: Date
  venue_time: Date | null
  bid: string | null
  ask: string | null
  bid_size: string | null
  ask_size: string | null
  mark: string | null
  index_price: string | null
  mark_observed_at: Date | null
  mark_venue_time: Date | null
  open_interest_base: string | null
  open_interest_quote: string | null
  open_interest_usd: string | null
  open_interest_unit: NonNullable<Latest['openInterest']>['unit']
  open_interest_sides: number | null
  open_interest_at: Date | null
  volume_24h_usd: string | null
}
const MARKET = [
  'tick_at',
  'revision',
  'observed_at',
  'venue_time',
  'bid',
  'ask',
  'bid_size',
  'ask_size',
  'mark',
  'index_price',
  'mark_observed_at',
  'mark_venue_time',
  'open_interest_base',
  'open_interest_quote',
  'open_interest_usd',
  'open_interest_unit',
  'open_interest_sides',
  'open_interest_at',
  'volume_24h_usd'
] as const satisfies readonly (keyof MarketRow)[]

type Estimate = NonNullable<Latest['estimate']>
type EstimateRow = {
  tick_at: Date
  revision: number
  observed_at: Date
  venue_time: Date | null
  rate: string
  interval_hours: number | null
  interval_source: Estimate['intervalSource']
  kind: Estimate['kind']
  next_settlement_at: Date | null
  next_settlement_venue_time: Date | null
  cap: string | null
  floor: string | null
  determined: number | null
}
const ESTIMATE = [
  'tick_at',
  'revision',
  'observed_at',
  'venue_time',
  'rate',
  'interval_hours',
  'interval_source',
  'kind',
  'next_settlement_at',
  'next_settlement_venue_time',
  'cap',
  'floor',
  'determined'
] as const satisfies readonly (keyof EstimateRow)[]

/**
 * The last facts of these instruments of (sinceMs, atMs], as the newest of that time would have been: of each group the last row that
 * has it, as an hour that was fetched or imported has no best prices and does not take those of the polls before it away.
 */
export async function listMarketsAt(
  db: Queryable,
  instrumentIds: readonly number[],
  moment: Moment
): Promise<Map<number, Latest>> {
  const [markets, estimates] = await Promise.all([
    listTold<MarketRow>(db, FACTS.market, instrumentIds, moment, MARKET),
    listTold<EstimateRow>(db, FACTS.fundingEstimate, instrumentIds, moment, ESTIMATE)
  ])
  return new Map(
    instrumentIds.map((id) => {
      const estimate = estimateOfRow(estimates.get(id)?.at(-1))
      return [id, { ...latestOfRows(id, markets.get(id) ?? [], moment.atMs), estimate }]
    })
  )
}

/** The last depth of each of (sinceMs, atMs]. */
export async function listDepthsAt(
  db: Queryable,
  instrumentIds: readonly number[],
  moment: Moment
): Promise<Map<number, StoredDepth>> {
  const rows = await listTold<DepthRow>(db, FACTS.depth, instrumentIds, moment, DEPTH)
  return new Map(
    [...rows].flatMap(([id, told]) => told.slice(-1).map((row) => [id, depthOfRow({ ...row, instrument_id: id })]))
  )
}

/** Those of these instruments that may have a depth in (sinceMs, atMs]: a sealed day counts whole. */
export async function listLooked(
  db: Queryable,
  instrumentIds: readonly number[],
  { atMs, sinceMs }: Moment
): Promise<ReadonlySet<number>> {
  const { rows } = await db.query<{ id: number }>(
    `select id from unnest($1::int[]) as i (id)
     where exists (select from depth_snapshot d where d.instrument_id = i.id and d.tick_at > $2 and d.tick_at <= $3)
       or exists (select from sealed_day s where s.instrument_id = i.id and s.fact = 'depth' and s.day >= $4 and s.day <= $3)`,
    [instrumentIds, new Date(sinceMs), new Date(atMs), new Date(floorTo(sinceMs, DAY))]
  )
  return new Set(rows.map(({ id }) => id))
}

const DEPTH = [
  'tick_at',
  'revision',
  'mid',
  'spread_bps',
  'observed_at',
  'venue_time',
  'bid_depth_10',
  'ask_depth_10',
  'bid_depth_25',
  'ask_depth_25',
  'bid_depth_50',
  'ask_depth_50'
] as const satisfies readonly (keyof DepthRow)[]

/** Ascending; `isAsPolled` the last alone. */
async function listTold<Row extends { tick_at: Date; revision: number }>(
  db: Queryable,
  fact: Fact,
  instrumentIds: readonly number[],
  { atMs, sinceMs, isAsPolled }: Moment,
  columns: readonly (keyof Row & string)[]
): Promise<ReadonlyMap<number, readonly Row[]>> {
  type Sourced = Row & { source: string }
  const series = [...new Set(instrumentIds)].map((instrumentId) => ({ instrumentId }))
  const range = { fromMs: sinceMs + 1, toMs: atMs + 1, knownAtMs: null }
  const choice = isAsPolled ? { isAsFirst: isAsPolled } : { toldAtMs: atMs }
  const asked = [...columns, 'source'] as readonly (keyof Sourced & string)[]
  const rows = await listRowsOfMany<Sourced>(db, fact, series, { ...range, ...choice, columns: asked })
  if (!isAsPolled) return rows
  return new Map([...rows].map(([id, own]) => [id, own.filter(({ source }) => source === 'polled').slice(-1)]))
}

const at = (value: Date | null): number | null => value?.getTime() ?? null

function estimateOfRow(row: EstimateRow | undefined): Latest['estimate'] {
  if (row === undefined) return null
  return {
    rate: row.rate,
    intervalHours: row.interval_hours,
    intervalSource: row.interval_source,
    kind: row.kind,
    nextSettlementAt: at(row.next_settlement_at),
    nextSettlementVenueTime: at(row.next_settlement_venue_time),
    cap: row.cap,
    floor: row.floor,
    determined: row.determined,
    observedAt: row.observed_at.getTime(),
    venueTime: at(row.venue_time)
  }
}

function latestOfRows(instrumentId: number, rows: readonly MarketRow[], atMs: number): Latest {
  // One row holds what several calls brought, each received at its own time.
  const isReceived = (time: Date | null) => time !== null && time.getTime() <= atMs
  return {
    instrumentId,
    quote: quoteOfRow(rows.findLast(({ bid, ask }) => bid !== null || ask !== null)),
    last: null,
    mark: markOfRow(rows.findLast(({ mark_observed_at }) => isReceived(mark_observed_at))),
    estimate: null,
    openInterest: openInterestOfRow(rows.findLast(({ open_interest_at }) => isReceived(open_interest_at))),
    volume: volumeOfRow(rows.findLast(({ volume_24h_usd }) => volume_24h_usd !== null))
  }
}

function quoteOfRow(row: MarketRow | undefined): Latest['quote'] {
  if (row === undefined) return null
  const observedAt = row.observed_at.getTime()
  return {
    bid: row.bid,
    ask: row.ask,
    bidSize: row.bid_size,
    askSize: row.ask_size,
    tickAt: row.tick_at.getTime(),
    observedAt,
    venueTime: at(row.venue_time),
    changedAt: observedAt
  }
}

function markOfRow(row: MarketRow | undefined): Latest['mark'] {
  if (row === undefined) return null
  return {
    mark: row.mark,
    index: row.index_price,
    observedAt: row.mark_observed_at!.getTime(),
    venueTime: at(row.mark_venue_time)
  }
}

function openInterestOfRow(row: MarketRow | undefined): Latest['openInterest'] {
  if (row === undefined) return null
  return {
    base: row.open_interest_base,
    quote: row.open_interest_quote,
    usd: row.open_interest_usd,
    unit: row.open_interest_unit,
    sides: row.open_interest_sides ?? 1,
    observedAt: row.open_interest_at!.getTime(),
    venueTime: null
  }
}

function volumeOfRow(row: MarketRow | undefined): Latest['volume'] {
  if (row === undefined) return null
  return { volume24hUsd: row.volume_24h_usd!, unit: null, observedAt: row.observed_at.getTime() }
}
