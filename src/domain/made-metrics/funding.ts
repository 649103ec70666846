import { BPS } from '../basis.ts'
import { BLOCK_MS } from '../funding-spread.ts'
import { DAY, HOUR, HOURS_PER_YEAR } from '../time.ts'
import { spreadExecution } from './spread-execution.ts'
import type { MadeMetric, Words } from './words.ts'

const yearly = { hoursPerYear: HOURS_PER_YEAR }
const bps = { bps: BPS }

const EACH_RATE = ['settlements.*.rate', 'settlements.*.intervalHours']
/** Of the last so many days. */
const trailing = (days: number): Words => {
  const within = `settlements after toAt − ${days} d until toAt`
  const of = (unit: string, formula: string, inputs: readonly string[], constants = {}): MadeMetric => ({
    unit,
    formula: `${formula}; of the ${within}`,
    inputs,
    constants: { days, dayMs: DAY, ...constants }
  })
  const due = ['toAt', 'listedAt', 'delistedAt', 'settlements.*.intervalHours']
  const [expected, hourMs] = [
    'hours between settlements / the later’s interval, to the window’s edges by the nearest’s',
    { hourMs: HOUR }
  ]
  return {
    [`realised${days}dApr`]: of('fraction a year', 'Σ rate · hoursPerYear / Σ intervalHours, exact', EACH_RATE, yearly),
    [`realised${days}dSumRate`]: of('fraction', 'Σ rate, exact', ['settlements.*.rate']),
    [`realised${days}dHours`]: of('hours', 'Σ intervalHours', ['settlements.*.intervalHours']),
    [`realised${days}dSettlements`]: of('settlements', 'their number', ['settlements.*.settledAt']),
    [`realised${days}dExpected`]: of('settlements', expected, due, hourMs),
    [`realised${days}dCoverage`]: of('share', `min(1, number / expected); expected = ${expected}`, due, hourMs)
  }
}

export const FUNDING_TRAILING: Words = { ...trailing(1), ...trailing(7), ...trailing(30), ...trailing(90) }

const weighed = (field: string, unit: string, column = field): Words => {
  const inputs = [`contracts.*.${column}`, 'contracts.*.openInterestUsd']
  const left = field === 'adjustedBasisBps' ? '; a basis graded none is left out' : ''
  const grades = field === 'adjustedBasisBps' ? ['contracts.*.grade'] : []
  const of = (part: string, own: string, formula: string): MadeMetric => ({
    unit: own,
    formula: `${formula}${left}`,
    inputs: [...inputs, ...grades],
    path: `${field}.${part}`
  })
  return {
    [field]: of('value', unit, 'Σ(openInterestUsd · value) / Σ openInterestUsd, of contracts that have both'),
    [`${field}Coverage`]: of(
      'coverage',
      'share',
      'open interest of those that have both / of all that have open interest'
    ),
    [`${field}OpenInterestUsd`]: of('openInterestUsd', 'US dollars', 'Σ openInterestUsd of those that have both')
  }
}

export const AGGREGATES: Words = {
  ...weighed('fundingApr', 'fraction a year'),
  ...weighed('adjustedBasisBps', 'basis points'),
  ...weighed('basisVolatilityPerDayBps', 'basis points', 'volatilityPerDayBps'),
  ...weighed('basisHalfLifeHours', 'hours', 'halfLifeHours')
}

const LEGS = ['short.rate', 'short.intervalHours', 'long.rate', 'long.intervalHours']
const ON_GRIDS = [...LEGS, 'short.settlements', 'long.settlements']
const FEES = ['short.taker', 'long.taker']
const GROSS = 'grossFrac = short.rate · its settlements − long.rate · its settlements, 0 where both pay the same a year'
const COST = 'costFrac = 2 · (taker + taker)'
const TRAILING = 'a rate of kind trailing is of 8 h and settles every hour'
const ofLeg = (leg: 'short' | 'long'): Words => {
  const [own, step] = [(name: string) => `${leg}.${name}`, 'step = intervalHours · hourMs']
  return {
    [`${leg}Rate`]: {
      unit: 'fraction per interval',
      formula: `venueRate, an eighth of it where kind is trailing; ${TRAILING}`,
      inputs: [own('venueRate'), own('kind')]
    },
    [`${leg}IntervalHours`]: {
      unit: 'hours',
      formula: `venueIntervalHours, 1 where kind is trailing; ${TRAILING}`,
      inputs: [own('venueIntervalHours'), own('kind')]
    },
    [`${leg}Settlements`]: {
      unit: 'settlements',
      formula:
        '1 + ⌊(toAt − nextSettlementAt) / step⌋, 0 where that is after toAt; ⌊toAt / step⌋ − ⌊fromAt / step⌋ where no nextSettlementAt after fromAt is ' +
        `told; ${step}`,
      inputs: [own('nextSettlementAt'), own('intervalHours'), 'fromAt', 'toAt'],
      constants: { hourMs: HOUR }
    }
  }
}
const QUOTES = ['short', 'long'].flatMap((leg) => [`${leg}.quote.bid`, `${leg}.quote.ask`])
const CROSSING = 'crossingFrac = Σ of both legs (ask − bid) / ((bid + ask) / 2)'
const NET_OF_NOW = `grossFrac − (costFrac + crossingFrac); ${GROSS}; ${COST}; ${CROSSING}`
export const FUNDING_SPREADS: Words = {
  ...ofLeg('short'),
  ...ofLeg('long'),
  shortApr: {
    unit: 'fraction a year',
    formula: 'rate · hoursPerYear / intervalHours',
    inputs: LEGS,
    constants: yearly
  },
  longApr: { unit: 'fraction a year', formula: 'rate · hoursPerYear / intervalHours', inputs: LEGS, constants: yearly },
  aprSpread: { unit: 'fraction a year', formula: 'shortApr − longApr', inputs: LEGS, constants: yearly },
  grossFrac: {
    unit: 'fraction',
    formula: `${GROSS}; settlements in (now, now + 24 h]`,
    inputs: ON_GRIDS,
    constants: yearly
  },
  costFrac: { unit: 'fraction', formula: COST, inputs: FEES },
  crossingFrac: { unit: 'fraction', formula: CROSSING, inputs: QUOTES },
  netFrac: {
    unit: 'fraction',
    formula: NET_OF_NOW,
    inputs: [...ON_GRIDS, ...FEES, ...QUOTES],
    constants: yearly
  },
  netApr: {
    unit: 'fraction a year',
    formula: `netFrac · hoursPerYear · hourMs / (toAt − fromAt); netFrac = ${NET_OF_NOW}`,
    inputs: [...ON_GRIDS, ...FEES, ...QUOTES, 'fromAt', 'toAt'],
    constants: { ...yearly, hourMs: HOUR }
  },
  blocks: {
    unit: 'blocks of 8 h',
    formula:
      'of the blocks (from, from + blockMs] of the UTC day after blocksFromAt until blocksToAt in which the intervals of what either settled come to ' +
      'blockMs: how many of the newest in a row have Σ rate of short above Σ rate of long, exact, rounded once',
    inputs: [...EACH_RATE, 'settlements.*.settledAt', 'blocksFromAt', 'blocksToAt'],
    constants: { blockMs: BLOCK_MS, hourMs: HOUR }
  },
  priceBasisBps: {
    unit: 'basis points',
    formula: '(mid of short / mid of long − 1) · bps; mid = (bid + ask) / 2 / units',
    inputs: [...QUOTES, 'short.units', 'long.units'],
    constants: bps
  },
  ...spreadExecution({ inputs: [...ON_GRIDS, ...FEES], gross: GROSS, cost: COST })
}
