import { type CarryFacts, HISTORY_MS, type LegFacts } from '../../domain/carry-case.ts'
import { CARRY_BOOK_AGE_MS, CARRY_LEG_AGE_MS, CARRY_QUOTE_AGE_MS, signalCarryOf } from '../../domain/carry-signal.ts'
import type { Instrument } from '../../domain/instrument.ts'
import type { Latest } from '../../domain/latest.ts'
import { carryOpportunity, mayEnterCarry } from '../../domain/signal-values.ts'
import { fxPairsOf, fxQuotesOf, tradedFxOf } from '../../domain/traded-fx.ts'
import { knownDepthOf, type StoredDepth } from '../depth.ts'
import { listInstruments } from '../instruments.ts'
import { listDepthsAt, listLooked, listMarketsAt } from '../markets-at.ts'
import { rate8hOf } from '../settled-rates.ts'
import { listSettlementRevisions, revisionsAt, type SettlementRevision } from '../settlement-revisions.ts'
import { type BasisBucket, listBasisBuckets } from './bases.ts'
import { aboutPair, type BucketPoint, type BucketScope, type BucketSpan, endsOf, type Queryable } from './span.ts'

/** What is known of so many contracts is gone over at once: the board of the same thread waits for no longer. */
const CONTRACTS_AT_ONCE = 50

const KINDS = ['perpetual', 'future'] as const

type World = {
  readonly byId: ReadonlyMap<number, Instrument>
  readonly fxPairs: readonly Instrument[]
  /** Their quotes, by tick, as far as they were read. */
  readonly fxAt: Map<number, ReadonlyMap<number, Latest>>
  /** Of the contracts whose books are looked at. */
  readonly settledOf: (instrumentIds: readonly number[]) => Promise<ReadonlyMap<number, readonly SettlementRevision[]>>
}

/**
 * Net carry of pairs whose basis is good enough for signals, by the last such basis of each bucket: both legs as they were polled then,
 * with the books and rates that were known by then. A contract whose book is not looked at has none. `beforeEach`: called before every bucket of so many contracts.
 */
export async function listCarries(
  db: Queryable,
  span: BucketSpan,
  scope: BucketScope,
  beforeEach = async () => {}
): Promise<BucketPoint[]> {
  const bases = await listBasisBuckets(db, span, scope, KINDS)
  const instruments = await listInstruments(db)
  const known = {
    byId: new Map(instruments.map((one) => [one.id, one])),
    fxPairs: fxPairsOf(instruments),
    fxAt: new Map<number, ReadonlyMap<number, Latest>>()
  }
  const based = Map.groupBy(bases, ({ instrumentId }) => instrumentId)
  // Few of all contracts have a book that is looked at.
  const books = { sinceMs: span.from - CARRY_BOOK_AGE_MS, atMs: span.to }
  const looked = await listLooked(db, [...based.keys()], books)
  const byContract = [...based].flatMap(([id, own]) => (looked.has(id) ? [own] : []))
  const points: BucketPoint[] = []
  for (let first = 0; first < byContract.length; first += CONTRACTS_AT_ONCE) {
    const some = byContract.slice(first, first + CONTRACTS_AT_ONCE).flat()
    const own = Map.groupBy(some, ({ at }) => at)
    const world = { ...known, settledOf: settlementsOf(db, span) }
    for (const at of endsOf(span)) {
      await beforeEach()
      for (const [tickAt, judged] of Map.groupBy(own.get(at) ?? [], judgedAt))
        for (const point of await listCarriesAt(db, tickAt, judged, world)) points.push(point)
    }
  }
  return points
}

/** When the last basis of grade `signal` of a bucket was: what no gate has judged is in no carry. */
const judgedAt = ({ tickAts }: Pick<BasisBucket, 'tickAts'>): number => tickAts.at(-1)!

/** What contracts have settled, each read once for all buckets of a span. */
function settlementsOf(db: Queryable, { from, to }: BucketSpan): World['settledOf'] {
  const known = new Map<number, readonly SettlementRevision[]>()
  return async (ids) => {
    const missing = ids.filter((id) => !known.has(id))
    if (missing.length > 0) {
      const found = await listSettlementRevisions(db, missing, { fromMs: from - HISTORY_MS, toMs: to })
      for (const id of missing) known.set(id, found.get(id) ?? [])
    }
    return known
  }
}

async function listCarriesAt(
  db: Queryable,
  tickAt: number,
  bases: readonly BasisBucket[],
  world: World
): Promise<BucketPoint[]> {
  return (await listFactsAt(db, tickAt, bases, world)).map(({ basis, facts }) => {
    const { instrumentId, spotId, at, adjustedBps } = basis
    const carry = signalCarryOf(facts)
    const value = carryOpportunity({ quote: carry?.quote ?? null })
    const point = { subject: aboutPair(instrumentId, spotId), at, value, observations: adjustedBps.length }
    return carry === null ? point : { ...point, mayOpen: mayEnterCarry(carry.quote), carry: carry.quoted }
  })
}

/** What was known of one pair at the last basis of a bucket that is good enough for signals; undefined: none was, or nobody looked at its books. */
export async function findCarryFacts(
  db: Queryable,
  pair: Pick<BasisBucket, 'instrumentId' | 'spotId'>,
  span: BucketSpan
): Promise<CarryFacts | undefined> {
  const scope = { instruments: new Set([pair.instrumentId]), venues: new Set<string>() }
  const bases = await listBasisBuckets(db, span, scope, KINDS)
  const basis = bases.find(({ spotId }) => spotId === pair.spotId)
  if (basis === undefined) return undefined
  const instruments = await listInstruments(db)
  const world = {
    byId: new Map(instruments.map((one) => [one.id, one])),
    fxPairs: fxPairsOf(instruments),
    fxAt: new Map<number, ReadonlyMap<number, Latest>>(),
    settledOf: settlementsOf(db, span)
  }
  return (await listFactsAt(db, judgedAt(basis), [basis], world))[0]?.facts
}

async function listFactsAt(
  db: Queryable,
  tickAt: number,
  bases: readonly BasisBucket[],
  { byId, fxPairs, fxAt, settledOf }: World
): Promise<{ readonly basis: BasisBucket; readonly facts: CarryFacts }[]> {
  if (bases.length === 0) return []
  const nowMs = tickAt
  const legs = bases.flatMap(({ instrumentId, spotId }) => [instrumentId, spotId])
  const depths = await listDepthsAt(db, legs, { atMs: nowMs, sinceMs: nowMs - CARRY_BOOK_AGE_MS, isAsPolled: true })
  const looked = bases.filter(({ instrumentId }) => depths.has(instrumentId))
  if (looked.length === 0) return []
  const wanted = new Set([...looked.flatMap(({ instrumentId, spotId }) => [instrumentId, spotId])])
  if (!fxAt.has(tickAt)) for (const { id } of fxPairs) wanted.add(id)
  const markets = await listMarketsAt(db, [...wanted], {
    atMs: nowMs,
    sinceMs: nowMs - CARRY_QUOTE_AGE_MS,
    isAsPolled: true
  })
  const fxQuotes = fxAt.get(tickAt) ?? new Map(fxPairs.map(({ id }) => [id, markets.get(id)!]))
  fxAt.set(tickAt, fxQuotes)
  const settlements = await settledOf(looked.map(({ instrumentId }) => instrumentId))
  return looked.map((basis) => {
    const { instrumentId, spotId } = basis
    const [contract, spot] = [byId.get(instrumentId)!, byId.get(spotId) ?? null]
    const legOf = (id: number) => legFacts(markets.get(id), depths.get(id), tickAt)
    const fx = spot && tradedFxOf(contract.quote, spot.quote, fxQuotesOf(fxPairs, contract.venue, fxQuotes), nowMs)
    const facts: CarryFacts = {
      nowMs,
      contract,
      spot,
      contractFacts: legOf(instrumentId),
      spotFacts: legOf(spotId),
      tradedFx: fx,
      // What is settled in an interval that nobody declared or showed is no rate to go by.
      settled: revisionsAt(settlements.get(instrumentId) ?? [], nowMs)
        .filter(({ settledAt, isAssumed }) => settledAt > nowMs - HISTORY_MS && !isAssumed)
        .flatMap(rate8hOf),
      // Only the end that is adverse and the fair premium with noise need them, and no signal is judged by these.
      sigmaBps: null,
      periodSigmaBps: null
    }
    return { basis, facts }
  })
}

/** A leg whose price of that basis was not kept has none: an older one is another market's. */
function legFacts(latest: Latest | undefined, depth: StoredDepth | undefined, tickAt: number): LegFacts {
  const quote = latest?.quote
  const isOfBasis = quote && quote.tickAt > tickAt - CARRY_LEG_AGE_MS
  return { latest: latest && { ...latest, quote: isOfBasis ? quote : null }, depth: knownDepthOf(depth) }
}
