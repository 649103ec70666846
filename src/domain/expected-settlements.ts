import { HOUR } from './time.ts'

type Settled = { readonly settledAt: number; readonly intervalHours: number | null }

/**
 * How many settlements were due in (fromMs, toMs], by the ascending ones that are known of it: between two of them by the later one's
 * interval, at the window's edges by the nearest one's. `intervalHours` is that of the settlements around an empty window. Null when
 * an interval that is needed is not known.
 */
export function countExpected(
  settlements: readonly Settled[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  intervalHours: number | null
): number | null {
  const [first, last] = [settlements[0], settlements.at(-1)]
  if (toMs <= fromMs) return 0
  if (first === undefined || last === undefined) {
    return intervalHours === null
      ? null
      : Math.floor(toMs / (intervalHours * HOUR)) - Math.floor(fromMs / (intervalHours * HOUR))
  }
  if (settlements.some(({ intervalHours: own }) => own === null || own <= 0)) return null
  const steps = (fromTime: number, toTime: number, { intervalHours: own }: Settled) =>
    (toTime - fromTime) / ((own ?? 1) * HOUR)
  let expected = Math.max(1, Math.ceil(steps(fromMs, first.settledAt, first) - EDGE))
  for (const [index, settlement] of settlements.entries()) {
    const before = settlements[index - 1]
    if (before !== undefined)
      expected += Math.max(1, Math.round(steps(before.settledAt, settlement.settledAt, settlement)))
  }
  return expected + Math.max(0, Math.floor(steps(last.settledAt, toMs, last) + EDGE))
}

/** Less than a millisecond: what dividing times leaves. */
const EDGE = 1e-9
