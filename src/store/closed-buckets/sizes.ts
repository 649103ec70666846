import { leverageBuildup, liquidityThinning, usualDepth } from '../../domain/signal-values.ts'
import { DAY, floorTo, MINUTE } from '../../domain/time.ts'
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

/** A day before is met by the last open interest of so many buckets: it is asked for every few minutes. */
export const DAY_BEFORE_BUCKETS = 3
/** What is usual is of so many whole days before the day of the bucket. */
export const USUAL_DAYS = 7

async function listContracts(db: Queryable, scope: BucketScope) {
  const { rows } = await db.query<{ id: number }>(`select id from instrument where kind <> 'spot' order by id`)
  return rows.map(({ id }) => ({ instrumentId: id })).filter(({ instrumentId }) => isWithin(scope, instrumentId))
}

type Held = { readonly at: number; readonly base: number }

/** Growth of contracts' open interest over a day, coins. */
export async function listBuildups(db: Queryable, span: BucketSpan, scope: BucketScope): Promise<BucketPoint[]> {
  const { from, to, bucketMs } = span
  const contracts = await listContracts(db, scope)
  const now = await listHeld(db, contracts, { from, to })
  const held = contracts.filter(({ instrumentId }) => now.has(instrumentId))
  const before = await listHeld(db, held, { from: from - DAY - (DAY_BEFORE_BUCKETS - 1) * bucketMs, to: to - DAY })
  return [...now].flatMap(([instrumentId, rows]) => {
    const past = before.get(instrumentId) ?? []
    return [...Map.groupBy(rows, ({ at }) => endOfBucket(at, span))].map(([at, ofBucket]) => {
      const end = at - DAY
      const dayBefore = past.findLast((one) => one.at < end && one.at >= end - DAY_BEFORE_BUCKETS * bucketMs)
      const value = leverageBuildup({ base: ofBucket.at(-1)!.base, dayBefore: dayBefore?.base ?? null })
      return { subject: aboutPair(instrumentId), at, value, observations: ofBucket.length }
    })
  })
}

export async function listHeld(
  db: Queryable,
  contracts: readonly { readonly instrumentId: number }[],
  span: Pick<BucketSpan, 'from' | 'to'>
): Promise<Map<number, Held[]>> {
  type Row = { open_interest_base: string | null; open_interest_at: Date | null }
  const found = new Map<number, Held[]>()
  const read = eachPolled<Row>(db, FACTS.market, contracts, span, ['open_interest_base', 'open_interest_at'])
  for await (const { series, rows } of read) {
    const held = rows.flatMap(({ tick_at, open_interest_base: base, open_interest_at: askedAt }) =>
      base === null || askedAt === null ? [] : [{ at: tick_at.getTime(), base: Number(base) }]
    )
    if (held.length > 0) found.set(series.instrumentId, held)
  }
  return found
}

/** Depth near the mid of contracts, against what is usual for each. */
export async function listThinnings(db: Queryable, span: BucketSpan, scope: BucketScope): Promise<BucketPoint[]> {
  const contracts = await listContracts(db, scope)
  const buckets: {
    readonly instrumentId: number
    readonly at: number
    readonly day: number
    readonly depth: number[]
  }[] = []
  for await (const { instrumentId, depths } of eachDepths(db, contracts, span)) {
    for (const [at, ofBucket] of Map.groupBy(depths, (one) => endOfBucket(one.at, span)))
      buckets.push({ instrumentId, at, day: floorTo(at - span.bucketMs, DAY), depth: ofBucket.map((one) => one.depth) })
  }
  const usual = new Map<number, ReadonlyMap<number, number | null>>()
  const days = [...Map.groupBy(buckets, ({ day }) => day)].sort(([a], [b]) => a - b)
  for (const [day, ofDay] of days)
    usual.set(day, await usualsOf(db, new Set(ofDay.map(({ instrumentId }) => instrumentId)), day))
  return buckets.map(({ instrumentId, at, day, depth }) => {
    const value = liquidityThinning({ depth, usual: usual.get(day)!.get(instrumentId)! })
    return { subject: aboutPair(instrumentId), at, value, observations: depth.length }
  })
}

type Series = { readonly instrumentId: number }

/** The thinner side of each book that was looked at, within 10 bps of mid, quote; what the book did not reach is not among it. */
export async function* eachDepths(
  db: Queryable,
  contracts: readonly Series[],
  span: Pick<BucketSpan, 'from' | 'to'>,
  rowsAtOnce?: number
) {
  type Row = { bid_depth_10: string | null; ask_depth_10: string | null }
  const read = eachPolled<Row>(db, FACTS.depth, contracts, span, ['bid_depth_10', 'ask_depth_10'], rowsAtOnce)
  for await (const { series, rows } of read) {
    const depths = rows.flatMap(({ tick_at, bid_depth_10: bid, ask_depth_10: ask }) =>
      bid === null || ask === null ? [] : [{ at: tick_at.getTime(), depth: Math.min(Number(bid), Number(ask)) }]
    )
    yield { instrumentId: series.instrumentId, depths }
  }
}

/** A week of some contracts is read together: ten, if there is a row a minute. */
const USUAL_ROWS_AT_ONCE = (10 * USUAL_DAYS * DAY) / MINUTE

type Usual = { readonly day: number; readonly usual: number | null }

/** What was usual by a day is asked once: by database, the middle of each instrument, and of which day. */
const usuals = new WeakMap<Queryable, Map<number, Usual>>()

async function usualsOf(db: Queryable, ids: ReadonlySet<number>, day: number): Promise<Map<number, number | null>> {
  const known = usuals.get(db) ?? new Map<number, Usual>()
  usuals.set(db, known)
  const kept = new Map([...ids].map((id) => [id, known.get(id)]))
  const series = [...ids].filter((id) => kept.get(id)?.day !== day).map((instrumentId) => ({ instrumentId }))
  const week = { from: day - USUAL_DAYS * DAY, to: day }
  const found = new Map<number, number | null>()
  for await (const { instrumentId, depths } of eachDepths(db, series, week, USUAL_ROWS_AT_ONCE))
    found.set(instrumentId, usualDepth(depths.map(({ depth }) => depth)))
  // Only now: whoever asks meanwhile must not take a week that is still being read for one without a usual depth.
  for (const { instrumentId } of series) {
    const one = { day, usual: found.get(instrumentId) ?? null }
    known.set(instrumentId, one)
    kept.set(instrumentId, one)
  }
  return new Map([...kept].map(([id, one]) => [id, one?.usual ?? null]))
}
