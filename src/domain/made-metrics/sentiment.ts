import { HEAT_WINDOW_MS } from '../heat.ts'
import { HEAT_HOUR_MAX_AGE_MS, HEAT_HOURS_MIN, HEAT_SETTLEMENT_MAX_AGE_MS, HEAT_SETTLEMENTS_MIN } from '../heat-rows.ts'
import { LOGISTIC, SENTIMENT_WEIGHTS, type SentimentComponent, Z_MAX } from '../sentiment.ts'
import { MAD_TO_DEVIATION } from '../statistics.ts'
import { DAY, HOUR } from '../time.ts'
import type { MadeMetric, Words } from './words.ts'

// How heated positions are, of rows that were known by `scoredAt`.

type Component = { readonly unit: string; readonly value: string; readonly inputs: readonly string[] }
/** The others have no observations. */
const COMPONENTS: Partial<Readonly<Record<SentimentComponent, Component>>> = {
  basisExcess: {
    unit: 'basis points',
    value:
      'mean basis of an hour, against the leg of its end, known then; compared with those against the same spot alone',
    inputs: ['basis.*.startAt', 'basis.*.meanBps', 'basis.*.spot']
  },
  funding: {
    unit: 'fraction per 8 h',
    value: 'rate · 8 / intervalHours of each settlement of a known interval, the last of its revisions that was told',
    inputs: ['settlements.*.settledAt', 'settlements.*.toldAt', 'settlements.*.rate', 'settlements.*.intervalHours']
  },
  oiChange: {
    unit: 'share of a day’s volume',
    value:
      '(base − base of the last of the hour a day before) · (usd / base) / volume24hUsd, of the last of each hour, known at its end',
    inputs: ['openInterest.*.base', 'openInterest.*.usd', 'openInterest.*.volume24hUsd']
  },
  longShort: {
    unit: 'share',
    value: 'longShortRatio / (1 + longShortRatio), exact, of the last of each hour, known at its end',
    inputs: ['flows.*.longShortRatio']
  }
}
const NAMES = Object.keys(COMPONENTS) as SentimentComponent[]

const rules = {
  windowMs: HEAT_WINDOW_MS,
  hourMs: HOUR,
  dayMs: DAY,
  hoursMin: HEAT_HOURS_MIN,
  hourMaxAgeMs: HEAT_HOUR_MAX_AGE_MS,
  settlementsMin: HEAT_SETTLEMENTS_MIN,
  settlementMaxAgeMs: HEAT_SETTLEMENT_MAX_AGE_MS,
  madToDeviation: MAD_TO_DEVIATION
}
const scored = { ...rules, logistic: LOGISTIC, zMax: Z_MAX, ...SENTIMENT_WEIGHTS }

const Z =
  'z = (value − median) / (madToDeviation · median of |each − median|), or by mean and deviation where that is 0, and 0 where all are the ' +
  'same; of the values known in the window until scoredAt before the last one, which is none where it is older than MaxAge or they are fewer than Min'
const SUBSCORE = `subscore = 100 / (1 + exp(−logistic · z within ±zMax)); ${Z}`
const WEIGHED = `Σ over components that have a z, each weighed by the constant of its name; ${SUBSCORE}`
const VALUES = NAMES.map((name) => `${name}: ${COMPONENTS[name]!.value}`).join('; ')
const ALL = ['scoredAt', ...NAMES.flatMap((name) => COMPONENTS[name]!.inputs)]

const places = Object.keys(SENTIMENT_WEIGHTS)
function component(name: SentimentComponent): Words {
  const { unit, value, inputs } = COMPONENTS[name]!
  const of = (field: string, own: string, formula: string, more: Partial<MadeMetric> = {}): Words => ({
    [`${name}${field.charAt(0).toUpperCase()}${field.slice(1)}`]: {
      unit: own,
      formula: `${formula}; value = ${value}`,
      inputs: ['scoredAt', ...inputs],
      constants: rules,
      path: `components.${places.indexOf(name)}.${field}`,
      ...more
    }
  })
  return {
    ...of('value', unit, 'the last that was known in the window until scoredAt'),
    ...of('ageMs', 'milliseconds', 'scoredAt − when the last value was known'),
    ...of('observations', 'values', 'number of those known in the window until scoredAt before the last one'),
    ...of('z', 'deviations', Z),
    ...of('subscore', '0 to 100', SUBSCORE, { constants: scored }),
    ...of('contribution', 'of 100', `weight / Σ weight · (subscore − 50); ${WEIGHED}; ${VALUES}`, {
      inputs: ALL,
      constants: scored
    })
  }
}

export const SENTIMENT: Words = {
  score: {
    unit: '0 to 100',
    formula: `Σ weight · subscore / Σ weight; ${WEIGHED}; ${VALUES}`,
    inputs: ALL,
    constants: scored
  },
  coverage: {
    unit: 'share',
    formula: `Σ weight of components that have a z / Σ weight of all; ${Z}; ${VALUES}`,
    inputs: ALL,
    constants: scored
  },
  ...Object.assign({}, ...NAMES.map(component))
}
