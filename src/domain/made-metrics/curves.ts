import { DAYS_PER_YEAR } from '../dated.ts'
import { CONSTANT_MATURITIES_DAYS, CURVE_DAYS_MIN, FLAT_APR } from '../term-structure.ts'
import { DAY } from '../time.ts'
import type { MadeMetric, Words } from './words.ts'

// Numbers of whole curves: shapes, forwards, constant maturities, now and over time, and the series of rolled contracts.

const CONTINUOUS = 'fraction a year, continuous'
const TOGETHER = 'of contracts that expire together the mean'
const structure =
  'contango where all fitted rates are above flatApr, backwardation where all are below −flatApr, else mixed'

/** ln(F/S) by the straight line between the expiries around. */
const maturity = (days: number): string =>
  `growth · daysPerYear / ${days}; growth = aprContinuous · days / daysPerYear, by the straight line between the expiries around ` +
  `${days} days, that of an expiry itself where one has these; ${TOGETHER}`
const maturities = (inputs: readonly string[], constants: NonNullable<MadeMetric['constants']>, path: string): Words =>
  Object.fromEntries(
    CONSTANT_MATURITIES_DAYS.map((days): [string, MadeMetric] => [
      `maturity${days}dApr`,
      {
        unit: CONTINUOUS,
        formula: maturity(days),
        inputs,
        constants: { days, daysPerYear: DAYS_PER_YEAR, ...constants },
        path: path.replace('*', String(days))
      }
    ])
  )

const RATES = ['rates.*.days', 'rates.*.aprContinuous']
const TO_HERE = [...RATES, 'point.days']
export const TERM_STRUCTURE_SHAPE: Words = {
  days: {
    unit: 'days',
    formula: '(expiresAt − derivedAt) / dayMs; 0 of a perpetual',
    inputs: ['point.expiresAt', 'derivedAt'],
    constants: { dayMs: DAY }
  },
  structure: {
    unit: 'word',
    formula: structure,
    inputs: RATES,
    constants: { flatApr: FLAT_APR },
    path: 'curve.structure'
  },
  forwardAprContinuous: {
    unit: CONTINUOUS,
    formula: `(r₂ · d₂ − r₁ · d₁) / (d₂ − d₁), 2 this contract’s expiry and 1 the fitted one before it; ${TOGETHER}`,
    inputs: TO_HERE,
    path: 'forward.forwardAprContinuous'
  },
  forwardFromDays: {
    unit: 'days',
    formula: 'to the fitted expiry before this contract’s',
    inputs: TO_HERE,
    path: 'forward.fromDays'
  },
  ...maturities(RATES, {}, 'maturities.*.aprContinuous')
}

const CLOSES = ['closes.*.adjustedBasisBps', 'closes.*.closedAt', 'closes.*.expiresAt']
const perYear = { daysPerYear: DAYS_PER_YEAR, dayMs: DAY, bps: 10_000 }
const RATE =
  'aprContinuous = ln(1 + adjustedBasisBps / bps) · daysPerYear / days; days = (expiresAt − closedAt) / dayMs'
const shaped = { ...perYear, daysMin: CURVE_DAYS_MIN }
const OF_FITTED = 'of closes that have daysMin days from bucketEndAt'
const ofCurve = (unit: string, formula: string, constants = {}): MadeMetric => ({
  unit,
  formula: `${formula}, ${OF_FITTED}; ${RATE}`,
  inputs: [...CLOSES, 'bucketEndAt'],
  constants: { ...shaped, ...constants }
})
/** Of the last hour that was over. */
export const TERM_STRUCTURE_HISTORY: Words = {
  days: {
    unit: 'days',
    formula: '(expiresAt − bucketEndAt) / dayMs',
    inputs: ['close.expiresAt', 'bucketEndAt'],
    constants: { dayMs: DAY },
    path: 'point.days'
  },
  adjustedBasisBps: {
    unit: 'basis points',
    formula: 'the last stored basis after fx of the hour before bucketEndAt',
    inputs: ['close.adjustedBasisBps'],
    path: 'point.adjustedBasisBps'
  },
  aprContinuous: {
    unit: CONTINUOUS,
    formula: RATE,
    inputs: ['close.adjustedBasisBps', 'close.closedAt', 'close.expiresAt'],
    constants: perYear,
    path: 'point.aprContinuous'
  },
  structure: ofCurve('word', structure, { flatApr: FLAT_APR }),
  levelMean: ofCurve(CONTINUOUS, 'mean of the rates'),
  slopePer30d: ofCurve('fraction a year for each 30 days', 'least squares of the rates on days / 30'),
  ...maturities([...CLOSES, 'bucketEndAt'], shaped, 'maturity*dApr')
}

const ROLLS = ['rolls.*.fromPrice', 'rolls.*.toPrice']
const FACTOR = 'factor = Π (toPrice / fromPrice) of the rolls since startAt, or since the series began anew'
/** Of the last hour that was over. */
export const TERM_STRUCTURE_ROLLED: Words = {
  daysToExpiry: {
    unit: 'days',
    formula: '(expiresAt − bucketEndAt) / dayMs, of the contract that is held',
    inputs: ['holding.expiresAt', 'bucketEndAt'],
    constants: { dayMs: DAY }
  },
  price: { unit: 'quote currency', formula: 'its last price of the hour, as it was', inputs: ['price.price'] },
  factor: { unit: 'ratio', formula: FACTOR, inputs: ROLLS },
  adjusted: {
    unit: 'quote currency of the first contract',
    formula: `price / factor; ${FACTOR}`,
    inputs: [...ROLLS, 'price.price']
  },
  ratio: {
    unit: 'ratio',
    formula: 'toPrice / fromPrice of the newest of these rolls, both of one moment',
    inputs: ['roll.fromPrice', 'roll.toPrice'],
    path: 'roll.ratio'
  }
}
