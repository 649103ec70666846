import type { Page } from '../venues/past.ts'
import type { Skipped } from '../venues/venue.ts'

/** Both ends are in it; epoch milliseconds. */
export type Window = { readonly since: number; readonly until: number }

export type Whole<Row> = {
  /** Every row that the venue has within the window, oldest first. */
  readonly rows: readonly Row[]
  readonly skipped: readonly Skipped[]
  readonly observedAt: number
}

/**
 * Reads a window whole, whatever a page holds and at whichever end it was cut off: as long as the rows do not reach an end of the
 * window, what lies there is asked for again, until nothing comes of it. Rows from outside of the window are left out: a venue that
 * does not heed it answers the same again, and that is nothing. `stepMs`: how far apart rows usually are.
 */
export async function readWhole<Row>(
  ask: (window: Window) => Promise<Page<Row>>,
  window: Window,
  stepMs: number,
  timeOf: (row: Row) => number
): Promise<Whole<Row>> {
  const { since, until } = window
  const page = await ask(window)
  const rows = page.rows.filter((row) => timeOf(row) >= since && timeOf(row) <= until)
  const whole = { rows, skipped: page.skipped, observedAt: page.observedAt }
  if (rows.length === 0) return whole
  const times = rows.map(timeOf)
  const [oldest, newest] = [times[0]!, times.at(-1)!]
  const reach = Math.max(stepMs, ...times.slice(1).map((at, index) => at - times[index]!))
  const isShort = (from: number, to: number) => to - from >= reach
  const none = { rows: [], skipped: [] }
  const older = isShort(since, oldest) ? await readWhole(ask, { since, until: oldest - 1 }, stepMs, timeOf) : none
  const newer = isShort(newest, until) ? await readWhole(ask, { since: newest + 1, until }, stepMs, timeOf) : none
  return {
    ...whole,
    rows: [...older.rows, ...rows, ...newer.rows],
    skipped: [...older.skipped, ...page.skipped, ...newer.skipped]
  }
}
