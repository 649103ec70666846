import type { OpenInterestUnit } from '../domain/open-interest.ts'
import type { Database } from './database.ts'
import { type HistoryRange, rangeValues } from './funding-history.ts'
import type { Source } from './observations.ts'

/** Open interest as it stood at a kept tick. Times in epoch milliseconds, amounts exact and of one side. */
export type StoredOpenInterest = {
  readonly tickAt: number
  readonly observedAt: number
  readonly base: string | null
  readonly quote: string | null
  readonly usd: string | null
  readonly unit: OpenInterestUnit | null
  readonly sides: number | null
  readonly volume24hUsd: string | null
  readonly knownAt: number
  readonly availableAt: number
  readonly source: Source
  readonly revision: number
}

type Row = {
  tick_at: Date
  open_interest_at: Date
  open_interest_base: string | null
  open_interest_quote: string | null
  open_interest_usd: string | null
  open_interest_unit: OpenInterestUnit | null
  open_interest_sides: number | null
  volume_24h_usd: string | null
  known_at: Date
  available_at: Date
  source: Source
  revision: number
}

/** Open interest of [fromMs, toMs), ascending. */
export async function listOpenInterest(
  db: Pick<Database, 'query'>,
  range: HistoryRange
): Promise<StoredOpenInterest[]> {
  const { rows } = await db.query<Row>(
    `select distinct on (tick_at) tick_at, open_interest_at, open_interest_base, open_interest_quote, open_interest_usd,
       open_interest_unit, open_interest_sides, volume_24h_usd, known_at, available_at, source, revision
     from market_snapshot where instrument_id = $1 and tick_at >= $2 and tick_at < $3 and open_interest_at is not null
       and ($4::timestamptz is null or known_at < $4::timestamptz + interval '1 millisecond')
     order by tick_at, revision desc limit $5`,
    rangeValues(range)
  )
  return rows.map((row) => ({
    tickAt: row.tick_at.getTime(),
    observedAt: row.open_interest_at.getTime(),
    base: row.open_interest_base,
    quote: row.open_interest_quote,
    usd: row.open_interest_usd,
    unit: row.open_interest_unit,
    sides: row.open_interest_sides,
    volume24hUsd: row.volume_24h_usd,
    knownAt: row.known_at.getTime(),
    availableAt: row.available_at.getTime(),
    source: row.source,
    revision: row.revision
  }))
}
