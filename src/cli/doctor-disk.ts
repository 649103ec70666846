import { DAY, isoOf } from '../domain/time.ts'
import { type Forecast, forecastDisk, type Room, sizeInWords } from './disk-forecast.ts'

export type DiskFinding = {
  readonly verdict: 'ok' | 'warn' | 'FAIL'
  readonly words: string
  readonly remedy?: string
}

const DAYS_LEFT_WARN = 14
const FREE_BYTES_FAIL = 500e6
const REMEDY = 'a longer STORE_SECONDS, fewer ASSETS, more disk; MAX_DISK_GB stops storing before the disk is full'

/** How fast the database grows, what a year takes, and when it reaches its limit, in words. */
export function diskFindings(room: Room, nowMs: number): DiskFinding[] {
  const forecast = forecastDisk(room)
  return [growthOf(forecast), ...limitOf(room, forecast, nowMs), ...freeOf(room, forecast, nowMs)]
}

function growthOf(forecast: Forecast): DiskFinding {
  const { rowsPerMinute, bytesPerRow, isMeasured, hotBytesPerDay, sealedBytesPerDay, bytesPerYear } = forecast
  const rows = `about ${Math.round(rowsPerMinute)} rows a minute of ${Math.round(bytesPerRow)} bytes (${isMeasured ? 'measured here' : 'estimated'})`
  const day = `${sizeInWords(hotBytesPerDay)} a day${sealedBytesPerDay === null ? '' : ` while hot, ${sizeInWords(sealedBytesPerDay)} once sealed`}`
  return { verdict: 'ok', words: `${rows}: ${day}, ${sizeInWords(bytesPerYear)} in a year` }
}

function limitOf({ maxBytes, sizeBytes }: Room, { daysToLimit }: Forecast, nowMs: number): DiskFinding[] {
  if (maxBytes === null) return [{ verdict: 'ok', words: 'no MAX_DISK_GB: the database may fill the disk' }]
  const limit = `MAX_DISK_GB ${maxBytes / 1e9}`
  if (sizeBytes >= maxBytes) {
    const words = `the database has reached ${limit} with ${sizeInWords(sizeBytes)}: nothing is stored as history; the board goes on`
    const remedy = 'raise MAX_DISK_GB, or shorten what is kept; storing resumes by itself, the time between stays a gap'
    return [{ verdict: 'FAIL', words, remedy }]
  }
  if (daysToLimit === null) return [{ verdict: 'ok', words: `${limit}, of which ${sizeInWords(sizeBytes)} are used` }]
  return [whenOf(`${limit} will be reached`, daysToLimit, nowMs)]
}

function freeOf({ freeBytes }: Room, { daysToFull }: Forecast, nowMs: number): DiskFinding[] {
  if (freeBytes === null) return [{ verdict: 'ok', words: 'free space is the database server’s to tell' }]
  const free = `${sizeInWords(freeBytes)} free`
  if (freeBytes < FREE_BYTES_FAIL) return [{ verdict: 'FAIL', words: free, remedy: REMEDY }]
  return [
    daysToFull === null ? { verdict: 'ok', words: free } : whenOf(`${free}: the disk will be full`, daysToFull, nowMs)
  ]
}

function whenOf(what: string, days: number, nowMs: number): DiskFinding {
  const date = days < 3_650 ? `, about ${isoOf(nowMs + days * DAY).slice(0, 10)}` : ''
  const words = `${what} in ${daysInWords(days)}${date}`
  return days < DAYS_LEFT_WARN ? { verdict: 'warn', words, remedy: REMEDY } : { verdict: 'ok', words }
}

const daysInWords = (days: number) =>
  days < 2
    ? `${Math.round(days * 24)} hours`
    : days < 1_000
      ? `${Math.round(days)} days`
      : `${Math.round(days / 365)} years`
