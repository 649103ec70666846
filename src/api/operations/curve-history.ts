import { LIMIT_MAX } from '../../contract/board-parameters.ts'
import {
  curveHistoryMeta,
  curveHistoryParameters,
  curveHistorySchema,
  curveHistoryView
} from '../../contract/curve-history.ts'
import { textOrNull, time } from '../../contract/schema.ts'
import { type CurveMember, curveAt, type PastCurve } from '../../domain/curve-history.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { GRADES, reachesGrade } from '../../domain/quality.ts'
import { DAY, floorTo, isoOrNull } from '../../domain/time.ts'
import { type ClosePair, type Closes, countCloseReads, listCloses } from '../../store/basis-closes.ts'
import type { ApiContext } from '../context.ts'
import { type CurveContracts, contractsOfCurve } from '../curve-contracts.ts'
import { type History, type OpenHistory, type PagedRange, rangeOf, readHistory } from '../history.ts'
import { keptFrom, settleKnownAt } from '../known-at.ts'
import { newBudget, takeStored } from '../row-budget.ts'
import { BUCKET_MS, keptResolution, refuseTooManyBuckets, refuseUnkept, wholeBuckets } from './basis-history.ts'
import { type Operation, operation, type Question } from './operation.ts'

type CurveQuestion = Question<typeof curveHistoryParameters>
type Moment = { readonly atMs: number; readonly curve: PastCurve }

/** What the market has paid for time, over time. */
export function curveHistoryOperation(context: ApiContext): Operation {
  const open = (question: CurveQuestion) => openCurveHistory(context, question)
  return operation({
    name: 'termStructureHistory',
    url: '/v1/term-structure/history',
    tag: 'carry',
    summary: 'Constant maturities, slope and shape of one curve over time',
    description:
      'Ascending, [from, to): one row for each bucket that is over, there even when nothing was observed, made of the last stored basis ' +
      'of each contract within an hour before its end, against the spot leg chosen now. A maturity lies between two expiries; beyond ' +
      'the first and the last it is null, with the reason in `absent`. Contracts that have expired since are in it.',
    parameters: curveHistoryParameters,
    type: 'TermStructureHistoryRow',
    row: curveHistorySchema,
    meta: {
      ...curveHistoryMeta,
      knownAt: textOrNull('Only what was stored by then'),
      from: time('Beginning of the range'),
      to: time('End of the range, not included')
    },
    open,
    read: async (question) => readHistory(question, await open(question))
  })
}

async function openCurveHistory(context: ApiContext, question: CurveQuestion): Promise<OpenHistory> {
  const { values } = question
  const nowMs = context.clock.now()
  const knownAtMs = await settleKnownAt(context, values.knownAt)
  const range = rangeOf(question, nowMs, DAY)
  const resolution = values.resolution === 'auto' ? keptResolution(context, range, values.points) : values.resolution
  refuseUnkept(context, range, knownAtMs, resolution)
  const bucketMs = BUCKET_MS[resolution]
  refuseTooManyBuckets(range, bucketMs)
  const found = await contractsOfCurve(context, values, range.fromMs)
  const { byId } = await context.catalogue.read()
  const history = curveHistory(context, question, { ...found, byId, bucketMs, knownAtMs })
  const meta = { asset: found.asset, venue: found.venue, resolution, knownAt: isoOrNull(knownAtMs) }
  const limit = values.resolution === 'auto' ? { limit: Math.max(100, values.points) } : {}
  return { history: { ...history, meta, ...limit }, range: closedBuckets(range, bucketMs, nowMs), asOfMs: nowMs }
}

/** Whole buckets that are over: of one that is not, nothing has closed. */
export function closedBuckets(range: PagedRange, bucketMs: number, nowMs: number): PagedRange {
  const { fromMs, toMs, nextMs } = wholeBuckets(range, bucketMs)
  return { fromMs, toMs: Math.max(fromMs, Math.min(toMs, floorTo(nowMs, bucketMs))), nextMs }
}

type Of = CurveContracts & {
  readonly bucketMs: number
  readonly knownAtMs: number | null
  readonly byId: ReadonlyMap<number, Instrument>
}

function curveHistory(
  context: ApiContext,
  { values, budget = newBudget(context) }: CurveQuestion,
  { asset, venue, contracts, byId, bucketMs, knownAtMs }: Of
): Omit<History<Moment>, 'meta'> {
  const { db, config } = context
  const { pairs, members } = membersOf(context, { contracts, byId })
  const choice = { knownAtMs, grades: GRADES.filter((grade) => reachesGrade(grade, values.minGrade)) }
  const most = (fromMs: number, toMs: number) => Math.ceil((toMs - fromMs) / config.storeMs) * pairs.length
  return {
    rowSchema: curveHistorySchema,
    stretch: Math.max(1, Math.min(LIMIT_MAX, Math.floor(budget.storedMax / Math.max(1, most(0, bucketMs))) - 1)),
    read: async ({ fromMs, toMs, limit }) => {
      const range = { fromMs, toMs: Math.min(toMs, fromMs + limit * bucketMs), bucketMs }
      await takeStored(budget, {
        most: most(range.fromMs, range.toMs),
        count: (atMost) => countCloseReads(db, pairs, choice, range, atMost),
        path: 'from',
        narrow: 'ask for a shorter range (`from`, `to`), or for fewer rows a page (`limit`; `first` in GraphQL)'
      })
      const closes = await listCloses(db, pairs, choice, range)
      const count = Math.round((range.toMs - range.fromMs) / bucketMs)
      return Array.from({ length: count }, (_, index) => fromMs + index * bucketMs).map((start) => {
        const atMs = start + bucketMs
        return { atMs, curve: curveAt(members(closes, start, atMs), atMs) }
      })
    },
    timeOf: ({ atMs }) => atMs - bucketMs,
    stepMs: bucketMs,
    view: ({ atMs, curve }) => curveHistoryView(atMs, curve, { asset, venue, bucketMs })
  }
}

/** Dated contracts with their spot legs, and those that were listed in a bucket by how they closed it. */
export function membersOf(context: ApiContext, { contracts, byId }: Pick<Of, 'contracts' | 'byId'>) {
  const pairs = contracts.flatMap((contract) => {
    const spot = contract.spotId === null ? undefined : byId.get(contract.spotId)
    if (spot === undefined) return []
    return [{ instrumentId: contract.id, spotId: spot.id, isOneCurrency: contract.quote === spot.quote }]
  })
  return { pairs, members: memberReader(contracts, pairs, keptFrom(context) ?? 0) }
}

/** The contracts that were listed in a bucket, with how they closed it. Of one currency hours and days stay; bases after fx go. */
function memberReader(contracts: readonly Instrument[], pairs: readonly ClosePair[], keptFromMs: number) {
  const isOneCurrency = new Map(pairs.map((pair) => [pair.instrumentId, pair.isOneCurrency]))
  return (closes: Closes, start: number, atMs: number): CurveMember[] =>
    contracts.flatMap(({ id, key, expiresAt, listedAt }) => {
      if (expiresAt === null || expiresAt <= atMs || (listedAt ?? 0) > atMs) return []
      const isGone = isOneCurrency.get(id) === false && start < keptFromMs
      const missing = !isOneCurrency.has(id) ? 'no_spot_leg' : isGone ? 'not_kept' : 'not_observed'
      return [{ instrument: key, expiresAt, close: closes.get(id)?.get(start), missing }]
    })
}
