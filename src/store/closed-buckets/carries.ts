import { type CarryFacts, HISTORY_MS } from '../../domain/carry-case.ts'
import { CARRY_BOOK_AGE_MS, CARRY_QUOTE_AGE_MS, signalCarryOf } from '../../domain/carry-signal.ts'
import type { Instrument } from '../../domain/instrument.ts'
import type { Latest } from '../../domain/latest.ts'
import { carryOpportunity } from '../../domain/signal-values.ts'
import { fxPairsOf, fxQuotesOf, tradedFxOf } from '../../domain/traded-fx.ts'
import { knownDepthOf, type StoredDepth } from '../depth.ts'
import { rate8hOf } from '../funding-history.ts'
import { listInstruments } from '../instruments.ts'
import { listDepthsAt, listMarketsAt } from '../markets-at.ts'
import { listSettlementRevisions, revisionsAt, type SettlementRevision } from '../settlement-revisions.ts'
import { type BasisBucket, listBasisBuckets } from './bases.ts'
import { aboutPair, type BucketPoint, type BucketScope, type BucketSpan, endsOf, type Queryable } from './span.ts'

type World = {
  readonly byId: ReadonlyMap<number, Instrument>
  readonly fxPairs: readonly Instrument[]
  readonly settlements: ReadonlyMap<number, readonly SettlementRevision[]>
}

/**
 * Net carry of pairs whose basis is good enough for signals, by the last prices, books and rates of each bucket, as they were known
 * when it closed. A contract whose book is not looked at has none.
 */
export async function listCarries(db: Queryable, span: BucketSpan, scope: BucketScope): Promise<BucketPoint[]> {
  const bases = Map.groupBy(await listBasisBuckets(db, span, scope, ['perpetual', 'future']), ({ at }) => at)
  const ids = [...new Set([...bases.values()].flat().map(({ instrumentId }) => instrumentId))]
  const instruments = await listInstruments(db)
  const world: World = {
    byId: new Map(instruments.map((instrument) => [instrument.id, instrument])),
    fxPairs: fxPairsOf(instruments),
    settlements: await listSettlementRevisions(db, ids, { fromMs: span.from - HISTORY_MS, toMs: span.to })
  }
  const points: BucketPoint[] = []
  for (const at of endsOf(span)) points.push(...(await listCarriesAt(db, at, bases.get(at) ?? [], world)))
  return points
}

async function listCarriesAt(
  db: Queryable,
  at: number,
  bases: readonly BasisBucket[],
  { byId, fxPairs, settlements }: World
): Promise<BucketPoint[]> {
  const nowMs = at - 1
  const legs = bases.flatMap(({ instrumentId, spotId }) => [instrumentId, spotId])
  const depths = await listDepthsAt(db, legs, { atMs: nowMs, sinceMs: nowMs - CARRY_BOOK_AGE_MS, isAsPolled: true })
  const looked = bases.filter(({ instrumentId }) => depths.has(instrumentId))
  if (looked.length === 0) return []
  const wanted = new Set([...looked.flatMap(({ instrumentId, spotId }) => [instrumentId, spotId])])
  for (const { id } of fxPairs) wanted.add(id)
  const markets = await listMarketsAt(db, [...wanted], {
    atMs: nowMs,
    sinceMs: nowMs - CARRY_QUOTE_AGE_MS,
    isAsPolled: true
  })
  return looked.map(({ instrumentId, spotId, adjustedBps }) => {
    const [contract, spot] = [byId.get(instrumentId)!, byId.get(spotId) ?? null]
    const legOf = (id: number) => legFacts(markets.get(id), depths.get(id))
    const fx = spot && tradedFxOf(contract.quote, spot.quote, fxQuotesOf(fxPairs, contract.venue, markets), nowMs)
    const facts: CarryFacts = {
      nowMs,
      contract,
      spot,
      contractFacts: legOf(instrumentId),
      spotFacts: legOf(spotId),
      tradedFx: fx,
      settled: revisionsAt(settlements.get(instrumentId) ?? [], nowMs)
        .filter(({ settledAt }) => settledAt > nowMs - HISTORY_MS)
        .flatMap(rate8hOf),
      // Only the end that is adverse needs it, and no signal is judged by that.
      sigmaBps: null
    }
    const carry = signalCarryOf(facts)
    const value = carryOpportunity({ quote: carry?.quote ?? null })
    const point = { subject: aboutPair(instrumentId, spotId), at, value, observations: adjustedBps.length }
    return carry === null ? point : { ...point, carry: carry.quoted }
  })
}

const legFacts = (latest: Latest | undefined, depth: StoredDepth | undefined) => ({
  latest,
  depth: knownDepthOf(depth)
})
