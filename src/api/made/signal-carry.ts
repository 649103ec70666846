import { midOfLevels } from '../../domain/book.ts'
import { headlineOf, wholeCostBps } from '../../domain/carry-quote.ts'
import { signalCarryOf, signalCaseOf } from '../../domain/carry-signal.ts'
import { type Decimal, decimalToString } from '../../domain/decimal.ts'
import { slippagesOf } from '../../domain/quoted-carry.ts'
import type { BucketSignal } from '../../domain/signal.ts'
import { carryOpportunity } from '../../domain/signal-values.ts'
import { findCarryFacts } from '../../store/closed-buckets/carries.ts'
import type { ApiContext } from '../context.ts'
import { factsAgain, type KeptFacts, keptFacts } from './kept-carry.ts'

/** What was known of a carry's pair at the last good basis of the bucket that ended at a moment; null: nothing of it is kept. */
export async function readSignalFacts(
  { db }: ApiContext,
  { instrumentId, spotId, parameterSet: { bucketMs } }: BucketSignal,
  at: number
): Promise<KeptFacts | null> {
  const facts = await findCarryFacts(
    db,
    { instrumentId: instrumentId!, spotId },
    { from: at - bucketMs, to: at, bucketMs }
  )
  return facts === undefined ? null : keptFacts(facts)
}

/** What these say of it: its value, and the carry as it is quoted. */
export function signalCarryAgain(facts: KeptFacts) {
  const carry = signalCarryOf(factsAgain(facts))
  return { value: carryOpportunity({ quote: carry?.quote ?? null }), quoted: carry?.quoted ?? null }
}

const text = (value: Decimal | null) => value && decimalToString(value)

/** The steps between the facts and what is quoted of them. */
export function signalCarryParts(facts: KeptFacts) {
  const found = signalCaseOf(factsAgain(facts))
  if (found === null) return { terms: null, parts: null }
  const { terms, input, sized, quoted } = found
  const end = sized.exits.find(({ exit }) => exit === headlineOf(input))!
  const isLocked = end.exit === 'locked'
  return {
    terms: {
      notional: quoted.notional,
      horizonHours: terms.horizonHours,
      spotTaker: terms.fees.spotTaker,
      contractTaker: terms.fees.perpTaker,
      margin: terms.perpMarginFrac,
      quoteRate: terms.rQuote,
      feeTableVersion: quoted.feeTableVersion
    },
    parts: {
      baseQuantity: quoted.baseQuantity,
      spotVwap: quoted.spotVwap,
      contractVwap: quoted.contractVwap,
      spotMid: text(midOfLevels(input.spot)),
      contractMid: text(midOfLevels(input.contract)),
      units: text(input.multiplier) ?? '1',
      fx: text(input.fx),
      exitBasisBps: end.exitBasisBps,
      exitSlippageBps: sized.spotExitSlippageBps + (isLocked ? 0 : sized.perpExitSlippageBps),
      fundingSum: sized.fundingSum,
      settlements: quoted.settlements,
      intervalHours: quoted.intervalHours,
      borrowFrac: 0,
      deliveryFrac: isLocked ? terms.deliveryFrac - terms.fees.perpTaker : 0,
      hours: end.hours,
      fairBps: input.fairBps,
      costBps: wholeCostBps(input, sized),
      breakEvenHours: quoted.breakEvenHours,
      ...slippagesOf(input, sized)
    }
  }
}
