import type { InstrumentKind } from '../../domain/instrument.ts'
import type { Grade } from '../../domain/quality.ts'
import { basisDislocation, curveRateOf, expectation } from '../../domain/signal-values.ts'
import { DAY, floorTo } from '../../domain/time.ts'
import { listInstruments } from '../instruments.ts'
import { FACTS } from '../sealed/facts.ts'
import {
  aboutPair,
  type BucketPoint,
  type BucketScope,
  type BucketSpan,
  eachPolled,
  endOfBucket,
  isWithin,
  type Queryable
} from './span.ts'

type BasisRow = { adjusted_basis_bps: number | null; grade: Grade }

/** A pair's adjusted bases of one bucket, bps, of grade `signal`. */
export type BasisBucket = {
  readonly instrumentId: number
  readonly spotId: number
  readonly at: number
  readonly adjustedBps: readonly number[]
  /** When each of them was, on the grid. */
  readonly tickAts: readonly number[]
}

/** Bases good enough for signals, of contracts of some kinds, by pair and bucket. */
export async function listBasisBuckets(
  db: Queryable,
  span: BucketSpan,
  scope: BucketScope,
  kinds: readonly InstrumentKind[]
): Promise<BasisBucket[]> {
  const pairs = await listPairs(db, span, kinds)
  const series = pairs
    .map(({ instrument_id, spot_id }) => ({ instrumentId: instrument_id, spotId: spot_id }))
    .filter(({ instrumentId }) => isWithin(scope, instrumentId))
  const buckets: BasisBucket[] = []
  const read = eachPolled<BasisRow>(db, FACTS.basis, series, span, ['adjusted_basis_bps', 'grade'])
  for await (const { series: pair, rows } of read) {
    const good = rows.flatMap(({ grade, adjusted_basis_bps: bps, tick_at }) =>
      grade === 'signal' && bps !== null ? [{ bps, tickAt: tick_at.getTime() }] : []
    )
    for (const [at, ofBucket] of Map.groupBy(good, ({ tickAt }) => endOfBucket(tickAt, span))) {
      const [adjustedBps, tickAts] = [ofBucket.map(({ bps }) => bps), ofBucket.map(({ tickAt }) => tickAt)]
      buckets.push({ instrumentId: pair.instrumentId, spotId: pair.spotId!, at, adjustedBps, tickAts })
    }
  }
  return buckets
}

/**
 * Contracts with every spot leg that they have a basis against in the days of a span. Hot rows are looked up by their key, one of each
 * pair: their number does not show, nor how far the day has gone. In one order, however the database goes about it.
 */
async function listPairs(db: Queryable, { from, to }: BucketSpan, kinds: readonly InstrumentKind[]) {
  const [firstDay, endDay] = [floorTo(from, DAY), floorTo(to - 1, DAY) + DAY]
  const next = (of: string) => `lateral (
       select b.spot_id from basis_snapshot b where ${of} and b.tick_at >= $1 and b.tick_at < $2 order by b.spot_id limit 1
     ) b`
  const { rows } = await db.query<{ instrument_id: number; spot_id: number }>(
    `with recursive pair as (
       select i.id as instrument_id, b.spot_id from instrument i cross join ${next('b.instrument_id = i.id')} where i.kind = any ($3)
       union all
       select p.instrument_id, b.spot_id from pair p
         cross join ${next('b.instrument_id = p.instrument_id and b.spot_id > p.spot_id')}
     )
     select instrument_id, spot_id from pair
     union
     select i.id, d.spot_id from instrument i cross join lateral (
       select s.spot_id from sealed_day s where s.instrument_id = i.id and s.fact = 'basis' and s.day >= $1 and s.day < $2
     ) d where i.kind = any ($3)
     order by instrument_id, spot_id`,
    [new Date(firstDay), new Date(endDay), kinds]
  )
  return rows
}

/** How far perpetuals are from spot. */
export async function listDislocations(db: Queryable, span: BucketSpan, scope: BucketScope): Promise<BucketPoint[]> {
  const buckets = await listBasisBuckets(db, span, scope, ['perpetual'])
  return buckets.map(({ instrumentId, spotId, at, adjustedBps }) => ({
    subject: aboutPair(instrumentId, spotId),
    at,
    value: basisDislocation({ adjustedBps }),
    observations: adjustedBps.length
  }))
}

/** The curve of each asset on each venue, as its dated contracts stood in a bucket. */
export async function listExpectations(db: Queryable, span: BucketSpan, scope: BucketScope): Promise<BucketPoint[]> {
  const buckets = await listBasisBuckets(db, span, scope, ['future'])
  const byId = new Map((await listInstruments(db)).map((instrument) => [instrument.id, instrument]))
  const placed = buckets.flatMap(({ instrumentId, at, adjustedBps }) => {
    const { venue, asset, expiresAt } = byId.get(instrumentId)!
    const middle = basisDislocation({ adjustedBps })
    if (expiresAt === null || middle === null) return []
    const days = (expiresAt - at) / DAY
    return [{ venue, asset, at, observations: adjustedBps.length, days, aprContinuous: curveRateOf(middle, days) }]
  })
  const curves = Map.groupBy(placed, ({ venue, asset, at }) => `${venue} ${asset} ${at}`)
  return [...curves.values()].map((points) => {
    const { venue, asset, at } = points[0]!
    const observations = points.reduce((sum, point) => sum + point.observations, 0)
    return {
      subject: { instrumentId: null, spotId: 0, venue, asset },
      at,
      value: expectation({ points }),
      observations
    }
  })
}
