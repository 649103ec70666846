import { DAY, HOUR } from '../../domain/time.ts'

const QUARTER_MONTHS = [2, 5, 8, 11]
const FRIDAY = 5

/** The quarterly expiries after a moment, nearest first: the last Friday of March, June, September and December, 08:00 UTC. */
export function nextQuarterlyExpiries(atMs: number, count: number): number[] {
  const year = new Date(atMs).getUTCFullYear()
  const candidates = [year, year + 1, year + 2].flatMap((each) =>
    QUARTER_MONTHS.map((month) => lastFriday(each, month))
  )
  return candidates.filter((expiry) => expiry > atMs).slice(0, count)
}

/** The quarterly expiry two quarters before this one: when a contract becomes the next quarter's and is listed. */
export function listedBefore(expiry: number): number {
  const back = new Date(expiry)
  return lastFriday(back.getUTCFullYear(), back.getUTCMonth() - 6)
}

/** 08:00 UTC on the last Friday of a month. */
export function lastFriday(year: number, month: number): number {
  const lastDay = Date.UTC(year, month + 1, 0)
  const back = (new Date(lastDay).getUTCDay() - FRIDAY + 7) % 7
  return lastDay - back * DAY + 8 * HOUR
}
