import type { CarryAnswer, carryView } from '../../contract/carry-view.ts'
import { type Book, midOfLevels } from '../../domain/book.ts'
import { sideOf } from '../../domain/carry.ts'
import { exitSlippage } from '../../domain/carry-entry.ts'
import { headlineOf, wholeCostBps } from '../../domain/carry-quote.ts'
import { type Decimal, decimalToString } from '../../domain/decimal.ts'
import { contractRuleOf } from '../../domain/fair-premium.ts'
import { HOUR } from '../../domain/time.ts'

/** The steps between the rows of a carry and its numbers: both books by levels, fills, funding to come, and what its own end takes. */
export function partsOf(
  answer: CarryAnswer,
  { observedAt, fair }: Pick<ReturnType<typeof carryView>, 'observedAt' | 'fair'>
) {
  const premiumSigmaBps = fair?.premiumSigmaBps ?? null
  const { quoted, terms, facts } = answer
  const shared = {
    terms: {
      ...terms,
      spotTaker: terms.fees.spotTaker,
      contractTaker: terms.fees.perpTaker,
      margin: terms.perpMarginFrac
    },
    rule: facts.contract.kind === 'perpetual' ? contractRuleOf(facts.contract) : null
  }
  if (typeof quoted === 'string') return { ...shared, parts: {} }
  const { input } = quoted
  return {
    ...shared,
    contractBook: levelsOf(input.contract),
    spotBook: levelsOf(input.spot),
    parts: { ...fillsOf(quoted), ...fundingOf(quoted), ...endOf(quoted), premiumSigmaBps, observedAt }
  }
}

type Quoted = Exclude<CarryAnswer['quoted'], string>

const text = (value: Decimal | null) => value && decimalToString(value)
export const levelsOf = ({ bids, asks }: Book) => {
  const shown = (levels: Book['bids']) => levels.map(({ price, size }) => ({ price: text(price), size: text(size) }))
  return { bids: shown(bids), asks: shown(asks) }
}

function fillsOf({ input, sized }: Quoted) {
  const { entry, midBasisBps, spotExitSlippageBps } = sized
  return {
    side: sideOf(input.direction),
    units: text(input.multiplier),
    fx: text(input.fx),
    contractMid: text(midOfLevels(input.contract)),
    spotMid: text(midOfLevels(input.spot)),
    baseQuantity: text(entry.baseQty),
    spotVwap: text(entry.spotVwap),
    contractVwap: text(entry.perpVwap),
    entryBasisBps: entry.entryBasisBps,
    midBasisBps,
    spotSlippageBps: entry.spotSlippageBps,
    contractSlippageBps: entry.perpSlippageBps,
    spotExitSlippageBps,
    // Of the book, whether or not the contract is held to its expiry.
    contractExitSlippageBps: exitSlippage({ ...input, baseQty: entry.baseQty! }).perpBps
  }
}

/** Nothing to come of a dated contract. */
function fundingOf({ input, sized }: Quoted) {
  const { funding, nowMs } = input
  const { next, longRun, persistence } = funding?.fitted.path ?? { next: null, longRun: null, persistence: null }
  return {
    next8h: next,
    longRun8h: longRun,
    persistence,
    intervalHours: funding?.intervalHours ?? null,
    settlements: funding?.settlements.length ?? 0,
    toNextHours: funding === null ? null : (funding.nextSettlementAt - nowMs) / HOUR,
    fundingSum: sized.fundingSum
  }
}

/** What the row's own end takes. */
function endOf({ input, sized }: Quoted) {
  const end = sized.exits.find(({ exit }) => exit === headlineOf(input))
  const { fairBps, sigmaBps, deliveryFrac, fees, expiryMs, nowMs } = input
  return {
    exitBasisBps: end?.exitBasisBps ?? null,
    exitSlippageBps: sized.spotExitSlippageBps + sized.perpExitSlippageBps,
    borrowFrac: sized.borrowFrac,
    deliveryFrac: end?.exit === 'locked' ? deliveryFrac - fees.perpTaker : 0,
    hours: end?.hours ?? null,
    lifeHours: expiryMs === null ? null : (expiryMs - nowMs) / HOUR,
    fairBps,
    sigmaBps,
    costBps: wholeCostBps(input, sized)
  }
}
