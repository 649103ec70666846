import { statfs } from 'node:fs/promises'
import { DAY } from '../domain/time.ts'
import type { Growth } from '../store/diagnosis.ts'

/** A plain row with its key, as measured when the tables were designed; used until there are rows of our own to weigh. */
export const DESIGN_BYTES_PER_ROW = 133
/** Spot and contract legs per asset and venue, until a first ranking says how many there are. */
const LEGS_EXPECTED = { spots: 1, perpetuals: 1.2, futures: 0.2 }

export type Forecast = {
  readonly rowsPerMinute: number
  readonly bytesPerRow: number
  readonly isMeasured: boolean
  readonly bytesPerDay: number
  /** Days until the limit, or the disk, is full; null when neither is known. */
  readonly daysLeft: number | null
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
}

/** Each instrument is a row of the market; each contract one of basis; each perpetual one of funding, every storing interval. */
export function forecastDisk(room: Room): Forecast {
  const { growth, storeMs, sizeBytes, freeBytes, maxBytes } = room
  const { spots, perpetuals, futures } = legsOf(room)
  const rowsPerRound = spots + 2 * (perpetuals + futures) + perpetuals
  const bytesPerRow = growth.bytesPerRow ?? DESIGN_BYTES_PER_ROW
  const bytesPerDay = (rowsPerRound * bytesPerRow * DAY) / storeMs
  const rooms = [freeBytes, maxBytes === null ? null : Math.max(maxBytes - sizeBytes, 0)].filter(
    (bytes) => bytes !== null
  )
  return {
    rowsPerMinute: (rowsPerRound * 60_000) / storeMs,
    bytesPerRow,
    isMeasured: growth.bytesPerRow !== null,
    bytesPerDay,
    daysLeft: rooms.length === 0 || bytesPerDay === 0 ? null : Math.min(...rooms) / bytesPerDay
  }
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
