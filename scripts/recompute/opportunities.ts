import type { Maker, Reader } from './answer.ts'
import { by, type Fraction, float, fraction, minus, plus, ratio, times } from './fraction.ts'
import { dueIn } from './settlements.ts'
import { sumOf } from './statistics.ts'

const PARTS = 'parts.'

/** Of two prices, bps, exact but for one rounding. */
function basisOf({ of, constant }: Reader, contract: string, spot: string): number {
  const reference = times(of('parts.fx'), times(of('parts.units'), of(`${PARTS}${spot}`)))
  return float(by(minus(of(`${PARTS}${contract}`), reference), reference)) * constant('bps')
}
const entryBasis = (read: Reader) => basisOf(read, 'contractVwap', 'spotVwap')
const midBasis = (read: Reader) => basisOf(read, 'contractMid', 'spotMid')
const gross = (read: Reader) =>
  (entryBasis(read) - read.number('parts.exitBasisBps')) / read.constant('bps') + read.number('parts.fundingSum')
const cost = ({ number, constant }: Reader) =>
  2 * (number('terms.spotTaker') + number('terms.contractTaker')) +
  number('parts.exitSlippageBps') / constant('bps') +
  number('parts.borrowFrac') +
  number('parts.deliveryFrac')
const net = (read: Reader) => gross(read) - cost(read)
const apr = (read: Reader) => (net(read) * read.constant('hoursPerYear')) / read.number('parts.hours')
/** What a bucket says of a carry. */
export const capital = (read: Reader) => apr(read) / (1 + read.number('terms.margin'))

const impact: Maker = ({ number, constant }) => {
  const beyond = ['spotIn', 'spotOut', 'contractIn', 'contractOut'].map((side) => {
    const half = side.startsWith('spot') ? 'spotHalfBps' : 'contractHalfBps'
    return Math.max(0, number(`${PARTS}${side}Bps`) - number(`${PARTS}${half}`))
  })
  return beyond.reduce((sum, bps) => sum + bps, 0) / constant('bps')
}

const shareOf = ({ of }: Reader, value: Fraction) => ratio(value, of('spotEntry.ask'))!
const spotGain = (read: Reader) => shareOf(read, minus(read.of('spotExit.bid'), read.of('spotEntry.ask')))
const contractGain = (read: Reader) => shareOf(read, minus(read.of('contractEntry.bid'), read.of('contractExit.ask')))
const fees = (read: Reader) => {
  const { of, number } = read
  const spot = 1 + shareOf(read, of('spotExit.bid'))
  const contract = shareOf(read, of('contractEntry.bid')) + shareOf(read, of('contractExit.ask'))
  return number('signal.opening.carry.spotTaker') * spot + number('signal.opening.carry.contractTaker') * contract
}
const quotedImpact = ({ number }: Reader) => number('signal.opening.carry.impactFrac')
const paid = ({ each }: Reader) => each('settlements', 'rate')
const heldNet = (read: Reader) =>
  sumOf([spotGain(read), contractGain(read), sumOf(paid(read).map(Number)), -fees(read)]) - quotedImpact(read)
const heldHours = ({ timeOf, constant }: Reader) =>
  (timeOf('spotExit.tickAt') - timeOf('spotEntry.tickAt')) / constant('hourMs')
const heldApr = (read: Reader) => (heldNet(read) * read.constant('hoursPerYear')) / heldHours(read)

type Rows = {
  readonly settlements: readonly { settledAt: string; intervalHours: number | null }[]
  readonly signal: { readonly opening: { readonly carry: { readonly intervalHours: number | null } } }
}
const due: Maker = ({ timeOf, constant }, { rows }) => {
  const { settlements, signal } = rows as Rows
  return dueIn(
    settlements.map(({ settledAt, intervalHours }) => ({ at: Date.parse(settledAt), intervalHours })),
    {
      start: timeOf('spotEntry.tickAt'),
      end: timeOf('spotExit.tickAt'),
      last: signal.opening.carry.intervalHours,
      hourMs: constant('hourMs')
    }
  )
}

const hours: Maker = ({ timeOf, raw, constant }) =>
  (timeOf(raw('signal.closedAt') === null ? 'signal.lastAt' : 'signal.closedAt') - timeOf('signal.openedAt')) /
  constant('hourMs')

export const OPPORTUNITIES: Readonly<Record<string, Maker>> = {
  hours,
  value: capital,
  lastValue: capital,
  peakValue: capital,
  halfLifeHours: ({ timeOf, constant }) => (timeOf('signal.halvedAt') - timeOf('signal.peakAt')) / constant('hourMs'),
  quotedEntryBasisBps: entryBasis,
  quotedMidBasisBps: midBasis,
  quotedImpactFrac: impact,
  quotedGrossFrac: gross,
  quotedCostFrac: cost,
  quotedNetFrac: net,
  quotedNetAprNotional: apr,
  quotedNetAprCapital: capital,
  realisedHours: heldHours,
  realisedPriceFrac: (read) => spotGain(read) + contractGain(read),
  realisedFundingFrac: (read) => float(paid(read).reduce((sum, rate) => plus(sum, fraction(rate)), fraction(0))),
  realisedSettlements: (read) => paid(read).length,
  realisedExpectedSettlements: due,
  realisedCoverage: (read, answer) => Math.min(1, paid(read).length / Number(due(read, answer))),
  realisedFeesFrac: fees,
  realisedCostFrac: (read) => fees(read) + quotedImpact(read),
  realisedNetFrac: heldNet,
  realisedNetAprNotional: heldApr,
  realisedNetAprCapital: (read) => heldApr(read) / (1 + read.number('signal.parameterSet.terms.marginFrac'))
}
