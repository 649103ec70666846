import { fixed, trimmed } from '../answer.ts'
import type { SimInstrument } from '../market/instrument.ts'
import { BybitProblem, type BybitRequest, categoryOf, limitOf, symbolOf } from './context.ts'

const PAGE = 500
const LARGEST_PAGE = 1000

/** instruments-info: derivatives in pages, spot and options at once. */
export function instrumentsInfo(request: BybitRequest): unknown {
  const { params, listings } = request
  const category = categoryOf(request)
  if (category === 'option') return { category, nextPageCursor: '', list: [] }
  const one = symbolOf(request, category)
  const status = params.get('status')
  const listed = one ? [one] : status !== null && status !== 'Trading' ? [] : listings[category]
  const base = params.get('baseCoin')
  const wanted = base ? listed.filter((each) => each.base === base) : listed
  if (category === 'spot') return { category, list: wanted.map(spotRow) }
  const from = offsetOf(params)
  const until = from + limitOf(params, PAGE, LARGEST_PAGE)
  const rows = wanted.slice(from, until).map(contractRow)
  return { category, list: rows, nextPageCursor: until < wanted.length ? `first%3D${from}%26last%3D${until}` : '' }
}

function offsetOf(params: URLSearchParams): number {
  const cursor = params.get('cursor')
  if (!cursor) return 0
  const match = /last(?:=|%3D)(\d{1,6})$/.exec(cursor)
  if (!match) throw new BybitProblem('params error: cursor is invalid')
  return Number(match[1])
}

function spotRow({ id, base, quote, tickDecimals, stepDecimals, asset }: SimInstrument): unknown {
  const step = trimmed(fixed(1, stepDecimals))
  return {
    symbol: id,
    baseCoin: base,
    quoteCoin: quote,
    innovation: '0',
    status: 'Trading',
    marginTrading: asset.tier < 2 ? 'utaOnly' : 'none',
    stTag: '0',
    lotSizeFilter: {
      basePrecision: step,
      quotePrecision: '0.00000001',
      minOrderQty: step,
      maxOrderQty: trimmed(fixed(80_000_000, stepDecimals)),
      minOrderAmt: '5',
      maxOrderAmt: '4000000'
    },
    priceFilter: { tickSize: fixed(1, tickDecimals) },
    riskParameters: { priceLimitRatioX: '0.01', priceLimitRatioY: '0.02' }
  }
}

const CONTRACT_TYPES = {
  linear: { perpetual: 'LinearPerpetual', future: 'LinearFutures' },
  inverse: { perpetual: 'InversePerpetual', future: 'InverseFutures' }
} as const

function contractRow(instrument: SimInstrument): unknown {
  const { id, section, kind, base, quote, settle, funding, listedAt, expiry, stepDecimals } = instrument
  const types = CONTRACT_TYPES[section === 'inverse' ? 'inverse' : 'linear']
  const step = fixed(1, stepDecimals)
  return {
    symbol: id,
    contractType: kind === 'future' ? types.future : types.perpetual,
    status: 'Trading',
    baseCoin: base,
    quoteCoin: quote,
    launchTime: String(listedAt),
    deliveryTime: String(expiry ?? 0),
    deliveryFeeRate: expiry === null ? '' : '0.0005',
    priceScale: String(shownDecimals(instrument)),
    leverageFilter: { minLeverage: '1', maxLeverage: '50.00', leverageStep: '0.01' },
    priceFilter: {
      minPrice: priceOf(instrument, 1),
      maxPrice: priceOf(instrument, 19_999_998),
      tickSize: priceOf(instrument, 1)
    },
    lotSizeFilter: {
      maxOrderQty: fixed(1_500_000, stepDecimals),
      minOrderQty: step,
      qtyStep: step,
      postOnlyMaxOrderQty: fixed(1_500_000, stepDecimals),
      maxMktOrderQty: fixed(150_000, stepDecimals),
      minNotionalValue: '5'
    },
    unifiedMarginTrade: true,
    fundingInterval: (funding?.intervalHours ?? 0) * 60,
    settleCoin: settle,
    copyTrading: section === 'linear' && kind === 'perpetual' ? 'both' : 'none',
    upperFundingRate: funding ? String(funding.cap) : '',
    lowerFundingRate: funding ? String(-funding.cap) : '',
    isPreListing: false,
    preListingInfo: null,
    riskParameters: { priceLimitRatioX: '0.01', priceLimitRatioY: '0.02' },
    displayName: '',
    symbolType: ''
  }
}

/** Derivatives show at least two decimals, whatever their tick. */
function shownDecimals({ section, tickDecimals }: SimInstrument): number {
  return section === 'spot' ? tickDecimals : Math.max(2, tickDecimals)
}

/** Whole ticks as tickers and instruments show them: with trailing zeros. */
export function priceOf(instrument: SimInstrument, ticks: number): string {
  return (ticks / 10 ** instrument.tickDecimals).toFixed(shownDecimals(instrument))
}

/** Whole steps as sizes are shown. */
export function sizeOf({ section, stepDecimals }: SimInstrument, steps: number): string {
  const size = fixed(steps, stepDecimals)
  return section === 'spot' ? trimmed(size) : size
}
