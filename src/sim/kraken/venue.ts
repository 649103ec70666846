import type { Answer, SimVenue } from '../answer.ts'
import type { Listings } from '../market/listings.ts'
import type { Market } from '../market/market.ts'
import { createRequests } from '../request.ts'
import { KrakenFuturesProblem, type KrakenRequest, KrakenSpotProblem } from './context.ts'
import { createKrakenFunding } from './funding.ts'
import { charts, historicalFundingRates } from './history.ts'
import { instruments } from './instruments.ts'
import { createKrakenListings } from './listings.ts'
import { assetPairs, assets, depth, ohlc, ticker as spotTicker, systemStatus, time } from './spot.ts'
import { orderbook, ticker, tickers } from './tickers.ts'
import { tradeHistory } from './trades.ts'

type Handler = (request: KrakenRequest) => unknown

const SPOT_PREFIX = '/0/public/'
const SPOT: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['Time', time],
  ['SystemStatus', systemStatus],
  ['Assets', assets],
  ['AssetPairs', assetPairs],
  ['Ticker', spotTicker],
  ['OHLC', ohlc],
  ['Depth', depth]
])
const FUTURES: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['/derivatives/api/v3/instruments', instruments],
  ['/derivatives/api/v3/tickers', tickers],
  ['/derivatives/api/v3/orderbook', orderbook],
  ['/derivatives/api/v3/history', tradeHistory],
  ['/derivatives/api/v3/historical-funding-rates', historicalFundingRates],
  ['/derivatives/api/v4/historicalfundingrates', historicalFundingRates]
])
const ONE_TICKER = '/derivatives/api/v3/tickers/'
const CHARTS = '/api/charts/v1/'

/** Kraken's public REST interfaces, spot and futures, on one origin. */
export function createKrakenVenue(market: Market): SimVenue {
  const requestOf = createRequests(market, createKrakenListings(market.seed))
  const funding = createKrakenFunding(market)
  const pairs = new WeakMap<Listings, string>()

  /** The list of pairs changes only with the listings. */
  const allPairs = (request: KrakenRequest) => {
    const known = pairs.get(request.listings) ?? JSON.stringify({ error: [], result: assetPairs(request) })
    pairs.set(request.listings, known)
    return known
  }
  return {
    answer: (path, params, nowMs): Answer => {
      const request = { ...requestOf(params, nowMs), funding }
      if (!path.startsWith(SPOT_PREFIX)) return futuresAnswer(request, path)
      if (path === `${SPOT_PREFIX}AssetPairs` && params.size === 0) return { status: 200, body: allPairs(request) }
      return { status: 200, body: JSON.stringify(spotBody(request, path.slice(SPOT_PREFIX.length))) }
    }
  }
}

/** Spot answers everything with 200; what it refuses is in `error`. */
function spotBody(request: KrakenRequest, name: string): unknown {
  try {
    const handler = SPOT.get(name)
    if (!handler) throw new KrakenSpotProblem('EGeneral:Unknown method')
    return { error: [], result: handler(request) }
  } catch (error) {
    if (!(error instanceof KrakenSpotProblem)) throw error
    return { error: [error.message] }
  }
}

function futuresAnswer(request: KrakenRequest, path: string): Answer {
  try {
    return { status: 200, body: JSON.stringify(futuresBody(request, path)) }
  } catch (error) {
    if (!(error instanceof KrakenFuturesProblem)) throw error
    const serverTime = new Date(request.nowMs).toISOString()
    return { status: error.status, body: JSON.stringify({ result: 'error', error: error.message, serverTime }) }
  }
}

function futuresBody(request: KrakenRequest, path: string): unknown {
  const handler = FUTURES.get(path)
  if (handler) return handler(request)
  if (path.startsWith(ONE_TICKER)) return ticker(request, path.slice(ONE_TICKER.length))
  if (path.startsWith(CHARTS)) return charts(request, path.slice(CHARTS.length).split('/'))
  throw new KrakenFuturesProblem('notFound', 404)
}
