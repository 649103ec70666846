import type { FundingKind, IntervalSource } from '../domain/board-row.ts'
import type { Database } from './database.ts'
import type { HistoryRange } from './funding-history.ts'
import { FACTS } from './sealed/facts.ts'
import { listRows } from './sealed/rows.ts'

/** The venue's rate for a settlement still to come, as it stood. */
export type StoredEstimate = {
  readonly tickAt: number
  readonly observedAt: number
  readonly venueTime: number | null
  readonly knownAt: number
  readonly availableAt: number
  readonly rate: string
  readonly intervalHours: number | null
  readonly intervalSource: IntervalSource | null
  readonly kind: FundingKind
  readonly nextSettlementAt: number | null
  readonly nextSettlementVenueTime: number | null
  readonly cap: string | null
  readonly floor: string | null
  readonly determined: number | null
  readonly source: string
  readonly formulaVersion: number
  readonly adapterVersion: number
  readonly revision: number
  readonly reasons: readonly string[]
}

type EstimateRow = {
  tick_at: Date
  observed_at: Date
  venue_time: Date | null
  known_at: Date
  available_at: Date
  rate: string
  interval_hours: number | null
  interval_source: IntervalSource | null
  kind: FundingKind
  next_settlement_at: Date | null
  next_settlement_venue_time: Date | null
  cap: string | null
  floor: string | null
  determined: number | null
  source: string
  formula_version: number
  adapter_version: number
  revision: number
  reasons: string[]
}

const ESTIMATE_COLUMNS = [
  'tick_at',
  'observed_at',
  'venue_time',
  'known_at',
  'available_at',
  'rate',
  'interval_hours',
  'interval_source',
  'kind',
  'next_settlement_at',
  'next_settlement_venue_time',
  'cap',
  'floor',
  'determined',
  'source',
  'formula_version',
  'adapter_version',
  'revision',
  'reasons'
] as const satisfies readonly (keyof EstimateRow)[]

/** Estimates of [fromMs, toMs), ascending. */
export async function listEstimates(db: Pick<Database, 'query'>, range: HistoryRange): Promise<StoredEstimate[]> {
  const rows = await listRows<EstimateRow>(db, FACTS.fundingEstimate, range, { ...range, columns: ESTIMATE_COLUMNS })
  return rows.map((row) => ({
    tickAt: row.tick_at.getTime(),
    observedAt: row.observed_at.getTime(),
    venueTime: row.venue_time?.getTime() ?? null,
    knownAt: row.known_at.getTime(),
    availableAt: row.available_at.getTime(),
    rate: row.rate,
    intervalHours: row.interval_hours,
    intervalSource: row.interval_source,
    kind: row.kind,
    nextSettlementAt: row.next_settlement_at?.getTime() ?? null,
    nextSettlementVenueTime: row.next_settlement_venue_time?.getTime() ?? null,
    cap: row.cap,
    floor: row.floor,
    determined: row.determined,
    source: row.source,
    formulaVersion: row.formula_version,
    adapterVersion: row.adapter_version,
    revision: row.revision,
    reasons: row.reasons
  }))
}
