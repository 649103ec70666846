import { DAY, HOUR } from '../../domain/time.ts'

const WEEK = 7 * DAY
/** 1970-01-02, the first Friday, at 08:00 UTC. */
const FIRST_FRIDAY_8 = DAY + 8 * HOUR
const LONGEST_LIFE_MS = 52 * WEEK

/** Fridays 08:00 UTC at which a contract expires, nearest first: weeklies for 3 weeks, months for 13, quarters for a year. */
export function nextExpiries(atMs: number): number[] {
  const first = FIRST_FRIDAY_8 + (Math.floor((atMs - FIRST_FRIDAY_8) / WEEK) + 1) * WEEK
  const expiries: number[] = []
  for (let expiry = first; expiry <= atMs + LONGEST_LIFE_MS; expiry += WEEK) {
    if (expiry - atMs <= lifeOf(expiry)) expiries.push(expiry)
  }
  return expiries
}

/** Whole weeks, so that what is listed changes at expiries only. */
export function lifeOf(expiry: number): number {
  const month = new Date(expiry).getUTCMonth()
  if (new Date(expiry + WEEK).getUTCMonth() === month) return 3 * WEEK
  return month % 3 === 2 ? LONGEST_LIFE_MS : 13 * WEEK
}

/** 4DEC26 */
export function codeOf(expiry: number): string {
  const date = new Date(expiry)
  const month = date.toLocaleString('en-US', { month: 'short', timeZone: 'UTC' }).toUpperCase()
  return `${date.getUTCDate()}${month}${String(date.getUTCFullYear()).slice(2)}`
}
