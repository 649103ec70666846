import type { Answer, SimVenue } from '../answer.ts'
import type { Market } from '../market/market.ts'
import { createRequests } from '../request.ts'
import { BybitProblem, type BybitRequest } from './context.ts'
import { accountRatio, fundingHistory, openInterestHistory } from './history.ts'
import { instrumentsInfo } from './instruments.ts'
import { indexPriceKline, markPriceKline, premiumIndexPriceKline, priceKline } from './klines.ts'
import { createBybitListings } from './listings.ts'
import { orderbook, tickers } from './tickers.ts'

const ROUTES: Readonly<Record<string, (request: BybitRequest) => unknown>> = {
  '/v5/market/time': ({ nowMs }) => ({
    timeSecond: String(Math.floor(nowMs / 1000)),
    timeNano: `${nowMs}000000`
  }),
  '/v5/market/instruments-info': instrumentsInfo,
  '/v5/market/tickers': tickers,
  '/v5/market/orderbook': orderbook,
  '/v5/market/kline': priceKline,
  '/v5/market/mark-price-kline': markPriceKline,
  '/v5/market/index-price-kline': indexPriceKline,
  '/v5/market/premium-index-price-kline': premiumIndexPriceKline,
  '/v5/market/funding/history': fundingHistory,
  '/v5/market/open-interest': openInterestHistory,
  '/v5/market/account-ratio': accountRatio
}
const REQUESTS_PER_SECOND = 120

/** Bybit's public REST interface, version 5. */
export function createBybitVenue(market: Market): SimVenue {
  const requestOf = createRequests(market, createBybitListings(market.seed))
  let second = 0
  let used = 0

  const limits = (nowMs: number) => {
    if (Math.floor(nowMs / 1000) !== second) used = 0
    second = Math.floor(nowMs / 1000)
    used++
    return {
      'X-Bapi-Limit': String(REQUESTS_PER_SECOND),
      'X-Bapi-Limit-Status': String(Math.max(0, REQUESTS_PER_SECOND - used)),
      'X-Bapi-Limit-Reset-Timestamp': String((second + 1) * 1000)
    }
  }
  return {
    answer: (path, params, nowMs): Answer => {
      const route = ROUTES[path]
      if (!route) return { status: 404, body: '404 page not found', contentType: 'text/plain' }
      return { status: 200, body: bodyOf(() => route(requestOf(params, nowMs)), nowMs), headers: limits(nowMs) }
    }
  }
}

/** Every answer is wrapped; a refusal has a code instead of a result. */
function bodyOf(make: () => unknown, nowMs: number): string {
  try {
    return JSON.stringify({ retCode: 0, retMsg: 'OK', result: make(), retExtInfo: {}, time: nowMs })
  } catch (error) {
    if (!(error instanceof BybitProblem)) throw error
    return JSON.stringify({ retCode: error.code, retMsg: error.message, result: {}, retExtInfo: {}, time: nowMs })
  }
}
