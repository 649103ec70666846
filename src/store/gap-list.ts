import type { Database } from './database.ts'

/** A gap as stored. Times in epoch milliseconds; `instrumentId` 0: every instrument of the venue. */
export type StoredGap = {
  readonly instrumentId: number
  readonly venue: string
  readonly fact: string
  readonly from: number
  readonly to: number
  readonly reason: string
  readonly filledAt: number | null
}

export type GapFilter = {
  /** This instrument and what befell its whole venue; null: any. */
  readonly instrumentId: number | null
  readonly venues: readonly string[] | null
  /** Gaps that overlap [fromMs, toMs). */
  readonly fromMs: number | null
  readonly toMs: number | null
  /** Where the page before ended. */
  readonly after: Pick<StoredGap, 'from' | 'instrumentId' | 'venue' | 'fact' | 'reason'> | null
  readonly limit: number
}

/** Gaps in the order of their beginnings. */
export async function listGaps(db: Pick<Database, 'query'>, filter: GapFilter): Promise<StoredGap[]> {
  const { after } = filter
  const { rows } = await db.query<{
    instrument_id: number
    venue_id: string
    fact: string
    from_at: Date
    to_at: Date
    reason: string
    filled_at: Date | null
  }>(
    `select instrument_id, venue_id, fact, from_at, to_at, reason, filled_at from gap
     where ($1::int is null or instrument_id in ($1, 0)) and ($2::text[] is null or venue_id = any ($2))
       and ($3::timestamptz is null or to_at > $3) and ($4::timestamptz is null or from_at < $4)
       and ($5::timestamptz is null or (from_at, instrument_id, venue_id, fact, reason) > ($5, $6::int, $7::text, $8::text, $9::text))
     order by from_at, instrument_id, venue_id, fact, reason limit $10`,
    [
      filter.instrumentId,
      filter.venues,
      dateOf(filter.fromMs),
      dateOf(filter.toMs),
      dateOf(after?.from ?? null),
      after?.instrumentId ?? null,
      after?.venue ?? null,
      after?.fact ?? null,
      after?.reason ?? null,
      filter.limit
    ]
  )
  return rows.map((row) => ({
    instrumentId: row.instrument_id,
    venue: row.venue_id,
    fact: row.fact,
    from: row.from_at.getTime(),
    to: row.to_at.getTime(),
    reason: row.reason,
    filledAt: row.filled_at?.getTime() ?? null
  }))
}

function dateOf(atMs: number | null): Date | null {
  return atMs === null ? null : new Date(atMs)
}
