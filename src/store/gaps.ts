import type { Database, Transaction } from './database.ts'

/** Time for which something should be known and is not. `instrumentId` 0: every instrument of the venue. */
export type Gap = {
  readonly instrumentId: number
  readonly venue: string
  readonly fact: GapFact
  readonly from: number
  readonly to: number
  readonly reason: string
}
export type GapFact = 'market' | 'funding_estimate' | 'settlement' | 'basis'

/** Writes gaps; one that continues an open gap of the same kind and reason makes that longer instead. */
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
       select * from unnest($1::int[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[])
         as i (instrument_id, venue_id, fact, from_at, to_at, reason)
     ), extended as (
       update gap g set to_at = i.to_at, known_at = now() from incoming i
       where g.instrument_id = i.instrument_id and g.venue_id = i.venue_id and g.fact = i.fact and g.reason = i.reason
         and g.to_at = i.from_at and g.filled_at is null
       returning g.instrument_id, g.venue_id, g.fact, i.from_at
     )
     insert into gap (instrument_id, venue_id, fact, from_at, to_at, reason, known_at)
     select i.*, now() from incoming i
     where (i.instrument_id, i.venue_id, i.fact, i.from_at) not in (select instrument_id, venue_id, fact, from_at from extended)
     on conflict (instrument_id, venue_id, fact, from_at) do update
       set to_at = greatest(gap.to_at, excluded.to_at), known_at = excluded.known_at where gap.filled_at is null`,
    columns
  )
}

/** Marks as filled the gaps of one fact of one instrument that lie wholly within what has now been stored. */
export async function fillGaps(
  db: Pick<Database, 'query'>,
  { instrumentId, fact, from, to }: Pick<Gap, 'instrumentId' | 'fact' | 'from' | 'to'>
): Promise<number> {
  const { rows } = await db.query(
    `update gap set filled_at = now()
     where instrument_id = $1 and fact = $2 and from_at >= $3 and to_at <= $4 and filled_at is null returning 1`,
    [instrumentId, fact, new Date(from), new Date(to)]
  )
  return rows.length
}
