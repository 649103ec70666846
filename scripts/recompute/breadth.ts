import type { Maker, Reader } from './answer.ts'

type Band = { readonly lower: number | null; readonly upper: number | null; readonly observed: number }

/** The bounds of each contract that has any. */
function bandsOf(read: Reader): Band[] {
  const { constant, each } = read
  const all = (name: string) => each('contracts', name)
  return all('grade').flatMap((grade, place) => {
    const of = (name: string) => all(name)[place]!
    const number = (name: string) => Number(of(name))
    if (grade === 'none' || of('scheme') === null || of('adjustedBasisBps') === null) return []
    if (of('carryEntryBps') === null || of('reverseEntryBps') === null) return []
    const bps = constant('bps')
    const fair = fairOf(read, of)
    const fees = 2 * (number('spotTaker') + number('contractTaker'))
    const cost = number('reverseEntryBps') - number('carryEntryBps') + fees * bps
    const borrowed = read.raw('borrowApr')
    const borrowing =
      borrowed === null ? null : (Number(borrowed) * constant('returnDays') * bps) / constant('daysPerYear')
    const upper = fair === null ? null : fair.high * bps + cost
    const lower = fair === null || borrowing === null ? null : fair.low * bps - (cost + borrowing)
    return [{ lower, upper, observed: number('adjustedBasisBps') }]
  })
}

/** Steady premiums, fractions, at which funding is what holding costs. */
function fairOf({ constant, number }: Reader, of: (name: string) => string | number | null) {
  const own = (name: string) => Number(of(name))
  const per8h = (name: string) => (own(name) * 8) / own('fundingIntervalHours')
  const isKnown = (name: string) => of(name) !== null && of('fundingIntervalHours') !== null
  const carry = ((number('quoteRate') - own('rBase')) * 8) / constant('hoursPerYear')
  if (isKnown('cap') && carry > per8h('cap')) return null
  if (isKnown('floor') && carry < per8h('floor')) return null
  const [scheme, damper, passed] = [of('scheme'), own('damper'), carry / own('passThrough8h')]
  if (scheme === 'none') return { low: passed, high: passed }
  const anchor = scheme === 'damper0' ? 0 : own('interest8h')
  if (Math.abs(carry - anchor) <= 1e-15) return { low: anchor - damper, high: anchor + damper }
  const fair = carry + (carry > anchor ? damper : -damper)
  return { low: fair, high: fair }
}

const isRich = ({ upper, observed }: Band) => upper !== null && observed > upper
const isCheap = (band: Band) => band.lower !== null && band.observed < band.lower && !isRich(band)
const hasUpper = ({ upper }: Band) => upper !== null
const hasLower = ({ lower }: Band) => lower !== null
const hasBoth = (band: Band) => hasUpper(band) && hasLower(band)

const share = (isKnown: (band: Band) => boolean, isIt: (band: Band) => boolean): Maker => {
  return (read) => {
    const known = bandsOf(read).filter(isKnown)
    return known.filter(isIt).length / known.length
  }
}
const count = (isIt: (band: Band) => boolean): Maker => {
  return (read) => bandsOf(read).filter(isIt).length
}

export const BREADTH: Readonly<Record<string, Maker>> = {
  breadthRich: share(hasUpper, isRich),
  breadthCheap: share(hasLower, isCheap),
  breadthInside: share(hasBoth, (band) => !isRich(band) && !isCheap(band)),
  breadthUpperKnown: count(hasUpper),
  breadthLowerKnown: count(hasLower),
  breadthBothKnown: count(hasBoth),
  breadthOf: ({ each }) => each('contracts', 'grade').length
}
