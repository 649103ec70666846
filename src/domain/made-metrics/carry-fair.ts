import { RETURN_DAYS } from '../fair-band.ts'
import { BOOK, CLOSES, DEVIATION, FAIR, PERIODS, SCATTER } from './carry-words.ts'
import type { MadeMetric, Words } from './words.ts'

// Where basis is against what no trade can gain from.

const RULE = ['rule.scheme', 'rule.interest8h', 'rule.damper', 'rule.passThrough8h']
const RATES = ['terms.rQuote', 'terms.rBase']
const BOUNDS = ['cap', 'floor', 'intervalHours'].map((field) => `contractFacts.latest.estimate.${field}`)
const CARRY8H = 'carry8h = (rQuote − rBase) · 8 / hoursPerYear'
const FAIR_BPS =
  'fairBps of a perpetual: of scheme none carry8h / passThrough8h (1 unless told), otherwise carry8h ± damper on the side of the anchor that it is ' +
  'on, the anchor itself where it is the same, in bps; anchor = interest8h, 0 of scheme damper0; unknown where carry8h is beyond cap or floor per 8 h; ' +
  `${CARRY8H}; of a dated contract (rQuote − rBase) · days · bps / daysPerYear, days = (expiresAt − derivedAt) / dayMs`
const FAIR_INPUTS = [...RULE, ...RATES, ...BOUNDS, 'contract.expiresAt', 'derivedAt']
const NOISY =
  'the μ, found by 100 halvings, at which E[x − clip(x, ±damper)] = carry8h − anchor for x ~ N(μ, premiumSigmaBps / bps), added to the anchor, in bps; ' +
  `the normal distribution by Abramowitz and Stegun 26.2.17; fairBps where the scheme is none; ${CARRY8H}`
const COST =
  'costBps: both slippages at entry and at exit (of a dated contract the spot leg’s alone) + (2 · (spotTaker + contractTaker) + deliveryFrac) · bps'
const UPPER = `upperBps = fairBps + costBps; ${COST}`
const LOWER =
  'lowerBps = fairBps − costBps − borrowApr · days · bps / daysPerYear; days = returnDays, of a dated contract (expiresAt − derivedAt) / dayMs; ' +
  COST
const PARTS = ['parts.fairBps', 'parts.costBps']
const BORROWED = [...PARTS, 'terms.borrowApr', 'contract.expiresAt', 'derivedAt']
const OF_BAND = { ...BOOK, ...FAIR, returnDays: RETURN_DAYS }

const bandOf = (path: string, formula: string, inputs: readonly string[], unit = 'basis points'): MadeMetric => {
  return { unit, formula, inputs, constants: OF_BAND, path: `fair.${path}` }
}

export const CARRY_FAIR: Words = {
  fairBps: { unit: 'basis points', formula: FAIR_BPS, inputs: FAIR_INPUTS, constants: FAIR, path: 'fair.fairBps' },
  noisyFairBps: {
    unit: 'basis points',
    formula: NOISY,
    inputs: [...RULE, ...RATES, 'parts.premiumSigmaBps'],
    constants: { ...FAIR, ...SCATTER },
    path: 'fair.noisyFairBps'
  },
  premiumSigmaBps: {
    unit: 'basis points',
    formula:
      'deviation of the sample of the basis’ means of 8 h, of 30 d, those of which less than half is known left out; unknown with fewer than ' +
      'periodsMin, and where contract.quote is not spot.quote',
    inputs: [...PERIODS, 'contract.quote', 'spot.quote'],
    constants: SCATTER,
    path: 'fair.premiumSigmaBps'
  },
  sigmaBps: {
    unit: 'basis points',
    formula:
      'deviation of the sample of what daily closes of the basis before fx changed by over lagDays, of 60 d; unknown with fewer than changesMin changes',
    inputs: CLOSES,
    constants: DEVIATION,
    path: 'fair.sigmaBps'
  },
  fairLowerBps: bandOf('lowerBps', LOWER, BORROWED),
  fairUpperBps: bandOf('upperBps', UPPER, PARTS),
  fairPlace: bandOf(
    'place',
    `rich where midBasisBps is above upperBps, cheap where it is below lowerBps, inside between both; ${UPPER}; ${LOWER}`,
    [...BORROWED, 'parts.midBasisBps'],
    'word'
  ),
  fairExcessBps: bandOf(
    'excessBps',
    `midBasisBps − upperBps above it, midBasisBps − lowerBps below it, 0 between both; null inside of one while the other is not known; ${UPPER}; ${LOWER}`,
    [...BORROWED, 'parts.midBasisBps']
  ),
  fairWorstLowerBps: bandOf(
    'worstLowerBps',
    `lowerBps − max(cap per 8 h, 0) · 3 · returnDays · bps, cap 0 of a dated contract; ${LOWER}`,
    [...BORROWED, ...BOUNDS]
  ),
  fairWorstUpperBps: bandOf(
    'worstUpperBps',
    `upperBps + max(−floor per 8 h, 0) · 3 · returnDays · bps, floor 0 of a dated contract; ${UPPER}`,
    [...PARTS, ...BOUNDS]
  )
}
