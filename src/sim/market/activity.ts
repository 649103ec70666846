import { DAY, HOUR } from '../../domain/time.ts'
import { OPEN_INTEREST_USD_BY_TIER, VOLUME_USD_BY_TIER } from './assets.ts'
import type { SimInstrument } from './instrument.ts'
import { uniform, valueNoise } from './noise.ts'
import type { RegimeModel } from './regimes.ts'

/** Hyperliquid has only USDC contracts, which are small elsewhere. */
const SHARE_BY_VENUE = { binance: 1, bybit: 0.45, okx: 0.6, hyperliquid: 3, deribit: 0.3, kraken: 0.3 } as const
const VOLUME_BY_KIND = { spot: 1, perpetual: 4, future: 0.05 } as const
const OPEN_INTEREST_BY_KIND = { spot: 0, perpetual: 1, future: 0.06 } as const
const SHARE_BY_QUOTE = { USDT: 1, USDC: 0.12, USD: 0.1 } as const
/** How much open interest a full spell (50 bps of premium) adds or takes away (log). */
const CROWDING = 0.45
const FULL_SPELL = 0.005

/** How much is traded and held. */
export type ActivityModel = {
  /** Units of the base (contracts of an inverse contract) held open, one side. */
  openInterest(instrument: SimInstrument, atMs: number): number
  /** USD traded per day at this moment. */
  volumeUsdPerDay(instrument: SimInstrument, atMs: number): number
  /** Share of accounts that are long. */
  longShare(instrument: SimInstrument, atMs: number): number
}

export function createActivityModel(regimes: RegimeModel): ActivityModel {
  const heat = (instrument: SimInstrument, atMs: number) => regimes.level(instrument.asset, atMs) / FULL_SPELL
  return {
    openInterest: (instrument, atMs) => {
      const { asset, salt, venue, kind, quote, section, contractSizeUsd, multiplier } = instrument
      const usual = OPEN_INTEREST_USD_BY_TIER[asset.tier] * own(instrument) * SHARE_BY_VENUE[venue]
      const usd = usual * OPEN_INTEREST_BY_KIND[kind] * SHARE_BY_QUOTE[quote]
      const drift = 0.16 * valueNoise(salt + 51, atMs / (4 * DAY)) + 0.02 * valueNoise(salt + 52, atMs / (2 * HOUR))
      const held = usd * Math.exp(drift + CROWDING * heat(instrument, atMs))
      return section === 'inverse' ? Math.round(held / contractSizeUsd) : held / (asset.usd * multiplier)
    },
    volumeUsdPerDay: (instrument, atMs) => {
      const { asset, salt, venue, kind, quote } = instrument
      const usual = VOLUME_USD_BY_TIER[asset.tier] * own(instrument) * SHARE_BY_VENUE[venue]
      const drift = 0.35 * valueNoise(salt + 53, atMs / DAY) + 0.5 * Math.abs(heat(instrument, atMs))
      return usual * VOLUME_BY_KIND[kind] * SHARE_BY_QUOTE[quote] * Math.exp(drift)
    },
    longShare: (instrument, atMs) => {
      const lean = 0.05 * valueNoise(instrument.salt + 54, atMs / (12 * HOUR)) + 0.12 * heat(instrument, atMs)
      return Math.min(0.9, Math.max(0.1, 0.56 + lean))
    }
  }
}

/** No two assets of a tier are equally large: the largest of all stands out. */
function own({ asset, assetSalt }: SimInstrument): number {
  if (asset.index === 0) return 4
  return asset.index === 1 ? 2.5 : 0.6 + 0.9 * uniform(assetSalt, 15)
}
