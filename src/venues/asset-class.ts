import type { AssetClass } from '../domain/instrument.ts'
import type { CcxtMarket } from './venue.ts'

/** Where a venue says what the price of a market is about, its words for it, and what an unknown word means. Evidence: docs/venues.md. */
type Classing = {
  readonly field: string
  readonly words: Readonly<Record<string, AssetClass>>
  readonly unknown: AssetClass
}

const CLASSING: Readonly<Record<string, Classing>> = {
  binance: {
    field: 'underlyingType',
    words: { COIN: 'crypto', PREMARKET: 'crypto', INDEX: 'index', EQUITY: 'stock', COMMODITY: 'commodity' },
    unknown: 'other'
  },
  // A region of the exchange, which is a class only where it says so.
  bybit: {
    field: 'symbolType',
    words: { stock: 'stock', xstocks: 'stock', commodity: 'commodity' },
    unknown: 'crypto'
  },
  okx: {
    field: 'instCategory',
    words: { '': 'crypto', 1: 'crypto', 3: 'stock', 4: 'commodity', 5: 'forex', 6: 'bond' },
    unknown: 'other'
  }
}

/** The class a venue gives a market; a coin where it gives none. */
export function assetClassOf(venueId: string, { info, stock }: CcxtMarket): AssetClass {
  if (stock === true) return 'stock'
  if (info?.tradfi === true) return 'other'
  const classing = CLASSING[venueId]
  const word = classing === undefined ? undefined : info?.[classing.field]
  return word === undefined || word === null ? 'crypto' : (classing!.words[String(word)] ?? classing!.unknown)
}
