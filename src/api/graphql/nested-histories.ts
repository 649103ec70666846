import type { MercuriusContext } from 'mercurius'
import { fingerprintOf } from '../../contract/cursor.ts'
import { basisHistoryParameters, fundingHistoryParameters } from '../../contract/history-parameters.ts'
import { type ParameterSpec, type ParameterValues, withFallback } from '../../contract/parameter.ts'
import { choice } from '../../contract/parameters.ts'
import { readQuery } from '../../contract/read-query.ts'
import type { Bucket } from '../../domain/buckets.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { GRADES, reachesGrade } from '../../domain/quality.ts'
import { DAY, HOUR, isoOrNull } from '../../domain/time.ts'
import { InvalidInputError } from '../../errors.ts'
import { countBucketReads, listBasisBucketsOfMany } from '../../store/basis-buckets.ts'
import { listSettlementsOfMany } from '../../store/funding-history.ts'
import { countSettlementRows } from '../../store/row-counts.ts'
import type { ApiContext } from '../context.ts'
import { type History, metaOf, type PagedRange, pageFrom, windowOf } from '../history.ts'
import { settleKnownAt } from '../known-at.ts'
import { BUCKET_MS, bucketHistory, keptResolution, refuseUnkept, wholeBuckets } from '../operations/basis-history.ts'
import { SETTLED_DEFAULT_MS, settlementHistory } from '../operations/funding-history.ts'
import { takeServed, takeStored } from '../row-budget.ts'
import { connectionOf } from './schema.ts'
import { textsOf } from './types.ts'

const {
  instrument: _contract,
  spot: _spot,
  limit: _rows,
  cursor: _place,
  format: _format,
  ...basisRest
} = basisHistoryParameters

/** A history inside a row has no page after its first: `basisHistory` goes on from any cursor of it. */
export const basisLinkParameters = {
  ...basisRest,
  resolution: withFallback(
    choice(
      ['5m', '15m', '1h', '4h', '1d', 'auto'] as const,
      'Buckets of this length, or the finest that are at most `points`'
    ),
    '1h' as const
  )
}

const { from, to, knownAt, limit } = fundingHistoryParameters
export const fundingLinkParameters = { from, to, knownAt, limit }

const NARROWER = 'ask for fewer rows (`first`, filters) or a shorter range (`from`, `to`)'

type Query = {
  readonly obj: { readonly instrument: string; readonly spot?: string | null }
  readonly params: Readonly<Record<string, unknown>>
}

/** The basis histories of board rows, one query for all rows that ask for the same. */
export function basisHistories(
  context: ApiContext,
  queries: readonly Query[],
  asked: MercuriusContext
): Promise<unknown[]> {
  return answerGroups(context, queries, basisLinkParameters, async (values, rows) => {
    const nowMs = context.clock.now()
    const window = windowOf(values, nowMs, DAY)
    const resolution = values.resolution === 'auto' ? keptResolution(context, window, values.points) : values.resolution
    const bucketMs = BUCKET_MS[resolution]
    const range = wholeBuckets({ ...window, nextMs: window.fromMs }, bucketMs)
    takeServed(asked.budget!, rows.length * ((range.toMs - range.fromMs) / bucketMs), 'history')
    const grades = GRADES.filter((grade) => reachesGrade(grade, values.minGrade))
    const knownAtMs = await settleKnownAt(context, values.knownAt)
    refuseUnkept(context, range, knownAtMs, resolution)
    const pairs = rows.flatMap(({ instrument: { id }, spot }) => (spot ? [{ instrumentId: id, spotId: spot.id }] : []))
    await takeStored(asked.budget!, {
      most: pairs.length * Math.ceil((range.toMs - range.fromMs) / context.config.storeMs),
      count: (most) => countBucketReads(context.db, pairs, { knownAtMs }, { ...range, bucketMs }, most),
      path: 'history',
      narrow: NARROWER
    })
    const found = await listBasisBucketsOfMany(context.db, pairs, { knownAtMs, grades }, { ...range, bucketMs })
    return rows.map(({ instrument, spot, texts }) => {
      const meta = { instrument: instrument.key, spot: spot?.key ?? '', resolution, knownAt: isoOrNull(knownAtMs) }
      const series = { instrumentId: instrument.id, spotId: spot?.id ?? 0, knownAtMs, grades }
      const history: History<Bucket> = bucketHistory(context, series, bucketMs, meta)
      const asked = { instrument: instrument.key, ...texts, resolution: texts.resolution ?? resolution }
      return nested('/v1/basis/history', asked, history, range, found.get(instrument.id) ?? [], nowMs)
    })
  })
}

/** The settlements of funding rows. */
export function fundingHistories(
  context: ApiContext,
  queries: readonly Query[],
  asked: MercuriusContext
): Promise<unknown[]> {
  return answerGroups(context, queries, fundingLinkParameters, async (values, rows) => {
    const nowMs = context.clock.now()
    const { fromMs, toMs } = windowOf(values, nowMs, SETTLED_DEFAULT_MS)
    const range = { fromMs, toMs, nextMs: fromMs }
    const perRow = values.limit ?? 100
    takeServed(asked.budget!, rows.length * perRow, 'history')
    const knownAtMs = await settleKnownAt(context, values.knownAt)
    const ids = rows.map(({ instrument: { id } }) => id)
    await takeStored(asked.budget!, {
      // No venue settles more often than each hour.
      most: ids.length * Math.ceil((toMs - fromMs) / HOUR),
      count: (most) => countSettlementRows(context.db, ids, range, most),
      path: 'history',
      narrow: NARROWER
    })
    const found = await listSettlementsOfMany(context.db, ids, { fromMs, toMs, knownAtMs, limit: perRow + 1 })
    return rows.map(({ instrument, texts }) => {
      const meta = { instrument: instrument.key, kind: 'settled', knownAt: isoOrNull(knownAtMs) }
      const history = settlementHistory(context, { instrument, knownAtMs, meta })
      const asked = { instrument: instrument.key, ...texts }
      return nested('/v1/funding/history', asked, history, range, found.get(instrument.id) ?? [], nowMs, perRow)
    })
  })
}

type Row = {
  readonly instrument: Instrument
  readonly spot: Instrument | undefined
  /** What was asked, as REST would have been asked. */
  readonly texts: Readonly<Record<string, string>>
}

/** Answers queries in their own order; those with the same arguments are read together. */
async function answerGroups<Spec extends ParameterSpec>(
  { catalogue }: ApiContext,
  queries: readonly Query[],
  spec: Spec,
  answer: (values: ParameterValues<Spec>, rows: readonly Row[]) => Promise<readonly unknown[]>
): Promise<unknown[]> {
  const { byKey } = await catalogue.read()
  const answers = new Map<Query, unknown>()
  for (const group of Map.groupBy(queries, ({ params }) => JSON.stringify(params)).values()) {
    const texts = textsOf(group[0]!.params)
    const reading = readQuery(spec, texts)
    if (!reading.isUsable) throw new InvalidInputError(reading.problems, 'invalid_parameter')
    const known = group.filter(({ obj }) => byKey.has(obj.instrument))
    const rows = known.map(({ obj }) => ({
      instrument: byKey.get(obj.instrument)!,
      spot: byKey.get(obj.spot ?? ''),
      texts
    }))
    const found = await answer(reading.values, rows)
    for (const [index, query] of known.entries()) answers.set(query, found[index])
  }
  return queries.map((query) => answers.get(query) ?? null)
}

function nested<Stored>(
  url: string,
  asked: Readonly<Record<string, string>>,
  history: History<Stored>,
  range: PagedRange,
  stored: readonly Stored[],
  asOfMs: number,
  limit = stored.length
) {
  const { rows, next, cursorAt } = pageFrom(fingerprintOf(url, asked), history, range, stored, limit)
  return connectionOf({ data: rows, next, cursorAt, meta: metaOf(history, range), asOfMs }, true)
}
