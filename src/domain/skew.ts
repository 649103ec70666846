/** Milliseconds of the year that volatility is annualised with (365 days). */
const YEAR_MS = 31_536_000_000

/** One standard deviation (bps) that a price of this annual volatility (fraction) moves while the legs are apart. Spec 1.8. */
export function skewNoiseBps(input: {
  readonly annualVol: number | null
  readonly skewMs: number | null
}): number | null {
  const { annualVol, skewMs } = input
  if (annualVol === null || skewMs === null || !(annualVol >= 0) || !Number.isFinite(skewMs)) return null
  return 10_000 * annualVol * Math.sqrt(Math.abs(skewMs) / YEAR_MS)
}
