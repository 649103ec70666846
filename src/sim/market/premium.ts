import { DAY, HOUR, MINUTE, SECOND } from '../../domain/time.ts'
import type { SimInstrument } from './instrument.ts'
import { layeredNoise, type Octave, uniform, valueNoise } from './noise.ts'
import type { RegimeModel } from './regimes.ts'

/** Slow layers are shared by all venues (fractions, before the tier's factor). */
const SHARED: readonly Octave[] = [
  { periodMs: 90 * MINUTE, amplitude: 0.6e-4 },
  { periodMs: 6 * HOUR, amplitude: 0.7e-4 },
  { periodMs: DAY, amplitude: 0.8e-4 },
  { periodMs: 4 * DAY, amplitude: 0.9e-4 }
]
/** Fast layers are the contract's own; the mark price does not follow the first two. */
const OWN: readonly Octave[] = [
  { periodMs: 20 * SECOND, amplitude: 0.3e-4 },
  { periodMs: 80 * SECOND, amplitude: 0.4e-4 },
  { periodMs: 5 * MINUTE, amplitude: 0.5e-4 },
  { periodMs: 25 * MINUTE, amplitude: 0.5e-4 }
]
const MARK_SKIPS = 2
const NOISE_BY_TIER = [0.75, 1, 1.35, 1.6] as const
const YEAR_MS = 365 * DAY
const INVERSE_SHARE = 0.85

/** Price of a contract over its index, as a fraction. */
export type PremiumModel = {
  premium(instrument: SimInstrument, atMs: number): number
  /** Without the fastest layers: what the mark price follows. */
  smoothed(instrument: SimInstrument, atMs: number): number
}

export function createPremiumModel(regimes: RegimeModel): PremiumModel {
  const perpetual = (instrument: SimInstrument, atMs: number, first: number) => {
    const { asset, assetSalt, salt } = instrument
    const habit = (uniform(assetSalt, 11) - 0.4) * 1.2e-4 + (uniform(salt, 12) - 0.5) * 0.6e-4
    const noise = layeredNoise(assetSalt, SHARED, atMs) + layeredNoise(salt, OWN, atMs, first)
    const gain = (instrument.section === 'inverse' ? INVERSE_SHARE : 1) * (0.9 + 0.2 * uniform(salt, 13))
    return habit + noise * NOISE_BY_TIER[asset.tier] + gain * regimes.level(asset, atMs)
  }
  /** Carry times what is left of the year: at expiry the contract is worth its index. */
  const future = (instrument: SimInstrument, atMs: number, first: number) => {
    const { asset, assetSalt, salt } = instrument
    const left = Math.max(0, instrument.expiry! - atMs)
    const carry = 0.055 + 0.02 * valueNoise(assetSalt + 21, atMs / (20 * DAY)) + 25 * regimes.level(asset, atMs)
    const own = 0.006 * valueNoise(salt, atMs / (3 * DAY)) + (uniform(salt, 14) - 0.5) * 0.01
    const noise = layeredNoise(salt, OWN, atMs, first) * Math.min(1, left / (2 * DAY))
    return ((carry + own) * left) / YEAR_MS + noise
  }
  const of = (instrument: SimInstrument, atMs: number, first: number) => {
    if (instrument.kind === 'spot') return 0
    return instrument.kind === 'perpetual' ? perpetual(instrument, atMs, first) : future(instrument, atMs, first)
  }
  return {
    premium: (instrument, atMs) => of(instrument, atMs, 0),
    smoothed: (instrument, atMs) => of(instrument, atMs, MARK_SKIPS)
  }
}
