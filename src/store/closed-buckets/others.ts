import { isDollarLike } from '../../domain/instrument.ts'
import { intervalChange, type KnownChange, stablecoinDepeg, venueTrouble } from '../../domain/signal-values.ts'
import { DAY } from '../../domain/time.ts'
import { FACTS } from '../sealed/facts.ts'
import {
  aboutPair,
  type BucketPoint,
  type BucketScope,
  type BucketSpan,
  eachPolled,
  endOfBucket,
  endsOf,
  isWithin,
  type Queryable
} from './span.ts'

/** Mids of pairs of two dollar-like currencies, of whole books. */
export async function listDepegs(db: Queryable, span: BucketSpan, scope: BucketScope): Promise<BucketPoint[]> {
  const { rows: spots } = await db.query<{ id: number; base: string; quote: string }>(
    `select id, base, quote from instrument where kind = 'spot' and tracked`
  )
  const pairs = spots
    .filter(({ id, base, quote }) => isDollarLike(base) && isDollarLike(quote) && isWithin(scope, id))
    .map(({ id }) => ({ instrumentId: id }))
  const points: BucketPoint[] = []
  type Row = { bid: string | null; ask: string | null }
  for await (const { series, rows } of eachPolled<Row>(db, FACTS.market, pairs, span, ['bid', 'ask'])) {
    const mids = rows.flatMap((row) => {
      const [bid, ask] = [Number(row.bid ?? 0), Number(row.ask ?? 0)]
      return bid > 0 && bid < ask ? [{ at: endOfBucket(row.tick_at.getTime(), span), mid: (bid + ask) / 2 }] : []
    })
    for (const [at, ofBucket] of Map.groupBy(mids, (row) => row.at)) {
      const value = stablecoinDepeg({ rates: ofBucket.map(({ mid }) => mid) })
      points.push({ subject: aboutPair(series.instrumentId), at, value, observations: ofBucket.length })
    }
  }
  return points
}

/** Changes of funding intervals that took effect, and could be known, within a day before one of the buckets ended. */
async function listChangesFor(
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

/** Changes of contracts' funding intervals. */
export async function listChangePoints(db: Queryable, span: BucketSpan, scope: BucketScope): Promise<BucketPoint[]> {
  const byInstrument = Map.groupBy(await listChangesFor(db, span), ({ instrumentId }) => instrumentId)
  return [...byInstrument].flatMap(([instrumentId, changes]) =>
    isWithin(scope, instrumentId)
      ? endsOf(span).map((at) => ({
          subject: aboutPair(instrumentId),
          at,
          value: intervalChange({ at, changes }),
          observations: changes.length
        }))
      : []
  )
}

/** Since when the intervals of these contracts are known, by instrument, epoch milliseconds. */
export async function listLedgerStarts(
  db: Queryable,
  instrumentIds: readonly number[]
): Promise<ReadonlyMap<number, number>> {
  const { rows } = await db.query<{ instrument_id: number; since: Date }>(
    'select instrument_id, min(effective_from) as since from funding_interval where instrument_id = any ($1) group by 1',
    [instrumentIds]
  )
  return new Map(rows.map(({ instrument_id, since }) => [instrument_id, since.getTime()]))
}

/** How our polls of each venue ended; those that nobody ran are not among them. */
export async function listTroubles(db: Queryable, span: BucketSpan, scope: BucketScope): Promise<BucketPoint[]> {
  const { rows } = await db.query<{ venue: string; at: Date; failed: number; done: number }>(
    `select scope as venue, date_bin($3 * interval '1 millisecond', tick_at, timestamptz 'epoch') + $3 * interval '1 millisecond' as at,
       count(*) filter (where state = 'failed')::int as failed, count(*) filter (where state = 'done')::int as done
     from tick where job = 'collect' and tick_at >= $1 and tick_at < $2 and state in ('failed', 'done') group by 1, 2`,
    [new Date(span.from), new Date(span.to), span.bucketMs]
  )
  return rows
    .filter(({ venue }) => scope === null || scope.venues.has(venue))
    .map(({ venue, at, failed, done }) => ({
      subject: { instrumentId: null, spotId: 0, venue, asset: null },
      at: at.getTime(),
      value: venueTrouble({ failed, done }),
      observations: failed + done
    }))
}
