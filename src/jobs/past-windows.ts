import { floorTo, HOUR } from '../domain/time.ts'
import type { Page } from '../venues/past.ts'
import type { Skipped } from '../venues/venue.ts'

/** Both ends are in it; epoch milliseconds. */
export type Window = { readonly since: number; readonly until: number }

export type Whole<Row> = {
  /** Every row that the venue has within the window, oldest first. */
  readonly rows: readonly Row[]
  readonly skipped: readonly Skipped[]
  readonly observedAt: number
  /** From here on the window is known: its own beginning, or later where the venue answered with something else than was asked. */
  readonly since: number
}

/**
 * Reads a window whole. A full page may have been cut off at either end, which differs by venue: its halves are asked instead. A
 * full page with rows from outside of the window did not heed what was asked: it is taken for what it is, and cut no further.
 */
export async function readWhole<Row>(
  ask: (window: Window) => Promise<Page<Row>>,
  window: Window,
  limit: number,
  timeOf: (row: Row) => number
): Promise<Whole<Row>> {
  const { since, until } = window
  const page = await ask(window)
  const isInside = (row: Row) => timeOf(row) >= since && timeOf(row) <= until
  const rows = page.rows.filter(isInside)
  const whole = { rows, skipped: page.skipped, observedAt: page.observedAt, since }
  if (page.received < limit) return whole
  const oldest = rows[0] === undefined ? until : timeOf(rows[0])
  if (rows.length < page.rows.length) return { ...whole, since: oldest < until ? oldest : since }
  const middle = floorTo((since + until) / 2, HOUR)
  if (middle <= since || middle >= until) return whole
  const newer = await readWhole(ask, { since: middle, until }, limit, timeOf)
  const older = await readWhole(ask, { since, until: middle }, limit, timeOf)
  const unique = new Map([...older.rows, ...newer.rows].map((row) => [timeOf(row), row]))
  return {
    rows: [...unique.values()],
    skipped: [...older.skipped, ...newer.skipped],
    observedAt: newer.observedAt,
    since: newer.since > middle ? newer.since : older.since
  }
}
