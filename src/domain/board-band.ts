import type { BoardRow } from './board-row.ts'
import { roundTripFees } from './carry.ts'
import { borrowUntilReturnBps, type FairBand, fairBand } from './fair-band.ts'
import { baseRateOf, contractRuleOf, type FundingRule, fairDeadband } from './fair-premium.ts'
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

/** What a band takes that stands in no row: the venue's formula, what the coin is taken to earn, taker fees of both legs. */
export type BandTables = {
  readonly rule: FundingRule
  readonly rBase: number
  readonly spotTaker: number
  readonly contractTaker: number
}
/** What a band takes of a row. */
export type BandRow = Pick<
  BoardRow,
  'grade' | 'adjustedBasisBps' | 'carryEntryBps' | 'reverseEntryBps' | 'cap' | 'floor' | 'fundingIntervalHours'
>

/**
 * Where a perpetual's adjusted basis is against the bounds within which no trade pays, at the best prices of its row: both legs are
 * crossed twice and fees are paid four times. Null without a basis that a grade vouches for, or a formula to be fair by. Spec 4.3, 4.4.
 */
export function bandOfRow(row: BoardRow, base: string, terms: BandTerms): FairBand | null {
  const tables = bandTablesOf(row, base, terms)
  return tables && bandBy(row, tables, terms)
}

/** Null without a spot leg, or a formula to be fair by. */
export function bandTablesOf(
  { venue, asset, spot }: Pick<BoardRow, 'venue' | 'asset' | 'spot'>,
  base: string,
  { feeTier, rBase }: Pick<BandTerms, 'feeTier' | 'rBase'>
): BandTables | null {
  const rule = contractRuleOf({ venue, base })
  if (rule === null || spot === null) return null
  return {
    rule,
    rBase: rBase ?? baseRateOf(asset),
    spotTaker: takerFeeOf(spot.split(':')[0]!, 'spot', feeTier).taker,
    contractTaker: takerFeeOf(venue, 'contract', feeTier).taker
  }
}

/** The same as `bandOfRow`, of tables that were looked up. */
export function bandBy(
  row: BandRow,
  { rule, rBase, spotTaker, contractTaker }: BandTables,
  { borrowApr, rQuote }: Pick<BandTerms, 'borrowApr' | 'rQuote'>
): FairBand | null {
  const { grade, adjustedBasisBps, carryEntryBps, reverseEntryBps } = row
  if (grade === 'none' || adjustedBasisBps === null) return null
  if (carryEntryBps === null || reverseEntryBps === null) return null
  const { fairLowBps, fairHighBps } = fairDeadband({ ...rule, rQuote, rBase, ...boundsOf(row) })
  const costBps = reverseEntryBps - carryEntryBps + roundTripFees({ spotTaker, perpTaker: contractTaker }) * BPS
  const borrowBps = borrowUntilReturnBps(borrowApr)
  return fairBand({
    observedBps: adjustedBasisBps,
    fairLowBps,
    fairHighBps,
    costForwardBps: costBps,
    costReverseBps: borrowBps === null ? null : costBps + borrowBps
  })
}

/** Cap and floor per 8 h; null: none are known. */
function boundsOf({ cap, floor, fundingIntervalHours: hours }: BandRow) {
  const per8h = (bound: number | null) => (bound === null || hours === null ? null : (bound * 8) / hours)
  return { cap8h: per8h(cap), floor8h: per8h(floor) }
}
