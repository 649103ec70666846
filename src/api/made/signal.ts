import { signalView } from '../../contract/signals.ts'
import { type BucketFacts, type BucketReadout, type FactsType, READ_BUCKET } from '../../domain/bucket-facts.ts'
import { annualiseFunding } from '../../domain/funding.ts'
import { NO_REGIME, stepRegime } from '../../domain/funding-regime.ts'
import { rate8hOf } from '../../domain/regime-series.ts'
import type { BucketSignal, RegimeSignal, Signal, SignalSubject } from '../../domain/signal.ts'
import { isByFormulaOfNow } from '../../domain/signal-types.ts'
import { midrankPercentile } from '../../domain/statistics.ts'
import { DAY } from '../../domain/time.ts'
import { FIND_FACTS, listBases } from '../../store/closed-buckets/facts.ts'
import type { Queryable } from '../../store/closed-buckets/span.ts'
import { listSettlementRevisions, revisionsAt, type SettlementRevision } from '../../store/settlement-revisions.ts'
import { type EvaluatedInput, listInputs } from '../../store/signal-inputs.ts'
import type { ApiContext } from '../context.ts'
import type { KeptFacts } from './kept-carry.ts'
import type { ReadOfSignal } from './reading.ts'
import { readSignalFacts, signalCarryAgain, signalCarryParts } from './signal-carry.ts'

/** A settlement as the signal took it, and those before it as they were evaluated. */
type RegimeFacts = {
  readonly settlement: SettlementRevision | null
  readonly evaluated: readonly (Omit<EvaluatedInput, 'at'> & { readonly settledAt: number })[]
}
type CarryFactsKept = BucketFacts['basis_dislocation'] & { readonly facts: KeptFacts | null }
type Rows = {
  readonly nowMs: number
  readonly subject: SignalSubject
  readonly signal: Signal
  /** The thresholds of its label. */
  readonly threshold: object | null
  /** The settlement, or the end of the bucket, that the number is of; null: it is not known. */
  readonly lookedAt: number | null
} & (RegimeFacts | BucketFacts[FactsType] | CarryFactsKept | object)

/** A number of a signal, by what it looked at then. */
export const readSignal: ReadOfSignal = async (context, { signal, subject, field, nowMs }) => {
  const isPeakOfRegime = field.startsWith('peak') && signal.type === 'funding_regime'
  const lookedAt = isPeakOfRegime ? await peakOf(context.db, signal) : momentOf(signal, field)
  const view = viewOf(signal, subject)
  if (lookedAt === null && !field.startsWith('peak')) return reasonOf(view)
  const bounds = signal.type === 'funding_regime' ? signal.parameterSet : signal.parameterSet.thresholds
  const threshold = (bounds as Readonly<Record<string, unknown>>)[signal.label] as object | undefined
  const common = { nowMs, subject, signal, threshold: threshold ?? null, lookedAt }
  const rows: Rows = { ...common, ...(lookedAt === null ? {} : await readFacts(context, signal, lookedAt)) }
  const parts = 'facts' in rows && rows.facts !== null ? signalCarryParts(rows.facts as KeptFacts) : {}
  return { served: view, rows: { ...rows, ...parts }, remake }
}

/** When what a number is of was looked at; null: it was not, or is not known. */
function momentOf({ openedAt, closedAt, closing, lastAt, peakAt }: Signal, field: string): number | null {
  if (field.startsWith('last')) return lastAt
  if (field.startsWith('peak')) return peakAt
  if (field.startsWith('closing')) return closing === null ? null : closedAt
  return openedAt
}

/** The settlement of the peak, which is not kept with a regime: the first that is furthest from nothing of those until the one that closed it. */
async function peakOf(db: Queryable, signal: RegimeSignal): Promise<number | null> {
  const { instrumentId, type, openedAt, closedAt, lastAt } = signal
  const found = await listInputs(db, type, [instrumentId!], { from: openedAt, to: closedAt ?? lastAt + 1 })
  const known = (found.get(instrumentId!) ?? []).filter(isKnown)
  const extent = Math.max(...known.map(({ value }) => Math.abs(value!)))
  return known.find(({ value }) => Math.abs(value!) === extent)?.at ?? null
}

const reasonOf = ({ absent, closedAt }: ReturnType<typeof viewOf>): string =>
  closedAt === null ? 'still_open' : (absent.closing ?? 'not_kept')

const ONLY_REGIMES = 'only_of_funding_regimes'
const OF_REGIMES = ['rate', 'intervalHours', 'rate8h', 'apr', 'percentile', 'heldHours']

/** As `/v1/signals` tells it; what others than regimes do not have says so. */
function viewOf(signal: Signal, subject: SignalSubject) {
  const view = signalView(signal, subject)
  return { ...view, absent: { ...notOfType(signal), ...view.absent } }
}

function notOfType({ type }: Signal): Readonly<Record<string, string>> {
  if (type === 'funding_regime') return { 'closing.value': 'only_of_buckets' }
  const paths = OF_REGIMES.flatMap((field) => [`opening.${field}`, `closing.${field}`])
  return Object.fromEntries(paths.map((path) => [path, ONLY_REGIMES]))
}

async function readFacts(
  context: ApiContext,
  signal: Signal,
  at: number
): Promise<RegimeFacts | BucketFacts[FactsType] | CarryFactsKept> {
  const { db } = context
  if (signal.type === 'funding_regime') return await readRegime(db, signal, at)
  const { bucketMs } = signal.parameterSet
  const span = { from: at - bucketMs, to: at, bucketMs }
  if (signal.type === 'carry_opportunity')
    return { facts: await readSignalFacts(context, signal, at), bases: await listBases(db, signal, span) }
  const { instrumentId, spotId, venue, asset } = signal
  return await FIND_FACTS[signal.type](db, { instrumentId, spotId, venue, asset }, span)
}

async function readRegime(
  db: Queryable,
  { instrumentId, knownAt, type, parameterSet }: RegimeSignal,
  at: number
): Promise<RegimeFacts> {
  const settled = await listSettlementRevisions(db, [instrumentId!], { fromMs: at, toMs: at + 1 })
  const revisions = settled.get(instrumentId!) ?? []
  // Later corrections are of later looks; what was only imported since then was not known either.
  const [settlement = revisions[0] ?? null] = revisionsAt(revisions, Math.max(knownAt, at))
  const range = { from: at - (parameterSet.windowDays * DAY - 1), to: at + 1 }
  const evaluated = await listInputs(db, type, [instrumentId!], range)
  return {
    settlement,
    evaluated: (evaluated.get(instrumentId!) ?? []).map(({ at: settledAt, ...input }) => ({ settledAt, ...input }))
  }
}

function remake(rows: Rows): object {
  const { signal, lookedAt } = rows
  if (signal.closeReason === 'revised') return nothingAgain('facts_revised')
  if (lookedAt === null) return nothingAgain('not_kept')
  if (!isByFormulaOfNow(signal)) return nothingAgain('formula_changed')
  const again =
    signal.type === 'funding_regime'
      ? regimeAgain(signal, rows as Rows & RegimeFacts)
      : bucketAgain(signal, rows as Rows & (BucketFacts[FactsType] | CarryFactsKept), lookedAt)
  if (typeof again === 'string') return nothingAgain(again)
  const { value } = again
  const end = signal.type === 'funding_regime' ? { ...again, value: null } : again
  return { value, lastValue: value, peakValue: value, opening: end, closing: end, absent: notOfType(signal) }
}

const nothingAgain = (reason: string) => ({
  absent: Object.fromEntries(['value', 'lastValue', 'peakValue', 'opening', 'closing'].map((name) => [name, reason]))
})
const NOT_KEPT = 'inputs_not_kept'

function bucketAgain(
  { type, closedAt, closing }: BucketSignal,
  rows: Rows & (BucketFacts[FactsType] | CarryFactsKept),
  lookedAt: number
): BucketReadout | string {
  // Only the bucket that closed it may have known nothing.
  const isOfNothing = lookedAt === closedAt && closing?.value === null
  const again = type === 'carry_opportunity' ? carryAgain(rows as CarryFactsKept) : readBucket(type, rows, lookedAt)
  return again.value === null && !isOfNothing ? NOT_KEPT : again
}

const carryAgain = ({ facts, bases }: CarryFactsKept): BucketReadout => {
  return { value: facts === null ? null : signalCarryAgain(facts).value, observations: bases.length }
}

function readBucket(type: FactsType, facts: object, at: number): BucketReadout {
  // The facts are of the signal's own type.
  return (READ_BUCKET[type] as (facts: object, at: number) => BucketReadout)(facts, at)
}

function regimeAgain({ parameterSet }: RegimeSignal, { settlement, evaluated }: RegimeFacts) {
  if (settlement === null) return NOT_KEPT
  const { intervalHours, isAssumed } = settlement
  const rate = Number(settlement.rate)
  const known = evaluated.filter(isKnown)
  const values = known.map(({ value }) => value!)
  const spanMs = known.length === 0 ? 0 : known.at(-1)!.settledAt - known[0]!.settledAt
  const isEnough = values.length >= parameterSet.minObservations && spanMs >= parameterSet.minDays * DAY
  const rate8h = rate8hOf({ rate, intervalHours })
  return {
    value: rate8h,
    rate,
    intervalHours,
    rate8h,
    apr: annualiseFunding({ rate, intervalHours }).apr,
    percentile: isEnough && !isAssumed && rate8h !== null ? midrankPercentile(rate8h, values) : null,
    observations: values.length,
    heldHours: heldHoursOf(evaluated, parameterSet)
  }
}

/** A rate of an interval that nobody declared or showed is no value. */
const isKnown = ({ value, flags }: Pick<EvaluatedInput, 'value' | 'flags'>) =>
  value !== null && !flags.includes('interval_assumed') && !flags.includes('interval_unknown')

/** For how long the conditions to open had held: a silence begins anew. */
function heldHoursOf(evaluated: RegimeFacts['evaluated'], rules: RegimeSignal['parameterSet']): number {
  const memory = evaluated.reduce((before, input) => {
    const isUsable = isKnown(input)
    const seen = {
      rate8h: isUsable ? input.value : null,
      percentile: isUsable ? input.percentile : null,
      intervalHours: isUsable ? input.spanHours : null
    }
    return stepRegime(input.flags.includes('after_gap') ? NO_REGIME : before, seen, rules)
  }, NO_REGIME)
  return memory.heldHours
}
