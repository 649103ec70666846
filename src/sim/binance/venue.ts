import type { Answer, SimVenue } from '../answer.ts'
import type { Listings, Section } from '../market/listings.ts'
import type { Market } from '../market/market.ts'
import { createRequests } from '../request.ts'
import type { BinanceRequest } from './context.ts'
import { exchangeInfo } from './exchange-info.ts'
import { fundingInfo, fundingRate, premiumIndex } from './funding.ts'
import { basis, longShortRatio, openInterest, openInterestHistory, takerRatio } from './futures-data.ts'
import { continuousKlines, indexPriceKlines, markPriceKlines, premiumIndexKlines, priceKlines } from './klines.ts'
import { createBinanceListings } from './listings.ts'
import { BinanceProblem } from './problem.ts'
import { bookTicker, depth, ticker24h, tickerPrice } from './quotes.ts'

type Handler = (request: BinanceRequest) => unknown
type Handlers = ReadonlyMap<string, Handler>

const EVERYWHERE: Handlers = new Map<string, Handler>([
  ['ping', () => ({})],
  ['time', ({ nowMs }) => ({ serverTime: nowMs })],
  ['ticker/bookTicker', bookTicker],
  ['ticker/24hr', ticker24h],
  ['ticker/price', tickerPrice],
  ['exchangeInfo', exchangeInfo],
  ['depth', depth],
  ['klines', priceKlines]
])
const FUTURES: Handlers = new Map<string, Handler>([
  ...EVERYWHERE,
  ['premiumIndex', premiumIndex],
  ['fundingInfo', fundingInfo],
  ['fundingRate', fundingRate],
  ['openInterest', openInterest],
  ['markPriceKlines', markPriceKlines],
  ['indexPriceKlines', indexPriceKlines],
  ['premiumIndexKlines', premiumIndexKlines],
  ['continuousKlines', continuousKlines]
])
const FUTURES_DATA: Handlers = new Map<string, Handler>([
  ['openInterestHist', openInterestHistory],
  ['globalLongShortAccountRatio', longShortRatio],
  ['topLongShortAccountRatio', longShortRatio],
  ['topLongShortPositionRatio', longShortRatio],
  ['takerlongshortRatio', takerRatio],
  ['basis', basis]
])
const PREFIXES: readonly (readonly [string, Section, Handlers])[] = [
  ['/api/v3/', 'spot', EVERYWHERE],
  ['/fapi/v1/', 'linear', FUTURES],
  ['/dapi/v1/', 'inverse', FUTURES],
  ['/fapi/v2/', 'linear', new Map([['ticker/price', tickerPrice]])],
  ['/futures/data/', 'linear', FUTURES_DATA]
]
/** What a request costs of the minute's budget. */
const WEIGHTS: Readonly<Record<string, number>> = {
  exchangeInfo: 20,
  'ticker/24hr': 40,
  klines: 5,
  premiumIndex: 10,
  depth: 10
}
const DEFAULT_WEIGHT = 2

/** Binance's public REST interface: spot, USD-margined, coin-margined and /futures/data, all on one origin. */
export function createBinanceVenue(market: Market): SimVenue {
  const requestOf = createRequests(market, createBinanceListings(market.seed))
  const infos = new WeakMap<Listings, Map<Section, string>>()
  const meter = createMeter()

  const infoBody = ({ listings, section, nowMs }: BinanceRequest) => {
    const known = infos.get(listings) ?? new Map<Section, string>()
    infos.set(listings, known)
    const rest = known.get(section) ?? JSON.stringify(exchangeInfo({ listings, section })).slice(1)
    known.set(section, rest)
    return `{"timezone":"UTC","serverTime":${nowMs},${rest}`
  }
  const respond = (path: string, params: URLSearchParams, nowMs: number): Answer => {
    const route = routeOf(path, params)
    const handler = route?.handlers.get(route.name)
    if (!route || !handler) throw new BinanceProblem(-5000, `Path ${path}, Method GET is invalid`, 404)
    const { name, section } = route
    const request = { ...requestOf(params, nowMs), section }
    const headers = { 'x-mbx-used-weight-1m': String(meter(section, WEIGHTS[name] ?? DEFAULT_WEIGHT, nowMs)) }
    if (handler === exchangeInfo) return { status: 200, body: infoBody(request), headers }
    return { status: 200, body: JSON.stringify(handler(request)), headers }
  }
  return {
    answer: (path, params, nowMs) => {
      try {
        return respond(path, params, nowMs)
      } catch (error) {
        if (!(error instanceof BinanceProblem)) throw error
        return { status: error.status, body: JSON.stringify({ code: error.code, msg: error.message }) }
      }
    }
  }
}

function routeOf(path: string, params: URLSearchParams) {
  const found = PREFIXES.find(([prefix]) => path.startsWith(prefix))
  if (!found) return undefined
  const [prefix, section, handlers] = found
  // The two futures hosts share /futures/data: coin-margined asks by pair, and its pairs are in USD.
  const isCoinMargined = handlers === FUTURES_DATA && /USD(_|$)/.test(params.get('pair') ?? params.get('symbol') ?? '')
  return { name: path.slice(prefix.length), section: isCoinMargined ? ('inverse' as const) : section, handlers }
}

/** Counts each section's weight within the running minute. */
function createMeter(): (section: Section, weight: number, nowMs: number) => number {
  const used = { spot: 0, linear: 0, inverse: 0 }
  let minute = 0
  return (section, weight, nowMs) => {
    if (Math.floor(nowMs / 60_000) !== minute) {
      minute = Math.floor(nowMs / 60_000)
      Object.assign(used, { spot: 0, linear: 0, inverse: 0 })
    }
    used[section] += weight
    return used[section]
  }
}
