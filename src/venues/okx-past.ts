import { HOUR } from '../domain/time.ts'
import type { OpenInterestPast, PastReading } from './past-reading.ts'
import type { Untrusted } from './venue.ts'

export const SETTLEMENT_PAGE = 100
/** Of marks and indices a page is a third of that of trades. */
const CALCULATED_PAGE = 100

/**
 * ccxt's unified call answers a whole coin's open interest over all of its contracts; the venue's own is by contract. Only the
 * newest 1,440 periods exist. Whether the ends of a window are in it is not documented: it is asked a moment wider.
 */
const openInterest: Omit<OpenInterestPast, 'read'> = {
  served: ({ kind }) => kind !== 'spot',
  pageLimit: 100,
  keptMs: 1_439 * HOUR,
  ask: async (exchange, symbol, since, until) => {
    const answer = await exchange.publicGetRubikStatContractsOpenInterestHistory({
      instId: exchange.market(symbol).id,
      period: '1H',
      limit: '100',
      begin: String(since - 1),
      end: String(until + 1)
    })
    return answer?.data?.map(([timestamp, oi, oiCcy, oiUsd]: Untrusted[]) => ({
      timestamp: Number(timestamp),
      info: { oi, oiCcy, oiUsd }
    }))
  }
}

/** OKX's ways with its past. */
export const okxPast = (readOpenInterest: OpenInterestPast['read']): PastReading => ({
  // ccxt knows no `until` here; `after` is the venue's own and excludes its moment.
  askSettlements: (exchange, symbol, since, until) =>
    exchange.fetchFundingRateHistory(symbol, since, SETTLEMENT_PAGE, { after: until + 1 }),
  calculated: { served: ({ kind }) => (kind === 'spot' ? [] : ['mark', 'index']), pageLimit: CALCULATED_PAGE },
  openInterest: { ...openInterest, read: readOpenInterest }
})
