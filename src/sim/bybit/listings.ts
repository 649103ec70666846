import { ASSETS, type Asset, assetNamed, DOLLAR_COIN } from '../market/assets.ts'
import { listedBefore } from '../market/calendar.ts'
import type { FundingTerms } from '../market/instrument.ts'
import { createListings, type Listing, type ListingsAt } from '../market/listings.ts'
import { saltOf, uniform } from '../market/noise.ts'

const WITHOUT_SPOT = new Set([
  'XMR',
  'SNX',
  'COMP',
  'PENDLE',
  'VET',
  'FIL',
  'AXS',
  'GRT',
  'IMX',
  'TAO',
  'ORDI',
  'DYDX',
  'LDO',
  'CRV'
])
const WITHOUT_PERPETUAL = new Set(['GRT', 'COMP', 'SNX'])
const USDC_SPOT = ['BTC', 'ETH', 'SOL', 'XRP']
const USDC_PERPETUALS = ['BTC', 'ETH', 'SOL', 'XRP', 'DOGE']
const INVERSE = ['BTC', 'ETH', 'SOL', 'XRP', 'ADA', 'DOT', 'LTC', 'MANA']
const INVERSE_QUARTERS = ['BTC', 'ETH']
const USDT_QUARTERS = ['BTC', 'ETH', 'SOL']
const USDC_QUARTERS = ['BTC', 'ETH']
/** Contracts of many coins, with Bybit's own ways of naming them. */
const MULTIPLIED: Readonly<Record<string, { readonly base: string; readonly multiplier: number }>> = {
  PEPE: { base: '1000PEPE', multiplier: 1000 },
  SHIB: { base: 'SHIB1000', multiplier: 1000 },
  BONK: { base: '1000BONK', multiplier: 1000 },
  FLOKI: { base: '1000FLOKI', multiplier: 1000 },
  SATS: { base: '10000SATS', multiplier: 10_000 }
}
const EVERY_8_HOURS = new Set(['AVAX', 'LINK', 'LTC', 'BCH', 'DOGE', 'ADA', 'DOT', 'XLM', '1INCH', 'MANA', 'PEPE'])
const EVERY_HOUR = new Set(['TIA', 'FLOKI', 'ENA', 'SATS', 'ALGO', 'DYDX'])
/** Futures' month letters by month, of those that have a quarterly expiry. */
const MONTH_LETTERS: Readonly<Record<number, string>> = { 2: 'H', 5: 'M', 8: 'U', 11: 'Z' }
const EPOCH = Date.UTC(2020, 2, 15)
const INVERSE_EPOCH = Date.UTC(2018, 10, 14, 16)
const LISTING_SPAN_MS = 4.5 * 365 * 86_400_000

/** What Bybit lists: spot, linear (USDT and USDC), inverse; two quarters of dated contracts. */
export function createBybitListings(seed: number): ListingsAt {
  return createListings(seed, 'bybit', 2, (expiries) => [...spot(), ...linear(expiries), ...inverse(expiries)])
}

function spot(): Listing[] {
  const of = (asset: Asset, quote: 'USDT' | 'USDC'): Listing => ({
    id: asset.name + quote,
    kind: 'spot',
    section: 'spot',
    asset,
    quote,
    listedAt: listedAt(asset),
    ...(asset.index < 2 ? { tickDecimals: asset.index === 0 ? 1 : 2 } : {})
  })
  const usdt = ASSETS.filter(({ name }) => !WITHOUT_SPOT.has(name)).map((asset) => of(asset, 'USDT'))
  return [...usdt, ...USDC_SPOT.map((name) => of(assetNamed(name), 'USDC')), of(DOLLAR_COIN, 'USDT')]
}

function linear(expiries: readonly number[]): Listing[] {
  const usdt = ASSETS.filter(({ name }) => !WITHOUT_PERPETUAL.has(name)).map((asset): Listing => {
    const { base, multiplier } = MULTIPLIED[asset.name] ?? { base: asset.name, multiplier: 1 }
    const funding = termsOf(asset, intervalOf(asset))
    return { ...perpetual(asset, `${base}USDT`), base, multiplier, funding }
  })
  const usdc = USDC_PERPETUALS.map((name): Listing => {
    const asset = assetNamed(name)
    return { ...perpetual(asset, `${name}PERP`), quote: 'USDC', funding: termsOf(asset, 8) }
  })
  const dated = (names: readonly string[], quote: 'USDT' | 'USDC', prefix: string) =>
    names.flatMap((name) =>
      expiries.map((expiry): Listing => {
        const id = `${name}${prefix}-${longDate(expiry)}`
        return { ...perpetual(assetNamed(name), id), quote, kind: 'future', listedAt: listedBefore(expiry), expiry }
      })
    )
  return [...usdt, ...usdc, ...dated(USDT_QUARTERS, 'USDT', 'USDT'), ...dated(USDC_QUARTERS, 'USDC', '')]
}

function perpetual(asset: Asset, id: string): Listing {
  const decimals = asset.index < 2 ? { tickDecimals: asset.index === 0 ? 1 : 2 } : {}
  return { id, kind: 'perpetual', section: 'linear', asset, quote: 'USDT', listedAt: listedAt(asset), ...decimals }
}

function inverse(expiries: readonly number[]): Listing[] {
  const of = (name: string, suffix: string): Listing => ({
    ...perpetual(assetNamed(name), `${name}USD${suffix}`),
    section: 'inverse',
    quote: 'USD',
    settle: name,
    contractSizeUsd: 1,
    listedAt: INVERSE_EPOCH
  })
  const perpetuals = INVERSE.map((name): Listing => ({ ...of(name, ''), funding: termsOf(assetNamed(name), 8) }))
  const dated = INVERSE_QUARTERS.flatMap((name) =>
    expiries.map((expiry): Listing => {
      return { ...of(name, monthCode(expiry)), kind: 'future', listedAt: listedBefore(expiry), expiry }
    })
  )
  return [...perpetuals, ...dated]
}

function intervalOf({ name, tier }: Asset): 1 | 4 | 8 {
  if (EVERY_HOUR.has(name)) return 1
  return tier === 0 || EVERY_8_HOURS.has(name) ? 8 : 4
}

/**
 * The common formula, divided by 8/N as on Binance. Whether Bybit really divides below 8 hours is not documented; without it
 * the same premium would cost eight times as much on a 1-hour contract.
 */
function termsOf(asset: Asset, intervalHours: 1 | 4 | 8): FundingTerms {
  const cap = asset.index < 2 ? 0.005 : asset.tier < 2 ? 0.01 : 0.02
  return { intervalHours, interest8h: 0.0001, scheme: '8/N', cap }
}

function listedAt(asset: Asset): number {
  if (asset.index < 2) return EPOCH
  const share = uniform(saltOf(0, `bybit listed ${asset.name}`), 1)
  return EPOCH + Math.floor((share * LISTING_SPAN_MS) / 900_000) * 900_000
}

/** 25DEC26 */
function longDate(atMs: number): string {
  const date = new Date(atMs)
  const month = date.toLocaleString('en-US', { month: 'short', timeZone: 'UTC' }).toUpperCase()
  return `${date.getUTCDate()}${month}${String(date.getUTCFullYear()).slice(2)}`
}

/** Z26 */
function monthCode(atMs: number): string {
  const date = new Date(atMs)
  return `${MONTH_LETTERS[date.getUTCMonth()]}${String(date.getUTCFullYear()).slice(2)}`
}
