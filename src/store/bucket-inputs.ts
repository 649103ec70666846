import { isDollarLike } from '../domain/instrument.ts'
import type { KnownChange } from '../domain/signal-values.ts'
import { DAY } from '../domain/time.ts'
import type { Database } from './database.ts'

type Queryable = Pick<Database, 'query'>

/** Buckets that end in (from, to], epoch milliseconds; a fact at a boundary belongs to the bucket that it begins. */
export type BucketSpan = { readonly from: number; readonly to: number; readonly bucketMs: number }

/** What was observed of one instrument, or of a pair, in the bucket that ends at `at`. */
export type Bucketed = {
  readonly instrumentId: number
  readonly spotId: number
  readonly at: number
  readonly values: readonly number[]
}

// As it was observed at its time: what was fetched or corrected later is left out, so that going over it again finds the same.
const live = (table: string) => `${table}.revision = 0 and ${table}.source = 'polled'`
const endOf = (column: string) =>
  `date_bin($3 * interval '1 millisecond', ${column}, timestamptz 'epoch') + $3 * interval '1 millisecond'`

type ValuesRow = { instrument_id: number; spot_id: number; at: Date; values: number[] }
const bucketedOf = ({ instrument_id, spot_id, at, values }: ValuesRow): Bucketed => ({
  instrumentId: instrument_id,
  spotId: spot_id,
  at: at.getTime(),
  values
})

/** Adjusted bases, bps, of perpetuals, of grade `signal`. */
export async function listBasisBuckets(db: Queryable, span: BucketSpan): Promise<Bucketed[]> {
  const { rows } = await db.query<ValuesRow>(
    `select b.instrument_id, b.spot_id, ${endOf('b.tick_at')} as at, array_agg(b.adjusted_basis_bps order by b.tick_at) as values
     from basis_snapshot b join instrument i on i.id = b.instrument_id and i.kind = 'perpetual'
     where b.tick_at >= $1 and b.tick_at < $2 and ${live('b')} and b.grade = 'signal' and b.adjusted_basis_bps is not null
     group by 1, 2, 3`,
    argumentsOf(span)
  )
  return rows.map(bucketedOf)
}

/** Mids of pairs of two dollar-like currencies, quote per base, of whole books. */
export async function listStablecoinBuckets(db: Queryable, span: BucketSpan): Promise<Bucketed[]> {
  const { rows: spots } = await db.query<{ id: number; base: string; quote: string }>(
    `select id, base, quote from instrument where kind = 'spot' and tracked`
  )
  const pairs = spots.filter(({ base, quote }) => isDollarLike(base) && isDollarLike(quote)).map(({ id }) => id)
  if (pairs.length === 0) return []
  const { rows } = await db.query<ValuesRow>(
    `select instrument_id, 0 as spot_id, ${endOf('tick_at')} as at, array_agg(((bid + ask) / 2)::float8 order by tick_at) as values
     from market_snapshot m where tick_at >= $1 and tick_at < $2 and ${live('m')} and instrument_id = any ($4) and bid > 0 and bid < ask
     group by 1, 3`,
    [...argumentsOf(span), pairs]
  )
  return rows.map(bucketedOf)
}

/** Changes of funding intervals that took effect, and could be known, within a day before one of the buckets ended. */
export async function listChangesFor(
  db: Queryable,
  { from, to }: BucketSpan
): Promise<(KnownChange & { readonly instrumentId: number })[]> {
  type Row = { instrument_id: number; known_at: Date; previous_hours: number; interval_hours: number }
  const { rows } = await db.query<Row>(
    `with newest as (
       select distinct on (instrument_id, effective_from) * from funding_interval
       where instrument_id in (select instrument_id from funding_interval where effective_from > $1 and effective_from <= $2)
       order by instrument_id, effective_from, revision desc
     ), walked as (
       select *, lag(interval_hours) over (partition by instrument_id order by effective_from) as previous_hours from newest
     )
     select instrument_id, greatest(effective_from, coalesce(declared_at, known_at)) as known_at, previous_hours, interval_hours
     from walked where effective_from > $1 and effective_from <= $2 and previous_hours <> interval_hours
       and coalesce(declared_at, known_at) < effective_from + interval '1 day'`,
    [new Date(from - DAY), new Date(to)]
  )
  return rows.map((row) => ({
    instrumentId: row.instrument_id,
    knownAt: row.known_at.getTime(),
    previousHours: row.previous_hours,
    hours: row.interval_hours
  }))
}

export type VenuePolls = { readonly venue: string; readonly at: number; readonly failed: number; readonly done: number }

/** How our polls of each venue ended; those that nobody ran are not among them. */
export async function listPollBuckets(db: Queryable, span: BucketSpan): Promise<VenuePolls[]> {
  const { rows } = await db.query<{ venue: string; at: Date; failed: number; done: number }>(
    `select scope as venue, ${endOf('tick_at')} as at, count(*) filter (where state = 'failed')::int as failed,
       count(*) filter (where state = 'done')::int as done
     from tick where job = 'collect' and tick_at >= $1 and tick_at < $2 and state in ('failed', 'done') group by 1, 2`,
    argumentsOf(span)
  )
  return rows.map(({ at, ...row }) => ({ ...row, at: at.getTime() }))
}

const argumentsOf = ({ from, to, bucketMs }: BucketSpan) => [new Date(from), new Date(to), bucketMs]
