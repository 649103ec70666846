import { DEPTH_USD_BY_TIER, HALF_SPREAD_BPS_BY_TIER } from './assets.ts'
import type { SimInstrument } from './instrument.ts'
import { uniform } from './noise.ts'

/** A venue's spreads and depth against the average. */
const SPREAD_BY_VENUE = { binance: 1, bybit: 1.25, okx: 1.15, hyperliquid: 1.6, deribit: 1.5, kraken: 1.5 } as const
const DEPTH_BY_VENUE = { binance: 1, bybit: 0.7, okx: 0.8, hyperliquid: 0.4, deribit: 0.5, kraken: 0.3 } as const
const DEPTH_BY_KIND = { spot: 0.6, perpetual: 1, future: 0.15 } as const
const SPREAD_BY_KIND = { spot: 1, perpetual: 0.8, future: 3 } as const
/** The depth within 10 bps is spread over levels about this far apart. */
const LEVEL_BPS = 0.4
const LEVELS_IN_10_BPS = 25

/** Prices in whole ticks, sizes in whole quantity steps. */
export type Level = { readonly ticks: number; readonly steps: number }
export type Side = 'bid' | 'ask'

/** The best prices around a mid, in ticks: at least a tick apart, the mid between them. */
export function bestTicks(instrument: SimInstrument, mid: number, atMs: number): { bid: number; ask: number } {
  const bps = HALF_SPREAD_BPS_BY_TIER[instrument.asset.tier] * SPREAD_BY_VENUE[instrument.venue]
  const nervous = 0.7 + 0.8 * uniform(instrument.salt + 31, Math.floor(atMs / 5000))
  const half = mid * bps * SPREAD_BY_KIND[instrument.kind] * nervous * 1e-4
  const scale = 10 ** instrument.tickDecimals
  const bid = Math.max(1, Math.floor((mid - half) * scale))
  return { bid, ask: Math.max(bid + 1, Math.ceil((mid + half) * scale)) }
}

/** Levels of one side, best first; level 0 is what the best quote shows. */
export function levels(instrument: SimInstrument, side: Side, mid: number, atMs: number, count: number): Level[] {
  const best = bestTicks(instrument, mid, atMs)
  const scale = 10 ** instrument.tickDecimals
  const gap = Math.max(1, mid * scale * LEVEL_BPS * 1e-4)
  const salt = instrument.salt + (side === 'bid' ? 41 : 43)
  const second = Math.floor(atMs / 1000)
  const direction = side === 'bid' ? -1 : 1
  const result: Level[] = []
  let ticks = side === 'bid' ? best.bid : best.ask
  for (let index = 0; index < count && ticks > 0; index++) {
    result.push({ ticks, steps: sizeSteps(instrument, salt, second, index, mid) })
    ticks += direction * Math.max(1, Math.round(gap * (0.5 + uniform(salt + 5, second + index * 7919))))
  }
  return result
}

/** The size at one level in quantity steps (contracts of an inverse contract), at least one. */
function sizeSteps(instrument: SimInstrument, salt: number, second: number, index: number, mid: number): number {
  const share = DEPTH_BY_VENUE[instrument.venue] * DEPTH_BY_KIND[instrument.kind]
  const usd = (DEPTH_USD_BY_TIER[instrument.asset.tier] * share) / LEVELS_IN_10_BPS
  const draw = 0.15 + 1.7 * uniform(salt, second * 31 + index) * (1 + index / 60)
  const units = instrument.section === 'inverse' ? 1 / instrument.contractSizeUsd : 1 / mid
  return Math.max(1, Math.round(usd * draw * units * 10 ** instrument.stepDecimals))
}

/** The best level of one side alone, as the bulk answers need it. */
export function bestSteps(instrument: SimInstrument, side: Side, mid: number, atMs: number): number {
  const salt = instrument.salt + (side === 'bid' ? 41 : 43)
  return sizeSteps(instrument, salt, Math.floor(atMs / 1000), 0, mid)
}
