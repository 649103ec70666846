import { DAYS_PER_YEAR } from '../dated.ts'
import { DAY, HOURS_PER_YEAR } from '../time.ts'
import type { Words } from './words.ts'

const POINT = ['point.contractMid', 'point.spotMid']
const POINT_YEAR = [...POINT, 'point.expiresAt', 'derivedAt']
const per365 = { daysPerYear: DAYS_PER_YEAR, dayMs: DAY }
const DAYS = 'days = (expiresAt − derivedAt) / dayMs'
const CURVE_RATES = ['rates.*.days', 'rates.*.aprContinuous']
const QUOTED = ['contractQuote.bid', 'contractQuote.ask']
const SPOT_QUOTED = ['spotQuote.bid', 'spotQuote.ask', 'contractQuote.multiplier', 'spotQuote.multiplier', 'fx.rate']
export const TERM_STRUCTURE: Words = {
  contractMid: { unit: 'contract quote', formula: '(bid + ask) / 2, exact', inputs: QUOTED, path: 'mids.contractMid' },
  spotMid: {
    unit: 'contract quote',
    formula:
      '(bid + ask) / 2 · units · fx; units = the contract’s multiplier / the spot leg’s, 1 unless it has one, to 30 significant digits',
    inputs: SPOT_QUOTED,
    path: 'mids.spotMid'
  },
  realisedFundingApr: {
    unit: 'fraction a year',
    formula: 'Σ rate · hoursPerYear / Σ intervalHours of the settlements after fromAt until toAt, exact',
    inputs: ['settlements.*.settledAt', 'settlements.*.rate', 'settlements.*.intervalHours', 'fromAt', 'toAt'],
    constants: { hoursPerYear: HOURS_PER_YEAR },
    path: 'funding.realisedFundingApr'
  },
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
