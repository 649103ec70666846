import { BPS } from '../basis.ts'
import { RETURN_DAYS } from '../fair-band.ts'
import { HOURS_PER_YEAR } from '../time.ts'
import type { MadeMetric, Words } from './words.ts'

// How many contracts of an asset are beyond the bounds within which no trade pays.

const of = (names: readonly string[]) => names.map((name) => `contracts.*.${name}`)
const GIVEN = of(['grade', 'adjustedBasisBps', 'carryEntryBps', 'reverseEntryBps'])
const FAIR = of(['scheme', 'interest8h', 'damper', 'passThrough8h', 'rBase', 'cap', 'floor', 'fundingIntervalHours'])
const INPUTS = [...GIVEN, ...FAIR, ...of(['spotTaker', 'contractTaker']), 'quoteRate', 'borrowApr']

const BANDS =
  'upper = high + cost, lower = low − cost − borrowApr · returnDays · bps / daysPerYear; cost = reverseEntryBps − carryEntryBps + ' +
  '2 · (spotTaker + contractTaker) · bps; low and high: of scheme none both carry8h / passThrough8h, otherwise carry8h ± damper on the ' +
  'side of interest8h that it is on, interest8h ± damper where it is the same, in bps, and unknown where carry8h is beyond cap or floor ' +
  'per 8 h; carry8h = (quoteRate − rBase) · 8 / hoursPerYear. A contract without a scheme, a basis that a grade vouches for or prices has none'

const part = (path: string, unit: string, formula: string): MadeMetric => ({
  unit,
  formula: `${formula}; ${BANDS}`,
  inputs: INPUTS,
  constants: { bps: BPS, hoursPerYear: HOURS_PER_YEAR, daysPerYear: HOURS_PER_YEAR / 24, returnDays: RETURN_DAYS },
  path: `breadth.${path}`
})

export const BREADTH: Words = {
  breadthRich: part('rich', 'share', 'adjustedBasisBps above upper / upper known'),
  breadthCheap: part('cheap', 'share', 'adjustedBasisBps below lower and not above upper / lower known'),
  breadthInside: part('inside', 'share', 'neither / both known'),
  breadthUpperKnown: part('upperKnown', 'contracts', 'whose upper is known'),
  breadthLowerKnown: part('lowerKnown', 'contracts', 'whose lower is known'),
  breadthBothKnown: part('bothKnown', 'contracts', 'whose upper and lower are known'),
  breadthOf: part('of', 'contracts', 'their number')
}
