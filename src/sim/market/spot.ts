import { DAY, HOUR, MINUTE, SECOND } from '../../domain/time.ts'
import { ASSETS_AND_DOLLAR, type Asset, DOLLAR_COIN, TETHER } from './assets.ts'
import type { Quote, VenueName } from './instrument.ts'
import { layeredNoise, mix, type Octave, saltOf, uniform, valueNoise } from './noise.ts'

/** Each layer is four times slower and twice as wide as the one before: together they walk like a price. */
const PRICE_PERIODS_MS = Array.from({ length: 11 }, (_, index) => 15 * SECOND * 4 ** index)
const MARKET_DAILY_VOLATILITY = 0.02
const OWN_DAILY_VOLATILITY_BY_TIER = [0.011, 0.019, 0.026, 0.031] as const
const FIT = 0.6
const MARKET_OCTAVES = walk(MARKET_DAILY_VOLATILITY)
const OWN_OCTAVES = OWN_DAILY_VOLATILITY_BY_TIER.map(walk)

/** Chance of one jump in each slot, its size (log) and how fast it is forgotten. */
const JUMP_SLOT_MS = 3 * DAY
const JUMP_CHANCE = 0.4
const JUMP_HALF_LIFE_MS = 30 * HOUR
const JUMP_MEMORY_SLOTS = 5
const MARKET_JUMP = 0.022
const OWN_JUMP_BY_TIER = [0.012, 0.025, 0.04, 0.055] as const

/** How far one venue's spot price stands from the average of all, in fractions. */
const DEVIATION_BY_TIER = [0.25e-4, 0.6e-4, 1.1e-4, 1.6e-4] as const
const VENUE_NAMES: readonly VenueName[] = ['binance', 'bybit', 'hyperliquid', 'deribit', 'kraken', 'okx']

/** Prices of coins: any moment can be asked for, and always answers the same. */
export type SpotModel = {
  /** USD of one coin. */
  usd(asset: Asset, atMs: number): number
  /** USD of one unit of a quote currency. */
  quoteUsd(quote: Quote, atMs: number): number
  /** One coin in `quote` on one venue's spot market. */
  venueSpot(venue: VenueName, asset: Asset, quote: Quote, atMs: number): number
  /** The mean of the venues' spot prices. */
  index(asset: Asset, quote: Quote, atMs: number): number
}

export function createSpotModel(seed: number): SpotModel {
  const marketSalt = saltOf(seed, 'market')
  const marketJumpSalt = saltOf(seed, 'market jumps')
  const salts = ASSETS_AND_DOLLAR.map(({ name }) => saltOf(seed, `price ${name}`))
  const jumpSalts = ASSETS_AND_DOLLAR.map(({ name }) => saltOf(seed, `jumps ${name}`))
  const deviationSalts = VENUE_NAMES.map((venue) =>
    ASSETS_AND_DOLLAR.map(({ name }) => saltOf(seed, `deviation ${venue} ${name}`))
  )
  const quoteSalts = { USDT: saltOf(seed, 'USDT'), USDC: saltOf(seed, 'USDC'), USD: 0 }
  let marketAt = Number.NaN
  let marketMove = 0

  const market = (atMs: number) => {
    if (atMs !== marketAt) {
      marketMove = layeredNoise(marketSalt, MARKET_OCTAVES, atMs) + jumps(marketJumpSalt, MARKET_JUMP, atMs)
      marketAt = atMs
    }
    return marketMove
  }
  const usd = (asset: Asset, atMs: number) => {
    if (asset === DOLLAR_COIN) return quoteUsd('USDC', atMs)
    if (asset === TETHER) return quoteUsd('USDT', atMs)
    const own = layeredNoise(salts[asset.index]!, OWN_OCTAVES[asset.tier]!, atMs)
    const jump = jumps(jumpSalts[asset.index]!, OWN_JUMP_BY_TIER[asset.tier], atMs)
    return asset.usd * Math.exp(asset.beta * market(atMs) + own + jump)
  }
  const quoteUsd = (quote: Quote, atMs: number) =>
    quote === 'USD'
      ? 1
      : 1 + (quote === 'USDT' ? tetherDrift(quoteSalts.USDT, atMs) : 0) + stablecoinNoise(quoteSalts[quote], atMs)
  const deviation = (venueIndex: number, asset: Asset, atMs: number) => {
    const salt = deviationSalts[venueIndex]![asset.index]!
    const wobble = 0.8 * valueNoise(salt, atMs / (9 * SECOND)) + 0.6 * valueNoise(salt + 7, atMs / (7 * MINUTE))
    return DEVIATION_BY_TIER[asset.tier] * wobble
  }
  return {
    usd,
    quoteUsd,
    venueSpot: (venue, asset, quote, atMs) =>
      (usd(asset, atMs) / quoteUsd(quote, atMs)) * (1 + deviation(VENUE_NAMES.indexOf(venue), asset, atMs)),
    index: (asset, quote, atMs) => {
      const mean = (deviation(0, asset, atMs) + deviation(1, asset, atMs)) / 2
      return (usd(asset, atMs) / quoteUsd(quote, atMs)) * (1 + mean)
    }
  }
}

function walk(dailyVolatility: number): Octave[] {
  return PRICE_PERIODS_MS.map((periodMs) => ({
    periodMs,
    amplitude: dailyVolatility * FIT * Math.sqrt(periodMs / DAY)
  }))
}

/** A dollar coin stays within a few bps of a dollar. */
function stablecoinNoise(salt: number, atMs: number): number {
  return 0.8e-4 * valueNoise(salt, atMs / (5 * HOUR)) + 1.2e-4 * valueNoise(salt + 3, atMs / (3 * DAY))
}

/** Tether leaves the dollar by some bps for days on end, mostly downwards. */
function tetherDrift(salt: number, atMs: number): number {
  return -1e-4 + 4e-4 * valueNoise(salt + 5, atMs / (6 * DAY))
}

/** The sum of what is left of the last weeks' jumps. */
function jumps(salt: number, size: number, atMs: number): number {
  const slot = Math.floor(atMs / JUMP_SLOT_MS)
  let sum = 0
  for (let index = slot - JUMP_MEMORY_SLOTS; index <= slot; index++) {
    const bits = mix(salt, index)
    if ((bits & 0xff) > JUMP_CHANCE * 256) continue
    const since = atMs - (index + uniform(salt + 1, index)) * JUMP_SLOT_MS
    if (since < 0) continue
    const tail = 0.4 + 1.6 * ((bits >>> 9) / 8_388_608) ** 3
    sum += (bits & 0x100 ? size : -size) * tail * 2 ** (-since / JUMP_HALF_LIFE_MS)
  }
  return sum
}
