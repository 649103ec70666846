import type { PriceKind } from '../domain/board-row.ts'
import type { Grade, QualityReason } from '../domain/quality.ts'
import { type Columns, writeRows } from './copy.ts'
import type { Transaction } from './database.ts'
import type { Source } from './observations.ts'

/** A basis to be kept. Times in epoch milliseconds, prices exact decimals in contract units. */
export type BasisRow = {
  readonly instrumentId: number
  readonly spotId: number
  readonly tickAt: number
  readonly observedAt: number
  readonly availableAt: number
  readonly contractObservedAt: number
  readonly contractVenueTime: number | null
  readonly spotObservedAt: number
  readonly spotVenueTime: number | null
  readonly skewMs: number
  readonly contractBid: string | null
  readonly contractAsk: string | null
  readonly contractMid: string
  readonly spotBid: string | null
  readonly spotAsk: string | null
  readonly spotMid: string
  readonly multiplier: string
  readonly fx: number | null
  readonly basisBps: number
  readonly adjustedBasisBps: number | null
  readonly premiumBps: number | null
  readonly carryEntryBps: number | null
  readonly reverseEntryBps: number | null
  readonly priceKind: PriceKind
  readonly grade: Grade
  readonly reasons: readonly QualityReason[]
  readonly spanMs: number
}

const BASIS: Columns = {
  instrument_id: 'int4',
  spot_id: 'int4',
  tick_at: 'timestamptz',
  observed_at: 'timestamptz',
  available_at: 'timestamptz',
  contract_observed_at: 'timestamptz',
  contract_venue_time: 'timestamptz',
  spot_observed_at: 'timestamptz',
  spot_venue_time: 'timestamptz',
  skew_ms: 'int4',
  contract_bid: 'numeric',
  contract_ask: 'numeric',
  contract_mid: 'numeric',
  spot_bid: 'numeric',
  spot_ask: 'numeric',
  spot_mid: 'numeric',
  multiplier: 'numeric',
  fx: 'float8',
  basis_bps: 'float8',
  adjusted_basis_bps: 'float8',
  premium_bps: 'float8',
  carry_entry_bps: 'float8',
  reverse_entry_bps: 'float8',
  price_kind: 'text',
  grade: 'text',
  reasons: 'text[]',
  span_ms: 'int4',
  source: 'text',
  formula_version: 'int2',
  adapter_version: 'int2',
  epoch: 'int4'
}

export type BasisStamp = {
  readonly source: Source
  readonly formulaVersion: number
  readonly adapterVersion: number
  readonly epoch: number
}

/** Stores bases; one that is there already stays. Answers how many were written. */
export async function insertBasis(client: Transaction, rows: readonly BasisRow[], stamp: BasisStamp): Promise<number> {
  const written = await writeRows(client, {
    table: 'basis_snapshot',
    columns: BASIS,
    rows: rows.map((row) => [
      row.instrumentId,
      row.spotId,
      row.tickAt,
      row.observedAt,
      row.availableAt,
      row.contractObservedAt,
      row.contractVenueTime,
      row.spotObservedAt,
      row.spotVenueTime,
      row.skewMs,
      row.contractBid,
      row.contractAsk,
      row.contractMid,
      row.spotBid,
      row.spotAsk,
      row.spotMid,
      row.multiplier,
      row.fx,
      row.basisBps,
      row.adjustedBasisBps,
      row.premiumBps,
      row.carryEntryBps,
      row.reverseEntryBps,
      row.priceKind,
      row.grade,
      row.reasons,
      row.spanMs,
      stamp.source,
      stamp.formulaVersion,
      stamp.adapterVersion,
      stamp.epoch
    ]),
    computed: { revision: '0', known_at: 'now()' },
    onConflict: '(instrument_id, spot_id, tick_at, revision) do nothing'
  })
  return written
}
