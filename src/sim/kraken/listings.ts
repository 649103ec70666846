import { ASSETS, type Asset, assetNamed, DOLLAR_COIN, TETHER } from '../market/assets.ts'
import type { FundingTerms, Quote } from '../market/instrument.ts'
import { createListings, type Listing, type ListingsAt } from '../market/listings.ts'
import { saltOf, uniform } from '../market/noise.ts'
import { nextExpiries, openedAt } from './expiries.ts'

const WITHOUT_SPOT = new Set(['SATS', 'VET', 'ORDI'])
const WITHOUT_PERPETUAL = new Set(['SATS', 'VET', 'CHZ', 'MANA', 'XMR'])
const USDT_SPOT = ['BTC', 'ETH', 'SOL', 'XRP', 'DOGE', 'ADA', 'LTC', 'DOT', 'LINK', 'AVAX', 'BCH']
const USDC_SPOT = ['BTC', 'ETH', 'SOL', 'XRP']
const INVERSE = ['BTC', 'ETH', 'LTC', 'XRP', 'BCH']
const LINEAR_DATED = ['BTC', 'ETH', 'SOL', 'XRP']
const INVERSE_DATED = ['BTC', 'ETH']
/** The oldest coins have names of their own, with an X before coins and a Z before money. */
const COIN_IDS: Readonly<Record<string, string>> = {
  BTC: 'XXBT',
  ETH: 'XETH',
  XRP: 'XXRP',
  LTC: 'XLTC',
  XLM: 'XXLM',
  ETC: 'XETC',
  XMR: 'XXMR',
  DOGE: 'XXDG',
  USD: 'ZUSD'
}
/** Pairs with a dollar that are named by the ids of both sides; XDGUSD is not one of them. */
const LONG_NAMED = new Set(['BTC', 'ETH', 'XRP', 'LTC', 'XLM', 'ETC', 'XMR', 'USDT'])
/** Kraken's bound of the rate, per hour. */
export const CAP_PER_HOUR = 0.0025
const EPOCH = Date.UTC(2022, 2, 22, 13, 15, 36)
const INVERSE_EPOCH = Date.UTC(2018, 7, 31)
const LISTING_SPAN_MS = 2.5 * 365 * 86_400_000
/** Hourly; what the common formula would say is not Kraken's: src/sim/kraken/funding.ts. */
const TERMS: FundingTerms = { intervalHours: 1, interest8h: 0, scheme: '8/N', cap: CAP_PER_HOUR }

/** XXBT, ZUSD, SOL. */
export function coinId(name: string): string {
  return COIN_IDS[name] ?? name
}

/** XBT, USD, XDG: the id without its letter. */
export function shortCoinId(name: string): string {
  return COIN_IDS[name]?.slice(1) ?? name
}

/** What Kraken lists: spot against USD, USDT and USDC with the stablecoins themselves; perpetual and dated contracts in USD. */
export function createKrakenListings(seed: number): ListingsAt {
  return createListings(seed, 'kraken', 0, (expiries) => [...spot(), ...perpetuals(), ...dated(expiries)], nextExpiries)
}

function spot(): Listing[] {
  const usd = ASSETS.filter(({ name }) => !WITHOUT_SPOT.has(name)).map((asset) => pair(asset, 'USD'))
  const usdt = USDT_SPOT.map((name) => pair(assetNamed(name), 'USDT'))
  const usdc = USDC_SPOT.map((name) => pair(assetNamed(name), 'USDC'))
  const stable = [pair(TETHER, 'USD'), pair(DOLLAR_COIN, 'USD'), pair(DOLLAR_COIN, 'USDT')]
  return [...usd, ...usdt, ...usdc, ...stable.map((listing) => ({ ...listing, tickDecimals: 5 }))]
}

function pair(asset: Asset, quote: Quote): Listing {
  const { name } = asset
  const id =
    quote === 'USD' && LONG_NAMED.has(name) ? coinId(name) + coinId(quote) : shortCoinId(name) + shortCoinId(quote)
  const decimals = asset.index < 2 ? { tickDecimals: asset.index === 0 ? 1 : 2 } : {}
  return { id, kind: 'spot', section: 'spot', asset, quote, listedAt: INVERSE_EPOCH, ...decimals }
}

function perpetuals(): Listing[] {
  const linear = ASSETS.filter(({ name }) => !WITHOUT_PERPETUAL.has(name)).map(
    (asset): Listing => ({ ...contract(asset, 'PF'), kind: 'perpetual', funding: TERMS, listedAt: listedAt(asset) })
  )
  const inverse = INVERSE.map(
    (name): Listing => ({
      ...inverseOf(contract(assetNamed(name), 'PI')),
      kind: 'perpetual',
      funding: TERMS,
      listedAt: INVERSE_EPOCH
    })
  )
  return [...linear, ...inverse]
}

function dated(expiries: readonly number[]): Listing[] {
  const of = (listing: Listing) =>
    expiries.map(
      (expiry): Listing => ({
        ...listing,
        id: `${listing.id}_${new Date(expiry).toISOString().slice(2, 10).replaceAll('-', '')}`,
        listedAt: openedAt(expiry),
        expiry
      })
    )
  const linear = LINEAR_DATED.flatMap((name) => of(contract(assetNamed(name), 'FF')))
  return [...linear, ...INVERSE_DATED.flatMap((name) => of(inverseOf(contract(assetNamed(name), 'FI'))))]
}

/** Contracts call Bitcoin XBT and every other coin by its common name, Dogecoin too. */
function contract(asset: Asset, prefix: 'PF' | 'PI' | 'FF' | 'FI'): Listing {
  const id = `${prefix}_${asset.name === 'BTC' ? 'XBT' : asset.name}USD`
  const decimals = asset.index < 2 ? { tickDecimals: asset.index === 0 ? 0 : 1 } : {}
  return { id, kind: 'future', section: 'linear', asset, quote: 'USD', listedAt: EPOCH, ...decimals }
}

function inverseOf(listing: Listing): Listing {
  return { ...listing, section: 'inverse', settle: listing.asset.name, contractSizeUsd: 1 }
}

function listedAt(asset: Asset): number {
  if (asset.index < 2) return EPOCH
  const share = uniform(saltOf(0, `kraken listed ${asset.name}`), 1)
  return EPOCH + Math.floor((share * LISTING_SPAN_MS) / 900_000) * 900_000
}
