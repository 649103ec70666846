import { ASSETS, type Asset, assetNamed } from '../market/assets.ts'
import { type FundingTerms, stepDecimalsFor, tickDecimalsFor } from '../market/instrument.ts'
import { createListings, type Listing, type ListingsAt } from '../market/listings.ts'
import { saltOf, uniform } from '../market/noise.ts'

const WITHOUT_PERPETUAL = new Set(['SATS', 'VET', '1INCH', 'MANA', 'CHZ', 'AXS', 'GRT', 'ORDI'])
/** Contracts of a thousand coins: a lower-case k before the name. KAS is a coin. */
const THOUSANDS = new Set(['PEPE', 'SHIB', 'BONK', 'FLOKI'])
/** Spot pairs in USDC by their number, with the token that stands for the coin. */
export const SPOT_PAIRS: readonly { readonly index: number; readonly token: string; readonly asset: string }[] = [
  { index: 142, token: 'UBTC', asset: 'BTC' },
  { index: 151, token: 'UETH', asset: 'ETH' },
  { index: 156, token: 'USOL', asset: 'SOL' },
  { index: 194, token: 'UBONK', asset: 'BONK' }
]
export const FUNDING: FundingTerms = { intervalHours: 1, interest8h: 0.0001, scheme: '8/N', cap: 0.04 }
/** Decimals of a price and of a size together are at most this many. */
const PERPETUAL_DECIMALS = 6
const SPOT_DECIMALS = 8
const EPOCH = Date.UTC(2023, 4, 12)
const LISTING_SPAN_MS = 2 * 365 * 86_400_000

/** What Hyperliquid lists itself: perpetuals settled in USDC and a few spot pairs; nothing expires. */
export function createHyperliquidListings(seed: number): ListingsAt {
  return createListings(seed, 'hyperliquid', 1, () => [...spot(), ...perpetuals()])
}

function spot(): Listing[] {
  return SPOT_PAIRS.map(({ index, token, asset: name }) => {
    const asset = assetNamed(name)
    const tickDecimals = decimalsWithin(SPOT_DECIMALS, asset.usd, 1)
    const listing = { id: `@${index}`, kind: 'spot', section: 'spot', asset, base: token, quote: 'USDC' } as const
    return { ...listing, listedAt: EPOCH + LISTING_SPAN_MS, tickDecimals }
  })
}

function perpetuals(): Listing[] {
  return ASSETS.filter(({ name }) => !WITHOUT_PERPETUAL.has(name)).map((asset): Listing => {
    const multiplier = THOUSANDS.has(asset.name) ? 1000 : 1
    const base = multiplier === 1 ? asset.name : `k${asset.name}`
    return {
      ...{ id: base, kind: 'perpetual', section: 'linear', asset, base, multiplier, quote: 'USDC', funding: FUNDING },
      listedAt: listedAt(asset),
      tickDecimals: decimalsWithin(PERPETUAL_DECIMALS, asset.usd * multiplier, 100)
    }
  })
}

/** Five significant digits, and no more decimals than the size's leave. `stepUsd` is what a size step is worth. */
function decimalsWithin(most: number, price: number, stepUsd: number): number {
  return Math.min(tickDecimalsFor(price), most - stepDecimalsFor(price, stepUsd))
}

function listedAt(asset: Asset): number {
  if (asset.index < 2) return EPOCH
  const share = uniform(saltOf(0, `hyperliquid listed ${asset.name}`), 1)
  return EPOCH + Math.floor((share * LISTING_SPAN_MS) / 3_600_000) * 3_600_000
}
