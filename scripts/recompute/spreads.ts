import type { Maker, Reader } from './answer.ts'
import { longestRun, type Settled } from './blocks.ts'
import { SPREAD_EXECUTION } from './spread-execution.ts'
import { costOf, grossOf } from './spread-paid.ts'

const aprOf = (leg: string): Maker => {
  return ({ number, constant }) => (number(`${leg}.rate`) * constant('hoursPerYear')) / number(`${leg}.intervalHours`)
}
const LEGS = ['short', 'long'] as const
const midOf = ({ number }: Reader, leg: string) => (number(`${leg}.quote.bid`) + number(`${leg}.quote.ask`)) / 2
const crossingOf = (read: Reader) => {
  const [short, long] = LEGS.map((leg) => {
    return (read.number(`${leg}.quote.ask`) - read.number(`${leg}.quote.bid`)) / midOf(read, leg)
  })
  return short! + long!
}
const netOf = (read: Reader) => grossOf(read) - (costOf(read) + crossingOf(read))
/** Deribit pays all the time: every hour settles an eighth of its rate. */
const isTrailing = ({ raw }: Reader, leg: string) => raw(`${leg}.kind`) === 'trailing'
const ofLeg = (leg: string): Readonly<Record<string, Maker>> => ({
  [`${leg}Rate`]: (read) => read.number(`${leg}.venueRate`) / (isTrailing(read, leg) ? 8 : 1),
  [`${leg}IntervalHours`]: (read) => (isTrailing(read, leg) ? 1 : read.raw(`${leg}.venueIntervalHours`)),
  [`${leg}Settlements`]: ({ raw, number, timeOf, constant }) => {
    const step = number(`${leg}.intervalHours`) * constant('hourMs')
    const [from, to] = [timeOf('fromAt'), timeOf('toAt')]
    const next = raw(`${leg}.nextSettlementAt`) === null ? from : timeOf(`${leg}.nextSettlementAt`)
    if (next <= from) return Math.floor(to / step) - Math.floor(from / step)
    return next > to ? 0 : 1 + Math.floor((to - next) / step)
  }
})

type Rows = {
  readonly short: { readonly instrument: string }
  readonly long: { readonly instrument: string }
  readonly blocksFromAt: string
  readonly blocksToAt: string
  readonly settlements: readonly (Omit<Settled, 'at'> & { readonly settledAt: string; readonly instrument: string })[]
}
export const FUNDING_SPREADS: Readonly<Record<string, Maker>> = {
  ...ofLeg('short'),
  ...ofLeg('long'),
  shortApr: aprOf('short'),
  longApr: aprOf('long'),
  aprSpread: (read, answer) => Number(aprOf('short')(read, answer)) - Number(aprOf('long')(read, answer)),
  grossFrac: grossOf,
  costFrac: costOf,
  crossingFrac: crossingOf,
  netFrac: netOf,
  netApr: (read) => {
    const net = netOf(read) * read.constant('hoursPerYear') * read.constant('hourMs')
    return net / (read.timeOf('toAt') - read.timeOf('fromAt'))
  },
  blocks: (read, { rows }) => {
    const { short, long, settlements, blocksFromAt, blocksToAt } = rows as Rows
    const ofLeg = (leg: string) =>
      settlements.flatMap(({ instrument, settledAt, ...rest }) =>
        instrument === leg ? [{ ...rest, at: Date.parse(settledAt) }] : []
      )
    const within = { start: Date.parse(blocksFromAt), end: Date.parse(blocksToAt) }
    return longestRun(ofLeg(short.instrument), ofLeg(long.instrument), within, read)
  },
  priceBasisBps: (read) => {
    const [short, long] = LEGS.map((leg) => midOf(read, leg) / read.number(`${leg}.units`))
    return (short! / long! - 1) * read.constant('bps')
  },
  ...SPREAD_EXECUTION
}
