import type { LatestEstimate } from '../domain/latest.ts'
import type { OpenInterestUnit } from '../domain/open-interest.ts'
import type { LegPrice } from '../domain/price-basis.ts'
import { MINUTE } from '../domain/time.ts'
import { type Columns, writeRows } from './copy.ts'
import type { Database, Transaction } from './database.ts'

export type Source = 'polled' | 'backfill' | 'import'

/** The stamps that every stored fact carries. */
export type Stamp = {
  readonly tickAt: number
  readonly spanMs: number
  readonly source: Source
  readonly adapterVersion: number
  readonly epoch: number
}

export type SnapshotRow = {
  readonly instrumentId: number
  readonly tickAt: number
  readonly observedAt: number
  readonly venueTime: number | null
  readonly availableAt: number
  readonly bid: string | null
  readonly ask: string | null
  readonly bidSize: string | null
  readonly askSize: string | null
  readonly last: string | null
  readonly mark: string | null
  readonly index: string | null
  readonly markObservedAt: number | null
  readonly markVenueTime: number | null
  readonly openInterestBase: string | null
  readonly openInterestQuote: string | null
  readonly openInterestUsd: string | null
  readonly openInterestSides: number | null
  readonly openInterestUnit: OpenInterestUnit | null
  readonly openInterestAt: number | null
  readonly volume24hUsd: string | null
  readonly spanMs: number
  readonly reasons: readonly string[]
}

const SNAPSHOT: Columns = {
  instrument_id: 'int4',
  tick_at: 'timestamptz',
  observed_at: 'timestamptz',
  venue_time: 'timestamptz',
  available_at: 'timestamptz',
  bid: 'numeric',
  ask: 'numeric',
  bid_size: 'numeric',
  ask_size: 'numeric',
  last: 'numeric',
  mark: 'numeric',
  index_price: 'numeric',
  mark_observed_at: 'timestamptz',
  mark_venue_time: 'timestamptz',
  open_interest_base: 'numeric',
  open_interest_quote: 'numeric',
  open_interest_usd: 'numeric',
  open_interest_sides: 'int2',
  open_interest_unit: 'text',
  open_interest_at: 'timestamptz',
  volume_24h_usd: 'numeric',
  span_ms: 'int4',
  source: 'text',
  adapter_version: 'int2',
  epoch: 'int4',
  reasons: 'text[]'
}

/** Stores observations; one that is there already stays. Answers how many were written. */
export async function insertSnapshots(
  client: Transaction,
  rows: readonly SnapshotRow[],
  stamp: Pick<Stamp, 'source' | 'adapterVersion' | 'epoch'>
): Promise<number> {
  return await writeRows(client, {
    table: 'market_snapshot',
    columns: SNAPSHOT,
    rows: rows.map((row) => [
      row.instrumentId,
      row.tickAt,
      row.observedAt,
      row.venueTime,
      row.availableAt,
      row.bid,
      row.ask,
      row.bidSize,
      row.askSize,
      row.last,
      row.mark,
      row.index,
      row.markObservedAt,
      row.markVenueTime,
      row.openInterestBase,
      row.openInterestQuote,
      row.openInterestUsd,
      row.openInterestSides,
      row.openInterestUnit,
      row.openInterestAt,
      row.volume24hUsd,
      row.spanMs,
      stamp.source,
      stamp.adapterVersion,
      stamp.epoch,
      row.reasons
    ]),
    computed: { revision: '0', known_at: 'now()' },
    onConflict: '(instrument_id, tick_at, revision) do nothing'
  })
}

const ESTIMATE_ROW: Columns = {
  instrument_id: 'int4',
  tick_at: 'timestamptz',
  observed_at: 'timestamptz',
  venue_time: 'timestamptz',
  available_at: 'timestamptz',
  rate: 'numeric',
  interval_hours: 'float8',
  interval_source: 'text',
  kind: 'text',
  next_settlement_at: 'timestamptz',
  next_settlement_venue_time: 'timestamptz',
  cap: 'numeric',
  floor: 'numeric',
  determined: 'float8',
  span_ms: 'int4',
  source: 'text',
  formula_version: 'int2',
  adapter_version: 'int2',
  epoch: 'int4',
  reasons: 'text[]'
}

/** Stores the venue's estimates of this tick. */
export async function insertEstimates(
  client: Transaction,
  rows: readonly LatestEstimate[],
  stamp: Stamp & { readonly formulaVersion: number }
): Promise<number> {
  const written = await writeRows(client, {
    table: 'funding_estimate',
    columns: ESTIMATE_ROW,
    rows: rows.map((row) => [
      row.instrumentId,
      stamp.tickAt,
      row.observedAt,
      row.venueTime,
      row.observedAt,
      row.rate,
      row.intervalHours,
      row.intervalSource,
      row.kind,
      row.nextSettlementAt,
      row.nextSettlementVenueTime,
      row.cap,
      row.floor,
      row.determined,
      stamp.spanMs,
      stamp.source,
      stamp.formulaVersion,
      stamp.adapterVersion,
      stamp.epoch,
      row.intervalSource === 'assumed' ? ['interval_assumed'] : []
    ]),
    computed: { revision: '0', known_at: 'now()' },
    onConflict: '(instrument_id, tick_at, revision) do nothing'
  })
  return written
}

/** Last prices that were fetched or imported for the past, oldest first. */
export async function listPastPrices(
  client: Pick<Database, 'query'>,
  instrumentId: number,
  { from, to }: { readonly from: number; readonly to: number }
): Promise<LegPrice[]> {
  const { rows } = await client.query<{
    tick_at: Date
    observed_at: Date
    available_at: Date
    last: string
    span_ms: number
  }>(
    `select distinct on (tick_at) tick_at, observed_at, available_at, last, span_ms from market_snapshot
     where instrument_id = $1 and tick_at between $2 and $3 and source <> 'polled' and last is not null
     order by tick_at, revision desc`,
    [instrumentId, new Date(from), new Date(to)]
  )
  return rows.map((row) => ({
    tickAt: row.tick_at.getTime(),
    observedAt: row.observed_at.getTime(),
    availableAt: row.available_at.getTime(),
    last: row.last,
    spanMs: row.span_ms
  }))
}

/** When a fact of the past counts as available: it was public when it happened; a minute later, to be sure. */
export const availableAfter = (happenedAt: number) => happenedAt + MINUTE

/** A last price of the past as an observation: nothing else is known of that moment. */
export function pastPrice(
  instrumentId: number,
  { at, last, spanMs }: { readonly at: number; readonly last: string; readonly spanMs: number }
): SnapshotRow {
  return {
    instrumentId,
    tickAt: at,
    observedAt: at,
    venueTime: null,
    availableAt: availableAfter(at),
    bid: null,
    ask: null,
    bidSize: null,
    askSize: null,
    last,
    mark: null,
    index: null,
    markObservedAt: null,
    markVenueTime: null,
    openInterestBase: null,
    openInterestQuote: null,
    openInterestUsd: null,
    openInterestSides: null,
    openInterestUnit: null,
    openInterestAt: null,
    volume24hUsd: null,
    spanMs,
    reasons: []
  }
}
