import type { IntervalSource } from '../domain/board-row.ts'
import type { Database } from './database.ts'

type Queryable = Pick<Database, 'query'>

export type HistoryRange = {
  readonly instrumentId: number
  readonly fromMs: number
  readonly toMs: number
  /** Only what was stored by then; null: what is known now. */
  readonly knownAtMs: number | null
  readonly limit: number
}

/** A rate that was really exchanged, its newest revision. Times in epoch milliseconds, rates exact. */
export type StoredSettlement = {
  readonly settledAt: number
  readonly venueTime: number
  readonly observedAt: number
  readonly knownAt: number
  readonly availableAt: number
  readonly rate: string
  readonly intervalHours: number | null
  readonly intervalSource: IntervalSource | null
  readonly cap: string | null
  readonly floor: string | null
  readonly mark: string | null
  readonly estimateRate: string | null
  readonly estimateAt: number | null
  readonly source: string
  readonly formulaVersion: number
  readonly adapterVersion: number
  readonly revision: number
  readonly reasons: readonly string[]
}

type SettlementRow = {
  settled_at: Date
  venue_time: Date
  observed_at: Date
  known_at: Date
  available_at: Date
  rate: string
  interval_hours: number | null
  interval_source: IntervalSource | null
  cap: string | null
  floor: string | null
  mark: string | null
  estimate_rate: string | null
  estimate_at: Date | null
  source: string
  formula_version: number
  adapter_version: number
  revision: number
  reasons: string[]
}

/** Settlements of [fromMs, toMs), ascending. */
export async function listSettlements(db: Queryable, range: HistoryRange): Promise<StoredSettlement[]> {
  const { rows } = await db.query<SettlementRow>(
    `select distinct on (settled_at) settled_at, venue_time, observed_at, known_at, available_at, rate, interval_hours,
       interval_source, cap, floor, mark, estimate_rate, estimate_at, source, formula_version, adapter_version, revision, reasons
     from settlement where instrument_id = $1 and settled_at >= $2 and settled_at < $3
       and ($4::timestamptz is null or known_at < $4::timestamptz + interval '1 millisecond')
     order by settled_at, revision desc limit $5`,
    rangeValues(range)
  )
  return rows.map(settlementOf)
}

/** The same of many perpetuals at once, at most `limit` of each, in one query. */
export async function listSettlementsOfMany(
  db: Queryable,
  instrumentIds: readonly number[],
  { fromMs, toMs, knownAtMs, limit }: Omit<HistoryRange, 'instrumentId'>
): Promise<ReadonlyMap<number, StoredSettlement[]>> {
  const { rows } = await db.query<SettlementRow & { instrument_id: number }>(
    `select * from (
       select c.*, row_number() over (partition by instrument_id order by settled_at) as place from (
         select distinct on (instrument_id, settled_at) instrument_id, settled_at, venue_time, observed_at, known_at, available_at,
           rate, interval_hours, interval_source, cap, floor, mark, estimate_rate, estimate_at, source, formula_version, adapter_version, revision, reasons
         from settlement where instrument_id = any ($1) and settled_at >= $2 and settled_at < $3
           and ($4::timestamptz is null or known_at < $4::timestamptz + interval '1 millisecond')
         order by instrument_id, settled_at, revision desc
       ) c
     ) n where place <= $5 order by instrument_id, settled_at`,
    [instrumentIds, new Date(fromMs), new Date(toMs), dateOf(knownAtMs), limit]
  )
  const found = Map.groupBy(rows, ({ instrument_id }) => instrument_id)
  return new Map(instrumentIds.map((id) => [id, (found.get(id) ?? []).map(settlementOf)]))
}

function settlementOf(row: SettlementRow): StoredSettlement {
  return {
    settledAt: row.settled_at.getTime(),
    venueTime: row.venue_time.getTime(),
    observedAt: row.observed_at.getTime(),
    knownAt: row.known_at.getTime(),
    availableAt: row.available_at.getTime(),
    rate: row.rate,
    intervalHours: row.interval_hours,
    intervalSource: row.interval_source,
    cap: row.cap,
    floor: row.floor,
    mark: row.mark,
    estimateRate: row.estimate_rate,
    estimateAt: row.estimate_at?.getTime() ?? null,
    source: row.source,
    formulaVersion: row.formula_version,
    adapterVersion: row.adapter_version,
    revision: row.revision,
    reasons: row.reasons
  }
}

/** The interval (hours) of the settlement next to a moment: the last before it, else the first after; null when none has one. */
export async function findNearbyInterval(db: Queryable, instrumentId: number, atMs: number): Promise<number | null> {
  const { rows } = await db.query<{ hours: number | null }>(
    `select coalesce(
       (select interval_hours from settlement
        where instrument_id = $1 and settled_at <= $2 and interval_hours is not null
        order by settled_at desc, revision desc limit 1),
       (select interval_hours from settlement
        where instrument_id = $1 and settled_at > $2 and interval_hours is not null
        order by settled_at, revision desc limit 1)) as hours`,
    [instrumentId, new Date(atMs)]
  )
  return rows[0]?.hours ?? null
}

/** The values of a range's query: $1 to $5. */
export function rangeValues({ instrumentId, fromMs, toMs, knownAtMs, limit }: HistoryRange) {
  return [instrumentId, new Date(fromMs), new Date(toMs), dateOf(knownAtMs), limit]
}

const dateOf = (atMs: number | null) => (atMs === null ? null : new Date(atMs))
