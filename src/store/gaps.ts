import type { Transaction } from './database.ts'

/** Time for which something should be known and is not. `instrumentId` 0: every instrument of the venue. */
export type Gap = {
  readonly instrumentId: number
  readonly venue: string
  readonly fact: GapFact
  readonly from: number
  readonly to: number
  readonly reason: string
}
export type GapFact =
  | 'market'
  | 'funding_estimate'
  | 'settlement'
  | 'basis'
  | 'depth'
  | 'flow'
  | 'liquidation'
  | 'open_interest'

/** Writes gaps; one that continues, or lies within, an open gap of the same kind and reason makes that longer instead. */
export async function recordGaps(client: Transaction, gaps: readonly Gap[]): Promise<void> {
  if (gaps.length === 0) return
  const columns = [
    gaps.map((gap) => gap.instrumentId),
    gaps.map((gap) => gap.venue),
    gaps.map((gap) => gap.fact),
    gaps.map((gap) => new Date(gap.from)),
    gaps.map((gap) => new Date(gap.to)),
    gaps.map((gap) => gap.reason)
  ]
  await client.query(
    `with incoming as (
       select instrument_id, venue_id, fact, from_at, max(to_at) as to_at, reason
       from unnest($1::int[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[])
         as i (instrument_id, venue_id, fact, from_at, to_at, reason)
       group by instrument_id, venue_id, fact, from_at, reason
     ), extended as (
       update gap g set to_at = greatest(g.to_at, i.to_at), known_at = now() from incoming i
       where g.instrument_id = i.instrument_id and g.venue_id = i.venue_id and g.fact = i.fact and g.reason = i.reason
         and g.from_at <= i.from_at and g.to_at >= i.from_at and g.filled_at is null
       returning i.instrument_id, i.venue_id, i.fact, i.from_at, i.reason
     )
     insert into gap (instrument_id, venue_id, fact, from_at, to_at, reason, known_at)
     select i.instrument_id, i.venue_id, i.fact, i.from_at, i.to_at, i.reason, now() from incoming i
     left join extended e using (instrument_id, venue_id, fact, from_at, reason) where e.reason is null
     on conflict (instrument_id, venue_id, fact, from_at, reason) do update
       set to_at = greatest(gap.to_at, excluded.to_at), known_at = excluded.known_at where gap.filled_at is null`,
    columns
  )
}
