import type { Answer, Maker, Reader, Value } from './answer.ts'
import { longestRun, type Settled } from './blocks.ts'
import { float, fraction, plus, ratio, times } from './fraction.ts'
import { dueIn } from './settlements.ts'

type Rows = {
  readonly lifeFromAt: string
  readonly lifeToAt: string
  readonly nearbyHours?: number | null
  readonly short: { readonly instrument: string }
  readonly long: { readonly instrument: string }
  readonly settlements: readonly (Omit<Settled, 'at'> & { readonly settledAt: string; readonly instrument: string })[]
}

/** Of one perpetual, within the time in which it could settle; of both legs' rows those of one. */
function settledIn({ rows }: Answer, leg?: 'short' | 'long') {
  const given = rows as Rows
  const [start, end] = [Date.parse(given.lifeFromAt), Date.parse(given.lifeToAt)]
  const own = given.settlements.filter(({ instrument }) => leg === undefined || instrument === given[leg].instrument)
  const all = own.map(({ settledAt, ...rest }): Settled => ({ ...rest, at: Date.parse(settledAt) }))
  return { start, end, all, within: all.filter(({ at }) => start < at && at <= end), last: given.nearbyHours ?? null }
}
type Within = ReturnType<typeof settledIn>

const exactSum = ({ within }: Within) => within.reduce((sum, { rate }) => plus(sum, fraction(rate)), fraction(0))
const hoursOf = ({ within }: Within) => within.reduce((sum, { intervalHours }) => sum + (intervalHours ?? 0), 0)
const yearly = (settled: Within, { constant }: Reader): Value =>
  ratio(times(exactSum(settled), fraction(constant('hoursPerYear'))), fraction(hoursOf(settled)))
const dueOf = ({ start, end, within, last }: Within, { constant }: Reader) =>
  dueIn(within, { start, end, last, hourMs: constant('hourMs') })
const coverage = (settled: Within, read: Reader): Value => {
  const due = dueOf(settled, read)
  return due === null ? null : Math.min(1, settled.within.length / due)
}

export const FUNDING_REALISED: Readonly<Record<string, Maker>> = {
  sumRate: (_, answer) => float(exactSum(settledIn(answer))),
  hours: (_, answer) => hoursOf(settledIn(answer)),
  realisedApr: (read, answer) => yearly(settledIn(answer), read),
  settlements: (_, answer) => settledIn(answer).within.length,
  expected: (read, answer) => dueOf(settledIn(answer), read),
  coverage: (read, answer) => coverage(settledIn(answer), read)
}

const LEGS = ['short', 'long'] as const
const perLeg = (leg: 'short' | 'long'): Readonly<Record<string, Maker>> => ({
  [`${leg}Rate`]: (_, answer) => float(exactSum(settledIn(answer, leg))),
  [`${leg}IntervalHours`]: (_, answer) => settledIn(answer, leg).all.at(-1)!.intervalHours,
  [`${leg}Apr`]: (read, answer) => yearly(settledIn(answer, leg), read),
  [`${leg}Settlements`]: (_, answer) => settledIn(answer, leg).within.length,
  [`${leg}Coverage`]: (read, answer) => coverage(settledIn(answer, leg), read)
})
const grossOf = (answer: Answer) => {
  const [short, long] = LEGS.map((leg) => float(exactSum(settledIn(answer, leg))))
  return short! - long!
}
const costOf = ({ number }: Reader) => 2 * (number('short.taker') + number('long.taker'))

export const FUNDING_SPREADS_REALISED: Readonly<Record<string, Maker>> = {
  ...perLeg('short'),
  ...perLeg('long'),
  aprSpread: (read, answer) =>
    Number(yearly(settledIn(answer, 'short'), read)) - Number(yearly(settledIn(answer, 'long'), read)),
  grossFrac: (_, answer) => grossOf(answer),
  costFrac: costOf,
  netFrac: (read, answer) => grossOf(answer) - costOf(read),
  netApr: (read, answer) => {
    const { start, end } = settledIn(answer)
    const net = grossOf(answer) - costOf(read)
    return (net * read.constant('hoursPerYear') * read.constant('hourMs')) / (end - start)
  },
  blocks: (read, answer) => {
    const [short, long] = LEGS.map((leg) => settledIn(answer, leg))
    return longestRun(short!.within, long!.within, short!, read)
  }
}
