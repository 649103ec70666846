import { type Answer, type Maker, readerOf, type Value } from './answer.ts'
import { ATTRIBUTION } from './attribution.ts'
import { BREADTH } from './breadth.ts'
import { CARRY } from './carry.ts'
import { CURVE_HISTORY, CURVE_SHAPE, ROLLED } from './curves.ts'
import { DRIVERS } from './drivers.ts'
import { float, fraction, mid, minus, plus, ratio } from './fraction.ts'
import { SENTIMENT } from './heat.ts'
import { LIQUIDATIONS } from './liquidations.ts'
import { BASIS_MOVEMENT } from './movement.ts'
import { OPPORTUNITIES } from './opportunities.ts'
import { FUNDING_REALISED, FUNDING_SPREADS_REALISED } from './realised.ts'
import { FUNDING_STANDINGS, trailing } from './settlements.ts'
import { SIGNALS } from './signals.ts'
import { FUNDING_SPREADS } from './spreads.ts'
import { sumOf } from './statistics.ts'
import { TERM_STRUCTURE } from './term-structure.ts'

const ONE = fraction(1)
const received: Maker = ({ only }) => only()
const age: Maker = ({ timeOf }, { inputs }) => Math.max(0, timeOf('derivedAt') - timeOf(inputs[1]!.name))

/** (a − b) / (a + b). */
const imbalance: Maker = ({ of }, { inputs }) => {
  const [a, b] = [of(inputs[0]!.name), of(inputs[1]!.name)]
  return ratio(minus(a, b), plus(a, b))
}

const FLOW: Readonly<Record<string, Maker>> = {
  longShortAccountRatio: ({ number }) => number('flow.longShortRatio'),
  longShare: ({ of }) => ratio(of('flow.longShortRatio'), plus(ONE, of('flow.longShortRatio'))),
  netLongShare: ({ of }) => {
    const r = of('flow.longShortRatio')
    return ratio(minus(r, ONE), plus(ONE, r))
  },
  takerImbalance: imbalance
}

const STABLECOINS: Readonly<Record<string, Maker>> = {
  rate: ({ of }) => float(mid(of('latest.quote.bid'), of('latest.quote.ask'))),
  deviationBps: ({ of, constant }) => (float(mid(of('latest.quote.bid'), of('latest.quote.ask'))) - 1) * constant('bps')
}

/** Of an asset’s contracts, each by its open interest. */
const weighed = (field: string, part: 'value' | 'coverage' | 'openInterestUsd'): Maker => {
  return ({ each }) => {
    const [weights, grades] = [each('contracts', 'openInterestUsd'), each('contracts', 'grade')]
    const held = each('contracts', field).flatMap((value, place) => {
      const isLeft = value === null || grades[place] === 'none'
      const weight = weights[place] === null ? 0 : Number(weights[place])
      return weight > 0 ? [{ value: isLeft ? null : Number(value), weight }] : []
    })
    const counted = held.filter(({ value }) => value !== null)
    const sum = sumOf(counted.map(({ weight }) => weight))
    if (part === 'openInterestUsd') return sum
    if (part === 'coverage') return sum / sumOf(held.map(({ weight }) => weight))
    return sumOf(counted.map(({ value, weight }) => value! * weight)) / sum
  }
}
const WEIGHED = {
  fundingApr: 'fundingApr',
  adjustedBasisBps: 'adjustedBasisBps',
  basisVolatilityPerDayBps: 'volatilityPerDayBps',
  basisHalfLifeHours: 'halfLifeHours'
}
const AGGREGATES: Readonly<Record<string, Maker>> = {
  ...BREADTH,
  ...Object.fromEntries(
    Object.entries(WEIGHED).flatMap(([field, column]) => [
      [field, weighed(column, 'value')],
      [`${field}Coverage`, weighed(column, 'coverage')],
      [`${field}OpenInterestUsd`, weighed(column, 'openInterestUsd')]
    ])
  )
}

const MAKERS: Readonly<Record<string, Readonly<Record<string, Maker>>>> = {
  flow: FLOW,
  liquidations: LIQUIDATIONS,
  stablecoins: STABLECOINS,
  termStructure: { ...TERM_STRUCTURE, ...CURVE_SHAPE },
  termStructureHistory: CURVE_HISTORY,
  termStructureRolled: ROLLED,
  aggregates: AGGREGATES,
  fundingSpreads: FUNDING_SPREADS,
  fundingRealised: FUNDING_REALISED,
  fundingSpreadsRealised: FUNDING_SPREADS_REALISED,
  carry: CARRY,
  fundingStandings: FUNDING_STANDINGS,
  basisMovement: BASIS_MOVEMENT,
  drivers: DRIVERS,
  driversAttribution: ATTRIBUTION,
  sentiment: SENTIMENT,
  signals: SIGNALS,
  opportunities: OPPORTUNITIES
}

/** A number of another answer than the board's. */
export function recomputeAnswer(answer: Answer): Value {
  const [name = '', field = ''] = answer.metric.split('.')
  const make = MAKERS[name]?.[field] ?? sharedMaker(name, field)
  return make(readerOf(answer), answer)
}

/** Of several answers, or as it was received. */
function sharedMaker(name: string, field: string): Maker {
  if (name === 'fundingTrailing') return trailing
  if (field.endsWith('geMs')) return age
  return field.startsWith('imbalance') ? imbalance : received
}
