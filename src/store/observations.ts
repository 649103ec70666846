import type { LatestEstimate } from '../domain/latest.ts'
import type { OpenInterestUnit } from '../domain/open-interest.ts'
import type { LegPrice } from '../domain/price-basis.ts'
import { MINUTE } from '../domain/time.ts'
import { writeRows } from './copy.ts'
import type { Database, Transaction } from './database.ts'
import { ESTIMATE_COLUMNS, MARKET_COLUMNS } from './fact-columns.ts'
import { withoutSealed } from './sealed/days.ts'
import { FACTS } from './sealed/facts.ts'
import { listRows } from './sealed/rows.ts'

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

/** Stores observations; one that is there already stays. Answers how many were written. */
export async function insertSnapshots(
  client: Transaction,
  rows: readonly SnapshotRow[],
  stamp: Pick<Stamp, 'source' | 'adapterVersion' | 'epoch'>
): Promise<number> {
  const unsealed = stamp.source === 'polled' ? rows : await withoutSealed(client, FACTS.market, rows)
  return await writeRows(client, {
    table: 'market_snapshot',
    columns: MARKET_COLUMNS,
    rows: unsealed.map((row) => [
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

/** Stores the venue's estimates of this tick. */
export async function insertEstimates(
  client: Transaction,
  rows: readonly LatestEstimate[],
  stamp: Stamp & { readonly formulaVersion: number }
): Promise<number> {
  const written = await writeRows(client, {
    table: 'funding_estimate',
    columns: ESTIMATE_COLUMNS,
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

type PastPriceRow = {
  tick_at: Date
  observed_at: Date
  available_at: Date
  last: string | null
  span_ms: number
  source: Source
  revision: number
}

const isPastPrice = ({ source, last }: PastPriceRow) => source !== 'polled' && last !== null

/** Last prices that were fetched or imported for the past, oldest first. */
export async function listPastPrices(
  client: Pick<Database, 'query'>,
  instrumentId: number,
  { from, to }: { readonly from: number; readonly to: number }
): Promise<LegPrice[]> {
  const rows = await listRows<PastPriceRow>(
    client,
    FACTS.market,
    { instrumentId },
    {
      fromMs: from,
      toMs: to + 1,
      knownAtMs: null,
      columns: ['tick_at', 'observed_at', 'available_at', 'last', 'span_ms', 'source', 'revision'],
      keep: { test: isPastPrice, sql: `f.source <> 'polled' and f.last is not null` }
    }
  )
  return rows.map((row) => ({
    tickAt: row.tick_at.getTime(),
    observedAt: row.observed_at.getTime(),
    availableAt: row.available_at.getTime(),
    last: row.last!,
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
