import { BPS } from '../basis.ts'
import { DAYS_PER_YEAR } from '../dated.ts'
import { DAY, HOURS_PER_YEAR } from '../time.ts'
import type { Words } from './words.ts'

const yearly = { hoursPerYear: HOURS_PER_YEAR }
const bps = { bps: BPS }

const POINT = ['point.contractMid', 'point.spotMid']
const POINT_YEAR = [...POINT, 'point.expiresAt', 'derivedAt']
const per365 = { daysPerYear: DAYS_PER_YEAR, dayMs: DAY }
const DAYS = 'days = (expiresAt − derivedAt) / dayMs'
const CURVE_RATES = ['rates.*.days', 'rates.*.aprContinuous']
export const TERM_STRUCTURE: Words = {
  basisFrac: {
    unit: 'fraction',
    formula: '(contractMid − spotMid) / spotMid, exact, rounded once; spotMid after multiplier and fx',
    inputs: POINT
  },
  aprSimple: {
    unit: 'fraction a year, simple',
    formula: `basisFrac · (daysPerYear / days); ${DAYS}`,
    inputs: POINT_YEAR,
    constants: per365
  },
  aprContinuous: {
    unit: 'fraction a year, continuous',
    formula: `ln(1 + basisFrac) · (daysPerYear / days); ${DAYS}`,
    inputs: POINT_YEAR,
    constants: per365
  },
  apyCompounded: {
    unit: 'fraction a year, compounded',
    formula: `exp(aprContinuous) − 1; aprContinuous = ln(1 + basisFrac) · (daysPerYear / days); ${DAYS}`,
    inputs: POINT_YEAR,
    constants: per365
  },
  levelMean: {
    unit: 'fraction a year, continuous',
    formula: 'mean of the fitted rates of its venue’s curve',
    inputs: CURVE_RATES,
    path: 'curve.levelMean'
  },
  excessApr: {
    unit: 'fraction a year, continuous',
    formula: 'mean of the fitted rates − quoteRate',
    inputs: [...CURVE_RATES, 'quoteRate'],
    path: 'curve.excessApr'
  },
  slopePer30d: {
    unit: 'fraction a year for each 30 days',
    formula: 'least squares of the fitted rates on days / 30',
    inputs: CURVE_RATES,
    path: 'curve.slopePer30d'
  }
}

const GROSS_PARTS = ['parts.entryBasisBps', 'parts.exitBasisBps', 'parts.fundingSum']
const COST_PARTS = [
  'terms.spotTaker',
  'terms.contractTaker',
  'parts.exitSlippageBps',
  'parts.borrowFrac',
  'parts.deliveryFrac'
]
const CARRY_GROSS = 'grossFrac = (entryBasisBps − exitBasisBps) / bps + fundingSum'
const CARRY_COST = 'costFrac = 2 · (spotTaker + contractTaker) + exitSlippageBps / bps + borrowFrac + deliveryFrac'
const CARRY_NET = [...GROSS_PARTS, ...COST_PARTS]
export const CARRY: Words = {
  entryBasisBps: {
    unit: 'basis points',
    formula: '(contractVwap − reference) / reference · bps; reference = spotVwap · units · fx',
    inputs: ['parts.contractVwap', 'parts.spotVwap', 'parts.units', 'parts.fx'],
    constants: bps,
    path: 'entry.entryBasisBps'
  },
  roundTripFrac: {
    unit: 'fraction',
    formula: '2 · (spotTaker + contractTaker)',
    inputs: ['terms.spotTaker', 'terms.contractTaker'],
    path: 'fees.roundTripFrac'
  },
  grossFrac: { unit: 'fraction', formula: CARRY_GROSS, inputs: GROSS_PARTS, constants: bps, path: 'end.grossFrac' },
  costFrac: { unit: 'fraction', formula: CARRY_COST, inputs: COST_PARTS, constants: bps, path: 'end.costFrac' },
  netFrac: {
    unit: 'fraction',
    formula: `grossFrac − costFrac; ${CARRY_GROSS}; ${CARRY_COST}`,
    inputs: CARRY_NET,
    constants: bps
  },
  netAprNotional: {
    unit: 'fraction a year',
    formula: `netFrac · hoursPerYear / hours; netFrac = grossFrac − costFrac; ${CARRY_GROSS}; ${CARRY_COST}`,
    inputs: [...CARRY_NET, 'parts.hours'],
    constants: { ...bps, ...yearly }
  },
  netAprCapital: {
    unit: 'fraction a year',
    formula: `netFrac · hoursPerYear / hours / (1 + margin); netFrac = grossFrac − costFrac; ${CARRY_GROSS}; ${CARRY_COST}`,
    inputs: [...CARRY_NET, 'parts.hours', 'terms.margin'],
    constants: { ...bps, ...yearly }
  },
  fairUpperBps: {
    unit: 'basis points',
    formula: 'fairBps + costBps',
    inputs: ['parts.fairBps', 'parts.costBps'],
    path: 'fair.upperBps'
  },
  fairExcessBps: {
    unit: 'basis points',
    formula: 'midBasisBps − upperBps above it, 0 inside; null while no lower bound is known',
    inputs: ['parts.fairBps', 'parts.costBps', 'parts.midBasisBps'],
    path: 'fair.excessBps'
  }
}
