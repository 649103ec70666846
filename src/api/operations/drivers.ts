import { driversParameters, driversSchema } from '../../contract/drivers.ts'
import { attributionView, diagnosticsView, featuresView, identityView } from '../../contract/drivers-view.ts'
import { textOrNull } from '../../contract/schema.ts'
import { type Attribution, createAttributor, type Refusal } from '../../domain/attribution.ts'
import { signStability } from '../../domain/driver-diagnostics.ts'
import type { HourFacts } from '../../domain/driver-features.ts'
import { betaIntervals } from '../../domain/driver-intervals.ts'
import { type DriverSeries, TRAIN_HOURS } from '../../domain/driver-model.ts'
import { expectedExcess, type Settled } from '../../domain/expected-excess.ts'
import { baseRateOf, type HoldingRates } from '../../domain/fair-premium.ts'
import { formulaVersionAt } from '../../domain/funding-formulas.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { anchor8hOf } from '../../domain/regime-series.ts'
import { DAY, floorTo, HOUR, isoOf, isoOrNull } from '../../domain/time.ts'
import { InvalidInputError } from '../../errors.ts'
import { listSettlements, type StoredSettlement } from '../../store/funding-history.ts'
import { countHourFacts, listHourFacts } from '../../store/hour-facts.ts'
import { partsOf, splitAt, type WindowParts } from '../basis-parts.ts'
import type { ApiContext } from '../context.ts'
import { type Range, windowOf } from '../history.ts'
import { refuseGone, settleKnownAt } from '../known-at.ts'
import { newBudget, type RowBudget, takeStored } from '../row-budget.ts'
import { mapInTurns } from '../turns.ts'
import { spotOf } from './basis-history.ts'
import { type Operation, operation, type Question } from './operation.ts'

const WINDOW_MAX_DAYS = 31
/** A model of 30 days, judged by those of the 30 days before it, with a day of what its first features look back on. */
const LOOK_BACK_MS = (2 * TRAIN_HOURS + 48) * HOUR
const FUNDING_BACK_MS = 90 * DAY
const SETTLEMENTS_MAX = 10_000
const MODELS_COMPARED = 10

/** What a basis is made of, and what it has been seen to go with. */
export function driversOperation(context: ApiContext): Operation {
  return operation({
    name: 'drivers',
    url: '/v1/drivers',
    tag: 'basis',
    summary: 'What a basis is made of, and what moved with it',
    description:
      '`identity`: basis = fx + fair carry + residual, exactly, at the first and last full hour of the window. `attribution`: the ' +
      'residual by rolling ridge on drivers of the hour before, out of sample, with what goes with none of them; null with ' +
      '`refusals` where the model is no better than knowing nothing. Associated with, never caused by.',
    parameters: driversParameters,
    type: 'Drivers',
    row: driversSchema,
    isSingle: true,
    meta: { knownAt: textOrNull('Only what was stored by then') },
    read: (question) => readDrivers(context, question)
  })
}

async function readDrivers(context: ApiContext, question: Question<typeof driversParameters>) {
  const { values } = question
  const nowMs = context.clock.now()
  const instrument = await context.catalogue.getInstrument(values.instrument)
  const spot = await spotOf(context, instrument, values.spot)
  const window = driversWindow(context, values, nowMs)
  const knownAtMs = await settleKnownAt(context, values.knownAt)
  const rates = { rQuote: values.quoteRate, rBase: values.baseRate ?? baseRateOf(instrument.asset) }
  const asked = { instrument, spotId: spot.id, window, rates, knownAtMs }
  const past = await readDriverHours(context, asked, question.budget ?? newBudget(context))
  return {
    data: {
      instrument: instrument.key,
      spot: spot.key,
      venue: instrument.venue,
      asset: instrument.asset,
      kind: instrument.kind,
      ...(await answerOf(context, instrument, rates, past))
    },
    meta: { knownAt: isoOrNull(values.knownAt) },
    asOfMs: nowMs
  }
}

/** A day unless told, 31 at most. */
export function driversWindow(context: ApiContext, given: Parameters<typeof windowOf>[0], nowMs: number): Range {
  const window = windowOf(given, nowMs, DAY)
  if (window.toMs - window.fromMs > WINDOW_MAX_DAYS * DAY) {
    const message = `at most ${WINDOW_MAX_DAYS} days before to (${isoOf(window.toMs)}); was ${isoOf(window.fromMs)}`
    throw new InvalidInputError([{ path: 'from', message }], 'range_too_long')
  }
  refuseGone(context, window.fromMs, { path: 'from', instead: 'ask from then on' })
  return window
}

type Asked = {
  readonly instrument: Instrument
  readonly spotId: number
  readonly window: Range
  readonly rates: HoldingRates
  readonly knownAtMs: number | null
}

/** The hours of a window and of what its models look back on, split into their parts. */
export async function readDriverHours(
  context: ApiContext,
  { instrument, spotId, window, rates, knownAtMs }: Asked,
  budget: RowBudget
): Promise<Past> {
  const fromMs = floorTo(window.fromMs - LOOK_BACK_MS, DAY)
  // An hour that ends after the window is not over in it: its end is not known yet.
  const range = { fromMs, toMs: floorTo(window.toMs, HOUR), knownAtMs }
  const pair = { instrumentId: instrument.id, spotId }
  await takeStored(budget, {
    most: Number.POSITIVE_INFINITY,
    count: (most) => countHourFacts(context.db, pair, range, most),
    path: 'from',
    narrow: 'ask for a shorter range (`from`, `to`)'
  })
  const hours = await listHourFacts(context.db, pair, range)
  const settled = await readSettled(context, instrument, range)
  const first = Math.max(0, Math.floor((window.fromMs - fromMs) / HOUR))
  const anchor8h = anchor8hOf(instrument) ?? 0
  const funding = expectedExcess({ startMs: fromMs, hours: hours.length, settled, anchor8h })
  return { hours, settled, ...partsOf({ instrument, rates, startMs: fromMs, first, hours, funding }) }
}

async function readSettled(
  { db }: ApiContext,
  { id }: Instrument,
  range: { readonly fromMs: number; readonly toMs: number; readonly knownAtMs: number | null }
): Promise<ToldSettled[]> {
  const fromMs = range.fromMs - FUNDING_BACK_MS
  const rows = await listSettlements(db, { ...range, instrumentId: id, fromMs, limit: SETTLEMENTS_MAX })
  return rows.map(({ settledAt, rate, intervalHours, intervalSource, formulaVersion }) => {
    return { at: settledAt, rate: Number(rate), intervalHours, intervalSource, formulaVersion }
  })
}

/** With whose word its interval is, and by which of the venue’s formulas it was. */
type ToldSettled = Settled & Pick<StoredSettlement, 'intervalSource' | 'formulaVersion'>

type Past = WindowParts & { readonly hours: readonly HourFacts[]; readonly settled: readonly ToldSettled[] }

async function answerOf(
  context: ApiContext,
  instrument: Instrument,
  rates: HoldingRates,
  { priceKind, made, ends, hours, settled }: Past
) {
  const head = { priceKind, quoteRate: rates.rQuote, baseRate: rates.rBase }
  if (typeof ends === 'string') {
    const absent = Object.fromEntries(['from', 'to', 'identity', 'attribution'].map((field) => [field, ends]))
    const nothing = { identity: null, attribution: null, features: [], diagnostics: null }
    return { from: null, to: null, ...head, ...nothing, refusals: ['not_observed'], absent }
  }
  const [start, end] = [splitAt(made, hours, ends.start), splitAt(made, hours, ends.end)]
  return {
    from: isoOf(start.at),
    to: isoOf(end.at),
    ...head,
    identity: identityView(start, end),
    ...(await attributedOf(instrument, {
      series: made.series,
      settled,
      ...ends,
      isDisplayOnly: isDisplayOnly(context, instrument),
      isWithinNoise: made.parts[ends.end]!.residualSignificant === false
    }))
  }
}

/** An hourly series, the settlements of its time, and the places of a window's first and last full hour. */
type Attributable = {
  readonly series: DriverSeries
  readonly settled: readonly Settled[]
  readonly start: number
  readonly end: number
  readonly isDisplayOnly: boolean
  readonly isWithinNoise: boolean
}

/** Layer 2: what goes with what at both ends, or why nothing is told. */
export async function attributedOf(
  instrument: Pick<Instrument, 'venue' | 'kind'>,
  { series, settled, start, end, ...doubts }: Attributable
) {
  const attributor = createAttributor(series)
  // A month of models takes a tenth of a second, one of them some milliseconds.
  await mapInTurns(attributor.daysBefore(end), (hour) => attributor.models(hour, 1))
  const attribution = attributor.at(end)
  const trainedFrom = series.startMs + ((attribution.model?.at ?? end) - TRAIN_HOURS) * HOUR
  const endMs = series.startMs + (end + 1) * HOUR
  const refusals: Refusal[] = [
    ...attribution.refusals,
    ...changesOf(instrument, settled, { fromMs: trainedFrom, toMs: endMs }),
    ...(doubts.isDisplayOnly ? (['display_only'] as const) : []),
    ...(doubts.isWithinNoise ? (['within_noise'] as const) : []),
    ...(attribution.model !== null && attribution.hour === null ? (['not_observed'] as const) : [])
  ]
  const isTold = refusals.length === 0 && attribution.hour !== null
  return {
    attribution: isTold ? attributionView(attributor.hourAt(start), attribution.hour!, attribution.judged) : null,
    refusals,
    features: featuresView(series.features, attribution.model, ...stabilityOf(attributor, attribution, end, endMs)),
    diagnostics: diagnosticsView(attribution, series.startMs),
    absent: isTold ? {} : { attribution: refusals[0]! }
  }
}

function stabilityOf(
  attributor: ReturnType<typeof createAttributor>,
  { model }: Attribution,
  end: number,
  endMs: number
) {
  // The hour is the seed: whoever asks of the same hour is told the same.
  const intervals = model === null ? [] : betaIntervals(model, endMs / HOUR)
  return [intervals, signStability(attributor.models(end, MODELS_COMPARED))] as const
}

/** What makes hours before and after two kinds of thing. */
function changesOf(
  { venue, kind }: Pick<Instrument, 'venue' | 'kind'>,
  settled: readonly Settled[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }
): Refusal[] {
  if (kind !== 'perpetual') return []
  const within = settled.filter(({ at, intervalHours }) => at >= fromMs && at < toMs && intervalHours !== null)
  const intervals = new Set(within.map(({ intervalHours }) => intervalHours))
  return [
    ...(formulaVersionAt(venue, fromMs) === formulaVersionAt(venue, toMs) ? [] : (['formula_changed'] as const)),
    ...(intervals.size > 1 ? (['interval_changed'] as const) : [])
  ]
}

export const isDisplayOnly = ({ capabilities }: ApiContext, { venue }: Instrument) =>
  capabilities !== undefined && capabilities[venue] === undefined
