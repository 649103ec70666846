import { ASSETS, type Asset, assetNamed, DOLLAR_COIN } from '../market/assets.ts'
import { createListings, type Listing, type ListingsAt } from '../market/listings.ts'
import { saltOf, uniform } from '../market/noise.ts'
import { codeOf, lifeOf, nextExpiries } from './calendar.ts'

const WITHOUT_PERPETUAL = new Set(['XMR', '1INCH', 'SATS', 'FLOKI', 'VET', 'GRT', 'MANA', 'CHZ', 'SNX', 'ORDI', 'GALA'])
const MULTIPLIED = new Set(['PEPE', 'SHIB', 'BONK'])
/** Contracts settled in their coin, with the dollars of one contract. */
const INVERSE: Readonly<Record<string, number>> = { BTC: 10, ETH: 1 }
const LINEAR_DATED = ['BTC', 'ETH', 'SOL', 'XRP']
const SPOT: readonly (readonly [string, 'USDC' | 'USDT'])[] = [
  ['BTC', 'USDC'],
  ['ETH', 'USDC'],
  ['SOL', 'USDC'],
  ['XRP', 'USDC'],
  ['BTC', 'USDT'],
  ['ETH', 'USDT']
]
const INVERSE_EPOCH: Readonly<Record<string, number>> = { BTC: 1_534_242_287_000, ETH: 1_552_568_454_000 }
const LINEAR_EPOCH = Date.UTC(2022, 2, 15, 12)
const LISTING_SPAN_MS = 3 * 365 * 86_400_000

/** What Deribit lists: inverse BTC and ETH, USDC contracts of everything else, many expiries, a few spot pairs. */
export function createDeribitListings(seed: number): ListingsAt {
  const list = (expiries: readonly number[]) => [...spot(), ...linear(expiries), ...inverse(expiries)]
  return createListings(seed, 'deribit', nextExpiries, list)
}

function spot(): Listing[] {
  const of = (asset: Asset, quote: 'USDC' | 'USDT'): Listing => ({
    id: `${asset.name}_${quote}`,
    kind: 'spot',
    section: 'spot',
    asset,
    quote,
    listedAt: LINEAR_EPOCH,
    ...decimalsOf(asset)
  })
  return [...SPOT.map(([name, quote]) => of(assetNamed(name), quote)), of(DOLLAR_COIN, 'USDT')]
}

function linear(expiries: readonly number[]): Listing[] {
  const perpetuals = ASSETS.filter(({ name }) => !WITHOUT_PERPETUAL.has(name)).map((asset): Listing => {
    const multiplier = MULTIPLIED.has(asset.name) ? 1000 : 1
    const base = multiplier === 1 ? asset.name : `1000${asset.name}`
    const listedAt = listedAtOf(asset)
    return { ...usdc(asset, `${base}_USDC-PERPETUAL`), base, multiplier, kind: 'perpetual', listedAt }
  })
  const dated = LINEAR_DATED.flatMap((name) =>
    expiries.map((expiry): Listing => {
      const listedAt = expiry - lifeOf(expiry)
      return { ...usdc(assetNamed(name), `${name}_USDC-${codeOf(expiry)}`), kind: 'future', listedAt, expiry }
    })
  )
  return [...perpetuals, ...dated]
}

function usdc(asset: Asset, id: string): Omit<Listing, 'kind' | 'listedAt'> {
  return { id, section: 'linear', asset, quote: 'USDC', ...decimalsOf(asset) }
}

function inverse(expiries: readonly number[]): Listing[] {
  return Object.entries(INVERSE).flatMap(([name, contractSizeUsd]) => {
    const asset = assetNamed(name)
    const of = (id: string): Omit<Listing, 'kind' | 'listedAt'> => {
      return { id, section: 'inverse', asset, quote: 'USD', settle: name, contractSizeUsd, ...decimalsOf(asset) }
    }
    const dated = expiries.map((expiry): Listing => {
      return { ...of(`${name}-${codeOf(expiry)}`), kind: 'future', listedAt: expiry - lifeOf(expiry), expiry }
    })
    return [{ ...of(`${name}-PERPETUAL`), kind: 'perpetual', listedAt: INVERSE_EPOCH[name]! } as const, ...dated]
  })
}

function decimalsOf({ index }: Asset): { readonly tickDecimals?: number } {
  if (index > 1) return {}
  return { tickDecimals: index === 0 ? 1 : 2 }
}

function listedAtOf(asset: Asset): number {
  if (asset.index < 2) return LINEAR_EPOCH
  const share = uniform(saltOf(0, `deribit listed ${asset.name}`), 1)
  return LINEAR_EPOCH + Math.floor((share * LISTING_SPAN_MS) / 900_000) * 900_000
}
