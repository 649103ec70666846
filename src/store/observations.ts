import type { LatestEstimate } from '../domain/latest.ts'
import type { OpenInterestUnit } from '../domain/open-interest.ts'
import { writeRows } from './copy.ts'
import type { Transaction } from './database.ts'
import { ESTIMATE_COLUMNS, MARKET_COLUMNS } from './fact-columns.ts'
import { withoutSealed } from './sealed/days.ts'
import { FACTS } from './sealed/facts.ts'

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
  /** The venue's own premium index, a fraction. */
  readonly premium: string | null
  readonly openInterestBase: string | null
  readonly openInterestQuote: string | null
  readonly openInterestUsd: string | null
  readonly openInterestSides: number | null
  readonly openInterestUnit: OpenInterestUnit | null
  readonly openInterestAt: number | null
  readonly volume24hUsd: string | null
  readonly spanMs: number
  readonly reasons: readonly string[]
  /** 0 unless told: one that says more than the row before it for the same time is its next revision. */
  readonly revision?: number
}

/** Stores observations; one that is there already stays. Answers how many were written. */
export async function insertSnapshots(
  client: Transaction,
  rows: readonly SnapshotRow[],
  stamp: Pick<Stamp, 'source' | 'adapterVersion' | 'epoch'>
): Promise<number> {
  const isFirst = ({ revision = 0 }: SnapshotRow) => revision === 0
  const unsealed =
    stamp.source === 'polled'
      ? rows
      : [...(await withoutSealed(client, FACTS.market, rows.filter(isFirst))), ...rows.filter((row) => !isFirst(row))]
  return await writeRows(client, {
    table: 'market_snapshot',
    columns: { ...MARKET_COLUMNS, revision: 'int4' },
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
      row.premium,
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
      row.reasons,
      row.revision ?? 0
    ]),
    computed: { known_at: 'now()' },
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
