import type { IntervalSource } from '../domain/board-row.ts'
import type { Transaction } from './database.ts'

export type IntervalFact = {
  readonly instrumentId: number
  readonly intervalHours: number | null
  readonly intervalSource: IntervalSource | null
}

/** Writes a funding interval from `effectiveFrom` on where it differs from the one in force; the past keeps its own. */
export async function recordIntervals(
  client: Transaction,
  facts: readonly IntervalFact[],
  effectiveFrom: number
): Promise<void> {
  const known = facts.filter((fact) => fact.intervalHours !== null && fact.intervalSource !== null)
  if (known.length === 0) return
  await client.query(
    `insert into funding_interval (instrument_id, effective_from, revision, interval_hours, source, known_at)
     select i.id, $4, 0, i.hours, i.source, now()
     from unnest($1::int[], $2::float8[], $3::text[]) as i (id, hours, source)
     left join (
       select distinct on (instrument_id) instrument_id, interval_hours, source from funding_interval
       where instrument_id = any ($1) order by instrument_id, effective_from desc, revision desc
     ) f on f.instrument_id = i.id
     where f.instrument_id is null or f.interval_hours <> i.hours or f.source <> i.source
     on conflict (instrument_id, effective_from, revision) do nothing`,
    [
      known.map(({ instrumentId }) => instrumentId),
      known.map(({ intervalHours }) => intervalHours),
      known.map(({ intervalSource }) => intervalSource),
      new Date(effectiveFrom)
    ]
  )
}
