import type { Answer, SimVenue } from '../answer.ts'
import type { Market } from '../market/market.ts'
import { createRequests } from '../request.ts'
import { DeribitProblem, type DeribitRequest } from './context.ts'
import { createDeribitFunding } from './funding.ts'
import { chartData, fundingRateHistory, fundingRateValue } from './history.ts'
import { currencies, instrument, instruments } from './instruments.ts'
import { createDeribitListings } from './listings.ts'
import { summariesByCurrency, summaryByInstrument } from './summaries.ts'
import { indexPrice, orderBook, ticker } from './tickers.ts'
import { lastTrades } from './trades.ts'

const METHODS: Readonly<Record<string, (request: DeribitRequest) => unknown>> = {
  get_time: ({ nowMs }) => nowMs,
  status: () => ({ locked: 'false' }),
  test: () => ({ version: '1.2.26' }),
  get_currencies: currencies,
  get_instruments: instruments,
  get_instrument: instrument,
  get_book_summary_by_currency: summariesByCurrency,
  get_book_summary_by_instrument: summaryByInstrument,
  ticker,
  get_order_book: orderBook,
  get_index_price: indexPrice,
  get_last_trades_by_instrument: lastTrades,
  get_funding_rate_history: fundingRateHistory,
  get_funding_rate_value: fundingRateValue,
  get_tradingview_chart_data: chartData
}
const ROOT = '/api/v2/'

/** Deribit's public JSON-RPC over GET, version 2. */
export function createDeribitVenue(market: Market): SimVenue {
  const requestOf = createRequests(market, createDeribitListings(market.seed))
  const funding = createDeribitFunding(market)
  return {
    answer: (path, params, nowMs): Answer => {
      if (!path.startsWith(ROOT)) return { status: 404, body: 'Not Found', contentType: 'text/plain' }
      const request = { ...requestOf(params, nowMs), funding }
      return respond(() => call(path.slice(ROOT.length), request), nowMs)
    }
  }
}

function call(method: string, request: DeribitRequest): unknown {
  const [scope, name = ''] = method.split('/', 2)
  if (scope === 'private') throw new DeribitProblem('unauthorized', 13009, { reason: 'invalid_token' })
  const answer = scope === 'public' && Object.hasOwn(METHODS, name) ? METHODS[name] : undefined
  if (!answer) throw new DeribitProblem('Method not found', -32601)
  return answer(request)
}

/** Every answer is a JSON-RPC one with its times in microseconds; a refusal is HTTP 400 with an error instead of a result. */
function respond(make: () => unknown, nowMs: number): Answer {
  const times = { usIn: nowMs * 1000, usOut: nowMs * 1000 + 100, usDiff: 100, testnet: false }
  try {
    return { status: 200, body: JSON.stringify({ jsonrpc: '2.0', result: make(), ...times }) }
  } catch (problem) {
    if (!(problem instanceof DeribitProblem)) throw problem
    const { message, code, data } = problem
    const error = data === undefined ? { message, code } : { message, data, code }
    return { status: 400, body: JSON.stringify({ jsonrpc: '2.0', error, ...times }) }
  }
}
