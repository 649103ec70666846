import { CAPACITY } from './carry-capacity.ts'
import { CARRY_ENDS } from './carry-ends.ts'
import { CARRY_FAIR } from './carry-fair.ts'
import { CARRY_FUNDING } from './carry-funding.ts'
import { BOOK, BOOKS, CLOSES, CONTRACT_BOOK, DEVIATION, NET, SIDE, SPOT_BOOK } from './carry-words.ts'
import type { MadeMetric, Words } from './words.ts'

const GROSS_PARTS = ['parts.side', 'parts.entryBasisBps', 'parts.exitBasisBps', 'parts.fundingSum']
const COST_PARTS = [
  'terms.spotTaker',
  'terms.contractTaker',
  'parts.exitSlippageBps',
  'parts.borrowFrac',
  'parts.deliveryFrac'
]
const CARRY_GROSS = `grossFrac = side · ((entryBasisBps − exitBasisBps) / bps + fundingSum); ${SIDE}`
const CARRY_COST = 'costFrac = 2 · (spotTaker + contractTaker) + exitSlippageBps / bps + borrowFrac + deliveryFrac'
const CARRY_NET = [...GROSS_PARTS, ...COST_PARTS]

const fee = (input: string, formula: string, path: string): MadeMetric => {
  return { unit: 'fraction', formula, inputs: [input], path }
}
const OF_VENUE = 'of the leg’s venue in the table of fees, at the base tier'
const FEES: Words = {
  notional: { unit: 'quote currency of spot', formula: 'the size unless told', inputs: ['notional'] },
  spotTaker: fee('terms.spotTaker', `taker fee ${OF_VENUE}`, 'fees.spotTaker'),
  contractTaker: fee('terms.contractTaker', `taker fee ${OF_VENUE}`, 'fees.contractTaker'),
  deliveryFrac: fee(
    'terms.deliveryFrac',
    `delivery fee ${OF_VENUE}; the taker’s where it is not known`,
    'fees.deliveryFrac'
  ),
  feeTableVersion: {
    unit: 'version',
    formula: 'of the table of fees',
    inputs: ['feeTableVersion'],
    path: 'fees.tableVersion'
  },
  roundTripFrac: {
    unit: 'fraction',
    formula: '2 · (spotTaker + contractTaker)',
    inputs: ['terms.spotTaker', 'terms.contractTaker'],
    path: 'fees.roundTripFrac'
  }
}

const SPOT_SIDE = 'the spot asks, in reverse its bids'
const CONTRACT_SIDE = 'the contract’s bids, in reverse its asks'
const entry = (field: string, unit: string, formula: string, inputs: readonly string[]): MadeMetric => ({
  unit,
  formula: `${formula}; ${BOOKS}`,
  inputs,
  constants: BOOK,
  path: `entry.${field}`
})
const SIZE = [...SPOT_BOOK, 'notional', 'parts.side']
const BOTH = [...CONTRACT_BOOK, ...SIZE, 'parts.units', 'parts.fx']
const worse = (vwap: string) => `(${vwap} / mid − 1) · bps, positive for who buys dearer or sells cheaper`
const ENTRY: Words = {
  baseQuantity: entry(
    'baseQuantity',
    'base of spot',
    `the base that notional is on ${SPOT_SIDE}, level by level`,
    SIZE
  ),
  spotVwap: entry('spotVwap', 'quote currency of spot', 'notional / baseQuantity', SIZE),
  contractVwap: entry(
    'contractVwap',
    'quote currency of the contract',
    `what baseQuantity / units is on ${CONTRACT_SIDE}, level by level, / (baseQuantity / units)`,
    BOTH
  ),
  entryBasisBps: entry(
    'entryBasisBps',
    'basis points',
    '(contractVwap − reference) / reference · bps; reference = spotVwap · units · fx',
    ['parts.contractVwap', 'parts.spotVwap', 'parts.units', 'parts.fx']
  ),
  midBasisBps: entry(
    'midBasisBps',
    'basis points',
    '(contractMid − reference) / reference · bps; reference = spotMid · units · fx',
    ['parts.contractMid', 'parts.spotMid', 'parts.units', 'parts.fx']
  ),
  spotSlippageBps: entry('spotSlippageBps', 'basis points', worse('spotVwap'), ['parts.spotVwap', 'parts.spotMid']),
  contractSlippageBps: entry('contractSlippageBps', 'basis points', worse('contractVwap'), [
    'parts.contractVwap',
    'parts.contractMid'
  ]),
  exitSlippageBps: entry(
    'exitSlippageBps',
    'basis points',
    'what baseQuantity of spot and as much of the contract cost against mid on the other sides; of a dated contract, which is held to expiry, the spot leg alone',
    BOTH
  )
}

const NETS: Words = {
  borrowFrac: {
    unit: 'fraction',
    formula: 'borrowApr · hours / hoursPerYear, of the row’s own end; only in reverse',
    inputs: ['terms.borrowApr', 'parts.hours'],
    constants: NET
  },
  grossFrac: { unit: 'fraction', formula: CARRY_GROSS, inputs: GROSS_PARTS, constants: NET, path: 'end.grossFrac' },
  costFrac: { unit: 'fraction', formula: CARRY_COST, inputs: COST_PARTS, constants: NET, path: 'end.costFrac' },
  netFrac: {
    unit: 'fraction',
    formula: `grossFrac − costFrac; ${CARRY_GROSS}; ${CARRY_COST}`,
    inputs: CARRY_NET,
    constants: NET
  },
  netAprNotional: {
    unit: 'fraction a year',
    formula: `netFrac · hoursPerYear / hours; netFrac = grossFrac − costFrac; ${CARRY_GROSS}; ${CARRY_COST}`,
    inputs: [...CARRY_NET, 'parts.hours'],
    constants: NET
  },
  netAprCapital: {
    unit: 'fraction a year',
    formula: `netFrac · hoursPerYear / hours / (1 + margin); netFrac = grossFrac − costFrac; ${CARRY_GROSS}; ${CARRY_COST}`,
    inputs: [...CARRY_NET, 'parts.hours', 'terms.margin'],
    constants: NET
  }
}

const RISKS: Words = {
  marginMoveFrac: {
    unit: 'fraction',
    formula: 'the margin of the contract',
    inputs: ['terms.margin'],
    path: 'risks.marginMoveFrac'
  },
  adverseBps: {
    unit: 'basis points',
    formula:
      'deviation of the sample of what daily closes changed by over lagDays, of 60 d; unknown with fewer than changesMin changes',
    inputs: CLOSES,
    constants: DEVIATION,
    path: 'risks.adverseBps'
  },
  intervalChanges: {
    unit: 'changes',
    formula: 'settlements of 90 d whose interval is another than that of the one before',
    inputs: ['settlements.*.intervalHours'],
    path: 'risks.intervalChanges'
  },
  ageMs: {
    unit: 'milliseconds',
    formula: 'derivedAt − when we received the older leg’s best prices',
    inputs: ['derivedAt', 'contractFacts.latest.quote.observedAt', 'spotFacts.latest.quote.observedAt']
  }
}

export const CARRY: Words = {
  ...FEES,
  ...ENTRY,
  ...CARRY_FUNDING,
  ...NETS,
  ...CARRY_ENDS,
  ...CARRY_FAIR,
  ...CAPACITY,
  ...RISKS
}
