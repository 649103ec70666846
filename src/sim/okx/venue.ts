import type { Answer, SimVenue } from '../answer.ts'
import type { Market } from '../market/market.ts'
import { createRequests } from '../request.ts'
import { candlesOf } from './candles.ts'
import { OkxProblem, type OkxRequest } from './context.ts'
import { fundingRate, fundingRateHistory, premiumHistory } from './funding.ts'
import { instruments } from './instruments.ts'
import { liquidationOrders } from './liquidations.ts'
import { createOkxListings } from './listings.ts'
import { accountRatio, openInterestHistory, takerVolume } from './statistics.ts'
import { books, indexTickers, markPrices, openInterest, ticker, tickers } from './tickers.ts'

const ROUTES: Readonly<Record<string, (request: OkxRequest) => readonly unknown[]>> = {
  '/api/v5/public/time': ({ nowMs }) => [{ ts: String(nowMs) }],
  '/api/v5/public/instruments': instruments,
  '/api/v5/public/funding-rate': fundingRate,
  '/api/v5/public/funding-rate-history': fundingRateHistory,
  '/api/v5/public/premium-history': premiumHistory,
  '/api/v5/public/mark-price': markPrices,
  '/api/v5/public/open-interest': openInterest,
  '/api/v5/public/liquidation-orders': liquidationOrders,
  '/api/v5/rubik/stat/contracts/open-interest-history': openInterestHistory,
  '/api/v5/rubik/stat/contracts/long-short-account-ratio-contract': accountRatio,
  '/api/v5/rubik/stat/taker-volume-contract': takerVolume,
  '/api/v5/market/tickers': tickers,
  '/api/v5/market/ticker': ticker,
  '/api/v5/market/index-tickers': indexTickers,
  '/api/v5/market/books': books,
  '/api/v5/market/candles': candlesOf('price', 'recent'),
  '/api/v5/market/history-candles': candlesOf('price', 'history'),
  '/api/v5/market/mark-price-candles': candlesOf('mark', 'recent'),
  '/api/v5/market/history-mark-price-candles': candlesOf('mark', 'history'),
  '/api/v5/market/index-candles': candlesOf('index', 'recent'),
  '/api/v5/market/history-index-candles': candlesOf('index', 'history')
}

/** OKX's public REST interface, version 5. */
export function createOkxVenue(market: Market): SimVenue {
  const requestOf = createRequests(market, createOkxListings(market.seed))
  return {
    answer: (path, params, nowMs): Answer => {
      const route = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined
      if (!route) return { status: 404, body: JSON.stringify({ code: '404', data: {}, msg: 'Not Found' }) }
      return answerOf(() => route(requestOf(params, nowMs)))
    }
  }
}

/** Every answer is a list in an envelope; a refusal has a code other than 0 and nothing in the list. */
function answerOf(make: () => readonly unknown[]): Answer {
  try {
    return { status: 200, body: JSON.stringify({ code: '0', data: make(), msg: '' }) }
  } catch (error) {
    if (!(error instanceof OkxProblem)) throw error
    return { status: error.status, body: JSON.stringify({ code: error.code, data: [], msg: error.message }) }
  }
}
