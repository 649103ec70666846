import type { BoardRow } from './board-row.ts'
import { roundTripFees } from './carry.ts'
import { borrowUntilReturnBps, type FairBand, fairBand } from './fair-band.ts'
import { baseRateOf, contractRuleOf, fairDeadband } from './fair-premium.ts'
import { takerFeeOf } from './fees.ts'

const BPS = 10_000

/** What a trade against a band is costed with. Rates as fractions a year. */
export type BandTerms = {
  readonly feeTier: string
  /** Of the coin; null: nobody says, and so nobody knows how cheap is cheap. */
  readonly borrowApr: number | null
  readonly rQuote: number
  /** Null: what holding the coin is taken to earn unless told. */
  readonly rBase: number | null
}

/**
 * Where a perpetual's adjusted basis is against the bounds within which no trade pays, at the best prices of its row: both legs are
 * crossed twice and fees are paid four times. Null without a basis that a grade vouches for, or a formula to be fair by. Spec 4.3, 4.4.
 */
export function bandOfRow(row: BoardRow, base: string, terms: BandTerms): FairBand | null {
  const { venue, asset, spot, grade, adjustedBasisBps, carryEntryBps, reverseEntryBps } = row
  const rule = contractRuleOf({ venue, base })
  if (rule === null || spot === null || grade === 'none' || adjustedBasisBps === null) return null
  if (carryEntryBps === null || reverseEntryBps === null) return null
  const rates = { rQuote: terms.rQuote, rBase: terms.rBase ?? baseRateOf(asset) }
  const { fairLowBps, fairHighBps } = fairDeadband({ ...rule, ...rates, ...boundsOf(row) })
  const fees = roundTripFees({
    spotTaker: takerFeeOf(spot.split(':')[0]!, 'spot', terms.feeTier).taker,
    perpTaker: takerFeeOf(venue, 'contract', terms.feeTier).taker
  })
  const costBps = reverseEntryBps - carryEntryBps + fees * BPS
  const borrowBps = borrowUntilReturnBps(terms.borrowApr)
  return fairBand({
    observedBps: adjustedBasisBps,
    fairLowBps,
    fairHighBps,
    costForwardBps: costBps,
    costReverseBps: borrowBps === null ? null : costBps + borrowBps
  })
}

/** Cap and floor per 8 h; null: none are known. */
function boundsOf({ cap, floor, fundingIntervalHours: hours }: BoardRow) {
  const per8h = (bound: number | null) => (bound === null || hours === null ? null : (bound * 8) / hours)
  return { cap8h: per8h(cap), floor8h: per8h(floor) }
}
