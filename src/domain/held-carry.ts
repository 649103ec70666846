import { perYear } from './carry.ts'
import { carryBetween, type Quotes } from './carry-return.ts'
import { HOUR } from './time.ts'

/** What a carry that was quoted came to. Parts of what the spot leg cost; net = price + funding − cost. */
export type HeldCarry = {
  readonly entryAt: number
  readonly exitAt: number
  readonly hours: number
  /** What both legs gained by price, at the best prices that could be had: what basis changed, and both spreads. */
  readonly priceFrac: number
  /** Σ of the settled rates in (entry, exit]. */
  readonly fundingFrac: number
  /** Taker fees of both legs, in and out. */
  readonly feesFrac: number
  /** What the size cost beyond the best prices, as it was quoted. */
  readonly impactFrac: number
  readonly costFrac: number
  readonly netFrac: number
  /** A year, on notional and on notional with margin; null of no time. */
  readonly netAprNotional: number | null
  readonly netAprCapital: number | null
}

/**
 * A forward carry from one pair of quotes to a later one: spot bought at the ask and sold at the bid, the contract sold at the bid and
 * bought back at the ask, the rates that really settled in between, taker fees, and the impact of the size. Spec 3.7, vector 51.
 */
export function heldCarry(input: {
  readonly entry: Quotes
  readonly exit: Quotes
  readonly settledFunding: readonly { readonly ts: number; readonly rate: number }[]
  /** Fractions. */
  readonly spotTaker: number
  readonly perpTaker: number
  readonly impactFrac: number
  readonly marginFrac: number
}): HeldCarry {
  const { entry, exit, impactFrac, marginFrac } = input
  const { spotLeg, perpLeg, funding, fees, netFrac: beforeImpact } = carryBetween(input)
  const hours = (exit.ts - entry.ts) / HOUR
  const netFrac = beforeImpact - impactFrac
  const netAprNotional = perYear(netFrac, hours)
  return {
    entryAt: entry.ts,
    exitAt: exit.ts,
    hours,
    priceFrac: spotLeg + perpLeg,
    fundingFrac: funding,
    feesFrac: fees,
    impactFrac,
    costFrac: fees + impactFrac,
    netFrac,
    netAprNotional,
    netAprCapital: netAprNotional === null ? null : netAprNotional / (1 + marginFrac)
  }
}
