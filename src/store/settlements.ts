import { observedIntervals } from '../domain/funding.ts'
import { DAY } from '../domain/time.ts'
import { type Columns, type Row, writeRowsReturning } from './copy.ts'
import type { Database, Transaction } from './database.ts'
import type { Source } from './observations.ts'
import { markSettlements } from './signal-progress.ts'

/** A settled rate to be kept. Times in epoch milliseconds; the rate an exact fraction per interval. */
export type SettledRate = {
  readonly settledAt: number
  readonly venueTime: number
  readonly rate: string
  readonly mark: string | null
  readonly availableAt: number
}

export type SettlementStamp = {
  readonly source: Source
  readonly observedAt: number
  readonly formulaVersion: number
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
  mark: 'numeric',
  source: 'text',
  formula_version: 'int2',
  adapter_version: 'int2',
  epoch: 'int4'
}

/** Neighbours within this distance tell the interval at the ends of what is written. */
const NEIGHBOURHOOD_MS = 8 * DAY
/** A new settlement says something about so many of those before and after it; further off the window's edge would speak. */
const REACH = 2

/** A stored settlement, newest revision. */
export type KnownSettlement = SettledRate & {
  readonly revision: number
  readonly intervalHours: number | null
  readonly observedAt: number
  readonly source: Source
}

/**
 * Stores an instrument's settlements with the intervals that the gaps between them show. One that is there already stays; a
 * neighbour whose interval shows only now gets a revision. Answers how many were new.
 */
export async function insertSettlements(
  client: Transaction,
  instrumentId: number,
  rates: readonly SettledRate[],
  stamp: SettlementStamp
): Promise<number> {
  if (rates.length === 0) return 0
  const times = rates.map(({ settledAt }) => settledAt)
  const known = await listKnown(client, instrumentId, {
    from: Math.min(...times) - NEIGHBOURHOOD_MS,
    to: Math.max(...times) + NEIGHBOURHOOD_MS
  })
  const knownAt = new Map(known.map((row) => [row.settledAt, row]))
  const fresh = new Map(rates.filter(({ settledAt }) => !knownAt.has(settledAt)).map((rate) => [rate.settledAt, rate]))
  if (fresh.size === 0) return 0
  const ascending = [...knownAt.keys(), ...fresh.keys()].sort((a, b) => a - b)
  const intervals = observedIntervals(ascending)
  const isNear = (index: number) =>
    ascending.slice(Math.max(index - REACH, 0), index + REACH + 1).some((time) => fresh.has(time))
  const edge = ascending.length - 1
  const rows = ascending.flatMap((settledAt, index) => {
    const intervalHours = intervals[index] ?? null
    const added = fresh.get(settledAt)
    if (added) return [settlementRow(instrumentId, added, 0, intervalHours, stamp)]
    const before = knownAt.get(settledAt)!
    if (before.intervalHours === intervalHours || intervalHours === null) return []
    // At the edges of what was read the gaps beyond are not seen: what is known there stays.
    const isSeen = isNear(index) && index !== 0 && index !== edge
    return isSeen || before.intervalHours === null ? [reviseInterval(instrumentId, before, intervalHours, stamp)] : []
  })
  const written = await writeSettlements(client, instrumentId, rows)
  return written.filter(({ revision }) => revision === 0).length
}

/**
 * Writes rows of one instrument made by `settlementRow`; what is there already stays. Whatever is written is due for signals in the
 * same transaction. Answers the revisions written.
 */
export async function writeSettlements(
  client: Transaction,
  instrumentId: number,
  rows: readonly Row[]
): Promise<{ revision: number }[]> {
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
    const oldest = written.reduce(
      (least, { settled_at }) => Math.min(least, settled_at.getTime()),
      Number.POSITIVE_INFINITY
    )
    await markSettlements(client, instrumentId, oldest)
  }
  return written
}

/** The next revision of a stored settlement: all as it was but for the interval. */
export function reviseInterval(
  instrumentId: number,
  before: KnownSettlement,
  intervalHours: number | null,
  stamp: SettlementStamp
): Row {
  const { source, observedAt, revision } = before
  return settlementRow(instrumentId, before, revision + 1, intervalHours, { ...stamp, source, observedAt })
}

/** A settlement as the writer takes it. */
export function settlementRow(
  instrumentId: number,
  rate: SettledRate,
  revision: number,
  intervalHours: number | null,
  stamp: SettlementStamp
): Row {
  return [
    instrumentId,
    rate.settledAt,
    revision,
    rate.venueTime,
    stamp.observedAt,
    rate.availableAt,
    rate.rate,
    intervalHours,
    intervalHours === null ? null : 'observed',
    rate.mark,
    stamp.source,
    stamp.formulaVersion,
    stamp.adapterVersion,
    stamp.epoch
  ]
}

/** The newest revisions within a window, ascending; null: no bound. */
export async function listKnown(
  client: Pick<Database, 'query'>,
  instrumentId: number,
  { from, to }: { readonly from: number | null; readonly to: number | null }
): Promise<KnownSettlement[]> {
  type Found = {
    settled_at: Date
    venue_time: Date
    rate: string
    mark: string | null
    available_at: Date
    observed_at: Date
    revision: number
    interval_hours: number | null
    source: Source
  }
  const { rows } = await client.query<Found>(
    `select distinct on (settled_at) settled_at, venue_time, rate, mark, available_at, observed_at, revision, interval_hours, source
     from settlement where instrument_id = $1 and settled_at between $2 and $3
     order by settled_at, revision desc`,
    [instrumentId, from === null ? '-infinity' : new Date(from), to === null ? 'infinity' : new Date(to)]
  )
  return rows.map((row) => ({
    settledAt: row.settled_at.getTime(),
    venueTime: row.venue_time.getTime(),
    rate: row.rate,
    mark: row.mark,
    availableAt: row.available_at.getTime(),
    observedAt: row.observed_at.getTime(),
    revision: row.revision,
    intervalHours: row.interval_hours,
    source: row.source
  }))
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

/** The oldest settlement of an instrument from a time on. */
export async function findOldestSettlement(
  client: Pick<Database, 'query'>,
  instrumentId: number,
  from: number
): Promise<number | undefined> {
  const { rows } = await client.query<{ settled_at: Date }>(
    'select settled_at from settlement where instrument_id = $1 and settled_at >= $2 order by settled_at limit 1',
    [instrumentId, new Date(from)]
  )
  return rows[0]?.settled_at.getTime()
}
