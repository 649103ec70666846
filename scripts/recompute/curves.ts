import type { Maker, Reader, Value } from './answer.ts'
import { meanOf, slopeOf } from './statistics.ts'

type Rate = { readonly days: number; readonly apr: number }

/** By expiry; of those that expire together the mean. */
function expiriesOf(rates: readonly Rate[]): Rate[] {
  return [...Map.groupBy(rates, ({ days }) => days)]
    .map(([days, same]) => ({ days, apr: meanOf(same.map(({ apr }) => apr)) }))
    .sort((a, b) => a.days - b.days)
}

const structureOf = (rates: readonly Rate[], flat: number): Value => {
  if (rates.every(({ apr }) => apr > flat)) return 'contango'
  return rates.every(({ apr }) => apr < -flat) ? 'backwardation' : 'mixed'
}

function maturityOf(expiries: readonly Rate[], { constant }: Reader): Value {
  const days = constant('days')
  const year = constant('daysPerYear')
  const growth = (rate: Rate) => (rate.apr * rate.days) / year
  const upper = expiries.find((rate) => rate.days >= days)!
  if (upper.days === days) return upper.apr
  const lower = expiries.findLast((rate) => rate.days < days)!
  const slope = (growth(upper) - growth(lower)) * (days - lower.days)
  return ((growth(lower) + slope / (upper.days - lower.days)) * year) / days
}

const ratesOf = ({ each }: Reader): Rate[] => {
  const rates = each('rates', 'aprContinuous')
  return each('rates', 'days').map((days, place) => ({ days: Number(days), apr: Number(rates[place]) }))
}
/** The fitted expiry before the contract's, and its own. */
const forwardOf = (read: Reader) => {
  const expiries = expiriesOf(ratesOf(read))
  const place = expiries.findIndex(({ days }) => days === read.number('point.days'))
  return [expiries[place - 1]!, expiries[place]!] as const
}
const maturities = (expiriesIn: (read: Reader) => Rate[]): Readonly<Record<string, Maker>> =>
  Object.fromEntries(
    [7, 30, 60, 90, 180].map((days): [string, Maker] => [
      `maturity${days}dApr`,
      (read) => maturityOf(expiriesIn(read), read)
    ])
  )

export const CURVE_SHAPE: Readonly<Record<string, Maker>> = {
  days: ({ raw, timeOf, constant }) =>
    raw('point.expiresAt') === null ? 0 : (timeOf('point.expiresAt') - timeOf('derivedAt')) / constant('dayMs'),
  structure: (read) => structureOf(ratesOf(read), read.constant('flatApr')),
  forwardAprContinuous: (read) => {
    const [from, to] = forwardOf(read)
    return (to.apr * to.days - from.apr * from.days) / (to.days - from.days)
  },
  forwardFromDays: (read) => forwardOf(read)[0].days,
  ...maturities((read) => expiriesOf(ratesOf(read)))
}

type Close = Rate & { readonly expiresAt: number }
/** Each close that is far enough from its expiry, by the days from it to there. */
function closesOf({ each, timeOf, constant }: Reader): Close[] {
  const [bases, closed] = [each('closes', 'adjustedBasisBps'), each('closes', 'closedAt')]
  return each('closes', 'expiresAt').flatMap((expiry, place) => {
    const expiresAt = Date.parse(String(expiry))
    const left = (expiresAt - timeOf('bucketEndAt')) / constant('dayMs')
    if (bases[place] === null || left < constant('daysMin')) return []
    const days = (expiresAt - Date.parse(String(closed[place]))) / constant('dayMs')
    return [{ expiresAt, days, apr: yearly(Number(bases[place]), days, constant) }]
  })
}
const yearly = (basis: number, days: number, constant: Reader['constant']) =>
  (Math.log1p(basis / constant('bps')) * constant('daysPerYear')) / days
const closedExpiries = (read: Reader): Rate[] =>
  [...Map.groupBy(closesOf(read), ({ expiresAt }) => expiresAt).values()]
    .map((same) => ({ days: meanOf(same.map(({ days }) => days)), apr: meanOf(same.map(({ apr }) => apr)) }))
    .sort((a, b) => a.days - b.days)

export const CURVE_HISTORY: Readonly<Record<string, Maker>> = {
  days: ({ timeOf, constant }) => (timeOf('close.expiresAt') - timeOf('bucketEndAt')) / constant('dayMs'),
  aprContinuous: ({ number, timeOf, constant }) => {
    const days = (timeOf('close.expiresAt') - timeOf('close.closedAt')) / constant('dayMs')
    return yearly(number('close.adjustedBasisBps'), days, constant)
  },
  structure: (read) => structureOf(closesOf(read), read.constant('flatApr')),
  levelMean: (read) => meanOf(closesOf(read).map(({ apr }) => apr)),
  slopePer30d: (read) =>
    slopeOf(
      closesOf(read).map(({ days }) => days / 30),
      closesOf(read).map(({ apr }) => apr)
    ),
  ...maturities(closedExpiries)
}

const factorOf = ({ each }: Reader) => {
  const from = each('rolls', 'fromPrice')
  return each('rolls', 'toPrice').reduce<number>(
    (product, to, place) => product * (Number(to) / Number(from[place])),
    1
  )
}
export const ROLLED: Readonly<Record<string, Maker>> = {
  daysToExpiry: ({ timeOf, constant }) => (timeOf('holding.expiresAt') - timeOf('bucketEndAt')) / constant('dayMs'),
  factor: factorOf,
  adjusted: (read) => read.number('price.price') / factorOf(read),
  ratio: ({ number }) => number('roll.toPrice') / number('roll.fromPrice')
}
