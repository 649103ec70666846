import { midOfLevels } from './book.ts'
import {
  borrowCostOf,
  type CarryDirection,
  type NetCarry,
  netCarry,
  roundTripFees,
  sideOf,
  type TakerFees,
  wallHours
} from './carry.ts'
import { type CarryBooks, type CarryEntry, enterCarry, exitSlippage } from './carry-entry.ts'
import { type Decimal, decimalOf, multiply, ONE, ratioOf, subtract } from './decimal.ts'
import { breakEvenSettlements } from './funding-path.ts'
import { type FundingToCome, perSettlement } from './funding-to-come.ts'
import { HOUR } from './time.ts'

const BPS = 10_000

/** What basis is taken to be when the carry is closed. `locked`: a dated contract at its expiry, where basis is nothing. */
export const EXITS = ['unchanged', 'fair', 'adverse', 'locked'] as const
export type Exit = (typeof EXITS)[number]

/** Why there is no answer. */
export const CARRY_REFUSALS = [
  'no_spot_leg',
  'quarantined',
  'multiplier_unresolved',
  'missing_quote',
  'stale',
  'no_book',
  'book_too_thin',
  'fx_unadjusted',
  'depeg',
  'funding_unknown',
  'interval_unknown',
  'near_expiry',
  'borrow_unknown'
] as const
export type CarryRefusal = (typeof CARRY_REFUSALS)[number]

export type CarryCase = Omit<CarryBooks, 'direction' | 'fx'> & {
  readonly nowMs: number
  readonly direction: CarryDirection
  readonly fx: Decimal
  readonly horizonHours: number
  readonly fees: TakerFees
  /** What a delivery costs beyond nothing, where a dated contract is held to it; fraction. */
  readonly deliveryFrac: number
  readonly perpMarginFrac: number
  /** Of the coin that a reverse carry sells short, fraction a year. */
  readonly borrowApr: number | null
  /** Null for a dated contract, which settles once. */
  readonly funding: FundingToCome | null
  /** Null for a perpetual. */
  readonly expiryMs: number | null
  /** Where basis would rest; null: not known. */
  readonly fairBps: number | null
  /** The same when the horizon is over: a dated contract has fewer days left then. */
  readonly fairAtHorizonBps: number | null
  /** One standard deviation of basis changes over seven days; null: not known. */
  readonly sigmaBps: number | null
}

export type ExitQuote = NetCarry & { readonly exit: Exit; readonly exitBasisBps: number; readonly hours: number }

export type SizedCarry = {
  readonly notional: Decimal
  readonly entry: CarryEntry
  readonly midBasisBps: number
  readonly spotExitSlippageBps: number
  /** 0 where a dated contract is held to expiry. */
  readonly perpExitSlippageBps: number
  readonly fundingSum: number
  /** Until the end that the row is judged by. */
  readonly borrowFrac: number
  /** One for each exit assumption that is known. */
  readonly exits: readonly ExitQuote[]
  /** What funding must still pay for with basis unchanged: costs and the crossing at entry. Null for dated contracts. */
  readonly costToRecoverFrac: number | null
  readonly breakEvenSettlements: number | null
  readonly breakEvenHours: number | null
}

/** The assumption that a row is judged by: dated contracts lock, perpetuals harvest. */
export const headlineOf = ({ expiryMs }: Pick<CarryCase, 'expiryMs'>): Exit =>
  expiryMs === null ? 'unchanged' : 'locked'

/**
 * One size of one carry: VWAP at entry on both books for the same base, expected funding at the settlements inside the horizon, what
 * leaving costs at the books of now, and net for each exit assumption. A reason where it cannot be said. Spec 3.1.
 */
export function quoteCarry(input: CarryCase, notional: Decimal): SizedCarry | CarryRefusal {
  const sized = sizeCarry(input, notional, EXITS)
  return typeof sized === 'string' ? sized : { ...sized, ...breakEvenOf(input, sized) }
}

function sizeCarry(
  input: CarryCase,
  notional: Decimal,
  ends: readonly Exit[]
): Omit<SizedCarry, keyof BreakEvenOfSize> | CarryRefusal {
  if (input.direction === 'reverse' && input.borrowApr === null) return 'borrow_unknown'
  const entry = enterCarry({ ...input, notionalQuote: notional })
  if (!entry.sufficient) return 'book_too_thin'
  const slippage = exitSlippage({ ...input, baseQty: entry.baseQty! })
  const midBasisBps = midBasisOf(input)
  if (slippage.spotBps === null || midBasisBps === null) return 'book_too_thin'
  const isHeld = headlineOf(input) === 'locked'
  if (slippage.perpBps === null && !isHeld) return 'book_too_thin'
  const sized = {
    notional,
    entry,
    midBasisBps,
    spotExitSlippageBps: slippage.spotBps,
    perpExitSlippageBps: isHeld ? 0 : slippage.perpBps!,
    fundingSum: input.funding?.sum ?? 0,
    borrowFrac: borrowOf(input, isHeld ? lifeHoursOf(input)! : input.horizonHours)
  }
  const early = { ...sized, perpExitSlippageBps: slippage.perpBps }
  return { ...sized, exits: ends.flatMap((exit) => exitQuote(input, early, exit) ?? []) }
}

const lifeHoursOf = ({ nowMs, expiryMs }: Pick<CarryCase, 'nowMs' | 'expiryMs'>): number | null =>
  expiryMs === null ? null : (expiryMs - nowMs) / HOUR

type Sized = Pick<SizedCarry, 'entry' | 'midBasisBps' | 'spotExitSlippageBps' | 'perpExitSlippageBps' | 'fundingSum'>
/** What closing the contract on its book costs is null where that book ends before. */
type Early = Omit<Sized, 'perpExitSlippageBps'> & { readonly perpExitSlippageBps: number | null }

function exitQuote(input: CarryCase, sized: Early, exit: Exit): ExitQuote | null {
  const { horizonHours, fees, perpMarginFrac, direction } = input
  const lifeHours = lifeHoursOf(input)
  const isLocked = exit === 'locked'
  // A contract that expires within the horizon has no other end.
  if (isLocked ? lifeHours === null : lifeHours !== null && lifeHours <= horizonHours) return null
  const perpExitBps = isLocked ? 0 : sized.perpExitSlippageBps
  const exitBasisBps = exitBasisOf(input, sized.midBasisBps, exit)
  if (exitBasisBps === null || perpExitBps === null) return null
  const hours = isLocked ? lifeHours! : horizonHours
  const net = netCarry({
    entryBasisExecBps: sized.entry.entryBasisBps!,
    exitBasisBps,
    fundingSum: sized.fundingSum,
    // At expiry the contract delivers: it crosses no spread and pays its delivery fee in place of a taker's.
    exitSlippageBps: sized.spotExitSlippageBps + perpExitBps,
    ...fees,
    deliveryFrac: isLocked ? deliveryBeyondFee(input) : 0,
    borrowFrac: borrowOf(input, hours),
    horizonHours: hours,
    perpMarginFrac,
    direction
  })
  return { exit, exitBasisBps, hours, ...net }
}

/** A delivery fee comes in place of the contract's second taker fee. */
const deliveryBeyondFee = ({ deliveryFrac, fees }: Pick<CarryCase, 'deliveryFrac' | 'fees'>) =>
  deliveryFrac - fees.perpTaker

/** What a size costs beyond the mids by the row's own end, in and out on both legs, with fees, bps; borrow is not in it. */
export function wholeCostBps(
  input: CarryCase,
  { entry, spotExitSlippageBps, perpExitSlippageBps }: SizedCarry
): number {
  const crossing =
    (entry.spotSlippageBps ?? 0) + (entry.perpSlippageBps ?? 0) + spotExitSlippageBps + perpExitSlippageBps
  const delivery = headlineOf(input) === 'locked' ? deliveryBeyondFee(input) : 0
  return crossing + (roundTripFees(input.fees) + delivery) * BPS
}

function exitBasisOf(input: CarryCase, midBasisBps: number, exit: Exit): number | null {
  if (exit === 'locked') return 0
  if (exit === 'unchanged') return midBasisBps
  if (exit === 'fair') return input.fairAtHorizonBps
  return input.sigmaBps === null ? null : midBasisBps + sideOf(input.direction) * input.sigmaBps
}

/** Of the mids, after fx, bps; null where a book has none. */
export function midBasisOf({
  spot,
  contract,
  multiplier,
  fx
}: Pick<CarryCase, 'spot' | 'contract' | 'multiplier' | 'fx'>): number | null {
  const [spotMid, contractMid] = [midOfLevels(spot), midOfLevels(contract)]
  if (!spotMid || !contractMid) return null
  const reference = multiply(fx, multiply(multiplier ?? ONE, spotMid))
  const fraction = ratioOf(subtract(contractMid, reference), reference)
  return fraction === undefined ? null : fraction * BPS
}

function borrowOf({ direction, borrowApr }: CarryCase, hours: number): number {
  return direction === 'reverse' && borrowApr !== null ? borrowCostOf(borrowApr, hours) : 0
}

type BreakEvenOfSize = Pick<SizedCarry, 'costToRecoverFrac' | 'breakEvenSettlements' | 'breakEvenHours'>

/** When expected funding has paid for everything else, with basis as it is: in settlements, and in hours by the clock. */
function breakEvenOf(input: CarryCase, sized: Sized): BreakEvenOfSize {
  const { funding, fees, direction } = input
  if (funding === null) return { costToRecoverFrac: null, breakEvenSettlements: null, breakEvenHours: null }
  const { grossFrac, costFrac } = netCarry({
    entryBasisExecBps: sized.entry.entryBasisBps!,
    exitBasisBps: sized.midBasisBps,
    fundingSum: 0,
    exitSlippageBps: sized.spotExitSlippageBps + sized.perpExitSlippageBps,
    ...fees,
    horizonHours: input.horizonHours,
    perpMarginFrac: input.perpMarginFrac,
    direction
  })
  const costToRecoverFrac = costFrac - grossFrac
  const { intervalHours } = funding
  const path = perSettlement(funding.fitted.path, intervalHours, sideOf(direction), borrowOf(input, intervalHours))
  const settlements = breakEvenSettlements(path, costToRecoverFrac)
  return {
    costToRecoverFrac,
    breakEvenSettlements: settlements,
    breakEvenHours: wallHours(settlements, (funding.nextSettlementAt - input.nowMs) / HOUR, intervalHours)
  }
}

/** Net per year on capital of one size by the row's own assumption; null where the books end before. For curves and capacity. */
export function netAprOf(input: CarryCase, notional: number): number | null {
  const amount = decimalOf(Math.round(notional * 100) / 100)
  const sized = amount === undefined ? 'book_too_thin' : sizeCarry(input, amount, [headlineOf(input)])
  return typeof sized === 'string' ? null : (sized.exits[0]?.aprOnCapital ?? null)
}
