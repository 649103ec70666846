import { breakEvenSettlements, expectedFunding, type FundingPath } from './funding-path.ts'
import { HOURS_PER_YEAR } from './time.ts'

const BPS = 10_000

/** `forward`: short contract, long spot. `reverse`: long contract, short spot that was borrowed. */
export const CARRY_DIRECTIONS = ['forward', 'reverse'] as const
export type CarryDirection = (typeof CARRY_DIRECTIONS)[number]

/** 1 for the short, who gains as basis falls and receives positive funding; −1 for the long. */
export const sideOf = (direction: CarryDirection): 1 | -1 => (direction === 'forward' ? 1 : -1)

/** Taker fees of both legs, fractions of notional; paid at entry and at exit. */
export type TakerFees = { readonly spotTaker: number; readonly perpTaker: number }

/** 2·(spot + contract): in and out on both legs. Spec 3.1. */
export function roundTripFees({ spotTaker, perpTaker }: TakerFees): number {
  return 2 * (spotTaker + perpTaker)
}

export type BreakEven = {
  readonly costFrac: number
  readonly settlementsNeeded: number | null
  /** Were funding paid without lumps, as on Deribit. */
  readonly hoursContinuous: number | null
  /** Until the settlement that pays for it. */
  readonly hoursWall: number | null
}

/**
 * How long a constant rate must be received to pay for both round trips and the slippage (bps): K = ⌈cost/rate⌉ settlements,
 * hours to the next + (K − 1)·interval. Null where the rate pays nothing. Spec 3.1, vector 28.
 */
export function breakEvenConstant(
  input: TakerFees & {
    readonly rate: number
    readonly intervalHours: number
    readonly slippageRoundTripBps: number
    readonly hoursToNextSettlement: number | null
  }
): BreakEven {
  const { rate, intervalHours, hoursToNextSettlement } = input
  const costFrac = roundTripFees(input) + input.slippageRoundTripBps / BPS
  const settlementsNeeded = breakEvenSettlements({ next: rate, longRun: rate, persistence: 0 }, costFrac)
  return {
    costFrac,
    settlementsNeeded,
    hoursContinuous: settlementsNeeded === null ? null : (Math.max(costFrac, 0) / rate) * intervalHours,
    hoursWall: wallHours(settlementsNeeded, hoursToNextSettlement, intervalHours)
  }
}

/** Hours until the k-th settlement from now; null where either is not known. */
export function wallHours(settlements: number | null, toNextHours: number | null, intervalHours: number) {
  if (settlements === null || toNextHours === null) return null
  return settlements === 0 ? 0 : toNextHours + (settlements - 1) * intervalHours
}

/** Over a fixed number of settlements, from an expected path of rates: what is received, what is left, and when it is paid for. */
export function carryOfPath(input: {
  readonly path: FundingPath
  readonly settlements: number
  readonly costFrac: number
  readonly intervalHours: number
}) {
  const { path, settlements, costFrac, intervalHours } = input
  const fundingSum = expectedFunding(path, settlements)
  const netFrac = fundingSum - costFrac
  const breakEven = breakEvenSettlements(path, costFrac)
  return {
    fundingSum,
    netFrac,
    netApr: perYear(netFrac, settlements * intervalHours),
    breakEvenSettlements: breakEven,
    breakEvenHours: breakEven === null ? null : breakEven * intervalHours
  }
}

export type NetCarry = {
  /** Convergence and funding, before costs; fraction of notional. */
  readonly grossFrac: number
  readonly costFrac: number
  readonly netFrac: number
  readonly aprOnNotional: number | null
  /** On what is tied up: the spot leg and the contract's margin. */
  readonly aprOnCapital: number | null
}

/**
 * gross = ±(entryBasisExec − exitBasis) ± funding; cost = both round trips + exit slippage + borrow + delivery; net per year of the
 * horizon, and on 1 + margin. The entry basis is executable: what crossing and size cost at entry is in it and in nothing else.
 * Bases in bps, all else fractions of notional. Spec 3.1, vector 30.
 */
export function netCarry(
  input: TakerFees & {
    readonly entryBasisExecBps: number
    readonly exitBasisBps: number
    /** Σ of rates over the horizon, as the venue signs them. */
    readonly fundingSum: number
    readonly exitSlippageBps: number
    readonly horizonHours: number
    readonly perpMarginFrac: number
    readonly direction?: CarryDirection
    readonly borrowFrac?: number
    /** A dated contract's delivery fee beyond a taker's. */
    readonly deliveryFrac?: number
  }
): NetCarry {
  const { direction = 'forward', borrowFrac = 0, deliveryFrac = 0, horizonHours, perpMarginFrac } = input
  const convergence = (input.entryBasisExecBps - input.exitBasisBps) / BPS
  const grossFrac = sideOf(direction) * (convergence + input.fundingSum)
  const costFrac = roundTripFees(input) + input.exitSlippageBps / BPS + borrowFrac + deliveryFrac
  const netFrac = grossFrac - costFrac
  const aprOnNotional = perYear(netFrac, horizonHours)
  const capital = 1 + perpMarginFrac
  return {
    grossFrac,
    costFrac,
    netFrac,
    aprOnNotional,
    aprOnCapital: aprOnNotional === null || !(capital > 0) ? null : aprOnNotional / capital
  }
}

/**
 * Long contract, short borrowed coin at a constant rate: receives −r a settlement, pays borrowApr·hours/8760. Without a known
 * borrow rate there is no answer. Spec 3.1, vector 31.
 */
export function reverseCarry(input: {
  readonly rate: number
  readonly settlements: number
  readonly intervalHours: number
  /** Fraction a year; null: not known. */
  readonly borrowApr: number | null
  readonly costFrac: number
}) {
  const fundingReceived = 0 - input.rate * input.settlements
  const hours = input.settlements * input.intervalHours
  if (input.borrowApr === null) {
    return { fundingReceived, borrowCost: null, netFrac: null, netApr: null, refused: 'borrow_unknown' as const }
  }
  const borrowCost = borrowCostOf(input.borrowApr, hours)
  const netFrac = fundingReceived - borrowCost - input.costFrac
  return { fundingReceived, borrowCost, netFrac, netApr: perYear(netFrac, hours), refused: null }
}

/** Of a loan of the notional over so many hours, fraction of notional. */
export function borrowCostOf(borrowApr: number, hours: number): number {
  return (borrowApr * hours) / HOURS_PER_YEAR
}

/** Simple, per year of 8,760 h; null over no time. */
export function perYear(fraction: number, hours: number): number | null {
  return hours > 0 ? (fraction * HOURS_PER_YEAR) / hours : null
}
