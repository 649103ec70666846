import { SIZE_BOUNDS } from '../domain/capacity.ts'
import { decimalOf, decimalToString, toNumber } from '../domain/decimal.ts'
import {
  executeSpread,
  type PairFacts,
  SPREAD_REFUSALS,
  type SpreadExecution,
  type SpreadTerms
} from '../domain/spread-execution.ts'
import { isoOrNull } from '../domain/time.ts'
import { BOOK_KINDS } from './carry.ts'
import { carryParameters, NOTIONAL_MAX } from './carry-parameters.ts'
import { withFallback } from './parameter.ts'
import { numberWithin } from './parameters.ts'
import { reasonsIn } from './reasons.ts'
import { decimal, decimalOrNull, numberOrNull, object, oneOf, oneOfOrNull, timeOrNull } from './schema.ts'

// What a spread of now comes to for a size: both books walked, in and out.

/** Each row walks its books for many sizes. */
export const EXECUTIONS_MAX = 200
/** As many rows of the board as one counts for. */
export const EXECUTION_COST = 20

export const executionParameters = {
  notional: numberWithin(
    `Of spreads of now: the size to fill, of the long leg in its quote currency, dollars at par; at most ${EXECUTIONS_MAX} rows then`,
    { minimum: 0, maximum: NOTIONAL_MAX, isAbove: true }
  ),
  margin: withFallback(
    numberWithin('With `notional`: margin of each leg, fraction of its notional', { minimum: 0, maximum: 10 }),
    carryParameters.margin.fallback!
  )
}

export const executionSchema = object({
  refusal: oneOfOrNull(SPREAD_REFUSALS, 'Why it cannot be said'),
  notional: decimal('Size of the long leg in its quote currency', '50000'),
  books: oneOf(
    BOOK_KINDS,
    'Best prices with what rests in bands behind them, at each band’s far edge; or best prices alone'
  ),
  baseQuantity: decimalOrNull('Of the asset, matched on both legs', '0.78'),
  shortVwap: decimalOrNull('What the short leg fills at on average, in its own units', '64031.9'),
  longVwap: decimalOrNull('What the long leg fills at on average, in its own units', '64002.1'),
  fx: numberOrNull(
    'The long leg’s currency in the short one’s, as traded within a minute; 1 where they are the same',
    1
  ),
  entryBasisBps: numberOrNull('shortVwap against longVwap after multipliers and fx: crossing and size are in it', 4.6),
  midBasisBps: numberOrNull('Price basis of the mids at the same moment, after multipliers and fx', 5.1),
  shortEntrySlippageBps: numberOrNull('shortVwap against mid, positive for the worse', 0.2),
  longEntrySlippageBps: numberOrNull('longVwap against mid, positive for the worse', 0.3),
  shortExitSlippageBps: numberOrNull('What buying the short leg back costs against mid at the books of now', 0.2),
  longExitSlippageBps: numberOrNull('What selling the long leg costs against mid at the books of now', 0.3),
  impactFrac: numberOrNull(
    'Crossing and size, in and out on both legs: midBasisBps − entryBasisBps and both exit slippages',
    0.0001
  ),
  netFrac: numberOrNull(
    'grossFrac − costFrac − impactFrac, the price basis of the mids staying what it is; in place of the row’s own, not beside it',
    -0.0016
  ),
  netApr: numberOrNull('netFrac per year of the horizon, on notional', -0.58),
  netAprCapital: numberOrNull('netApr / (2 · margin): both legs are margined', -1.46),
  breakEvenHours: numberOrNull(
    'Hours until what settles on both grids at the rates of now has paid for costFrac and impactFrac; null where not within a year',
    36.5
  ),
  sizeLimit: numberOrNull(
    'The largest size that nets anything by the horizon; there may be a larger one where the books or the search end before',
    420_000
  ),
  sizeBound: oneOfOrNull(SIZE_BOUNDS, 'What ends there: the net, or the books'),
  observedAt: timeOrNull('When we received the older leg’s best prices'),
  booksObservedAt: timeOrNull('When we received the older of the books behind them')
})

type Row = {
  readonly grossFrac: number | null
  readonly costFrac: number
  readonly absent: Readonly<Record<string, string>>
}
export type ExecutionTerms = Omit<SpreadTerms, 'notional' | 'grossFrac' | 'costFrac'> & { readonly notional: number }

/** A row of spreads with what it comes to for a size, or why that is not said. */
export function withExecution<Of extends Row>(row: Of, asked: ExecutionAsked | string) {
  if (typeof asked === 'string') return { ...row, execution: null, absent: { ...row.absent, execution: asked } }
  const { facts } = asked
  const { grossFrac, costFrac } = row
  const terms = { ...asked.terms, notional: decimalOf(asked.terms.notional)!, grossFrac, costFrac }
  const found = executeSpread(facts, terms)
  const isRefused = typeof found === 'string'
  const legs = [facts.short, facts.long]
  const isDeep = legs.every(({ depth }) => depth && facts.nowMs - depth.observedAt <= terms.bookAgeMs)
  const execution = {
    refusal: isRefused ? found : null,
    notional: decimalToString(terms.notional),
    books: isDeep ? 'bands' : 'best_price',
    ...(isRefused ? NOTHING : numbersOf(found)),
    observedAt: isoOrNull(olderOf(legs.map(({ latest }) => latest?.quote?.observedAt))),
    booksObservedAt: isoOrNull(olderOf(legs.map(({ depth }) => depth?.observedAt)))
  }
  return { ...row, execution, absent: { ...row.absent, ...absencesOf({ execution }, found, row) } }
}
export type ExecutionAsked = { readonly facts: PairFacts; readonly terms: ExecutionTerms }

function numbersOf({ baseQuantity, shortVwap, longVwap, fx, largest, ...numbers }: SpreadExecution) {
  return {
    baseQuantity: decimalToString(baseQuantity),
    shortVwap: decimalToString(shortVwap),
    longVwap: decimalToString(longVwap),
    fx: toNumber(fx),
    ...numbers,
    sizeLimit: largest?.notional ?? null,
    sizeBound: largest?.bound ?? null
  }
}

const NUMBERS = [
  ...(['baseQuantity', 'shortVwap', 'longVwap', 'fx', 'entryBasisBps', 'midBasisBps', 'impactFrac'] as const),
  ...(['shortEntrySlippageBps', 'longEntrySlippageBps', 'shortExitSlippageBps', 'longExitSlippageBps'] as const),
  ...(['netFrac', 'netApr', 'netAprCapital', 'breakEvenHours', 'sizeLimit', 'sizeBound'] as const)
]
const NOTHING = Object.fromEntries(NUMBERS.map((field) => [field, null])) as Record<(typeof NUMBERS)[number], null>

function absencesOf(row: object, found: SpreadExecution | string, { absent }: Row): Readonly<Record<string, string>> {
  const times = { observedAt: 'missing_quote', booksObservedAt: 'no_book' }
  const unpaid = absent.grossFrac
  const reasons =
    typeof found === 'string'
      ? Object.fromEntries(NUMBERS.map((field) => [field, found]))
      : {
          netFrac: unpaid,
          netApr: unpaid,
          netAprCapital: unpaid ?? 'no_margin',
          breakEvenHours: unpaid ?? 'not_within_a_year',
          sizeLimit: unpaid ?? found.largest?.bound,
          sizeBound: unpaid
        }
  const inExecution = Object.entries({ ...times, ...reasons }).map(([field, code]) => [`execution.${field}`, code])
  return reasonsIn(row, Object.fromEntries(inExecution))
}

/** Null while one of them is not known. */
function olderOf([a, b]: readonly (number | undefined)[]): number | null {
  return a === undefined || b === undefined ? null : Math.min(a, b)
}
