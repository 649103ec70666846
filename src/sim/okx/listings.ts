import { ASSETS, type Asset, assetNamed, DOLLAR_COIN } from '../market/assets.ts'
import type { FundingTerms, SimInstrument } from '../market/instrument.ts'
import { createListings, type Listing, type ListingsAt } from '../market/listings.ts'
import { saltOf, uniform } from '../market/noise.ts'
import { listedAtFor, okxExpiries } from './expiries.ts'

const WITHOUT_SPOT = new Set(['TAO', 'XMR', 'KAS', 'PENDLE', 'VET', 'FET', 'ENA', 'SEI'])
const WITHOUT_SWAP = new Set(['XMR', 'KAS', 'SNX', 'CHZ'])
const USDC_SPOT = ['BTC', 'ETH', 'SOL', 'XRP', 'DOGE']
const USDC_SWAPS = ['BTC', 'ETH', 'SOL', 'XRP', 'DOGE']
const COIN_MARGINED = ['BTC', 'ETH', 'SOL', 'XRP', 'DOGE', 'ADA', 'LTC', 'DOT', 'LINK', 'AVAX', 'BCH']
const DATED = ['BTC', 'ETH']
const EVERY_8_HOURS = new Set(['AVAX', 'LINK', 'LTC', 'BCH', 'DOGE', 'TRX', 'ADA', 'UNI', 'PEPE'])
const EVERY_2_HOURS = new Set(['SATS', 'JTO', 'AXS'])
const EVERY_HOUR = new Set(['ORDI', 'STRK', 'GALA'])
const EPOCH = Date.UTC(2019, 10, 12, 11, 16)
const COIN_MARGINED_EPOCH = Date.UTC(2018, 7, 28, 2, 43)
const LISTING_SPAN_MS = 4.5 * 365 * 86_400_000
/** Units of the base in one linear contract where they are known. */
const FACE_VALUES: Readonly<Record<string, number>> = {
  BTC: 0.01,
  ETH: 0.1,
  BNB: 0.01,
  LTC: 1,
  ADA: 100,
  XRP: 100,
  DOGE: 1000,
  TRX: 1000,
  PEPE: 10_000_000
}
const USUAL_CONTRACT_USD = 50

/** What OKX lists: spot, swaps on USDT, USDC and coins, and dated contracts of weeks, months and quarters. */
export function createOkxListings(seed: number): ListingsAt {
  const list = (expiries: readonly number[]) => [...spot(), ...linear(expiries), ...coinMargined(expiries)]
  return createListings(seed, 'okx', okxExpiries, list)
}

function spot(): Listing[] {
  const of = (asset: Asset, quote: 'USDT' | 'USDC'): Listing => ({
    id: `${asset.name}-${quote}`,
    kind: 'spot',
    section: 'spot',
    asset,
    quote,
    listedAt: listedAt(asset),
    ...decimalsOf(asset)
  })
  const usdt = ASSETS.filter(({ name }) => !WITHOUT_SPOT.has(name)).map((asset) => of(asset, 'USDT'))
  return [...usdt, ...USDC_SPOT.map((name) => of(assetNamed(name), 'USDC')), of(DOLLAR_COIN, 'USDT')]
}

function linear(expiries: readonly number[]): Listing[] {
  const of = (asset: Asset, quote: 'USDT' | 'USDC', suffix: string): Listing => ({
    id: `${asset.name}-${quote}-${suffix}`,
    kind: 'perpetual',
    section: 'linear',
    asset,
    quote,
    listedAt: listedAt(asset),
    ...decimalsOf(asset)
  })
  const usdt = ASSETS.filter(({ name }) => !WITHOUT_SWAP.has(name)).map(
    (asset): Listing => ({ ...of(asset, 'USDT', 'SWAP'), funding: termsOf(asset, intervalOf(asset)) })
  )
  const usdc = USDC_SWAPS.map(
    (name): Listing => ({ ...of(assetNamed(name), 'USDC', 'SWAP'), funding: termsOf(assetNamed(name), 8) })
  )
  const dated = DATED.flatMap((name) =>
    expiries.map((expiry): Listing => ({ ...of(assetNamed(name), 'USDT', compactDate(expiry)), ...datedAt(expiry) }))
  )
  return [...usdt, ...usdc, ...dated]
}

function coinMargined(expiries: readonly number[]): Listing[] {
  const of = (name: string, suffix: string): Listing => ({
    id: `${name}-USD-${suffix}`,
    kind: 'perpetual',
    section: 'inverse',
    asset: assetNamed(name),
    quote: 'USD',
    settle: name,
    contractSizeUsd: name === 'BTC' ? 100 : 10,
    listedAt: COIN_MARGINED_EPOCH,
    ...decimalsOf(assetNamed(name))
  })
  const swaps = COIN_MARGINED.map((name): Listing => ({ ...of(name, 'SWAP'), funding: termsOf(assetNamed(name), 8) }))
  const dated = DATED.flatMap((name) =>
    expiries.map((expiry): Listing => ({ ...of(name, compactDate(expiry)), ...datedAt(expiry) }))
  )
  return [...swaps, ...dated]
}

const datedAt = (expiry: number) => ({ kind: 'future', expiry, listedAt: listedAtFor(expiry) }) as const

/** Units of the base (linear) or dollars (inverse) in one contract: `ctVal`. */
export function faceValueOf({ section, asset, contractSizeUsd }: SimInstrument): number {
  if (section === 'inverse') return contractSizeUsd
  return FACE_VALUES[asset.name] ?? 10 ** Math.round(Math.log10(USUAL_CONTRACT_USD / asset.usd))
}

function decimalsOf({ index }: Asset): { tickDecimals?: number } {
  return index < 2 ? { tickDecimals: index === 0 ? 1 : 2 } : {}
}

function intervalOf({ name, tier }: Asset): FundingTerms['intervalHours'] {
  if (EVERY_HOUR.has(name)) return 1
  if (EVERY_2_HOURS.has(name)) return 2
  return tier === 0 || EVERY_8_HOURS.has(name) ? 8 : 4
}

/** The formula of 2026: premiums of the last N hours averaged alike, the interest clamped, divided by 8/N. */
function termsOf(asset: Asset, intervalHours: FundingTerms['intervalHours']): FundingTerms {
  const cap = asset.index < 2 ? 0.00375 : asset.tier < 2 ? 0.0075 : 0.015
  return { intervalHours, interest8h: 0.0001, scheme: '8/N', cap, averaging: 'arithmetic', window: 'rolling' }
}

function listedAt(asset: Asset): number {
  if (asset.index < 2) return EPOCH
  const share = uniform(saltOf(0, `okx listed ${asset.name}`), 1)
  return EPOCH + Math.floor((share * LISTING_SPAN_MS) / 900_000) * 900_000
}

/** 261225 */
function compactDate(atMs: number): string {
  return new Date(atMs).toISOString().slice(2, 10).replaceAll('-', '')
}
