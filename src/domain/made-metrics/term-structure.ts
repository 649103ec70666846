import { DAYS_PER_YEAR } from '../dated.ts'
import { DAY } from '../time.ts'
import type { Words } from './words.ts'

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
