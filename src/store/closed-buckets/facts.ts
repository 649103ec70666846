import type { BucketFacts, FactsType } from '../../domain/bucket-facts.ts'
import { DAY, floorTo } from '../../domain/time.ts'
import { listInstruments } from '../instruments.ts'
import { FACTS } from '../sealed/facts.ts'
import { listBasisBuckets } from './bases.ts'
import { listLedgersOf } from './others.ts'
import { DAY_BEFORE_BUCKETS, eachDepths, listHeld, USUAL_DAYS } from './sizes.ts'
import { type BucketSpan, eachPolled, type Queryable, type SubjectRef } from './span.ts'

type Find<Type extends FactsType> = (db: Queryable, subject: SubjectRef, span: BucketSpan) => Promise<BucketFacts[Type]>

/** What one bucket of one subject was made of: the rows that its source goes by. */
export const FIND_FACTS: { readonly [Type in FactsType]: Find<Type> } = {
  basis_dislocation: async (db, subject, span) => ({ bases: await listBases(db, subject, span) }),
  expectation: async (db, { venue, asset }, span) => {
    const instruments = new Map((await listInstruments(db)).map((one) => [one.id, one]))
    const dated = [...instruments.values()].filter((one) => one.venue === venue && one.asset === asset)
    const scope = { instruments: new Set(dated.map(({ id }) => id)), venues: new Set<string>() }
    const buckets = await listBasisBuckets(db, span, scope, ['future'])
    return {
      contracts: buckets.flatMap(({ instrumentId, spotId, adjustedBps }) => {
        const { key, expiresAt } = instruments.get(instrumentId)!
        const spot = instruments.get(spotId)?.key ?? null
        return expiresAt === null ? [] : [{ instrument: key, spot, expiresAt, adjustedBps }]
      })
    }
  },
  stablecoin_depeg: async (db, { instrumentId }, span) => {
    type Row = { bid: string | null; ask: string | null }
    const quotes: { tickAt: number; bid: string; ask: string }[] = []
    const series = [{ instrumentId: instrumentId! }]
    for await (const { rows } of eachPolled<Row>(db, FACTS.market, series, span, ['bid', 'ask']))
      for (const { tick_at, bid, ask } of rows)
        if (Number(bid ?? 0) > 0 && Number(bid) < Number(ask ?? 0))
          quotes.push({ tickAt: tick_at.getTime(), bid: bid!, ask: ask! })
    return { quotes }
  },
  interval_change: async (db, { instrumentId }, span) => {
    const ledger = (await listLedgersOf(db, span)).get(instrumentId!) ?? []
    return { ledger: ledger.map(({ effectiveFrom, ...entry }) => ({ ...entry, effectiveAt: effectiveFrom })) }
  },
  venue_trouble: async (db, { venue }, { from, to }) => {
    const { rows } = await db.query<{ tick_at: Date; state: string }>(
      `select tick_at, state from tick where job = 'collect' and scope = $1 and tick_at >= $2 and tick_at < $3
         and state in ('failed', 'done') order by tick_at`,
      [venue, new Date(from), new Date(to)]
    )
    return { polls: rows.map(({ tick_at, state }) => ({ tickAt: tick_at.getTime(), state })) }
  },
  leverage_buildup: async (db, { instrumentId }, { from, to, bucketMs }) => {
    const series = [{ instrumentId: instrumentId! }]
    const heldIn = async (span: Pick<BucketSpan, 'from' | 'to'>) =>
      ((await listHeld(db, series, span)).get(instrumentId!) ?? []).map(({ at, base }) => ({ tickAt: at, base }))
    const before = await heldIn({ from: to - DAY - DAY_BEFORE_BUCKETS * bucketMs, to: to - DAY })
    return { held: await heldIn({ from, to }), dayBefore: before.at(-1) ?? null }
  },
  liquidity_thinning: async (db, { instrumentId }, span) => {
    const depthsIn = async (range: Pick<BucketSpan, 'from' | 'to'>) => {
      const found: { tickAt: number; depth: number }[] = []
      for await (const { depths } of eachDepths(db, [{ instrumentId: instrumentId! }], range))
        for (const { at, depth } of depths) found.push({ tickAt: at, depth })
      return found
    }
    const day = floorTo(span.from, DAY)
    return { depths: await depthsIn(span), week: await depthsIn({ from: day - USUAL_DAYS * DAY, to: day }) }
  }
}

/** A pair's adjusted bases of grade `signal`, bps. */
export async function listBases(
  db: Queryable,
  { instrumentId, spotId }: Pick<SubjectRef, 'instrumentId' | 'spotId'>,
  span: BucketSpan
): Promise<BucketFacts['basis_dislocation']['bases']> {
  const scope = { instruments: new Set([instrumentId!]), venues: new Set<string>() }
  const buckets = await listBasisBuckets(db, span, scope, ['perpetual', 'future'])
  const own = buckets.find((bucket) => bucket.spotId === spotId)
  return own === undefined
    ? []
    : own.adjustedBps.map((adjustedBps, place) => ({ tickAt: own.tickAts[place]!, adjustedBps }))
}
