import type { FundingScheme } from '../../domain/funding.ts'
import type { AverageScheme } from '../../domain/premium.ts'
import type { Asset } from './assets.ts'

export type VenueName = 'binance' | 'bybit' | 'hyperliquid' | 'deribit' | 'kraken' | 'okx'
export type Quote = 'USDT' | 'USDC' | 'USD'

/** How one venue pays funding on one perpetual. Rates are fractions per interval. */
export type FundingTerms = {
  readonly intervalHours: 1 | 2 | 4 | 8
  readonly interest8h: number
  readonly scheme: FundingScheme
  readonly cap: number
  /** Weights of the premiums; linear unless told. */
  readonly averaging?: AverageScheme
  /** Which premiums the estimate is made of: those of the running period, or always those of its whole length. */
  readonly window?: 'period' | 'rolling'
}

/** Something listed on a simulated venue. */
export type SimInstrument = {
  readonly venue: VenueName
  /** The venue's own symbol. */
  readonly id: string
  readonly kind: 'spot' | 'perpetual' | 'future'
  readonly section: 'spot' | 'linear' | 'inverse'
  readonly asset: Asset
  /** The base as the venue names it: 1000PEPE, SHIB1000. */
  readonly base: string
  /** Coins in one unit of the base. */
  readonly multiplier: number
  readonly quote: Quote
  readonly settle: string
  /** USD of one inverse contract; linear contracts are counted in base units. */
  readonly contractSizeUsd: number
  readonly funding: FundingTerms | null
  readonly listedAt: number
  readonly expiry: number | null
  /** Decimals of the tick; prices are whole ticks of 10^−tickDecimals. */
  readonly tickDecimals: number
  /** Decimals of the quantity step; negative steps are not used. */
  readonly stepDecimals: number
  /** Salts of the noise that belongs to this instrument alone, and to its asset. */
  readonly salt: number
  readonly assetSalt: number
}

/** Decimals that make a tick between a tenth of a bp and one bp of the price. */
export function tickDecimalsFor(price: number): number {
  return Math.max(0, 4 - Math.floor(Math.log10(price)))
}

/** Decimals that make the quantity step worth about `usd`. */
export function stepDecimalsFor(price: number, usd: number): number {
  return Math.max(0, Math.ceil(Math.log10(price / usd)))
}
