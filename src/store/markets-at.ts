import type { Latest } from '../domain/latest.ts'
import { DAY, floorTo } from '../domain/time.ts'
import type { Database } from './database.ts'
import { type DepthRow, depthOfRow, type StoredDepth } from './depth.ts'
import { FACTS, type Fact } from './sealed/facts.ts'
import { listRowsOfMany } from './sealed/rows.ts'

type Queryable = Pick<Database, 'query'>
type Moment = {
  readonly atMs: number
  readonly sinceMs: number
  /** As it was polled, whatever was corrected or fetched later: then going over it again finds the same. */
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

/** The last facts of these instruments that were kept in (sinceMs, atMs], as the newest of that time would have been. */
export async function listMarketsAt(
  db: Queryable,
  instrumentIds: readonly number[],
  moment: Moment
): Promise<Map<number, Latest>> {
  const [markets, estimates] = await Promise.all([
    listLast<MarketRow>(db, FACTS.market, instrumentIds, moment, MARKET),
    listLast<EstimateRow>(db, FACTS.fundingEstimate, instrumentIds, moment, ESTIMATE)
  ])
  return new Map(
    instrumentIds.map((id) => [id, { ...latestOfRow(id, markets.get(id)), estimate: estimateOfRow(estimates.get(id)) }])
  )
}

/** The last depth of each that was kept in (sinceMs, atMs]. */
export async function listDepthsAt(
  db: Queryable,
  instrumentIds: readonly number[],
  moment: Moment
): Promise<Map<number, StoredDepth>> {
  const rows = await listLast<DepthRow>(db, FACTS.depth, instrumentIds, moment, DEPTH)
  return new Map([...rows].map(([id, row]) => [id, depthOfRow({ ...row, instrument_id: id })]))
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

async function listLast<Row extends { tick_at: Date; revision: number }>(
  db: Queryable,
  fact: Fact,
  instrumentIds: readonly number[],
  { atMs, sinceMs, isAsPolled }: Moment,
  columns: readonly (keyof Row & string)[]
): Promise<Map<number, Row>> {
  type Sourced = Row & { source: string }
  const series = [...new Set(instrumentIds)].map((instrumentId) => ({ instrumentId }))
  const range = { fromMs: sinceMs + 1, toMs: atMs + 1, knownAtMs: null, ...(isAsPolled && { isAsFirst: isAsPolled }) }
  const asked = [...columns, 'source'] as readonly (keyof Sourced & string)[]
  const rows = await listRowsOfMany<Sourced>(db, fact, series, { ...range, columns: asked })
  return new Map(
    [...rows].flatMap(([id, found]) => {
      const last = found.findLast(({ source }) => !isAsPolled || source === 'polled')
      return last === undefined ? [] : [[id, last]]
    })
  )
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

function latestOfRow(instrumentId: number, row: MarketRow | undefined): Latest {
  const none = { instrumentId, quote: null, last: null, mark: null, estimate: null, openInterest: null, volume: null }
  if (row === undefined) return none
  const observedAt = row.observed_at.getTime()
  return {
    ...none,
    quote: {
      bid: row.bid,
      ask: row.ask,
      bidSize: row.bid_size,
      askSize: row.ask_size,
      tickAt: row.tick_at.getTime(),
      observedAt,
      venueTime: at(row.venue_time),
      changedAt: observedAt
    },
    mark: row.mark_observed_at && {
      mark: row.mark,
      index: row.index_price,
      observedAt: row.mark_observed_at.getTime(),
      venueTime: at(row.mark_venue_time)
    },
    openInterest: row.open_interest_at && {
      base: row.open_interest_base,
      quote: row.open_interest_quote,
      usd: row.open_interest_usd,
      unit: row.open_interest_unit,
      sides: row.open_interest_sides ?? 1,
      observedAt: row.open_interest_at.getTime(),
      venueTime: null
    },
    volume: row.volume_24h_usd === null ? null : { volume24hUsd: row.volume_24h_usd, unit: null, observedAt }
  }
}
