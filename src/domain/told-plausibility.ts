import { type Book, bookOf, midOfLevels } from './book.ts'
import { add, compare, type Decimal, multiply, ONE, ratioOf, ZERO } from './decimal.ts'
import { areOneThing, per8h, SETTLEMENT_GRACE_MS } from './plausibility.ts'
import { HOUR, MINUTE } from './time.ts'

// What is asked of one instrument at a time, a book or its settlements, against what polls have said of it. Windows: docs/venues.md.

/** The best prices that were polled last. Sizes in base, as those of the book. */
export type PolledTop = {
  readonly bid: number
  readonly ask: number
  readonly bidSize: Decimal | null
  readonly askSize: Decimal | null
  readonly observedAt: number
}

/** An older quote says nothing of a book. */
const TOP_MEMORY_MS = 5 * MINUTE
/** So many levels beside the mid, which come in order, tell whose book it is. */
export const TOP_LEVELS = 20
/** Together they hold about what was quoted at the best price, or more; on both sides so much less is another unit. */
const SIDE_OF_TOP_MIN: Decimal = { digits: 1n, scale: 2 }

/** Why a book is not that of the instrument whose best prices were polled; null: nothing speaks against it. */
export function bookProblem(
  book: Book,
  observedAt: number,
  top: PolledTop | null
): 'off_quote' | 'size_implausible' | null {
  if (top === null || Math.abs(observedAt - top.observedAt) > TOP_MEMORY_MS) return null
  const ordered = bookOf(book)
  const mid = ratioOf(midOfLevels(ordered) ?? ZERO, ONE)
  // A quote may be wide, and the book inside it.
  const near = mid && Math.min(Math.max(mid, top.bid), top.ask)
  if (mid && near && !areOneThing(mid, near)) return 'off_quote'
  const isTiny = (levels: Book['bids'], best: Decimal | null) => {
    const all = levels.slice(0, TOP_LEVELS).reduce((sum, { size }) => add(sum, size), ZERO)
    return levels.length > 0 && best !== null && compare(all, multiply(best, SIDE_OF_TOP_MIN)) < 0
  }
  return isTiny(ordered.bids, top.bidSize) && isTiny(ordered.asks, top.askSize) ? 'size_implausible' : null
}

/** What the venue's polls said last before a moment. */
export type ToldBefore = {
  readonly rate: number
  readonly intervalHours: number | null
  readonly nextSettlementAt: number
  readonly observedAt: number
}

/** The last part of its period, in which an average has all but come to rest. */
const NEARLY_SETTLED = 1 / 30
/** A percentage taken for a fraction is a hundredfold. */
const HUNDREDFOLD = 30
/** Rates per 8 h nearer to each other than this are both of a calm market, whatever their ratio … */
const RATE_8H_NEAR = 0.0001
/** … but exactly nothing, where this was told, is a field that was not filled. */
const RATE_8H_SOME = 0.00002

/** What a venue still says an hour later it means, whatever it had told before. */
const MEANT_AFTER_MS = HOUR

/** A settlement as it is said at `saidAt`; `told`: what polls said last before it, `stored`: its rate as it is known already. Per interval. */
export type SettledCase = {
  readonly settledAt: number
  readonly saidAt: number
  readonly rate: number
  readonly told: ToldBefore | null
  readonly stored: number | null
}

export type SettlementProblem = 'not_due' | 'rate_implausible'

/**
 * Why settlements of one answer are not believed, one after the other; null: nothing speaks against it. Where most of what can be
 * compared is of another unit, so is the rest. What polls told before speaks against a rate for an hour, and against a time as long as what
 * they told of has not come: a change that they missed is not refused for good.
 */
export function settlementProblems(cases: readonly SettledCase[]): (SettlementProblem | null)[] {
  const compared = cases.flatMap((each) => {
    const known = knownRateOf(each)
    return known === null ? [] : [isOfOneUnit(each, known)]
  })
  const isOfAnotherUnit = compared.filter((isSame) => !isSame).length * 2 > compared.length
  return cases.map((each) => {
    const { told, stored, settledAt } = each
    const isEarly = told !== null && told.nextSettlementAt - settledAt > SETTLEMENT_GRACE_MS
    if (stored === null && isEarly && !cases.some((other) => isTheOne(other, told))) return 'not_due'
    const known = knownRateOf(each)
    const isBelieved = known === null ? !isOfAnotherUnit : isOfOneUnit(each, known)
    return isBelieved ? null : 'rate_implausible'
  })
}

/** Whether a settlement is the next one that was told of. */
const isTheOne = ({ settledAt }: Pick<SettledCase, 'settledAt'>, told: ToldBefore) =>
  Math.abs(told.nextSettlementAt - settledAt) <= SETTLEMENT_GRACE_MS

/** What a settlement can be compared with: itself as it is stored, else the estimate just before it. */
function knownRateOf({ settledAt, saidAt, told, stored }: SettledCase): number | null {
  if (stored !== null || told === null) return stored
  if (saidAt - settledAt >= MEANT_AFTER_MS) return null
  // Nothing, as an estimate, is often a field that was not filled.
  if (told.rate === 0) return null
  const isLate = settledAt - told.observedAt <= (told.intervalHours ?? 8) * HOUR * NEARLY_SETTLED
  return isTheOne({ settledAt }, told) && isLate ? told.rate : null
}

function isOfOneUnit({ rate, told, stored }: SettledCase, known: number): boolean {
  const in8h = (value: number) => Math.abs(per8h(value, told?.intervalHours ?? null))
  if (rate === 0) return in8h(known) <= RATE_8H_SOME
  // What was stored may have been of another unit itself: a correction towards nothing is taken.
  if (stored !== null && Math.abs(rate) < Math.abs(stored)) return true
  const [small, large] = [Math.min(Math.abs(rate), Math.abs(known)), Math.max(Math.abs(rate), Math.abs(known))]
  return in8h(rate - known) <= RATE_8H_NEAR || large <= HUNDREDFOLD * small
}
