import type { PriceKind } from '../domain/board-row.ts'
import type { Grade, QualityReason } from '../domain/quality.ts'
import { markBuckets } from './bucket-marks.ts'
import { writeRows } from './copy.ts'
import type { Transaction } from './database.ts'
import { BASIS_COLUMNS } from './fact-columns.ts'
import type { Source } from './observations.ts'
import { withoutSealed } from './sealed/days.ts'
import { FACTS } from './sealed/facts.ts'

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
  /** 0 unless told: one whose leg's price was corrected is the next revision of the basis before it. */
  readonly revision?: number
}

export type BasisStamp = {
  readonly source: Source
  readonly formulaVersion: number
  readonly adapterVersion: number
  readonly epoch: number
}

/** Stores bases; one that is there already stays. Answers how many were written. */
export async function insertBasis(client: Transaction, rows: readonly BasisRow[], stamp: BasisStamp): Promise<number> {
  await markBuckets(client, rows)
  const isFirst = ({ revision = 0 }: BasisRow) => revision === 0
  const unsealed =
    stamp.source === 'polled'
      ? rows
      : [...(await withoutSealed(client, FACTS.basis, rows.filter(isFirst))), ...rows.filter((row) => !isFirst(row))]
  return await writeRows(client, {
    table: 'basis_snapshot',
    columns: { ...BASIS_COLUMNS, revision: 'int4' },
    rows: unsealed.map((row) => [
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
      stamp.epoch,
      row.revision ?? 0
    ]),
    computed: { known_at: 'now()' },
    onConflict: '(instrument_id, spot_id, tick_at, revision) do nothing'
  })
}

/** Any number: this kind of advisory lock. */
const LOCK = 7_266_830

/**
 * Who derives a contract's bases of the past does so alone until the transaction ends: of two legs that come at once, the second sees the
 * prices that the first has brought.
 */
export async function lockPair(client: Transaction, contractId: number): Promise<void> {
  await client.query('select pg_advisory_xact_lock($1, $2)', [LOCK, contractId])
}
