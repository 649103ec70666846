import type { Maker, Reader, Value } from './answer.ts'
import { booksOf, type Fills } from './carry-books.ts'
import { CAPACITY } from './carry-capacity.ts'
import { boundsOf, daysLeft, fairOf, noisyFairOf, premiumSigmaOf, sigmaOf } from './carry-fair.ts'
import { fundingOf, paidAfter } from './carry-funding.ts'
import { type End, endOf, entryOf, headlineOf, roundTrip } from './carry-net.ts'
import { type CarryRows, sideOf } from './carry-rows.ts'
import { fraction, text } from './fraction.ts'

/** Of the rows of a carry alone. */
type Of = (rows: CarryRows, read: Reader) => Value
const of = (make: Of): Maker => {
  return (read, { rows }) => make(rows as CarryRows, read)
}

const fill = (field: keyof Fills): Maker =>
  of((rows, read) => {
    const value = entryOf(rows, read)[field]
    return value !== null && typeof value === 'object' ? text(value) : value
  })
const ENTRY: Readonly<Record<string, Maker>> = {
  baseQuantity: fill('baseQuantity'),
  spotVwap: fill('spotVwap'),
  contractVwap: fill('contractVwap'),
  entryBasisBps: fill('entryBasisBps'),
  midBasisBps: of((rows, read) => booksOf(rows, read).midBasisBps),
  spotSlippageBps: fill('spotSlippageBps'),
  contractSlippageBps: fill('contractSlippageBps'),
  exitSlippageBps: of((rows, read) => leavingOf(rows, entryOf(rows, read)))
}

/** A dated contract is held to its expiry. */
const leavingOf = (rows: CarryRows, { spotExitBps, contractExitBps }: Fills) =>
  spotExitBps + (headlineOf(rows) === 'locked' ? 0 : contractExitBps!)

const funding = (make: (found: ReturnType<typeof fundingOf>) => Value): Maker =>
  of((rows, read) => make(fundingOf(rows, read)))
const FUNDING: Readonly<Record<string, Maker>> = {
  fundingRate8h: funding(({ rate8h }) => rate8h),
  fundingLongRun8h: funding(({ path }) => path.longRun),
  fundingPersistence: funding(({ path }) => path.persistence),
  fundingSettlementsUsed: funding(({ used }) => used),
  fundingIntervalHours: funding(({ intervalHours }) => intervalHours),
  fundingSettlements: funding(({ settlements }) => settlements),
  fundingSumFrac: funding(({ sum }) => sum),
  fundingExpectedApr: of(
    (rows, read) => (fundingOf(rows, read).sum * read.constant('hoursPerYear')) / rows.terms.horizonHours
  )
}

/** What funding must pay for with basis unchanged. */
function toRecover(rows: CarryRows, read: Reader): number {
  const fills = entryOf(rows, read)
  const bps = read.constant('bps')
  const gross = sideOf(rows) * ((fills.entryBasisBps - booksOf(rows, read).midBasisBps) / bps + 0)
  return roundTrip(rows) + leavingOf(rows, fills) / bps - gross
}
function breakEven(rows: CarryRows, read: Reader) {
  const found = fundingOf(rows, read)
  const { terms } = rows
  const isLoan = terms.direction === 'reverse'
  const borrowed = isLoan ? (terms.borrowApr! * found.intervalHours) / read.constant('hoursPerYear') : 0
  return { ...found, k: paidAfter(found, toRecover(rows, read), sideOf(rows), borrowed)! }
}
const BREAK_EVEN: Readonly<Record<string, Maker>> = {
  costToRecoverFrac: of(toRecover),
  breakEvenSettlements: of((rows, read) => breakEven(rows, read).k),
  breakEvenHours: of((rows, read) => {
    const { k, toNextHours, intervalHours } = breakEven(rows, read)
    return k === 0 ? 0 : toNextHours + (k - 1) * intervalHours
  })
}

const ofEnd = (field: keyof End, exit?: string): Maker =>
  of((rows, read) => endOf(rows, read, exit ?? headlineOf(rows), fraction(rows.notional))![field])
const FIELDS = ['exitBasisBps', 'hours', 'grossFrac', 'costFrac', 'netFrac', 'netAprNotional', 'netAprCapital'] as const
const ENDS = Object.fromEntries(
  ['unchanged', 'fair', 'adverse', 'locked'].flatMap((exit) =>
    FIELDS.map((field) => [`${exit}${field[0]!.toUpperCase()}${field.slice(1)}`, ofEnd(field, exit)])
  )
)

/** Full costs, the bounds of basis by them, and where it is. */
function bandOf(rows: CarryRows, read: Reader) {
  const { terms } = rows
  const [fills, bps, fair] = [entryOf(rows, read), read.constant('bps'), fairOf(rows, read)!]
  const isHeld = headlineOf(rows) === 'locked'
  const delivery = isHeld ? terms.deliveryFrac - terms.contractTaker : 0
  const { spotSlippageBps, contractSlippageBps, spotExitBps, contractExitBps } = fills
  const crossing = spotSlippageBps + contractSlippageBps + spotExitBps + (isHeld ? 0 : contractExitBps!)
  const cost = crossing + (roundTrip(rows) + delivery) * bps
  const days = isHeld ? daysLeft(rows, read) : read.constant('returnDays')
  const borrowing = terms.borrowApr === null ? null : (terms.borrowApr * days * bps) / read.constant('daysPerYear')
  const upper = fair + cost
  const lower = borrowing === null ? null : fair - (cost + borrowing)
  return { upper, lower, observed: booksOf(rows, read).midBasisBps }
}
function placeOf(rows: CarryRows, read: Reader) {
  const { upper, lower, observed } = bandOf(rows, read)
  if (observed > upper) return { place: 'rich', excess: observed - upper }
  return lower !== null && observed < lower
    ? { place: 'cheap', excess: observed - lower }
    : { place: 'inside', excess: 0 }
}
/** What a side must bear at worst until basis is back. */
const worstOf = (bound8h: number | null, { constant }: Reader) =>
  Math.max(bound8h!, 0) * (3 * constant('returnDays')) * constant('bps')
const boundOf = (rows: CarryRows, bound: 'cap' | 'floor') =>
  rows.contract.expiresAt === null ? boundsOf(rows)[bound]! : 0
const FAIR: Readonly<Record<string, Maker>> = {
  fairBps: of(fairOf),
  noisyFairBps: of(noisyFairOf),
  premiumSigmaBps: of(premiumSigmaOf),
  sigmaBps: of(sigmaOf),
  fairLowerBps: of((rows, read) => bandOf(rows, read).lower),
  fairUpperBps: of((rows, read) => bandOf(rows, read).upper),
  fairPlace: of((rows, read) => placeOf(rows, read).place),
  fairExcessBps: of((rows, read) => placeOf(rows, read).excess),
  fairWorstLowerBps: of((rows, read) => bandOf(rows, read).lower! - worstOf(boundOf(rows, 'cap'), read)),
  fairWorstUpperBps: of((rows, read) => bandOf(rows, read).upper + worstOf(-boundOf(rows, 'floor'), read))
}

export const CARRY: Readonly<Record<string, Maker>> = {
  roundTripFrac: of(roundTrip),
  ...ENTRY,
  ...FUNDING,
  ...BREAK_EVEN,
  borrowFrac: ofEnd('borrowFrac'),
  grossFrac: ofEnd('grossFrac'),
  costFrac: ofEnd('costFrac'),
  netFrac: ofEnd('netFrac'),
  netAprNotional: ofEnd('netAprNotional'),
  netAprCapital: ofEnd('netAprCapital'),
  ...ENDS,
  ...FAIR,
  ...CAPACITY,
  adverseBps: of(sigmaOf),
  intervalChanges: of(({ settlements }) => {
    const hours = settlements.flatMap(({ intervalHours }) => intervalHours ?? [])
    return hours.slice(1).filter((own, place) => own !== hours[place]).length
  }),
  ageMs: of(({ derivedAt, contractFacts, spotFacts }) => {
    const seen = [contractFacts, spotFacts].map(({ latest }) => Date.parse(latest!.quote!.observedAt))
    return Math.max(0, Date.parse(derivedAt) - Math.min(...seen))
  })
}
