import { DAY, floorTo, HOUR } from '../../domain/time.ts'
import { lastFriday, listedBefore, nextQuarterlyExpiries } from '../market/calendar.ts'

const WEEK = 7 * DAY
/** 1970-01-02 08:00 UTC was a Friday. */
const FIRST_FRIDAY = 32 * HOUR
const WEEKLIES = 2
const QUARTERLIES = 2

/** OKX's expiries, nearest first: this and next week, the ends of this and next month, two quarters; all on Fridays at 08:00 UTC. */
export function okxExpiries(atMs: number): number[] {
  const first = nextFriday(atMs)
  const weeks = Array.from({ length: WEEKLIES }, (_, index) => first + index * WEEK)
  const months = nextMonthEnds(atMs)
  const quarters = nextQuarterlyExpiries(atMs, QUARTERLIES)
  return [...new Set([...weeks, ...months, ...quarters])].sort((a, b) => a - b)
}

/** What OKX calls an expiry at a moment. A name moves from contract to contract; the date does not. */
export function aliasOf(expiry: number, atMs: number): string {
  const week = (expiry - nextFriday(atMs)) / WEEK
  if (week < WEEKLIES) return week === 0 ? 'this_week' : 'next_week'
  const quarter = nextQuarterlyExpiries(atMs, QUARTERLIES).indexOf(expiry)
  if (quarter >= 0) return quarter === 0 ? 'quarter' : 'next_quarter'
  return expiry === nextMonthEnds(atMs)[0] ? 'this_month' : 'next_month'
}

/** When a contract with this expiry began: two quarters before a quarter's end, two months before a month's, else two weeks. */
export function listedAtFor(expiry: number): number {
  if (nextQuarterlyExpiries(expiry - 1, 1)[0] === expiry) return listedBefore(expiry)
  const { year, month } = monthOf(expiry)
  return lastFriday(year, month) === expiry ? lastFriday(year, month - 2) : expiry - WEEKLIES * WEEK
}

function nextFriday(atMs: number): number {
  return floorTo(atMs - FIRST_FRIDAY, WEEK) + FIRST_FRIDAY + WEEK
}

function nextMonthEnds(atMs: number): number[] {
  const { year, month } = monthOf(atMs)
  return [0, 1, 2]
    .map((later) => lastFriday(year, month + later))
    .filter((expiry) => expiry > atMs)
    .slice(0, 2)
}

function monthOf(atMs: number): { year: number; month: number } {
  const date = new Date(atMs)
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() }
}
