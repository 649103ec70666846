import { LIMIT_MAX } from '../../contract/board-parameters.ts'
import { basisBucketSchema, basisPointSchema, provenanceView } from '../../contract/histories.ts'
import { basisHistoryParameters, RESOLUTIONS, type Resolution } from '../../contract/history-parameters.ts'
import { oneOf, text, textOrNull, time } from '../../contract/schema.ts'
import type { Bucket } from '../../domain/buckets.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { GRADES, reachesGrade } from '../../domain/quality.ts'
import { DAY, floorTo, HOUR, isoOf, isoOrNull, MINUTE } from '../../domain/time.ts'
import { InvalidInputError, NotFoundError } from '../../errors.ts'
import { countBucketReads, listBasisBuckets } from '../../store/basis-buckets.ts'
import { type BasisPoint, type BasisSeries, listBasisPoints, listSeriesSpots } from '../../store/basis-history.ts'
import { FACTS } from '../../store/sealed/facts.ts'
import { countRows } from '../../store/sealed/rows.ts'
import type { ApiContext } from '../context.ts'
import { type History, type OpenHistory, type PagedRange, type Range, rangeOf, readHistory } from '../history.ts'
import { keptFrom, refuseGone, settleKnownAt } from '../known-at.ts'
import { newBudget, type RowBudget, takeStored } from '../row-budget.ts'
import { namedSpot } from '../spot-legs.ts'
import { type Operation, operation, type Question } from './operation.ts'

export const BUCKET_MS = {
  '5m': 5 * MINUTE,
  '15m': 15 * MINUTE,
  '1h': HOUR,
  '4h': 4 * HOUR,
  '1d': DAY
} as const satisfies Partial<Record<Resolution, number>>
type BucketResolution = keyof typeof BUCKET_MS
const BUCKETS = Object.keys(BUCKET_MS) as BucketResolution[]
const MOST_BUCKETS = 20_000
const SHORTER = 'ask for a shorter range (`from`, `to`)'

type BasisQuestion = Question<typeof basisHistoryParameters>

/** The basis of one contract against one spot leg, as stored or in buckets. */
export function basisHistoryOperation(context: ApiContext): Operation {
  const open = (question: BasisQuestion) => openBasisHistory(context, question)
  return operation({
    name: 'basisHistory',
    url: '/v1/basis/history',
    tag: 'basis',
    summary: 'Basis over time: rows as stored, or buckets',
    description:
      'Ascending, [from, to). Buckets are aligned to UTC and there even when empty; the first and last are whole, and ' +
      '`meta.from` and `meta.to` say what they cover. A change of the spot leg begins another series: `spot` names one.',
    parameters: basisHistoryParameters,
    type: 'BasisHistoryRow',
    row: [basisPointSchema, basisBucketSchema],
    meta: {
      instrument: text('The contract'),
      spot: text('The spot leg'),
      resolution: oneOf(RESOLUTIONS, 'What the rows are'),
      knownAt: textOrNull('Only what was stored by then'),
      from: time('Beginning of the range'),
      to: time('End of the range, not included')
    },
    open,
    read: async (question) => readHistory(question, await open(question))
  })
}

async function openBasisHistory(context: ApiContext, question: BasisQuestion): Promise<OpenHistory> {
  const { values, budget } = question
  const nowMs = context.clock.now()
  const instrument = await context.catalogue.getInstrument(values.instrument)
  const spot = await spotOf(context, instrument, values.spot)
  const series: BasisSeries = {
    instrumentId: instrument.id,
    spotId: spot.id,
    knownAtMs: await settleKnownAt(context, values.knownAt),
    grades: GRADES.filter((grade) => reachesGrade(grade, values.minGrade))
  }
  const range = rangeOf(question, nowMs, DAY)
  const resolution = values.resolution === 'auto' ? keptResolution(context, range, values.points) : values.resolution
  const meta = { instrument: instrument.key, spot: spot.key, resolution, knownAt: isoOrNull(values.knownAt) }
  refuseUnkept(context, range, series.knownAtMs, resolution)
  if (resolution === 'raw') {
    const legs = { contract: instrument, spot }
    return { history: pointHistory(context, series, legs, meta, budget), range, asOfMs: nowMs }
  }
  const bucketMs = BUCKET_MS[resolution]
  refuseTooManyBuckets(range, bucketMs)
  const limit = values.resolution === 'auto' ? { limit: Math.max(100, values.points) } : {}
  const history = { ...bucketHistory(context, series, bucketMs, meta, budget), ...limit }
  return { history, range: wholeBuckets(range, bucketMs), asOfMs: nowMs }
}

export async function spotOf(
  context: ApiContext,
  instrument: Instrument,
  named: string | undefined
): Promise<Instrument> {
  if (instrument.kind === 'spot') {
    const message = `${instrument.key} is a spot; a basis belongs to a contract`
    throw new InvalidInputError([{ path: 'instrument', message }], 'invalid_parameter')
  }
  if (named !== undefined) {
    return await storedLeg(context, instrument, await namedSpot(context, named))
  }
  const { byId } = await context.catalogue.read()
  const spot = instrument.spotId === null ? undefined : byId.get(instrument.spotId)
  if (spot !== undefined) return spot
  throw new NotFoundError('no_spot_leg', `${instrument.key} has no spot leg; spot= names one`)
}

/** A leg that a contract was never compared with has no series: an empty answer would look like one without observations. */
async function storedLeg({ db, catalogue }: ApiContext, instrument: Instrument, spot: Instrument): Promise<Instrument> {
  if (spot.id === instrument.spotId) return spot
  const stored = await listSeriesSpots(db, instrument.id)
  if (stored.includes(spot.id)) return spot
  const { byId } = await catalogue.read()
  const keys = stored.flatMap((id) => byId.get(id)?.key ?? [])
  const known = keys.length === 0 ? 'none is' : `stored are ${keys.join(', ')}`
  throw new NotFoundError('no_series', `${instrument.key} has no basis against ${spot.key} in store; ${known}`)
}

function pointHistory(
  context: ApiContext,
  series: BasisSeries,
  { contract, spot }: { readonly contract: Instrument; readonly spot: Instrument },
  meta: History<BasisPoint>['meta'],
  budget?: RowBudget
): History<BasisPoint> {
  return {
    rowSchema: basisPointSchema,
    read: async (range) => {
      // With a least grade, any number of rows may have to be read for one that reaches it.
      if (series.grades.length < GRADES.length) {
        const count = (most: number) => countRows(context.db, FACTS.basis, [series], range, most)
        await takeReads(context, { range, count, narrow: SHORTER }, budget)
      }
      return listBasisPoints(context.db, series, range)
    },
    timeOf: ({ tickAt }) => tickAt,
    stepMs: 1,
    view: (point) => ({
      observedAt: isoOf(point.observedAt),
      basisBps: point.basisBps,
      adjustedBasisBps: point.adjustedBasisBps,
      contractMid: point.contractMid,
      spotMid: point.spotMid,
      priceKind: point.priceKind,
      grade: point.grade,
      tickAt: isoOf(point.tickAt),
      spot: spot.key,
      premiumBps: point.premiumBps,
      fx: point.fx,
      skewMs: point.skewMs,
      spanMs: point.spanMs,
      ...provenanceView(point, { quarantine: contract.quarantine ?? spot.quarantine })
    }),
    meta
  }
}

export function bucketHistory(
  context: ApiContext,
  series: BasisSeries,
  bucketMs: number,
  meta: History<Bucket>['meta'],
  budget?: RowBudget
): History<Bucket> {
  return {
    rowSchema: basisBucketSchema,
    stretch: Math.max(
      1,
      Math.min(LIMIT_MAX, Math.floor((newBudget(context).storedMax * context.config.storeMs) / bucketMs) - 1)
    ),
    read: async ({ fromMs, toMs, limit }) => {
      const range = { fromMs, toMs: Math.min(toMs, fromMs + limit * bucketMs) }
      const narrow = `${SHORTER}, or for fewer rows a page (\`limit\`; \`first\` in GraphQL)`
      const count = (most: number) => countBucketReads(context.db, [series], series, { ...range, bucketMs }, most)
      await takeReads(context, { range, count, narrow }, budget)
      return listBasisBuckets(context.db, series, { ...range, bucketMs })
    },
    timeOf: ({ start }) => start,
    stepMs: bucketMs,
    view: ({ start, ...values }) => ({ start: isoOf(start), ...values }),
    meta
  }
}

type Reads = {
  readonly range: Range
  readonly count: (most: number) => Promise<number>
  readonly narrow: string
}

function takeReads(context: ApiContext, { range, count, narrow }: Reads, budget = newBudget(context)): Promise<void> {
  const most = Math.ceil((range.toMs - range.fromMs) / context.config.storeMs)
  return takeStored(budget, { most, count, path: 'from', narrow })
}

/** As `autoResolution`, of those that are kept. */
export function keptResolution(context: ApiContext, range: Range, points: number): BucketResolution {
  const finest = autoResolution(range, points)
  return range.fromMs < (keptFrom(context) ?? 0) && BUCKET_MS[finest] < HOUR ? '1h' : finest
}

/** Hours and days are kept for good, but only as they are known now. */
export function refuseUnkept(
  context: ApiContext,
  { fromMs }: Range,
  knownAtMs: number | null,
  resolution: Resolution
): void {
  if (knownAtMs !== null) {
    refuseGone(context, fromMs, { path: 'knownAt', instead: 'ask from then on, or without knownAt' })
  } else if (resolution === 'raw' || BUCKET_MS[resolution as BucketResolution] < HOUR) {
    refuseGone(context, fromMs, { path: 'resolution', instead: '1h is the finest that goes further back' })
  }
}

/** The finest buckets of which the range has at most `points`; days when even those are more. */
function autoResolution(range: Range, points: number): BucketResolution {
  return BUCKETS.find((resolution) => countBuckets(range, BUCKET_MS[resolution]) <= points) ?? '1d'
}

/** `others`: the resolutions that may be asked for instead. */
export function refuseTooManyBuckets(range: Range, bucketMs: number, others = BUCKETS): void {
  if (countBuckets(range, bucketMs) <= MOST_BUCKETS) return
  const fits = others.find((resolution) => countBuckets(range, BUCKET_MS[resolution]) <= MOST_BUCKETS)
  const most = MOST_BUCKETS.toLocaleString('en')
  const problem =
    fits === undefined
      ? { path: 'from', message: `more than ${most} buckets whatever the resolution; ask for a shorter range` }
      : { path: 'resolution', message: `more than ${most} buckets; ${fits} is the finest that fits this range` }
  throw new InvalidInputError([problem], 'range_too_long')
}

function countBuckets(range: Range, bucketMs: number): number {
  const { fromMs, toMs } = wholeBuckets({ ...range, nextMs: range.fromMs }, bucketMs)
  return (toMs - fromMs) / bucketMs
}

/** A bucket is the same whoever asks: those at the edges are not cut. */
export function wholeBuckets({ fromMs, toMs, nextMs }: PagedRange, bucketMs: number): PagedRange {
  return {
    fromMs: floorTo(fromMs, bucketMs),
    toMs: floorTo(toMs + bucketMs - 1, bucketMs),
    nextMs: floorTo(nextMs, bucketMs)
  }
}
