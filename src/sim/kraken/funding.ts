import { averagePremium } from '../../domain/premium.ts'
import { floorTo, HOUR, MINUTE } from '../../domain/time.ts'
import { krakenHourlyRate } from '../../domain/venue-funding.ts'
import type { SimInstrument } from '../market/instrument.ts'
import type { Market } from '../market/market.ts'
import { once } from '../market/once.ts'
import { CAP_PER_HOUR } from './listings.ts'

/** The premium is spread over so many hours. */
export const COEFFICIENT = 8
/** A sample every 10 minutes instead of Kraken's every minute. */
export const SAMPLE_MS = 10 * MINUTE

/** Kraken's hourly funding: an hour's rate is made from the premiums of the hour before and stays fixed while it is paid. */
export type KrakenFunding = {
  /** The relative rate (fraction per hour) of the hour that begins at `hourMs`. */
  relative(instrument: SimInstrument, hourMs: number): number
  /** As Kraken says it: dollars per coin (linear), coins per dollar (inverse), by the index at the hour's start. */
  absolute(instrument: SimInstrument, hourMs: number): number
  /** The absolute rate of the next hour, from the premiums so far and the index of now. */
  prediction(instrument: SimInstrument, atMs: number): number
}

export function createKrakenFunding(market: Market): KrakenFunding {
  /** From the samples after `fromMs`, up to and including `untilMs`. */
  const rateOver = (instrument: SimInstrument, fromMs: number, untilMs: number) => {
    const samples: number[] = []
    for (let at = fromMs + SAMPLE_MS; at <= untilMs; at += SAMPLE_MS) samples.push(market.premium(instrument, at))
    if (samples.length === 0) samples.push(market.premium(instrument, untilMs))
    const premiumAverage = averagePremium(samples, 'arithmetic')
    return krakenHourlyRate({ premiumAverage, coefficient: COEFFICIENT, capPerHour: CAP_PER_HOUR })
  }
  const relative = once((instrument, hourMs) => rateOver(instrument, hourMs - HOUR, hourMs))
  const absoluteAt = (instrument: SimInstrument, rate: number, atMs: number) => {
    const index = market.index(instrument, atMs)
    return instrument.section === 'inverse' ? rate / index : rate * index
  }
  return {
    relative,
    absolute: (instrument, hourMs) => absoluteAt(instrument, relative(instrument, hourMs), hourMs),
    prediction: (instrument, atMs) => {
      const lastSample = Math.max(floorTo(atMs, SAMPLE_MS), floorTo(atMs, HOUR) + 1)
      return absoluteAt(instrument, rateOver(instrument, floorTo(atMs, HOUR), lastSample), atMs)
    }
  }
}
