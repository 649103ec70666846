import { perYear } from './carry.ts'
import { type CarryFacts, type CarryTerms, carryCaseOf } from './carry-case.ts'
import { type CarryCase, quoteCarry, type SizedCarry, wholeCostBps } from './carry-quote.ts'
import { CARRY_SIGNAL_TERMS } from './carry-terms.ts'
import { decimalOf } from './decimal.ts'
import { fairBand } from './fair-band.ts'
import { baseRateOf } from './fair-premium.ts'
import { BASE_TIER, deliveryFeeOf, takerFeeOf } from './fees.ts'
import { type QuotedCarry, quotedCarryOf } from './quoted-carry.ts'
import { BUCKET_MS } from './signal-types.ts'
import type { CarryQuote } from './signal-values.ts'
import { MINUTE } from './time.ts'

const { horizonHours: HORIZON_HOURS, marginFrac: MARGIN, quoteRate: QUOTE_RATE, notional } = CARRY_SIGNAL_TERMS
const NOTIONAL = decimalOf(notional)!
/** Best prices are of the minute of a basis that was judged, of which each venue keeps one poll. */
export const CARRY_LEG_AGE_MS = MINUTE
/** Rates and books may be older. */
export const CARRY_QUOTE_AGE_MS = BUCKET_MS
export const CARRY_BOOK_AGE_MS = 2 * BUCKET_MS

/** What a signal is decided by, and what is kept of it. */
export type SignalCarry = { readonly quote: CarryQuote; readonly quoted: QuotedCarry }

/** A forward carry of the signal's size as it could be quoted, and what it was worked out with. */
export type SignalCase = {
  readonly terms: CarryTerms
  readonly input: CarryCase
  readonly sized: SizedCarry
  readonly quoted: QuotedCarry
}

/** The forward carry of one contract by what was known at a moment; null: it cannot be said. */
export function signalCarryOf(facts: CarryFacts): SignalCarry | null {
  const found = signalCaseOf(facts)
  if (found === null) return null
  const { input, sized, quoted } = found
  const { fairBps } = input
  const { upperBps } = fairBand({
    observedBps: sized.midBasisBps,
    fairLowBps: fairBps,
    fairHighBps: fairBps,
    costForwardBps: wholeCostBps(input, sized),
    costReverseBps: null
  })
  const quote = {
    aprCapital: quoted.netAprCapital,
    breakEvenHours: quoted.breakEvenHours,
    horizonHours: HORIZON_HOURS,
    aboveBandBps: upperBps === null ? null : sized.midBasisBps - upperBps,
    fundingExcessApr: (perYear(sized.fundingSum, HORIZON_HOURS) ?? 0) - QUOTE_RATE
  }
  return { quote, quoted }
}

/** The same before it is judged. What an interval that is only assumed makes of a rate is not known. */
export function signalCaseOf(facts: CarryFacts): SignalCase | null {
  const { contract, spot } = facts
  const isAssumed = facts.contractFacts.latest?.estimate?.intervalSource === 'assumed'
  if (spot === null || isAssumed) return null
  const fees = {
    spotTaker: takerFeeOf(spot.venue, 'spot', BASE_TIER).taker,
    perpTaker: takerFeeOf(contract.venue, 'contract', BASE_TIER).taker
  }
  const terms: CarryTerms = {
    direction: 'forward',
    horizonHours: HORIZON_HOURS,
    fees,
    deliveryFrac: deliveryFeeOf(contract.venue, fees),
    perpMarginFrac: MARGIN,
    borrowApr: null,
    rQuote: QUOTE_RATE,
    rBase: baseRateOf(contract.asset),
    quoteAgeMs: CARRY_QUOTE_AGE_MS,
    bookAgeMs: CARRY_BOOK_AGE_MS
  }
  const input = carryCaseOf(facts, terms)
  if (typeof input === 'string') return null
  const sized = quoteCarry(input, NOTIONAL)
  if (typeof sized === 'string') return null
  const quoted = quotedCarryOf(input, sized, notional)
  return quoted && { terms, input, sized, quoted }
}
