import type { AssetClass } from '../domain/instrument.ts'
import type { CcxtMarket } from './venue.ts'

/** Where a venue says what the price of a market is about, and its words for it. Evidence: docs/venues.md. */
type Classing = { readonly field: string; readonly words: Readonly<Record<string, AssetClass>> }

const CLASSING: Readonly<Record<string, Classing>> = {
  binance: {
    field: 'underlyingType',
    words: {
      COIN: 'crypto',
      PREMARKET: 'crypto',
      INDEX: 'index',
      EQUITY: 'stock',
      HK_EQUITY: 'stock',
      KR_EQUITY: 'stock',
      CN_EQUITY: 'stock',
      COMMODITY: 'commodity'
    }
  },
  bybit: {
    field: 'symbolType',
    words: {
      '': 'crypto',
      innovation: 'crypto',
      adventure: 'crypto',
      stock: 'stock',
      xstocks: 'stock',
      commodity: 'commodity'
    }
  },
  okx: {
    field: 'instCategory',
    words: { '': 'crypto', 1: 'crypto', 3: 'stock', 4: 'commodity', 5: 'forex', 6: 'bond' }
  }
}
/** Binance's contracts on what is traded elsewhere too, and shares that are not traded yet among them. */
const TRADITIONAL = 'TRADIFI_PERPETUAL'

/**
 * The class that a venue gives a market: a coin where it gives none, `other` for a word that we do not know. What is taken for
 * another class than it is, is kept apart; what is taken for a coin may be joined to one.
 */
export function assetClassOf(venueId: string, { info, stock }: CcxtMarket): AssetClass {
  if (stock === true) return 'stock'
  const { field, words } = CLASSING[venueId] ?? { field: '', words: {} }
  const word = info?.[field]
  const said = word === undefined || word === null ? 'crypto' : (words[String(word)] ?? 'other')
  const isTraditional = info?.tradfi === true || info?.contractType === TRADITIONAL
  return said === 'crypto' && isTraditional ? 'other' : said
}
