import { HOUR } from '../../domain/time.ts'
import { lastFriday } from '../market/calendar.ts'

/** Nearest months and nearest quarters that have dated contracts at any time. */
const MONTHS = 2
const QUARTERS = 2
/** A London afternoon, when the reference rate is fixed: 15:00 UTC in summer, 16:00 in winter. */
const londonHour = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', hour: '2-digit', hourCycle: 'h23' })

/** 16:00 London on the last Friday of a month: not the 08:00 UTC at which other venues' contracts end. */
function expiryOf(year: number, month: number): number {
  const fiveToFour = lastFriday(year, month) + 7 * HOUR
  return londonHour.format(fiveToFour) === '16' ? fiveToFour : fiveToFour + HOUR
}

const isQuarter = (atMs: number) => new Date(atMs).getUTCMonth() % 3 === 2

/** The next two months' and the next two quarters' expiries, nearest first. */
export function nextExpiries(atMs: number): number[] {
  const now = new Date(atMs)
  const all = Array.from({ length: 9 }, (_, index) => expiryOf(now.getUTCFullYear(), now.getUTCMonth() + index))
  const coming = all.filter((expiry) => expiry > atMs)
  const quarters = coming.filter(isQuarter).slice(0, QUARTERS)
  return [...new Set([...coming.slice(0, MONTHS), ...quarters])].sort((a, b) => a - b)
}

/** When a contract was listed: at the expiry that made its month one of the nearest two, or its quarter. */
export function openedAt(expiry: number): number {
  const date = new Date(expiry)
  return expiryOf(date.getUTCFullYear(), date.getUTCMonth() - (isQuarter(expiry) ? 3 * QUARTERS : MONTHS))
}

/** As the tickers call a contract's age. */
export function tagOf(expiry: number | null): string {
  if (expiry === null) return 'perpetual'
  return isQuarter(expiry) ? 'quarter' : 'month'
}
