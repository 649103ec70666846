import type { SimInstrument } from '../market/instrument.ts'
import type { Listings, Section } from '../market/listings.ts'
import { contractTypeOf, pairOf } from './context.ts'
import { priceOf, sizeOf } from './quotes.ts'

const SUBTYPES = ['Layer-1', 'Layer-1', 'DeFi', 'Metaverse'] as const
const NO_EXPIRY = 4_133_404_800_000
const SPOT_ORDER_TYPES = [
  'LIMIT',
  'LIMIT_MAKER',
  'MARKET',
  'STOP_LOSS',
  'STOP_LOSS_LIMIT',
  'TAKE_PROFIT',
  'TAKE_PROFIT_LIMIT'
]
const ORDER_TYPES = [
  'LIMIT',
  'MARKET',
  'STOP',
  'STOP_MARKET',
  'TAKE_PROFIT',
  'TAKE_PROFIT_MARKET',
  'TRAILING_STOP_MARKET'
]
const WEIGHT_LIMIT: Readonly<Record<Section, number>> = { spot: 6000, linear: 2400, inverse: 2400 }

/** Everything of exchangeInfo but the server's time, which differs in every answer. */
export function exchangeInfo({ listings, section }: { listings: Listings; section: Section }): object {
  const symbols = listings[section].map((instrument) =>
    section === 'spot' ? spotSymbol(instrument) : contractSymbol(instrument, listings)
  )
  const rateLimits = [
    { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: WEIGHT_LIMIT[section] },
    { rateLimitType: 'ORDERS', interval: 'MINUTE', intervalNum: 1, limit: 1200 }
  ]
  const assets = ['USDT', 'USDC', 'BTC', 'ETH', 'BNB'].map((asset) => ({
    asset,
    marginAvailable: true,
    autoAssetExchange: '-10000'
  }))
  return {
    rateLimits,
    exchangeFilters: [],
    ...(section === 'linear' ? { futuresType: 'U_MARGINED', assets } : {}),
    symbols
  }
}

function spotSymbol(instrument: SimInstrument): unknown {
  const { id, base, quote } = instrument
  return {
    symbol: id,
    status: 'TRADING',
    baseAsset: base,
    baseAssetPrecision: 8,
    quoteAsset: quote,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    baseCommissionPrecision: 8,
    quoteCommissionPrecision: 8,
    orderTypes: SPOT_ORDER_TYPES,
    icebergAllowed: true,
    ocoAllowed: true,
    otoAllowed: true,
    quoteOrderQtyMarketAllowed: true,
    allowTrailingStop: true,
    cancelReplaceAllowed: true,
    amendAllowed: true,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: true,
    filters: [
      { filterType: 'PRICE_FILTER', ...priceRange(instrument) },
      { filterType: 'LOT_SIZE', ...sizeRange(instrument) },
      { filterType: 'MARKET_LOT_SIZE', ...sizeRange(instrument) },
      {
        filterType: 'NOTIONAL',
        minNotional: '5.00000000',
        applyMinToMarket: true,
        maxNotional: '9000000.00000000',
        applyMaxToMarket: false,
        avgPriceMins: 5
      },
      { filterType: 'MAX_NUM_ORDERS', maxNumOrders: 200 }
    ],
    permissions: [],
    permissionSets: [['SPOT', 'MARGIN']],
    defaultSelfTradePreventionMode: 'EXPIRE_MAKER',
    allowedSelfTradePreventionModes: ['EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT']
  }
}

function contractSymbol(instrument: SimInstrument, listings: Listings): unknown {
  const { id, section, base, quote, settle, expiry, listedAt, tickDecimals, stepDecimals } = instrument
  const isInverse = section === 'inverse'
  return {
    symbol: id,
    pair: pairOf(instrument),
    contractType: contractTypeOf(instrument, listings),
    deliveryDate: expiry ?? NO_EXPIRY,
    onboardDate: listedAt,
    ...(isInverse ? { contractStatus: 'TRADING', contractSize: instrument.contractSizeUsd } : { status: 'TRADING' }),
    maintMarginPercent: '2.5000',
    requiredMarginPercent: '5.0000',
    baseAsset: base,
    quoteAsset: quote,
    marginAsset: settle,
    pricePrecision: isInverse ? tickDecimals : Math.max(2, tickDecimals),
    quantityPrecision: stepDecimals,
    baseAssetPrecision: 8,
    quotePrecision: 8,
    underlyingType: 'COIN',
    underlyingSubType: [SUBTYPES[instrument.asset.tier]],
    ...(isInverse ? { equalQtyPrecision: 4 } : { settlePlan: 0 }),
    triggerProtect: '0.0500',
    liquidationFee: '0.012500',
    marketTakeBound: '0.05',
    maxMoveOrderLimit: 10000,
    filters: [
      { filterType: 'PRICE_FILTER', ...priceRange(instrument) },
      { filterType: 'LOT_SIZE', ...sizeRange(instrument) },
      { filterType: 'MARKET_LOT_SIZE', ...sizeRange(instrument) },
      { filterType: 'MAX_NUM_ORDERS', limit: 200 },
      { filterType: 'MAX_NUM_ALGO_ORDERS', limit: 100 },
      ...(isInverse ? [] : [{ filterType: 'MIN_NOTIONAL', notional: '5' }]),
      { filterType: 'PERCENT_PRICE', multiplierUp: '1.0500', multiplierDown: '0.9500', multiplierDecimal: '4' }
    ],
    orderTypes: ORDER_TYPES,
    timeInForce: ['GTC', 'IOC', 'FOK', 'GTX']
  }
}

function priceRange(instrument: SimInstrument): Record<string, string> {
  const most = Math.round(instrument.asset.usd * instrument.multiplier * 50 * 10 ** instrument.tickDecimals)
  return { minPrice: priceOf(instrument, 1), maxPrice: priceOf(instrument, most), tickSize: priceOf(instrument, 1) }
}

function sizeRange(instrument: SimInstrument): Record<string, string> {
  return { minQty: sizeOf(instrument, 1), maxQty: sizeOf(instrument, 9_000_000), stepSize: sizeOf(instrument, 1) }
}
