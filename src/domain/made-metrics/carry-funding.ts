import { HOURS_PER_YEAR } from '../time.ts'
import { BOOK, ESTIMATE, FITTED, HORIZON, NET, PATH, RATE, SETTLED } from './carry-words.ts'
import type { MadeMetric, Words } from './words.ts'

// A perpetual's funding to come, and when it has paid for everything else.

const TRAILING = 'a rate of kind trailing is of 8 h and settles every hour'
const CLOCK = [...ESTIMATE, ...HORIZON]
const WHOLE = [...CLOCK, ...SETTLED, 'rule.interest8h', 'parts.side']
const of = (field: string, unit: string, formula: string, inputs: readonly string[]): MadeMetric => ({
  unit,
  formula,
  inputs,
  constants: PATH,
  path: `funding.${field}`
})

const DUE =
  'from the venue’s next settlement, or the next on the UTC grid of the interval, every intervalHours until horizonHours from now'
const SUM = `Σ rateₖ · intervalHours / 8 over the settlements; ${RATE}; ${FITTED}`

const PATH_PARTS = ['next8h', 'longRun8h', 'persistence', 'intervalHours', 'side'].map((name) => `parts.${name}`)
const RECOVER =
  'costToRecoverFrac = 2 · (spotTaker + contractTaker) + exitSlippageBps / bps − side · (entryBasisBps − midBasisBps) / bps'
const RECOVER_PARTS = [
  'terms.spotTaker',
  'terms.contractTaker',
  ...['exitSlippageBps', 'entryBasisBps', 'midBasisBps', 'side'].map((name) => `parts.${name}`)
]
const PAID =
  `the first k at which Σ (side · rateₖ · intervalHours / 8 − borrowed) meets costToRecoverFrac, within 10⁻¹² of it; ${RATE}; ` +
  'borrowed = borrowApr · intervalHours / hoursPerYear, only in reverse'
const PAID_PARTS = [
  ...PATH_PARTS,
  ...RECOVER_PARTS,
  'contractFacts.latest.estimate.cap',
  'contractFacts.latest.estimate.floor',
  'terms.borrowApr'
]

export const CARRY_FUNDING: Words = {
  fundingRate8h: of('rate8h', 'fraction per 8 h', `rate · 8 / intervalHours; ${TRAILING}`, ESTIMATE),
  fundingLongRun8h: of('longRun8h', 'fraction per 8 h', FITTED, WHOLE),
  fundingPersistence: of('persistence', 'share', FITTED, WHOLE),
  fundingSettlementsUsed: of('settlementsUsed', 'settlements', 'of 90 d, those whose interval is known', SETTLED),
  fundingIntervalHours: of('intervalHours', 'hours', `the venue’s; ${TRAILING}`, ESTIMATE),
  fundingSettlements: of('settlements', 'settlements', DUE, CLOCK),
  fundingSumFrac: of('sumFrac', 'fraction', `${SUM}; settlements ${DUE}`, WHOLE),
  fundingExpectedApr: {
    ...of(
      'expectedApr',
      'fraction a year',
      `sum · hoursPerYear / horizonHours; sum = ${SUM}; settlements ${DUE}`,
      WHOLE
    ),
    constants: { ...PATH, hoursPerYear: HOURS_PER_YEAR }
  },
  costToRecoverFrac: { unit: 'fraction', formula: RECOVER, inputs: RECOVER_PARTS, constants: BOOK },
  breakEvenSettlements: {
    unit: 'settlements',
    formula: `${PAID}; ${RECOVER}`,
    inputs: PAID_PARTS,
    constants: NET
  },
  breakEvenHours: {
    unit: 'hours',
    formula: `toNextHours + (k − 1) · intervalHours, 0 for no settlement; k: ${PAID}; ${RECOVER}`,
    inputs: [...PAID_PARTS, 'parts.toNextHours'],
    constants: NET
  }
}
