import { type Book, midOfLevels } from './book.ts'
import { type CarryCase, type Exit, type ExitQuote, headlineOf, type SizedCarry } from './carry-quote.ts'
import { decimalToString, ratioOf, subtract } from './decimal.ts'
import { FEE_TABLE_VERSION } from './fees.ts'

/** A forward carry as it was quoted when a bucket closed. Fractions of notional, bases in bps. Plain data: it is kept with its signal. */
export type QuotedCarry = {
  /** Quote currency of spot. */
  readonly notional: number
  /** Base, and both fills; exact decimals. */
  readonly baseQuantity: string
  readonly spotVwap: string
  readonly contractVwap: string
  /** What basis was taken to be in the end, and after how many hours. */
  readonly exit: Exit
  readonly hours: number
  readonly entryBasisBps: number
  readonly midBasisBps: number
  /** Σ of the rates expected at so many settlements; 0 for a dated contract. */
  readonly fundingSum: number
  readonly settlements: number
  readonly intervalHours: number | null
  readonly spotTaker: number
  readonly contractTaker: number
  readonly feeTableVersion: number
  /** What the size costs beyond the best prices of both books, in and out. */
  readonly impactFrac: number
  readonly grossFrac: number
  readonly costFrac: number
  readonly netFrac: number
  /** A year, on notional and on notional with margin. */
  readonly netAprNotional: number
  readonly netAprCapital: number
  /** Null: it is never earned back. */
  readonly breakEvenHours: number | null
}

const BPS = 10_000

/** What is kept of a sized carry by the row's own end; null where that end is not known. Spec 3.1. */
export function quotedCarryOf(input: CarryCase, sized: SizedCarry, notional: number): QuotedCarry | null {
  const headline = sized.exits.find(({ exit }) => exit === headlineOf(input))
  const { aprOnNotional = null, aprOnCapital = null } = headline ?? {}
  if (headline === undefined || aprOnNotional === null || aprOnCapital === null) return null
  return {
    notional,
    baseQuantity: decimalToString(sized.entry.baseQty!),
    spotVwap: decimalToString(sized.entry.spotVwap!),
    contractVwap: decimalToString(sized.entry.perpVwap!),
    ...endOf(headline),
    entryBasisBps: sized.entry.entryBasisBps!,
    midBasisBps: sized.midBasisBps,
    fundingSum: sized.fundingSum,
    settlements: input.funding?.settlements.length ?? 0,
    intervalHours: input.funding?.intervalHours ?? null,
    spotTaker: input.fees.spotTaker,
    contractTaker: input.fees.perpTaker,
    feeTableVersion: FEE_TABLE_VERSION,
    impactFrac: impactOf(input, sized),
    netAprNotional: aprOnNotional,
    netAprCapital: aprOnCapital,
    // What a dated contract locks is earned with its entry.
    breakEvenHours: input.funding === null ? 0 : sized.breakEvenHours
  }
}

const endOf = ({ exit, hours, grossFrac, costFrac, netFrac }: ExitQuote) => ({
  exit,
  hours,
  grossFrac,
  costFrac,
  netFrac
})

/** Slippage of each leg, in and out, bps against mid. A contract that is held to expiry is taken to leave as it entered. */
export function slippagesOf(input: CarryCase, { entry, spotExitSlippageBps, perpExitSlippageBps }: SizedCarry) {
  const contractInBps = entry.perpSlippageBps ?? 0
  return {
    spotInBps: entry.spotSlippageBps ?? 0,
    spotOutBps: spotExitSlippageBps,
    contractInBps,
    contractOutBps: headlineOf(input) === 'locked' ? contractInBps : perpExitSlippageBps,
    spotHalfBps: halfSpreadBps(input.spot),
    contractHalfBps: halfSpreadBps(input.contract)
  }
}

/** Half of the spread of it is in the best prices. */
function impactOf(input: CarryCase, sized: SizedCarry): number {
  const { spotInBps, spotOutBps, contractInBps, contractOutBps, spotHalfBps, contractHalfBps } = slippagesOf(
    input,
    sized
  )
  const beyond = [
    spotInBps - spotHalfBps,
    spotOutBps - spotHalfBps,
    contractInBps - contractHalfBps,
    contractOutBps - contractHalfBps
  ]
  return beyond.reduce((sum, bps) => sum + Math.max(0, bps), 0) / BPS
}

function halfSpreadBps(book: Book): number {
  const [mid, ask] = [midOfLevels(book), book.asks[0]?.price]
  const half = mid && ask && ratioOf(subtract(ask, mid), mid)
  return half ? half * BPS : 0
}
