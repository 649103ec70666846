import { ASSETS, type Asset, assetNamed, DOLLAR_COIN } from '../market/assets.ts'
import { listedBefore } from '../market/calendar.ts'
import { type FundingTerms, tickDecimalsFor } from '../market/instrument.ts'
import { createListings, type Listing, type ListingsAt } from '../market/listings.ts'
import { saltOf, uniform } from '../market/noise.ts'

const WITHOUT_SPOT = new Set(['KAS', 'XMR'])
const WITHOUT_PERPETUAL = new Set(['VET', 'CHZ', 'MANA'])
const USDC_SPOT = ['BTC', 'ETH', 'SOL', 'XRP', 'BNB', 'DOGE']
const USDC_PERPETUALS = ['BTC', 'ETH', 'SOL', 'XRP', 'DOGE']
const COIN_MARGINED = ['BTC', 'ETH', 'SOL', 'XRP', 'BNB', 'DOGE', 'ADA', 'LTC', 'LINK', 'AVAX']
const COIN_MARGINED_QUARTERS = ['BTC', 'ETH', 'SOL', 'XRP', 'BNB', 'ADA']
const USD_MARGINED_QUARTERS = ['BTC', 'ETH']
/** Contracts traded in thousands of coins. */
const PER_THOUSAND = new Set(['PEPE', 'SHIB', 'BONK', 'FLOKI', 'SATS'])
const EVERY_8_HOURS = new Set(['AVAX', 'LINK', 'LTC', 'BCH', 'DOGE', 'TRX', 'ADA', 'PEPE', 'SHIB'])
const EVERY_HOUR = new Set(['WIF', 'FLOKI', 'GALA', 'STRK', 'ORDI', 'DYDX'])
/** Binance pays no interest on this one. */
const WITHOUT_INTEREST = 'BNBUSDT'
const COIN_MARGINED_EPOCH = Date.UTC(2020, 7, 10, 7)
const SPOT_DECIMALS = 8
const EPOCH = Date.UTC(2019, 8, 8, 17, 55)
const LISTING_SPAN_MS = 4.5 * 365 * 86_400_000

/** What Binance lists: spot, USD-margined, coin-margined; two quarters of dated contracts. */
export function createBinanceListings(seed: number): ListingsAt {
  return createListings(seed, 'binance', 2, (expiries) => [
    ...spot(),
    ...usdMargined(expiries),
    ...coinMargined(expiries)
  ])
}

function spot(): Listing[] {
  const usdt = ASSETS.filter(({ name }) => !WITHOUT_SPOT.has(name)).map((asset): Listing => {
    // The one coin whose spot market is itself per thousand.
    const thousand = asset.name === 'SATS'
    const base = thousand ? '1000SATS' : asset.name
    return spotOf(asset, base, 'USDT', thousand ? 1000 : 1)
  })
  const usdc = USDC_SPOT.map((name) => spotOf(assetNamed(name), name, 'USDC', 1))
  return [...usdt, ...usdc, { ...spotOf(DOLLAR_COIN, 'USDC', 'USDT', 1), tickDecimals: 5 }]
}

function spotOf(asset: Asset, base: string, quote: 'USDT' | 'USDC', multiplier: number): Listing {
  // Never more than eight decimals: the smallest coins have coarse ticks.
  const tickDecimals = asset.index < 2 ? 2 : Math.min(SPOT_DECIMALS, tickDecimalsFor(asset.usd * multiplier))
  const id = base + quote
  return { id, kind: 'spot', section: 'spot', asset, base, multiplier, quote, listedAt: listedAt(asset), tickDecimals }
}

function usdMargined(expiries: readonly number[]): Listing[] {
  const usdt = ASSETS.filter(({ name }) => !WITHOUT_PERPETUAL.has(name)).map((asset) => perpetual(asset, 'USDT'))
  const usdc = USDC_PERPETUALS.map((name) => perpetual(assetNamed(name), 'USDC'))
  const dated = USD_MARGINED_QUARTERS.flatMap((name) =>
    expiries.map(
      (expiry): Listing => ({
        id: `${name}USDT_${compactDate(expiry)}`,
        kind: 'future',
        section: 'linear',
        asset: assetNamed(name),
        quote: 'USDT',
        listedAt: listedBefore(expiry),
        expiry,
        tickDecimals: name === 'BTC' ? 1 : 2
      })
    )
  )
  return [...usdt, ...usdc, ...dated]
}

function perpetual(asset: Asset, quote: 'USDT' | 'USDC'): Listing {
  const thousand = PER_THOUSAND.has(asset.name)
  const base = thousand ? `1000${asset.name}` : asset.name
  const id = base + quote
  const decimals = asset.name === 'BTC' ? { tickDecimals: 1 } : {}
  const funding = termsOf(asset, quote === 'USDC' ? 8 : intervalOf(asset), id === WITHOUT_INTEREST ? 0 : 0.0001)
  const multiplier = thousand ? 1000 : 1
  return {
    id,
    kind: 'perpetual',
    section: 'linear',
    asset,
    base,
    multiplier,
    quote,
    funding,
    listedAt: listedAt(asset),
    ...decimals
  }
}

function coinMargined(expiries: readonly number[]): Listing[] {
  const listing = (name: string, suffix: string): Listing => ({
    id: `${name}USD_${suffix}`,
    kind: 'perpetual',
    section: 'inverse',
    asset: assetNamed(name),
    quote: 'USD',
    settle: name,
    contractSizeUsd: name === 'BTC' ? 100 : 10,
    listedAt: COIN_MARGINED_EPOCH,
    ...(name === 'BTC' ? { tickDecimals: 1 } : {})
  })
  const perpetuals = COIN_MARGINED.map((name) => ({
    ...listing(name, 'PERP'),
    funding: termsOf(assetNamed(name), 8, 0.0001)
  }))
  const dated = COIN_MARGINED_QUARTERS.flatMap((name) =>
    expiries.map((expiry) => ({
      ...listing(name, compactDate(expiry)),
      kind: 'future' as const,
      listedAt: listedBefore(expiry),
      expiry
    }))
  )
  return [...perpetuals, ...dated]
}

function intervalOf({ name, tier }: Asset): 1 | 4 | 8 {
  if (EVERY_HOUR.has(name)) return 1
  return tier === 0 || EVERY_8_HOURS.has(name) ? 8 : 4
}

/** Since 2025-09-18: the 8-hour formula divided by 8/N. Caps: ±0.3 % for the largest, ±2 % and ±3 % for the rest. */
function termsOf(asset: Asset, intervalHours: 1 | 4 | 8, interest8h: number): FundingTerms {
  const cap = asset.index < 2 ? 0.003 : asset.tier < 2 ? 0.02 : 0.03
  return { intervalHours, interest8h, scheme: '8/N', cap }
}

function listedAt(asset: Asset): number {
  if (asset.index < 2) return EPOCH
  const share = uniform(saltOf(0, `listed ${asset.name}`), 1)
  return EPOCH + Math.floor((share * LISTING_SPAN_MS) / 900_000) * 900_000
}

/** 261225 */
function compactDate(atMs: number): string {
  return new Date(atMs).toISOString().slice(2, 10).replaceAll('-', '')
}
