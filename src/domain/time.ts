/** Durations in milliseconds. */
export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
/** Hours in the year of every annualised figure: 365 days. */
export const HOURS_PER_YEAR = 8_760

/** The grid time at or before `atMs`. */
export function floorTo(atMs: number, stepMs: number): number {
  return Math.floor(atMs / stepMs) * stepMs
}

/** No exchange of ours is older, and a venue's clock may run ahead of ours by a day at the most: beyond, a stamp is an error. */
const OLDEST_MS = Date.UTC(2010, 0, 1)

/** A venue's stamp in epoch milliseconds, or null: 0, −1, seconds taken for milliseconds and far futures are not times. */
export function plausibleTime(value: unknown, nowMs: number): number | null {
  const milliseconds = typeof value === 'string' && value !== '' ? Number(value) : value
  if (typeof milliseconds !== 'number' || !Number.isFinite(milliseconds)) return null
  return milliseconds >= OLDEST_MS && milliseconds <= nowMs + DAY ? Math.trunc(milliseconds) : null
}

/** ISO 8601 UTC with milliseconds. */
export function isoOf(atMs: number): string {
  return new Date(atMs).toISOString()
}

export function isoOrNull(atMs: number | null | undefined): string | null {
  return atMs === null || atMs === undefined ? null : isoOf(atMs)
}
