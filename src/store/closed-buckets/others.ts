import { isDollarLike } from '../../domain/instrument.ts'
import { INTERVAL_CHANGE_MS } from '../../domain/signal-types.ts'
import {
  changesKnownAt,
  intervalChange,
  stablecoinDepeg,
  type ToldInterval,
  venueTrouble
} from '../../domain/signal-values.ts'
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

/**
 * Every revision of the ledgers of intervals that may have a change which stands out in one of the buckets: what is news is told
 * within a day of coming into force, and stands out for a day from then.
 */
export async function listLedgersOf(
  db: Queryable,
  { from, to }: Pick<BucketSpan, 'from' | 'to'>
): Promise<Map<number, ToldInterval[]>> {
  type Row = { instrument_id: number; effective_from: Date; interval_hours: number; told_at: Date }
  const { rows } = await db.query<Row>(
    `select instrument_id, effective_from, interval_hours, case when revision = 0 then coalesce(declared_at, known_at) else known_at end as told_at
     from funding_interval
     where instrument_id in (select instrument_id from funding_interval where effective_from > $1 and effective_from <= $2)
     order by instrument_id, effective_from, revision`,
    [new Date(from - 2 * INTERVAL_CHANGE_MS), new Date(to)]
  )
  const ledgers = Map.groupBy(rows, ({ instrument_id }) => instrument_id)
  return new Map(
    [...ledgers].map(([instrumentId, own]) => [
      instrumentId,
      own.map((row) => ({
        effectiveFrom: row.effective_from.getTime(),
        hours: row.interval_hours,
        toldAt: row.told_at.getTime()
      }))
    ])
  )
}

/** Changes of contracts' funding intervals, each as it was known when its bucket ended. */
export async function listChangePoints(db: Queryable, span: BucketSpan, scope: BucketScope): Promise<BucketPoint[]> {
  return [...(await listLedgersOf(db, span))].flatMap(([instrumentId, ledger]) =>
    isWithin(scope, instrumentId)
      ? endsOf(span).map((at) => {
          const changes = changesKnownAt(ledger, at)
          return {
            subject: aboutPair(instrumentId),
            at,
            value: intervalChange({ at, changes }),
            observations: changes.length
          }
        })
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
