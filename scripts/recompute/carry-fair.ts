import type { Reader } from './answer.ts'
import { amountOf, type CarryRows, type Rule } from './carry-rows.ts'
import { deviationOf } from './statistics.ts'

// Where the basis of a carry would rest, and how far it moves.

/** One deviation of the sample of changes over a week; null while there are too few. */
export function sigmaOf({ closes }: CarryRows, { constant }: Reader): number | null {
  const lag = constant('lagDays')
  const changes = closes.slice(lag).flatMap(({ basisBps }, place) => {
    const before = closes[place]!.basisBps
    return basisBps === null || before === null ? [] : [basisBps - before]
  })
  const n = changes.length
  return n < constant('changesMin') ? null : deviationOf(changes) * Math.sqrt(n / (n - 1))
}

/** The same of means of 8 h; null as well between two currencies. */
export function premiumSigmaOf({ periods, contract, spot }: CarryRows, { constant }: Reader): number | null {
  const means = periods.flatMap(({ meanBps }) => meanBps ?? [])
  const n = means.length
  return contract.quote !== spot.quote || n < constant('periodsMin')
    ? null
    : deviationOf(means) * Math.sqrt(n / (n - 1))
}

/** What holding costs per 8 h. */
const carryOf = ({ terms }: CarryRows, { constant }: Reader) =>
  ((terms.rQuote - terms.rBase) * 8) / constant('hoursPerYear')
const anchorOf = ({ scheme, interest8h }: Rule) => (scheme === 'damper0' ? 0 : interest8h)

/** What the venue's funding stays within, per 8 h. */
export function boundsOf({ contractFacts }: CarryRows) {
  const { cap = null, floor = null, intervalHours = null } = contractFacts.latest?.estimate ?? {}
  const per8h = (bound: string | null) => {
    return bound === null || intervalHours === null ? null : (amountOf(bound)! * 8) / intervalHours
  }
  return { cap: per8h(cap), floor: per8h(floor) }
}

/** Until a dated contract expires. */
export const daysLeft = ({ contract, derivedAt }: CarryRows, { constant }: Reader) =>
  (Date.parse(contract.expiresAt!) - Date.parse(derivedAt)) / constant('dayMs')

/** So many hours on, when a dated contract has fewer days left. */
export function fairOf(rows: CarryRows, read: Reader, hoursOn = 0): number | null {
  const { contract, rule, terms } = rows
  const bps = read.constant('bps')
  if (contract.expiresAt !== null) {
    const days = daysLeft(rows, read) - hoursOn / 24
    return ((terms.rQuote - terms.rBase) * days * bps) / read.constant('daysPerYear')
  }
  if (rule === null) return null
  const carry = carryOf(rows, read)
  const { cap, floor } = boundsOf(rows)
  if ((cap !== null && carry > cap) || (floor !== null && carry < floor)) return null
  const anchor = anchorOf(rule)
  const middle = (low: number, high: number) => (low * bps + high * bps) / 2
  const passed = carry / (rule.passThrough8h ?? 1)
  if (rule.scheme === 'none') return middle(passed, passed)
  if (Math.abs(carry - anchor) <= 1e-15) return middle(anchor - rule.damper, anchor + rule.damper)
  const fair = carry + (carry > anchor ? rule.damper : -rule.damper)
  return middle(fair, fair)
}

/** The same of period averages that scatter. */
export function noisyFairOf(rows: CarryRows, read: Reader): number | null {
  const { rule } = rows
  const sigmaBps = premiumSigmaOf(rows, read)
  if (rule === null || sigmaBps === null || !(sigmaBps > 0)) return null
  const bps = read.constant('bps')
  const carry = carryOf(rows, read)
  if (rule.scheme === 'none') return (carry / (rule.passThrough8h ?? 1)) * bps
  const anchor = anchorOf(rule)
  const [excess, sigma] = [carry - anchor, sigmaBps / bps]
  const reach = Math.abs(excess) + rule.damper + 10 * sigma
  const beyond = (mean: number) => above(mean - rule.damper, sigma) - above(-mean - rule.damper, sigma)
  let [low, high] = [-reach, reach]
  for (let step = 0; step < 100; step += 1) {
    const middle = (low + high) / 2
    if (beyond(middle) < excess) low = middle
    else high = middle
  }
  return (anchor + (low + high) / 2) * bps
}

/** E[max(x, 0)] for x ~ N(mean, sigma). */
function above(mean: number, sigma: number): number {
  const z = mean / sigma
  return mean * below(z) + (sigma * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI)
}

/** P(Z < z): Abramowitz and Stegun 26.2.17. */
function below(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const sum = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum
  return z >= 0 ? 1 - tail : tail
}
