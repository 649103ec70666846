import type { Answer, SimVenue } from '../answer.ts'
import type { Market } from '../market/market.ts'
import { createRequests } from '../request.ts'
import { HyperliquidProblem, type HyperliquidRequest } from './context.ts'
import { DEXS } from './dexs.ts'
import { createHourlyFunding, fundingHistory } from './funding.ts'
import { createHyperliquidListings } from './listings.ts'
import { meta, metaAndContexts } from './perpetuals.ts'
import { allMids, candleSnapshot, l2Book } from './prices.ts'
import { spotMeta, spotMetaAndContexts } from './spots.ts'

/** One path, `/info`; the question's `type` says what is asked. */
const TYPES: Readonly<Record<string, (request: HyperliquidRequest) => unknown>> = {
  exchangeStatus: ({ nowMs }) => ({ specialStatuses: null, time: nowMs }),
  meta,
  metaAndAssetCtxs: metaAndContexts,
  spotMeta,
  spotMetaAndAssetCtxs: spotMetaAndContexts,
  perpDexs: () => DEXS,
  fundingHistory,
  candleSnapshot,
  l2Book,
  allMids
}

/** Hyperliquid's public interface. */
export function createHyperliquidVenue(market: Market): SimVenue {
  const funding = createHourlyFunding(market)
  const requestOf = createRequests(market, createHyperliquidListings(market.seed))
  return {
    isPosted: true,
    answer: (path, params, nowMs): Answer => {
      if (path !== '/info') return { status: 404, body: '' }
      const request = { ...requestOf(params, nowMs), funding }
      try {
        const name = params.get('type') ?? ''
        const answerOf = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined
        if (!answerOf) throw new HyperliquidProblem(422)
        return { status: 200, body: JSON.stringify(answerOf(request)), contentType: 'application/json' }
      } catch (error) {
        if (!(error instanceof HyperliquidProblem)) throw error
        const contentType = error.status === 422 ? 'text/plain; charset=utf-8' : 'application/json'
        return { status: error.status, body: error.message, contentType }
      }
    }
  }
}
