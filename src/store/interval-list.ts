import type { LedgerEntry } from '../domain/interval-ledger.ts'
import type { Database } from './database.ts'
import { NOT_HELD, QUARANTINE } from './quarantine.ts'

export type IntervalFilter = {
  readonly instrumentIds: readonly number[] | null
  readonly assets: readonly string[] | null
  readonly venues: readonly string[] | null
  readonly fromMs: number | null
  readonly toMs: number | null
  /** Where the page before ended: effective from, and the contract's key. */
  readonly after: readonly [number, string] | null
  readonly limit: number
}

/** An interval that came into force, with the one before it; null: the first that is known. */
export type ListedInterval = {
  readonly entry: LedgerEntry
  readonly previousHours: number | null
  readonly knownAt: number
  readonly subject: {
    readonly instrument: string
    readonly venue: string
    readonly asset: string
    readonly quarantine: string | null
  }
}

/** Intervals as they came into force, the newest first. What turned out to be no change is none. */
export async function listIntervals(db: Pick<Database, 'query'>, filter: IntervalFilter): Promise<ListedInterval[]> {
  const { rows } = await db.query<IntervalRow>(
    `with newest as (
       select distinct on (f.instrument_id, f.effective_from) f.*, i.key, i.venue_id, i.asset, ${QUARANTINE}
       from funding_interval f join instrument i on i.id = f.instrument_id
       where ($1::int[] is null or f.instrument_id = any ($1)) and ($2::text[] is null or (i.asset = any ($2) and ${NOT_HELD}))
         and ($3::text[] is null or i.venue_id = any ($3))
       order by f.instrument_id, f.effective_from, f.revision desc
     ), walked as (
       select *, lag(interval_hours) over (partition by instrument_id order by effective_from) as previous_hours from newest
     )
     select key, venue_id, asset, quarantine, effective_from, interval_hours, previous_hours, source, declared_at, settled_from, known_at, revision
     from walked where interval_hours is distinct from previous_hours
       and ($4::timestamptz is null or effective_from >= $4) and ($5::timestamptz is null or effective_from < $5)
       and ($6::timestamptz is null or effective_from < $6 or (effective_from = $6 and key > $7))
     order by effective_from desc, key limit $8`,
    [
      filter.instrumentIds,
      filter.assets,
      filter.venues,
      dateOf(filter.fromMs),
      dateOf(filter.toMs),
      dateOf(filter.after?.[0] ?? null),
      filter.after?.[1] ?? null,
      filter.limit
    ]
  )
  return rows.map((row) => ({
    entry: {
      effectiveFrom: row.effective_from.getTime(),
      hours: row.interval_hours,
      source: row.source,
      declaredAt: row.declared_at?.getTime() ?? null,
      settledFrom: row.settled_from?.getTime() ?? null,
      revision: row.revision
    },
    previousHours: row.previous_hours,
    knownAt: row.known_at.getTime(),
    subject: { instrument: row.key, venue: row.venue_id, asset: row.asset, quarantine: row.quarantine }
  }))
}

type IntervalRow = {
  readonly key: string
  readonly venue_id: string
  readonly asset: string
  readonly quarantine: string | null
  readonly effective_from: Date
  readonly interval_hours: number
  readonly previous_hours: number | null
  readonly source: LedgerEntry['source']
  readonly declared_at: Date | null
  readonly settled_from: Date | null
  readonly known_at: Date
  readonly revision: number
}

const dateOf = (atMs: number | null) => (atMs === null ? null : new Date(atMs))
