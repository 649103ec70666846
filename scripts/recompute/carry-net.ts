import type { Reader } from './answer.ts'
import { booksOf, type Fills } from './carry-books.ts'
import { fairOf, sigmaOf } from './carry-fair.ts'
import { fundingOf } from './carry-funding.ts'
import { type CarryRows, sideOf } from './carry-rows.ts'
import { type Fraction, fraction } from './fraction.ts'

// What a size of a carry nets by its end.

/** Dated contracts lock, perpetuals harvest. */
export const headlineOf = ({ contract }: CarryRows) => (contract.expiresAt === null ? 'unchanged' : 'locked')
export const roundTrip = ({ terms }: CarryRows) => 2 * (terms.spotTaker + terms.contractTaker)
export const entryOf = (rows: CarryRows, read: Reader) => booksOf(rows, read).fillsOf(fraction(rows.notional))!

const fundingSum = (rows: CarryRows, read: Reader) => (rows.contract.expiresAt === null ? fundingOf(rows, read).sum : 0)

export type End = Readonly<
  Record<
    'exitBasisBps' | 'hours' | 'borrowFrac' | 'grossFrac' | 'costFrac' | 'netFrac' | 'netAprNotional' | 'netAprCapital',
    number
  >
>

/** Null where the books end before. */
export function endOf(rows: CarryRows, read: Reader, exit: string, notional: Fraction): End | null {
  const books = booksOf(rows, read)
  const fills = books.fillsOf(notional)
  return fills && netOf(rows, read, { exit, fills, midBasisBps: books.midBasisBps, sum: fundingSum(rows, read) })
}

/** The same for many sizes, of one reading of the rows. */
export function netsOf(rows: CarryRows, read: Reader): (notional: number) => number | null {
  const { fillsOf, midBasisBps } = booksOf(rows, read)
  const [exit, sum] = [headlineOf(rows), fundingSum(rows, read)]
  return (notional) => {
    const fills = fillsOf(fraction(Math.round(notional * 100) / 100))
    return fills && (netOf(rows, read, { exit, fills, midBasisBps, sum })?.netAprCapital ?? null)
  }
}

type Of = { readonly exit: string; readonly fills: Fills; readonly midBasisBps: number; readonly sum: number }

function netOf(rows: CarryRows, read: Reader, { exit, fills, midBasisBps, sum }: Of): End | null {
  const { terms, contract, derivedAt } = rows
  const { constant } = read
  const isLocked = exit === 'locked'
  const closing = isLocked ? 0 : fills.contractExitBps
  if (closing === null) return null
  const exitBasisBps = basisAt(rows, read, exit, midBasisBps)
  const hours = isLocked
    ? (Date.parse(contract.expiresAt!) - Date.parse(derivedAt)) / constant('hourMs')
    : terms.horizonHours
  const borrowFrac = terms.direction === 'reverse' ? (terms.borrowApr! * hours) / constant('hoursPerYear') : 0
  const deliveryFrac = isLocked ? terms.deliveryFrac - terms.contractTaker : 0
  const grossFrac = sideOf(rows) * ((fills.entryBasisBps - exitBasisBps) / constant('bps') + sum)
  const costFrac = roundTrip(rows) + (fills.spotExitBps + closing) / constant('bps') + borrowFrac + deliveryFrac
  const netFrac = grossFrac - costFrac
  const netAprNotional = (netFrac * constant('hoursPerYear')) / hours
  const netAprCapital = netAprNotional / (1 + terms.margin)
  return { exitBasisBps, hours, borrowFrac, grossFrac, costFrac, netFrac, netAprNotional, netAprCapital }
}

function basisAt(rows: CarryRows, read: Reader, exit: string, midBasisBps: number): number {
  if (exit === 'locked') return 0
  if (exit === 'unchanged') return midBasisBps
  return exit === 'fair'
    ? fairOf(rows, read, rows.terms.horizonHours)!
    : midBasisBps + sideOf(rows) * sigmaOf(rows, read)!
}
