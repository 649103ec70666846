import { estimateView, settlementView } from '../../contract/funding-rows.ts'
import { estimateSchema, realisedSchema, settlementSchema } from '../../contract/histories.ts'
import { fundingHistoryParameters, realisedParameters } from '../../contract/history-parameters.ts'
import { realisedOf } from '../../contract/realised.ts'
import { oneOf, text, textOrNull, time } from '../../contract/schema.ts'
import { doubtsOf, type Instrument } from '../../domain/instrument.ts'
import { DAY, isoOf, isoOrNull } from '../../domain/time.ts'
import { InvalidInputError } from '../../errors.ts'
import { listEstimates, type StoredEstimate } from '../../store/estimate-history.ts'
import { findNearbyInterval, listSettlements, type StoredSettlement } from '../../store/funding-history.ts'
import type { ApiContext } from '../context.ts'
import { type History, type OpenHistory, type Range, rangeOf, readHistory, windowOf } from '../history.ts'
import { refuseGone, settleKnownAt } from '../known-at.ts'
import { type Operation, operation, type Question } from './operation.ts'

export const SETTLED_DEFAULT_MS = 30 * DAY
/** Ten years of hourly settlements, and room. */
const SETTLEMENTS_MAX = 100_000

/** What was exchanged, and what it came to. */
export function fundingHistoryOperations(context: ApiContext, trailing: Operation): Operation[] {
  const open = (question: Question<typeof fundingHistoryParameters>) => openFundingHistory(context, question)
  const history = operation({
    name: 'fundingHistory',
    url: '/v1/funding/history',
    tag: 'funding',
    summary: 'Settlements, or the estimates before them',
    description: 'Ascending, [from, to). Positive: longs paid shorts. Rates are fractions per their own interval.',
    parameters: fundingHistoryParameters,
    type: 'FundingHistoryRow',
    row: [settlementSchema, estimateSchema],
    meta: {
      instrument: text('The perpetual'),
      kind: oneOf(['settled', 'estimate'], 'What the rows are'),
      knownAt: textOrNull('Only what was stored by then'),
      from: time('Beginning of the range'),
      to: time('End of the range, not included')
    },
    open,
    read: async (question) => readHistory(question, await open(question))
  })
  const realised = operation({
    name: 'fundingRealised',
    url: '/v1/funding/realised',
    tag: 'funding',
    summary: 'What holding a perpetual really paid over a window',
    description:
      'Sums the settlements of (from, to]: a position opened at a settlement does not receive it, one closed at a ' +
      'settlement does. A change of interval does not distort `realisedApr`. Positive: shorts received.',
    parameters: realisedParameters,
    withoutSubject: trailing,
    type: 'FundingRealised',
    row: realisedSchema,
    isSingle: true,
    meta: { knownAt: textOrNull('Only what was stored by then') },
    read: (question) => readRealised(context, question)
  })
  return [history, realised]
}

async function openFundingHistory(
  context: ApiContext,
  question: Question<typeof fundingHistoryParameters>
): Promise<OpenHistory> {
  const { values } = question
  const nowMs = context.clock.now()
  const instrument = await getPerpetual(context, values.instrument)
  const knownAtMs = await settleKnownAt(context, values.knownAt)
  const meta = { instrument: instrument.key, kind: values.kind, knownAt: isoOrNull(knownAtMs) }
  const range = rangeOf(question, nowMs, values.kind === 'settled' ? SETTLED_DEFAULT_MS : DAY)
  if (values.kind === 'estimate')
    refuseGone(context, range.fromMs, { path: 'from', instead: 'settlements go further back (kind=settled)' })
  const series = { instrument, knownAtMs, meta }
  const history = values.kind === 'settled' ? settlementHistory(context, series) : estimateHistory(context, series)
  return { history, range, asOfMs: nowMs }
}

async function getPerpetual({ catalogue }: ApiContext, key: string): Promise<Instrument> {
  const instrument = await catalogue.getInstrument(key)
  if (instrument.kind === 'perpetual') return instrument
  const message = `${instrument.key} is a ${instrument.kind}; only perpetuals have funding`
  throw new InvalidInputError([{ path: 'instrument', message }], 'invalid_parameter')
}

type Series = {
  readonly instrument: Instrument
  readonly knownAtMs: number | null
  readonly meta: Readonly<Record<string, unknown>>
}

export function settlementHistory(
  { db }: Pick<ApiContext, 'db'>,
  { instrument, knownAtMs, meta }: Series
): History<StoredSettlement> {
  return {
    rowSchema: settlementSchema,
    read: (range) => listSettlements(db, { instrumentId: instrument.id, knownAtMs, ...range }),
    timeOf: ({ settledAt }) => settledAt,
    stepMs: 1,
    view: (row) => settlementView(row, instrument),
    meta
  }
}

function estimateHistory({ db }: ApiContext, { instrument, knownAtMs, meta }: Series): History<StoredEstimate> {
  return {
    rowSchema: estimateSchema,
    read: (range) => listEstimates(db, { instrumentId: instrument.id, knownAtMs, ...range }),
    timeOf: ({ tickAt }) => tickAt,
    stepMs: 1,
    view: (row) => estimateView(row, instrument),
    meta
  }
}

async function readRealised(context: ApiContext, { values }: Question<typeof realisedParameters>) {
  const { db, clock } = context
  const nowMs = clock.now()
  const instrument = await getPerpetual(context, values.instrument)
  const { fromMs, toMs } = windowOf(values, nowMs, SETTLED_DEFAULT_MS)
  const knownAtMs = await settleKnownAt(context, values.knownAt)
  const settlements = await listSettlements(db, {
    instrumentId: instrument.id,
    fromMs: fromMs + 1,
    toMs: toMs + 1,
    knownAtMs,
    limit: SETTLEMENTS_MAX
  })
  const intervalHours = settlements.length > 0 ? null : await findNearbyInterval(db, instrument.id, fromMs)
  const life = lifeWithin({ fromMs, toMs }, nowMs, instrument)
  return {
    data: realisedView(instrument, settlements, { window: { fromMs, toMs }, life, nearbyHours: intervalHours }),
    meta: { knownAt: isoOrNull(knownAtMs) },
    asOfMs: nowMs
  }
}

/** The part of a window in which a contract could settle. */
export function lifeWithin({ fromMs, toMs }: Range, nowMs: number, { listedAt, delistedAt }: Instrument): Range {
  return { fromMs: Math.max(fromMs, listedAt ?? fromMs), toMs: Math.min(toMs, nowMs, delistedAt ?? toMs) }
}

type RealisedWindow = { readonly window: Range; readonly life: Range; readonly nearbyHours: number | null }

/** The answer of `/v1/funding/realised`. */
export function realisedView(
  instrument: Instrument,
  settlements: Parameters<typeof realisedOf>[0],
  { window, life, nearbyHours }: RealisedWindow
) {
  return {
    instrument: instrument.key,
    from: isoOf(window.fromMs),
    to: isoOf(window.toMs),
    ...realisedOf(settlements, life, nearbyHours),
    reasons: doubtsOf(instrument)
  }
}
