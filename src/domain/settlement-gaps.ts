import { knownInterval, observedIntervals } from './funding.ts'
import { HOUR } from './time.ts'

/** Epoch milliseconds, [from, to). */
export type Stretch = { readonly from: number; readonly to: number }

/**
 * The stretches in which an ascending list of settlements skips at least one, from when the first was due to the next that came
 * (epoch ms). A gap counts as skipped settlements only where the intervals around it say so, as in `observedIntervals`.
 */
export function settlementHoles(settledAtMs: readonly number[]): Stretch[] {
  return neighboursOf(settledAtMs).flatMap(({ before, to, intervalMs }) => {
    const from = before + intervalMs
    return isHole(before, to, intervalMs) ? [{ from, to }] : []
  })
}

/**
 * The stretches from one settlement to the next that are of no length venues have, though none is missing: what settled late, and
 * what then settled early to be on the grid again. Their rates are of longer and shorter times than their interval says.
 */
export function irregularIntervals(settledAtMs: readonly number[]): Stretch[] {
  return neighboursOf(settledAtMs).flatMap(({ before, to, intervalMs }) =>
    knownInterval(to - before) === null && !isHole(before, to, intervalMs) ? [{ from: before, to }] : []
  )
}

/** Half an interval and more beyond when it was due is no late settlement: it is another one. */
function isHole(before: number, to: number, intervalMs: number): boolean {
  return to - before - intervalMs >= intervalMs / 2
}

/** Pairs whose interval is known. */
function neighboursOf(settledAtMs: readonly number[]) {
  const intervals = observedIntervals(settledAtMs)
  return settledAtMs.flatMap((to, index) => {
    const before = settledAtMs[index - 1]
    const hours = intervals[index]
    return before === undefined || hours === null || hours === undefined
      ? []
      : [{ before, to, intervalMs: hours * HOUR }]
  })
}

/**
 * What is still without settlements of a stretch that was, given the ascending times that are known in it and the nearest on either
 * side of it; all of it where none is within, or where their interval is not known. Where nothing is known on a side of the
 * stretch, what lies between its edge and the outermost settlement counts, if one was due there.
 */
export function missingWithin(gap: Stretch, settledAtMs: readonly number[]): Stretch[] {
  const [first, last] = [settledAtMs[0], settledAtMs.at(-1)]
  const intervals = observedIntervals(settledAtMs)
  const [firstHours, lastHours] = [intervals[0] ?? null, intervals.at(-1) ?? null]
  const isEmpty = !settledAtMs.some((at) => at >= gap.from && at < gap.to)
  if (isEmpty || first === undefined || last === undefined || firstHours === null || lastHours === null) return [gap]
  const due = last + lastHours * HOUR
  return [
    ...(first - gap.from >= firstHours * HOUR ? [{ from: gap.from, to: first }] : []),
    ...settlementHoles(settledAtMs),
    ...(due < gap.to ? [{ from: due, to: gap.to }] : [])
  ]
    .map(({ from, to }) => ({ from: Math.max(from, gap.from), to: Math.min(to, gap.to) }))
    .filter(({ from, to }) => from < to)
}
