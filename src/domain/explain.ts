import { basisBetween, basisOfPrices, premiumBps } from './basis.ts'
import { BASIS_FORMULA_VERSION, type BoardInputs, boardLegOf, deriveBoardRow } from './board.ts'
import type { BoardRow } from './board-row.ts'
import { decimalOrNull, numberOrNull, subtract, toNumber } from './decimal.ts'
import { expireRow, expiriesOf, type Rhythm } from './expiry.ts'
import { annualiseFunding } from './funding.ts'
import type { InstrumentKind } from './instrument.ts'
import { METRICS, type Metric, type MetricName } from './metrics.ts'
import { gradeAt } from './quality.ts'

export type Value = number | string | null
/** A number as served, the same made again of its inputs, and why either is null. */
export type Explained = {
  readonly value: Value
  readonly recomputed: Value
  readonly absent: { readonly value?: string; readonly recomputed?: string }
}

/** Nothing to explain, and why. */
export const unexplained = (reason: string): Explained => ({
  value: null,
  recomputed: null,
  absent: { value: reason, recomputed: reason }
})

/** All that a row of the board was computed from, as it is kept beside it: the row is made again of exactly this. */
export type KeptInputs = BoardInputs & { readonly formulaVersion: number }

export function keptInputsOf(inputs: BoardInputs): KeptInputs {
  const { contract, spot } = inputs
  return {
    ...inputs,
    contract: boardLegOf(contract),
    spot: spot && boardLegOf(spot),
    formulaVersion: BASIS_FORMULA_VERSION
  }
}

/** A board row as it is served at a moment: without what has expired since, its grade fallen with its age. */
export function servedRow(row: BoardRow, rhythm: Rhythm, nowMs: number): BoardRow {
  const left = expireRow(row, expiriesOf(row, rhythm), nowMs)
  const [observedAtMs, contractObservedAtMs, spotObservedAtMs] = (
    ['observedAt', 'contractObservedAt', 'spotObservedAt'] as const
  ).map((field) => (left[field] === null ? null : Date.parse(left[field])))
  const judged = gradeAt({
    gradeWhenDerived: left.grade,
    reasons: left.reasons,
    observedAtMs: observedAtMs!,
    contractObservedAtMs: contractObservedAtMs!,
    spotObservedAtMs: spotObservedAtMs!,
    nowMs,
    pollIntervalMs: rhythm.pollMs
  })
  return { ...left, ...judged, ageMs: observedAtMs == null ? null : nowMs - observedAtMs }
}

/** A number of the board as served at `nowMs`, and made again of exactly what is kept beside its row. */
export function explainOnBoard(
  metric: MetricName,
  entry: { readonly row: BoardRow; readonly inputs: unknown },
  rhythm: Rhythm,
  nowMs: number
): Explained {
  const row = servedRow(entry.row, rhythm, nowMs)
  const value = valueIn(row, metric)
  const why = value === null ? { value: absenceOf(metric, row.kind, row.absent) } : {}
  const { inputs } = entry
  const refusal = !isWhole(inputs)
    ? 'inputs_not_kept'
    : inputs.formulaVersion === BASIS_FORMULA_VERSION
      ? undefined
      : 'other_formula_version'
  if (refusal !== undefined) return { value, recomputed: null, absent: { ...why, recomputed: refusal } }
  const again = servedRow(deriveBoardRow(inputs as KeptInputs), rhythm, nowMs)
  const recomputed = valueIn(again, metric)
  return {
    value,
    recomputed,
    absent: { ...why, ...(recomputed === null ? { recomputed: absenceOf(metric, again.kind, again.absent) } : {}) }
  }
}

function valueIn(row: object, field: string): Value {
  return (row as Record<string, Value>)[field] ?? null
}

/** Whether what is kept beside a row is all that it takes; an older version kept less. */
function isWhole(inputs: unknown): inputs is KeptInputs {
  const { contract, nowMs } = inputs as Partial<KeptInputs>
  return typeof contract === 'object' && typeof nowMs === 'number'
}

/** A stored row by its fields; decimals exact, times in epoch milliseconds. */
export type StoredFields = Readonly<Record<string, unknown>>
export type StoredRows = Readonly<Partial<Record<'basis' | 'market' | 'estimate' | 'settlement', StoredFields>>>

/** What stored rows say of a metric, and the same made again of their inputs. */
export function explainStored(metric: MetricName, kind: InstrumentKind, rows: StoredRows): Explained {
  const { stored }: Metric = METRICS[metric]
  if (stored === null) return unexplained(kindAbsence(metric, kind) ?? 'not_stored')
  const fields = rows[stored.row]
  if (fields === undefined) return unexplained(kindAbsence(metric, kind) ?? 'no_row')
  const made = MADE[metric]?.(rows)
  const shown = stored.inputs.length === 1 ? servedAs(fields, stored.inputs[0]!.split('.')[1]!, metric) : null
  const value = stored.row === 'basis' ? servedAs(fields, metric, metric) : (made ?? shown)
  const recomputed = metric === 'grade' ? null : made === undefined ? shown : made
  const isOther = stored.row === 'basis' && fields.formulaVersion !== BASIS_FORMULA_VERSION
  const why = value === null ? absenceOf(metric, kind, {}) : 'inputs_not_stored'
  return {
    value,
    recomputed: isOther ? null : recomputed,
    absent: {
      ...(value === null ? { value: why } : {}),
      ...(isOther ? { recomputed: 'other_formula_version' } : recomputed === null ? { recomputed: why } : {})
    }
  }
}

/** Exact decimals that are served as numbers. */
const AS_NUMBERS: ReadonlySet<string> = new Set<MetricName>([
  'multiplier',
  'fundingRate',
  'cap',
  'floor',
  'settledRate'
])

function servedAs(fields: StoredFields, field: string, metric: MetricName): Value {
  const value = valueIn(fields, field)
  return AS_NUMBERS.has(metric) && typeof value === 'string' ? Number(value) : value
}

const exact = (fields: StoredFields | undefined, field: string) =>
  decimalOrNull(fields?.[field] as string | null | undefined)
const plain = (fields: StoredFields | undefined, field: string) => (fields?.[field] ?? null) as number | null

/** Stored prices are in contract units already. */
const midsOf = ({ basis }: StoredRows) =>
  basisOfPrices({
    contractPrice: exact(basis, 'contractMid'),
    spotPrice: exact(basis, 'spotMid'),
    multiplier: 1,
    fx: plain(basis, 'fx')
  })
const booksOf = ({ basis }: StoredRows) =>
  basisBetween({
    contractBid: exact(basis, 'contractBid'),
    contractAsk: exact(basis, 'contractAsk'),
    spotBid: exact(basis, 'spotBid'),
    spotAsk: exact(basis, 'spotAsk'),
    multiplier: 1,
    fx: plain(basis, 'fx')
  })
const yearlyOf = (row: StoredFields | undefined) =>
  annualiseFunding({
    rate: numberOrNull(row?.rate as string | null | undefined),
    intervalHours: plain(row, 'intervalHours')
  })

/** What is made of stored fields, by the functions that made it then; other metrics are a field itself. */
const MADE: Readonly<Partial<Record<MetricName, (rows: StoredRows) => Value>>> = {
  basisBps: (rows) => midsOf(rows).basisBps,
  adjustedBasisBps: (rows) => midsOf(rows).adjustedBasisBps,
  carryEntryBps: (rows) => booksOf(rows).carryEntryBps,
  reverseEntryBps: (rows) => booksOf(rows).reverseEntryBps,
  premiumBps: ({ market }) => premiumBps({ mark: exact(market, 'mark'), index: exact(market, 'index') }),
  skewMs: ({ basis }) => {
    const at = (leg: string) => plain(basis, `${leg}VenueTime`) ?? plain(basis, `${leg}ObservedAt`)
    const [contract, spot] = [at('contract'), at('spot')]
    return contract === null || spot === null ? null : Math.abs(contract - spot)
  },
  fundingRate8h: ({ estimate }) => yearlyOf(estimate).rate8h,
  fundingApr: ({ estimate }) => yearlyOf(estimate).apr,
  settledRate8h: ({ settlement }) => yearlyOf(settlement).rate8h,
  settledApr: ({ settlement }) => yearlyOf(settlement).apr,
  estimateDifference: ({ settlement }) => {
    const [rate, estimate] = [exact(settlement, 'rate'), exact(settlement, 'estimateRate')]
    return rate && estimate && toNumber(subtract(rate, estimate))
  }
}

const OF_PERPETUALS = /^(funding|settled|cap$|floor$|determined$|estimateDifference$)/
const OF_DATED: ReadonlySet<string> = new Set<MetricName>(['daysToExpiry', 'basisApr'])

/** Why an instrument of this kind has no such number at all. */
export function kindAbsence(metric: MetricName, kind: InstrumentKind): string | undefined {
  if (kind === 'spot') return 'not_a_contract'
  if (OF_PERPETUALS.test(metric) && kind !== 'perpetual') return 'not_a_perpetual'
  return OF_DATED.has(metric) && kind === 'perpetual' ? 'no_expiry' : undefined
}

/** Where a number's absence follows from that of others, or has one cause only. */
const FOLLOWS: Readonly<Partial<Record<MetricName, readonly (keyof BoardRow)[]>>> = {
  premiumBps: ['mark', 'index'],
  basisApr: ['basisBps'],
  fundingRate8h: ['fundingIntervalHours']
}
const CAUSES: Readonly<Partial<Record<MetricName, string>>> = {
  multiplier: 'multiplier_unresolved',
  adjustedBasisBps: 'fx_unadjusted',
  fx: 'fx_unadjusted',
  basisApr: 'near_expiry',
  fundingIntervalHours: 'interval_unknown',
  fundingRate8h: 'interval_unknown',
  fundingApr: 'interval_unknown',
  settledIntervalHours: 'interval_unknown',
  settledRate8h: 'interval_unknown',
  settledApr: 'interval_unknown',
  estimateDifference: 'no_estimate_before_it',
  determined: 'not_known',
  cap: 'not_published',
  floor: 'not_published',
  contractBid: 'no_book',
  contractAsk: 'no_book',
  spotBid: 'no_book',
  spotAsk: 'no_book',
  carryEntryBps: 'no_book',
  reverseEntryBps: 'no_book'
}

function absenceOf(metric: MetricName, kind: InstrumentKind, said: Readonly<Record<string, string>>): string {
  const follows = FOLLOWS[metric]?.map((field) => said[field]).find((code) => code !== undefined)
  return kindAbsence(metric, kind) ?? said[metric] ?? follows ?? CAUSES[metric] ?? 'not_observed'
}
