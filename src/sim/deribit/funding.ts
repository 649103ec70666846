import { floorTo, HOUR, MINUTE } from '../../domain/time.ts'
import { deribitRate8h } from '../../domain/venue-funding.ts'
import type { SimInstrument } from '../market/instrument.ts'
import type { Market } from '../market/market.ts'
import { once } from '../market/once.ts'
import { createPremiumModel } from '../market/premium.ts'

/** The rate is taken once in so long, instead of every millisecond. */
export const SAMPLE_MS = 5 * MINUTE
const PERIOD_MS = 8 * HOUR
/** A cap of the rate per 8 h: seen at ±0.5 % on BTC; the others' are wider. */
const CAP_OF_MAJORS = 0.005
const CAP = 0.05

/** What longs pay, as fractions of their position. Continuous: no settlements, only sums over time. */
export type DeribitFunding = {
  /** The rate per 8 h that a mark and an index mean at this moment. */
  current(instrument: SimInstrument, mark: number, index: number): number
  /** Paid over the hour that ends at a full hour. */
  hour(instrument: SimInstrument, endMs: number): number
  /** Paid from one moment to another. */
  between(instrument: SimInstrument, fromMs: number, toMs: number): number
}

export const capOf = ({ asset }: SimInstrument): number => (asset.index < 2 ? CAP_OF_MAJORS : CAP)

export function createDeribitFunding(market: Market): DeribitFunding {
  const premiums = createPremiumModel(market.regimes)

  /** Mark over index − 1 without its price; the same in every sample. */
  const sample = (instrument: SimInstrument, atMs: number) =>
    deribitRate8h(premiums.smoothed(instrument, atMs), capOf(instrument))
  /** From the samples after one moment up to another, each standing for the time before it. */
  const paidOver = (instrument: SimInstrument, fromMs: number, toMs: number) => {
    let sum = 0
    for (let at = fromMs + SAMPLE_MS; at <= toMs; at += SAMPLE_MS) sum += sample(instrument, at)
    return (sum * SAMPLE_MS) / PERIOD_MS
  }
  const hour = once((instrument, endMs) => paidOver(instrument, endMs - HOUR, endMs))
  /** An hour that has ended counts by the share of it that is inside, the running one by its samples. */
  const between = (instrument: SimInstrument, fromMs: number, toMs: number) => {
    let sum = 0
    let start = floorTo(fromMs, HOUR)
    for (; start + HOUR <= toMs; start += HOUR) {
      sum += Math.min(1, (start + HOUR - fromMs) / HOUR) * hour(instrument, start + HOUR)
    }
    return sum + paidOver(instrument, Math.max(start, fromMs), toMs)
  }
  return { current: (instrument, mark, index) => deribitRate8h(mark / index - 1, capOf(instrument)), hour, between }
}
