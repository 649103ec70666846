import type { IntervalSource } from '../domain/board-row.ts'
import { settledFormulaVersion } from '../domain/funding-formulas.ts'
import type { SettledInterval } from '../domain/settled-intervals.ts'
import { type Columns, type Row, writeRowsReturning } from './copy.ts'
import type { Database, Transaction } from './database.ts'
import { markFunding } from './funding-marks.ts'
import type { Source } from './observations.ts'

/** A settled rate to be kept. Times in epoch milliseconds; the rate an exact fraction per interval. */
export type SettledRate = {
  readonly settledAt: number
  readonly venueTime: number
  readonly rate: string
  readonly mark: string | null
  readonly availableAt: number
}

export type SettlementStamp = {
  /** Whose formulas they were made by. */
  readonly venue: string
  readonly source: Source
  readonly observedAt: number
  readonly adapterVersion: number
  readonly epoch: number
}

const SETTLEMENT: Columns = {
  instrument_id: 'int4',
  settled_at: 'timestamptz',
  revision: 'int4',
  venue_time: 'timestamptz',
  observed_at: 'timestamptz',
  available_at: 'timestamptz',
  rate: 'numeric',
  interval_hours: 'float8',
  interval_source: 'text',
  cap: 'numeric',
  floor: 'numeric',
  mark: 'numeric',
  estimate_rate: 'numeric',
  estimate_at: 'timestamptz',
  source: 'text',
  formula_version: 'int2',
  adapter_version: 'int2',
  epoch: 'int4',
  reasons: 'text[]'
}

/** What the venue had said of a settlement before it: bounds, and the last estimate with when that was observed. */
export type Foretold = {
  readonly cap: string | null
  readonly floor: string | null
  readonly estimateRate: string | null
  readonly estimateAt: number | null
}

/** A stored settlement, newest revision. */
export type KnownSettlement = SettledRate &
  Foretold & {
    readonly revision: number
    readonly intervalHours: number | null
    readonly intervalSource: IntervalSource | null
    readonly observedAt: number
    readonly source: Source
    readonly reasons: readonly string[]
  }

/**
 * Writes rows of one instrument made by `settlementRow`; what is there already stays. Whatever is written is due for signals, sums
 * and standings in the same transaction. Answers the revisions written.
 */
export async function writeSettlements(
  client: Transaction,
  instrumentId: number,
  rows: readonly Row[]
): Promise<{ settledAt: number; revision: number }[]> {
  const written = await writeRowsReturning<{ revision: number; settled_at: Date }>(
    client,
    {
      table: 'settlement',
      columns: SETTLEMENT,
      rows,
      computed: { known_at: 'now()' },
      onConflict: '(instrument_id, settled_at, revision) do nothing'
    },
    't.revision, t.settled_at'
  )
  if (written.length > 0) {
    const times = written.map(({ settled_at }) => settled_at.getTime()).sort((a, b) => a - b)
    await markFunding(client, instrumentId, { fromMs: times[0]!, toMs: times.at(-1)! })
  }
  return written.map(({ settled_at, revision }) => ({ settledAt: settled_at.getTime(), revision }))
}

/** The next revision of a stored settlement: all as it was but for the interval. */
export function reviseInterval(
  instrumentId: number,
  before: KnownSettlement,
  interval: SettledInterval,
  stamp: SettlementStamp
): Row {
  const { source, observedAt } = before
  return settlementRow(instrumentId, { ...before, revision: before.revision + 1 }, interval, {
    ...stamp,
    source,
    observedAt
  })
}

type NewSettlement = SettledRate & Partial<Foretold> & Partial<Pick<KnownSettlement, 'revision' | 'reasons'>>

/** A settlement as the writer takes it. */
export function settlementRow(
  instrumentId: number,
  settlement: NewSettlement,
  interval: SettledInterval,
  stamp: SettlementStamp
): Row {
  return [
    instrumentId,
    settlement.settledAt,
    settlement.revision ?? 0,
    settlement.venueTime,
    stamp.observedAt,
    settlement.availableAt,
    settlement.rate,
    interval?.hours ?? null,
    interval?.source ?? null,
    settlement.cap ?? null,
    settlement.floor ?? null,
    settlement.mark,
    settlement.estimateRate ?? null,
    settlement.estimateAt ?? null,
    stamp.source,
    settledFormulaVersion(stamp.venue, settlement.settledAt),
    stamp.adapterVersion,
    stamp.epoch,
    settlement.reasons ?? []
  ]
}

/** The newest revisions within a window, ascending; null: no bound. */
export async function listKnown(
  client: Pick<Database, 'query'>,
  instrumentId: number,
  { from, to }: { readonly from: number | null; readonly to: number | null }
): Promise<KnownSettlement[]> {
  const { rows } = await client.query<FoundSettlement>(
    `select distinct on (settled_at) settled_at, venue_time, rate, mark, available_at, observed_at, revision, interval_hours,
       interval_source, cap, floor, estimate_rate, estimate_at, source, reasons
     from settlement where instrument_id = $1 and settled_at between $2 and $3
     order by settled_at, revision desc`,
    [instrumentId, from === null ? '-infinity' : new Date(from), to === null ? 'infinity' : new Date(to)]
  )
  return rows.map(knownOf)
}

type FoundSettlement = {
  readonly settled_at: Date
  readonly venue_time: Date
  readonly rate: string
  readonly mark: string | null
  readonly available_at: Date
  readonly observed_at: Date
  readonly revision: number
  readonly interval_hours: number | null
  readonly interval_source: IntervalSource | null
  readonly cap: string | null
  readonly floor: string | null
  readonly estimate_rate: string | null
  readonly estimate_at: Date | null
  readonly source: Source
  readonly reasons: string[]
}

function knownOf(row: FoundSettlement): KnownSettlement {
  return {
    settledAt: row.settled_at.getTime(),
    venueTime: row.venue_time.getTime(),
    rate: row.rate,
    mark: row.mark,
    availableAt: row.available_at.getTime(),
    observedAt: row.observed_at.getTime(),
    revision: row.revision,
    intervalHours: row.interval_hours,
    intervalSource: row.interval_source,
    cap: row.cap,
    floor: row.floor,
    estimateRate: row.estimate_rate,
    estimateAt: row.estimate_at?.getTime() ?? null,
    source: row.source,
    reasons: row.reasons
  }
}

/** The newest settlement of an instrument and its interval, to know when the next one is due. */
export async function findNewestSettlement(
  client: Pick<Database, 'query'>,
  instrumentId: number
): Promise<{ settledAt: number; intervalHours: number | null } | undefined> {
  const { rows } = await client.query(
    `select settled_at, interval_hours from settlement where instrument_id = $1 order by settled_at desc, revision desc limit 1`,
    [instrumentId]
  )
  const row = rows[0] as { settled_at: Date; interval_hours: number | null } | undefined
  return row && { settledAt: row.settled_at.getTime(), intervalHours: row.interval_hours }
}

/** When an instrument settled within a stretch, and the nearest time on either side of it, ascending. */
export async function listSettledTimes(
  client: Pick<Database, 'query'>,
  instrumentId: number,
  { from, to }: { readonly from: number; readonly to: number }
): Promise<number[]> {
  const { rows } = await client.query<{ at: Date }>(
    `select settled_at as at from settlement where instrument_id = $1 and settled_at between $2 and $3
     union (select settled_at from settlement where instrument_id = $1 and settled_at < $2 order by settled_at desc limit 1)
     union (select settled_at from settlement where instrument_id = $1 and settled_at > $3 order by settled_at limit 1)
     order by at`,
    [instrumentId, new Date(from), new Date(to)]
  )
  return rows.map(({ at }) => at.getTime())
}
