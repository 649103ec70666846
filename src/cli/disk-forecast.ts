import { statfs } from 'node:fs/promises'
import { DAY } from '../domain/time.ts'
import type { Growth } from '../store/diagnosis.ts'

/** A plain row with its key, as measured when the tables were designed; used until there are rows of our own to weigh. */
export const DESIGN_BYTES_PER_ROW = 133
/** What is left of a plain row once its day is sealed: measured at the same time, 22 of 133 bytes. */
export const SEALED_SHARE = 22 / 133
/** Whole months go at a time: the oldest day is so much older than it would have to be. */
const LONGEST_MONTH_DAYS = 31
/** Spot and contract legs per asset and venue, until a first ranking says how many there are. */
const LEGS_EXPECTED = { spots: 1, perpetuals: 1.2, futures: 0.2 }

export type Forecast = {
  readonly rowsPerMinute: number
  readonly bytesPerRow: number
  readonly isMeasured: boolean
  /** Of the newest days, in plain rows. */
  readonly hotBytesPerDay: number
  /** What such a day takes later; null where days are not sealed. */
  readonly sealedBytesPerDay: number | null
  /** What the database will have grown by in a year from now. */
  readonly bytesPerYear: number
  /** Days until MAX_DISK_GB is reached, and until the disk is full; null: there is no limit, free space is not known, or as much goes as comes before that. */
  readonly daysToLimit: number | null
  readonly daysToFull: number | null
}

export type Room = {
  readonly growth: Growth
  readonly storeMs: number
  /** What would be followed, were anything collected. */
  readonly expectedAssets: number
  readonly venueCount: number
  readonly sizeBytes: number
  readonly freeBytes: number | null
  readonly maxBytes: number | null
  /** HOT_DAYS: days before today that stay plain rows. */
  readonly hotDays: number
  /** RAW_RETENTION_DAYS; null: everything is kept. */
  readonly rawDays: number | null
}

/** Each instrument is a row of the market; each contract one of basis; each perpetual one of funding, every storing interval. */
export function forecastDisk(room: Room): Forecast {
  const { growth, storeMs, sizeBytes, freeBytes, maxBytes, hotDays, rawDays } = room
  const { spots, perpetuals, futures } = legsOf(room)
  const rowsPerRound = spots + 2 * (perpetuals + futures) + perpetuals
  const bytesPerRow = growth.bytesPerRow ?? DESIGN_BYTES_PER_ROW
  const hotBytesPerDay = (rowsPerRound * bytesPerRow * DAY) / storeMs
  const sealedBytesPerDay = growth.isSealed ? hotBytesPerDay * SEALED_SHARE : null
  const course = { hotBytesPerDay, sealedBytesPerDay, sizeBytes, hotDays, rawDays }
  return {
    rowsPerMinute: (rowsPerRound * 60_000) / storeMs,
    bytesPerRow,
    isMeasured: growth.bytesPerRow !== null,
    hotBytesPerDay,
    sealedBytesPerDay,
    bytesPerYear: grownIn(365, course),
    daysToLimit: maxBytes === null ? null : daysToGrow(Math.max(maxBytes - sizeBytes, 0), course),
    daysToFull: freeBytes === null ? null : daysToGrow(freeBytes, course)
  }
}

type Course = Pick<Forecast, 'hotBytesPerDay' | 'sealedBytesPerDay'> & Pick<Room, 'sizeBytes' | 'hotDays' | 'rawDays'>

/** Days that are still to be added as plain rows before as many are sealed a day as come in. */
function hotDaysLeft({ hotBytesPerDay, sizeBytes, hotDays }: Course): number {
  return Math.max(0, hotDays + 1 - sizeBytes / hotBytesPerDay)
}

/** What can still be added before as much goes as comes. Only sealed days go. */
function bytesLeft({ hotBytesPerDay, sealedBytesPerDay, sizeBytes, hotDays, rawDays }: Course): number {
  if (rawDays === null || sealedBytesPerDay === null) return Number.POSITIVE_INFINITY
  const plainDays = hotDays + 1
  const sealedDays = Math.max(0, rawDays + LONGEST_MONTH_DAYS - plainDays)
  return Math.max(0, plainDays * hotBytesPerDay + sealedDays * sealedBytesPerDay - sizeBytes)
}

function grownIn(days: number, course: Course): number {
  const { hotBytesPerDay, sealedBytesPerDay } = course
  if (hotBytesPerDay === 0) return 0
  if (sealedBytesPerDay === null) return days * hotBytesPerDay
  const hotDays = Math.min(days, hotDaysLeft(course))
  return Math.min(bytesLeft(course), hotDays * hotBytesPerDay + (days - hotDays) * sealedBytesPerDay)
}

/** Null where nothing grows. */
function daysToGrow(bytes: number, course: Course): number | null {
  const { hotBytesPerDay, sealedBytesPerDay } = course
  if (hotBytesPerDay === 0 || bytes > bytesLeft(course)) return null
  if (sealedBytesPerDay === null) return bytes / hotBytesPerDay
  const hotDays = Math.min(bytes / hotBytesPerDay, hotDaysLeft(course))
  return hotDays + Math.max(0, bytes - hotDays * hotBytesPerDay) / sealedBytesPerDay
}

function legsOf({ growth, expectedAssets, venueCount }: Room) {
  if (growth.spots + growth.perpetuals + growth.futures > 0) return growth
  const places = expectedAssets * venueCount
  const { spots, perpetuals, futures } = LEGS_EXPECTED
  return { spots: spots * places, perpetuals: perpetuals * places, futures: futures * places }
}

/** Free bytes for an ordinary user where `path` is; null when that cannot be told. */
export async function findFreeBytes(path: string): Promise<number | null> {
  const found = await statfs(path).catch(() => undefined)
  return found === undefined ? null : found.bavail * found.bsize
}

/** 1.2 GB, 340 MB, 12 kB. */
export function sizeInWords(bytes: number): string {
  const [unit, size] = bytes >= 1e9 ? ['GB', 1e9] : bytes >= 1e6 ? ['MB', 1e6] : (['kB', 1e3] as const)
  const value = bytes / Number(size)
  return `${value >= 10 ? Math.round(value) : Math.round(value * 10) / 10} ${unit}`
}
