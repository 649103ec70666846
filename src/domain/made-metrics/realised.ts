import { BLOCK_MS } from '../funding-spread.ts'
import { HOUR, HOURS_PER_YEAR } from '../time.ts'
import type { MadeMetric, Words } from './words.ts'

// What was paid over a window: of a perpetual, and of one against another.

const yearly = { hoursPerYear: HOURS_PER_YEAR }
const hourMs = { hourMs: HOUR }
const WITHIN = 'of the settlements after lifeFromAt until lifeToAt'
const EACH = ['settlements.*.rate', 'settlements.*.intervalHours']
const TIMES = ['settlements.*.settledAt']
const DUE = [...TIMES, 'settlements.*.intervalHours', 'lifeFromAt', 'lifeToAt']
const EXPECTED =
  'hours between settlements / the later’s interval, to the window’s edges by the nearest’s; of an empty window by nearbyHours'

export const FUNDING_REALISED: Words = {
  sumRate: { unit: 'fraction', formula: `Σ rate, exact; ${WITHIN}`, inputs: ['settlements.*.rate'] },
  hours: { unit: 'hours', formula: `Σ intervalHours; ${WITHIN}`, inputs: ['settlements.*.intervalHours'] },
  realisedApr: {
    unit: 'fraction a year',
    formula: `Σ rate · hoursPerYear / Σ intervalHours, exact; ${WITHIN}`,
    inputs: EACH,
    constants: yearly
  },
  settlements: { unit: 'settlements', formula: `their number; ${WITHIN}`, inputs: TIMES },
  expected: { unit: 'settlements', formula: EXPECTED, inputs: [...DUE, 'nearbyHours'], constants: hourMs },
  coverage: {
    unit: 'share',
    formula: `min(1, number / expected); expected = ${EXPECTED}`,
    inputs: [...DUE, 'nearbyHours'],
    constants: hourMs
  }
}

const BOTH = ['settlements.*.instrument', 'settlements.*.rate']
const PAID = [...BOTH, 'short.instrument', 'long.instrument']
const APR = [...PAID, 'settlements.*.intervalHours']
const FEES = ['short.taker', 'long.taker']
const GROSS = 'grossFrac = Σ rate of short − Σ rate of long'
const COST = 'costFrac = 2 · (taker + taker)'
const legs = (leg: 'short' | 'long'): Words => {
  const own = [...BOTH, `${leg}.instrument`]
  const of = (unit: string, formula: string, rest: Pick<MadeMetric, 'inputs' | 'constants'>): MadeMetric => ({
    unit,
    formula: `${formula}; ${WITHIN} that are its own`,
    ...rest
  })
  const due = { inputs: [...own, ...DUE], constants: hourMs }
  return {
    [`${leg}Rate`]: of('fraction', 'Σ rate, exact', { inputs: own }),
    [`${leg}IntervalHours`]: of('hours', 'intervalHours of the newest of the window that was asked for', {
      inputs: [...own, 'settlements.*.intervalHours']
    }),
    [`${leg}Apr`]: of('fraction a year', 'Σ rate · hoursPerYear / Σ intervalHours, exact', {
      inputs: [...own, 'settlements.*.intervalHours'],
      constants: yearly
    }),
    [`${leg}Settlements`]: of('settlements', 'their number', { inputs: own }),
    [`${leg}Coverage`]: of('share', `min(1, number / expected); expected = ${EXPECTED}`, due)
  }
}

export const FUNDING_SPREADS_REALISED: Words = {
  ...legs('short'),
  ...legs('long'),
  aprSpread: {
    unit: 'fraction a year',
    formula: 'shortApr − longApr, each Σ rate · hoursPerYear / Σ intervalHours, exact',
    inputs: APR,
    constants: yearly
  },
  grossFrac: { unit: 'fraction', formula: `${GROSS}; ${WITHIN}, all that were due`, inputs: PAID },
  costFrac: { unit: 'fraction', formula: COST, inputs: FEES },
  netFrac: { unit: 'fraction', formula: `grossFrac − costFrac; ${GROSS}; ${COST}`, inputs: [...PAID, ...FEES] },
  netApr: {
    unit: 'fraction a year',
    formula: `netFrac · hoursPerYear · hourMs / (lifeToAt − lifeFromAt); netFrac = grossFrac − costFrac; ${GROSS}; ${COST}`,
    inputs: [...PAID, ...FEES, 'lifeFromAt', 'lifeToAt'],
    constants: { ...yearly, ...hourMs }
  },
  blocks: {
    unit: 'blocks of 8 h',
    formula:
      'of the blocks (from, from + blockMs] of the UTC day within lifeFromAt and lifeToAt in which the intervals of what either ' +
      'settled come to blockMs: how many of the newest in a row have Σ rate of short above Σ rate of long, exact, rounded once',
    inputs: [...APR, ...TIMES, 'lifeFromAt', 'lifeToAt'],
    constants: { blockMs: BLOCK_MS, ...hourMs }
  }
}
