/** A value of an open signal, and when it was observed. */
export type SignalPoint = { readonly at: number; readonly value: number }

/** How far a funding regime moves until it is told of again, unless set otherwise: one basis point per 8 h, a third of what opens an overheating. */
export const REGIME_UPDATE_8H = 0.0001
/** Differences of rates are not exact in binary. */
const TOLERANCE = 1e-12

/**
 * Where a signal had moved by `delta` since it was last told of, each with its peak by then. It follows from the path alone:
 * whoever goes over it again finds the same.
 */
export function updatesOf(
  openingValue: number,
  path: readonly SignalPoint[],
  delta: number
): (SignalPoint & { readonly peakValue: number })[] {
  let told = openingValue
  let peakValue = openingValue
  return path.flatMap(({ at, value }) => {
    if (Math.abs(value) > Math.abs(peakValue)) peakValue = value
    if (Math.abs(value - told) < delta - TOLERANCE) return []
    told = value
    return [{ at, value, peakValue }]
  })
}
