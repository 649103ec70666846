import { type Answer, readerOf, type Value } from './answer.ts'
import { by, type Fraction, float, fraction, mid, minus, plus, times } from './fraction.ts'

type Reader = ReturnType<typeof readerOf>
type Maker = (read: Reader, answer: Answer) => Value

const ONE = fraction(1)
const ratio = (over: Fraction, under: Fraction) => (under.over === 0n ? null : float(by(over, under)))
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

/** The settlements of a window, and what was due in it. */
const trailing: Maker = ({ constant }, { metric, rows }) => {
  const given = rows as {
    toAt: string
    listedAt: string | null
    delistedAt: string | null
    settlements: { settledAt: string; rate: string; intervalHours: number | null }[]
  }
  const all = given.settlements.map(({ settledAt, ...rest }) => ({ at: Date.parse(settledAt), ...rest }))
  const to = Date.parse(given.toAt)
  const from = to - constant('days') * constant('dayMs')
  const within = all.filter(({ at }) => at > from && at <= to)
  const hours = within.reduce((sum, { intervalHours }) => sum + (intervalHours ?? 0), 0)
  const sum = within.reduce((total, { rate }) => plus(total, fraction(rate)), fraction(0))
  if (metric.endsWith('SumRate')) return float(sum)
  if (metric.endsWith('Hours')) return hours
  if (metric.endsWith('Settlements')) return within.length
  if (metric.endsWith('Apr')) return ratio(times(sum, fraction(constant('hoursPerYear'))), fraction(hours))
  const last = all.findLast(({ intervalHours }) => intervalHours !== null)?.intervalHours ?? null
  const start = Math.max(from, given.listedAt === null ? from : Date.parse(given.listedAt))
  const end = Math.min(to, given.delistedAt === null ? to : Date.parse(given.delistedAt))
  const due = dueIn(within, { start, end, last, hourMs: constant('hourMs') })
  return metric.endsWith('Expected') || due === null ? due : Math.min(1, within.length / due)
}

type Due = { readonly start: number; readonly end: number; readonly last: number | null; readonly hourMs: number }

function dueIn(settled: readonly { at: number; intervalHours: number | null }[], { start, end, last, hourMs }: Due) {
  const EDGE = 1e-9
  if (end <= start) return 0
  if (settled.length === 0) {
    return last === null ? null : Math.floor(end / (last * hourMs)) - Math.floor(start / (last * hourMs))
  }
  const steps = (from: number, to: number, hours: number | null) => (to - from) / (hours! * hourMs)
  let due = 0
  for (const [place, { at, intervalHours }] of settled.entries()) {
    const before = settled[place - 1]
    const passed = steps(before?.at ?? start, at, intervalHours)
    due += Math.max(1, before === undefined ? Math.ceil(passed - EDGE) : Math.round(passed))
  }
  const newest = settled.at(-1)!
  return due + Math.max(0, Math.floor(steps(newest.at, end, newest.intervalHours) + EDGE))
}

const frac = ({ of }: Reader) => {
  const [contract, spot] = [of('point.contractMid'), of('point.spotMid')]
  return float(by(minus(contract, spot), spot))
}
const perDays = ({ timeOf, constant }: Reader) =>
  constant('daysPerYear') / ((timeOf('point.expiresAt') - timeOf('derivedAt')) / constant('dayMs'))
const meanRate = (read: Reader) => meanOf(read.each('rates', 'aprContinuous').map(Number))
const TERM_STRUCTURE: Readonly<Record<string, Maker>> = {
  basisFrac: frac,
  aprSimple: (read) => frac(read) * perDays(read),
  aprContinuous: (read) => Math.log1p(frac(read)) * perDays(read),
  apyCompounded: (read) => Math.expm1(Math.log1p(frac(read)) * perDays(read)),
  levelMean: meanRate,
  excessApr: (read) => meanRate(read) - read.number('quoteRate'),
  slopePer30d: ({ each }) => {
    const x = each('rates', 'days').map((days) => Number(days) / 30)
    const y = each('rates', 'aprContinuous').map(Number)
    const [meanX, meanY] = [meanOf(x), meanOf(y)]
    const variance = sumOf(x.map((value) => (value - meanX) ** 2))
    return sumOf(x.map((value, place) => (value - meanX) * (y[place]! - meanY))) / variance
  }
}

/** Neumaier’s sum: what each addition loses is added at the end. */
function sumOf(values: readonly number[]): number {
  let [sum, lost] = [0, 0]
  for (const value of values) {
    const next = sum + value
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    sum = next
  }
  return sum + lost
}
const meanOf = (values: readonly number[]) => sumOf(values) / values.length

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
const AGGREGATES: Readonly<Record<string, Maker>> = Object.fromEntries(
  ['fundingApr', 'adjustedBasisBps'].flatMap((field) => [
    [field, weighed(field, 'value')],
    [`${field}Coverage`, weighed(field, 'coverage')],
    [`${field}OpenInterestUsd`, weighed(field, 'openInterestUsd')]
  ])
)

const aprOf = (leg: string): Maker => {
  return ({ number, constant }) => (number(`${leg}.rate`) * constant('hoursPerYear')) / number(`${leg}.intervalHours`)
}
const grossOf = ({ number, constant }: Reader) => {
  const [short, long] = ['short', 'long'].map(
    (leg) => number(`${leg}.rate`) * (constant('hoursPerYear') / number(`${leg}.intervalHours`))
  )
  if (short === long) return 0
  return number('short.rate') * number('short.settlements') - number('long.rate') * number('long.settlements')
}
const costOf = ({ number }: Reader) => 2 * (number('short.taker') + number('long.taker'))
const FUNDING_SPREADS: Readonly<Record<string, Maker>> = {
  shortApr: aprOf('short'),
  longApr: aprOf('long'),
  aprSpread: (read, answer) => Number(aprOf('short')(read, answer)) - Number(aprOf('long')(read, answer)),
  grossFrac: grossOf,
  costFrac: costOf,
  netFrac: (read) => grossOf(read) - costOf(read),
  priceBasisBps: ({ number, constant }) => (number('short.mid') / number('long.mid') - 1) * constant('bps')
}

const roundTrip = ({ number }: Reader) => 2 * (number('terms.spotTaker') + number('terms.contractTaker'))
const carryGross = ({ number, constant }: Reader) =>
  (number('parts.entryBasisBps') - number('parts.exitBasisBps')) / constant('bps') + number('parts.fundingSum')
const carryCost = (read: Reader) =>
  roundTrip(read) +
  read.number('parts.exitSlippageBps') / read.constant('bps') +
  read.number('parts.borrowFrac') +
  read.number('parts.deliveryFrac')
const carryNet = (read: Reader) => carryGross(read) - carryCost(read)
const netApr = (read: Reader) => (carryNet(read) * read.constant('hoursPerYear')) / read.number('parts.hours')
const upper = ({ number }: Reader) => number('parts.fairBps') + number('parts.costBps')
const CARRY: Readonly<Record<string, Maker>> = {
  entryBasisBps: ({ of, constant }) => {
    const reference = times(of('parts.fx'), times(of('parts.units'), of('parts.spotVwap')))
    return float(by(minus(of('parts.contractVwap'), reference), reference)) * constant('bps')
  },
  roundTripFrac: roundTrip,
  grossFrac: carryGross,
  costFrac: carryCost,
  netFrac: carryNet,
  netAprNotional: netApr,
  netAprCapital: (read) => netApr(read) / (1 + read.number('terms.margin')),
  fairUpperBps: upper,
  fairExcessBps: (read) => Math.max(0, read.number('parts.midBasisBps') - upper(read))
}

const MAKERS: Readonly<Record<string, Readonly<Record<string, Maker>>>> = {
  flow: FLOW,
  stablecoins: STABLECOINS,
  termStructure: TERM_STRUCTURE,
  aggregates: AGGREGATES,
  fundingSpreads: FUNDING_SPREADS,
  carry: CARRY
}

/** A number of another answer than the board's. */
export function recomputeAnswer(answer: Answer): Value {
  const [name = '', field = ''] = answer.metric.split('.')
  const make =
    name === 'fundingTrailing'
      ? trailing
      : field.endsWith('geMs')
        ? age
        : field.startsWith('imbalance')
          ? imbalance
          : (MAKERS[name]?.[field] ?? received)
  return make(readerOf(answer), answer)
}
