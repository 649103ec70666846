import { BPS } from '../basis.ts'
import { INTERVAL_CHANGE_MS } from '../signal-types.ts'
import { DEPTHS_MIN } from '../signal-values.ts'
import { CURVE_DAYS_MIN } from '../term-structure.ts'
import { DAY, HOURS_PER_YEAR } from '../time.ts'
import { OPPORTUNITIES } from './opportunities.ts'
import type { MadeMetric, Words } from './words.ts'

// Numbers of a signal, each by the settlement or the bucket that ends at `lookedAt`. What a type does not look at is not among its inputs.

const BUCKET_INPUTS = [
  ...['bases.*.tickAt', 'bases.*.adjustedBps'],
  ...['contracts.*.expiresAt', 'contracts.*.adjustedBps'],
  ...['quotes.*.bid', 'quotes.*.ask'],
  ...['ledger.*.effectiveAt', 'ledger.*.hours', 'ledger.*.toldAt'],
  ...['polls.*.tickAt', 'polls.*.state'],
  ...['held.*.base', 'dayBefore.base'],
  ...['depths.*.depth', 'week.*.depth']
]
const SETTLED = ['settlement.rate', 'settlement.intervalHours']
const THRESHOLD = [
  ...['threshold.enter', 'threshold.exit'],
  ...['threshold.enterRate8h', 'threshold.exitRate8h', 'threshold.enterPercentile', 'threshold.exitPercentile']
]
const EVALUATED = ['evaluated.*.settledAt', 'evaluated.*.value', 'evaluated.*.flags']

const RATE8H = 'rate · 8 / intervalHours, rounded to 12 digits'
const VALUE = [
  `funding_regime: ${RATE8H}`,
  'basis_dislocation: the middle of adjustedBps',
  'expectation: the least of the contracts’ rates where all are above 0, the most where all are below, 0 otherwise, of those with ' +
    'daysMin days or more; rate = ln(1 + the middle of adjustedBps / bps) · daysPerYear / days, days = (expiresAt − lookedAt) / dayMs',
  'stablecoin_depeg: bps · (the middle of (bid + ask) / 2 − 1)',
  'interval_change: log2(previous hours / hours) of the newest change that was in force and told first in the changeMs until lookedAt, 0 without one; of each entry the ' +
    'last revision told by then, and no change that was told a day or more after it came into force',
  'venue_trouble: failed polls / polls',
  'leverage_buildup: the last base of the bucket / dayBefore.base − 1',
  'liquidity_thinning: the middle of depths / the middle of week, of depthsMin or more',
  `carry_opportunity: ${OPPORTUNITIES.value!.formula}`
].join('; ')

const CONSTANTS = {
  ...OPPORTUNITIES.value!.constants,
  bps: BPS,
  daysPerYear: HOURS_PER_YEAR / 24,
  dayMs: DAY,
  daysMin: CURVE_DAYS_MIN,
  changeMs: INTERVAL_CHANGE_MS,
  depthsMin: DEPTHS_MIN
}

const value: MadeMetric = {
  unit: 'that of its type',
  formula: VALUE,
  inputs: ['lookedAt', ...THRESHOLD, ...SETTLED, ...BUCKET_INPUTS, ...OPPORTUNITIES.value!.inputs],
  constants: CONSTANTS
}

const OBSERVATIONS =
  'their number: settlements of a known interval in the window, bases, quotes, polls, open interests or depths of the bucket, changes of interval'

function end(name: 'opening' | 'closing'): Words {
  const of = (field: string, unit: string, formula: string, inputs: readonly string[], constants = {}): Words => ({
    [`${name}${field.charAt(0).toUpperCase()}${field.slice(1)}`]: {
      unit,
      formula,
      inputs,
      constants,
      path: `${name}.${field}`
    }
  })
  return {
    ...of('observations', 'facts', OBSERVATIONS, ['lookedAt', ...EVALUATED, ...BUCKET_INPUTS], CONSTANTS),
    ...of('rate', 'fraction per interval', 'as settled', ['settlement.rate']),
    ...of('intervalHours', 'hours', 'as settled', ['settlement.intervalHours']),
    ...of('rate8h', 'fraction per 8 h', RATE8H, SETTLED),
    ...of('apr', 'fraction a year', 'rate · (hoursPerYear / intervalHours)', SETTLED, { hoursPerYear: HOURS_PER_YEAR }),
    ...of(
      'percentile',
      'percent, 0 to 100',
      '100 · (number below + half of the number equal) / number, of the evaluated values of a known interval in the window',
      [...SETTLED, ...EVALUATED]
    ),
    ...of(
      'heldHours',
      'hours',
      'Σ spanHours of the settlements, without a break and since the last silence, that are beyond both thresholds to enter of one label',
      [...EVALUATED, 'evaluated.*.percentile', 'evaluated.*.spanHours', ...THRESHOLD]
    )
  }
}

export const SIGNALS: Words = {
  value,
  lastValue: value,
  peakValue: value,
  closingValue: { ...value, path: 'closing.value' },
  ...end('opening'),
  ...end('closing')
}
