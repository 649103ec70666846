import { fundingFromPremium } from '../../domain/funding.ts'
import { averagePremium } from '../../domain/premium.ts'
import { floorTo, HOUR } from '../../domain/time.ts'
import type { SimInstrument } from './instrument.ts'
import { once } from './once.ts'
import type { PremiumModel } from './premium.ts'

const DAMPER = 0.0005
/** Premium samples in one period, by its hours: a grid of 5, 10 and 15 minutes instead of a venue's 5 seconds. */
const SAMPLES_BY_HOURS = { 1: 12, 2: 12, 4: 24, 8: 32 } as const

/** What longs pay: rates are fractions per the contract's interval. */
export type FundingModel = {
  /** The rate exchanged at a settlement time. */
  settled(instrument: SimInstrument, settlementMs: number): number
  /** The rate of the coming settlement, from the samples so far. */
  indicative(instrument: SimInstrument, atMs: number): number
  nextSettlement(instrument: SimInstrument, atMs: number): number
  /** The settlement at or before a moment. */
  lastSettlement(instrument: SimInstrument, atMs: number): number
  /** Milliseconds between two premium samples of a contract. */
  sampleStep(instrument: SimInstrument): number
}

export function createFundingModel(premiums: PremiumModel): FundingModel {
  const latest = new WeakMap<SimInstrument, { lastSample: number; rate: number }>()
  const terms = (instrument: SimInstrument) => {
    if (!instrument.funding) throw new Error(`${instrument.id} pays no funding`)
    return instrument.funding
  }
  const intervalMs = (instrument: SimInstrument) => terms(instrument).intervalHours * HOUR
  const sampleStep = (instrument: SimInstrument) =>
    intervalMs(instrument) / SAMPLES_BY_HOURS[terms(instrument).intervalHours]

  /** The rate from the samples after `startMs`, up to and including `endMs`. */
  const rateOver = (instrument: SimInstrument, startMs: number, endMs: number) => {
    const { intervalHours, interest8h, scheme, cap, averaging = 'linear' } = terms(instrument)
    const step = sampleStep(instrument)
    const samples: number[] = []
    for (let at = startMs + step; at <= endMs; at += step) samples.push(premiums.premium(instrument, at))
    if (samples.length === 0) samples.push(premiums.premium(instrument, endMs))
    const premiumAverage = averagePremium(samples, averaging)
    return fundingFromPremium({ premiumAverage, interest8h, damper: DAMPER, intervalHours, scheme, cap }).rate
  }
  const settled = once((instrument, settlementMs) =>
    rateOver(instrument, settlementMs - intervalMs(instrument), settlementMs)
  )
  const lastSettlement = (instrument: SimInstrument, atMs: number) => floorTo(atMs, intervalMs(instrument))
  /** Between two samples nothing changes, so the last answer of each contract is kept. */
  const indicative = (instrument: SimInstrument, atMs: number) => {
    const start = lastSettlement(instrument, atMs)
    const lastSample = floorTo(atMs, sampleStep(instrument))
    if (lastSample === start && terms(instrument).window !== 'rolling') return rateOver(instrument, start, atMs)
    const kept = latest.get(instrument)
    if (kept?.lastSample === lastSample) return kept.rate
    const from = terms(instrument).window === 'rolling' ? lastSample - intervalMs(instrument) : start
    const rate = rateOver(instrument, from, lastSample)
    latest.set(instrument, { lastSample, rate })
    return rate
  }
  return {
    settled,
    indicative,
    nextSettlement: (instrument, atMs) => lastSettlement(instrument, atMs) + intervalMs(instrument),
    lastSettlement,
    sampleStep
  }
}
