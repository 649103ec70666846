import { largestSize, SIZE_SEARCH, type SizeFound } from './capacity.ts'
import { perYear } from './carry.ts'
import { bookOfLeg, fxOf, type LegFacts, nextSettlementOf } from './carry-case.ts'
import { type CarryBooks, enterCarry, exitSlippage } from './carry-entry.ts'
import { midBasisOf } from './carry-quote.ts'
import { type Decimal, decimalOf, decimalOrNull, multiply } from './decimal.ts'
import type { Instrument } from './instrument.ts'
import { legMultiplier } from './spot-leg.ts'
import { HOUR, HOURS_PER_YEAR } from './time.ts'
import type { TradedFx } from './traded-fx.ts'

const BPS = 10_000

/** Why a spread of this size cannot be said. */
export const SPREAD_REFUSALS = [
  'multiplier_unresolved',
  'missing_quote',
  'stale',
  'different_currencies',
  'depeg',
  'no_book',
  'book_too_thin'
] as const
export type SpreadRefusal = (typeof SPREAD_REFUSALS)[number]

/** A perpetual with its books of now, and the rate for its settlements to come: fraction per interval, null where that is not known. */
export type PairLeg = LegFacts & {
  readonly instrument: Instrument
  readonly rate: number | null
  readonly intervalHours: number | null
}
export type PairFacts = {
  readonly nowMs: number
  readonly short: PairLeg
  readonly long: PairLeg
  /** One unit of the long leg's quote in the short one's; only for legs in different quotes, null when none was traded lately. */
  readonly tradedFx: TradedFx | null
}

export type SpreadTerms = {
  /** Of the long leg, in its quote. */
  readonly notional: Decimal
  readonly horizonHours: number
  /** Of each leg, fraction of its notional. */
  readonly margin: number
  /** What settles within the horizon; null: not known. */
  readonly grossFrac: number | null
  /** Fees, in and out on both legs. */
  readonly costFrac: number
  readonly quoteAgeMs: number
  readonly bookAgeMs: number
}

/** Both fills of the same base, and what crossing and size cost in and out on both legs; bps positive for the worse. */
export type SpreadFills = {
  /** Of the asset. */
  readonly baseQuantity: Decimal
  /** In each contract's own units. */
  readonly shortVwap: Decimal
  readonly longVwap: Decimal
  readonly entryBasisBps: number
  readonly midBasisBps: number
  readonly shortEntrySlippageBps: number
  readonly longEntrySlippageBps: number
  readonly shortExitSlippageBps: number
  readonly longExitSlippageBps: number
  readonly impactFrac: number
}

export type SpreadExecution = SpreadFills & {
  readonly fx: Decimal
  readonly netFrac: number | null
  readonly netApr: number | null
  readonly netAprCapital: number | null
  readonly breakEvenHours: number | null
  /** The largest size that nets anything; null: what is earned is not known. */
  readonly largest: SizeFound | null
}

type SpreadBooks = CarryBooks & { readonly fx: Decimal; readonly longUnits: Decimal }

/**
 * A spread of this size as a carry whose long leg is the spot: the books of now are walked for the same base, and the price basis of
 * the mids is taken to be at the end what it is now. net = gross − fees − impact; per year of the horizon, and that on both margins.
 * Spec 3.4.
 */
export function executeSpread(facts: PairFacts, terms: SpreadTerms): SpreadExecution | SpreadRefusal {
  const books = booksOf(facts, terms)
  if (typeof books === 'string') return books
  const fills = fillSpread(books, terms.notional)
  if (fills === null) return facts.short.depth && facts.long.depth ? 'book_too_thin' : 'no_book'
  const { grossFrac, costFrac, horizonHours, margin } = terms
  const net = ({ impactFrac }: SpreadFills, gross: number) => gross - costFrac - impactFrac
  const netAprAt = (gross: number) => (notional: number) => {
    const sized = fillSpread(books, decimalOf(Math.round(notional * 100) / 100)!)
    return sized && perYear(net(sized, gross), horizonHours)
  }
  const netFrac = grossFrac === null ? null : net(fills, grossFrac)
  const netApr = netFrac === null ? null : perYear(netFrac, horizonHours)
  return {
    ...fills,
    fx: books.fx,
    netFrac,
    netApr,
    netAprCapital: netApr === null || !(margin > 0) ? null : netApr / (2 * margin),
    breakEvenHours: hoursUntilPaid(facts, costFrac + fills.impactFrac),
    largest: grossFrac === null ? null : largestSize(netAprAt(grossFrac), 0, SIZE_SEARCH)
  }
}

function booksOf(facts: PairFacts, ages: Pick<SpreadTerms, 'quoteAgeMs' | 'bookAgeMs'>): SpreadBooks | SpreadRefusal {
  const { short, long } = facts
  const longUnits = decimalOrNull(long.instrument.multiplier)
  const multiplier = longUnits && legMultiplier(short.instrument, long.instrument)
  if (!longUnits || !multiplier) return 'multiplier_unresolved'
  const [contract, spot] = [short, long].map((leg) => bookOfLeg(leg.instrument, leg, facts, ages))
  if (typeof contract === 'string' || typeof spot === 'string') return [contract, spot].find(isRefusal)!
  const fx = fxOf(facts, short.instrument, long.instrument)
  if (typeof fx === 'string') return fx === 'depeg' ? fx : 'different_currencies'
  return { contract: contract!, spot: spot!, multiplier, fx, longUnits }
}

const isRefusal = (found: unknown): found is 'missing_quote' | 'stale' => typeof found === 'string'

/** Null where a book ends before. What crossing and size cost at entry is between the two bases, and in nothing else. */
function fillSpread({ longUnits, ...books }: SpreadBooks, notional: Decimal): SpreadFills | null {
  const entry = enterCarry({ ...books, notionalQuote: notional })
  if (!entry.sufficient) return null
  const { entryBasisBps, perpSlippageBps, spotSlippageBps } = entry
  const exit = exitSlippage({ ...books, baseQty: entry.baseQty! })
  const midBasisBps = midBasisOf(books)
  if (exit.perpBps === null || exit.spotBps === null || midBasisBps === null) return null
  return {
    baseQuantity: multiply(entry.baseQty!, longUnits),
    shortVwap: entry.perpVwap!,
    longVwap: entry.spotVwap!,
    entryBasisBps: entryBasisBps!,
    midBasisBps,
    shortEntrySlippageBps: perpSlippageBps!,
    longEntrySlippageBps: spotSlippageBps!,
    shortExitSlippageBps: exit.perpBps,
    longExitSlippageBps: exit.spotBps,
    impactFrac: (midBasisBps - entryBasisBps! + exit.perpBps + exit.spotBps) / BPS
  }
}

/**
 * Hours until what both settle at the rates of now, each on its own grid, has come to so much (fraction), received less paid: the first
 * such settlement. 0 where there is nothing to pay for; null where that is not within a year, or a rate is not known.
 */
export function hoursUntilPaid({ nowMs, short, long }: Omit<PairFacts, 'tradedFx'>, frac: number): number | null {
  const [a, b] = [gridOf(short, nowMs), gridOf(long, nowMs)]
  if (a === null || b === null) return null
  if (frac <= 0) return 0
  const untilMs = nowMs + HOURS_PER_YEAR * HOUR
  let [nextA, nextB, countA, countB] = [a.nextMs, b.nextMs, 0, 0]
  for (let at = Math.min(nextA, nextB); at <= untilMs; at = Math.min(nextA, nextB)) {
    if (at === nextA) [nextA, countA] = [nextA + a.stepMs, countA + 1]
    if (at === nextB) [nextB, countB] = [nextB + b.stepMs, countB + 1]
    if (a.rate * countA - b.rate * countB >= frac) return (at - nowMs) / HOUR
  }
  return null
}

function gridOf({ rate, intervalHours, latest }: PairLeg, nowMs: number) {
  if (rate === null || intervalHours === null || !(intervalHours > 0)) return null
  const nextMs = nextSettlementOf(latest?.estimate?.nextSettlementAt ?? null, nowMs, intervalHours)
  return { rate, nextMs, stepMs: intervalHours * HOUR }
}
