import { positionClosedBy } from '../domain/liquidation.ts'
import { liquidationCall, oldestOf } from './liquidations.ts'
import type { Call, Covered, Untrusted } from './venue.ts'

// What venues show of liquidations over REST: OKX its newest orders, Deribit and Kraken marks on their newest trades. Binance, Bybit
// and Hyperliquid show none. Meanings: docs/venues.md.

const isLinear = ({ inverse }: Covered) => inverse === false
const isInverse = ({ inverse }: Covered) => inverse === true

const OKX_PAGE = 100

/** ccxt knows neither the question nor the answer. An order has no id: what it says is its id. `bkPx` is the price of bankruptcy. */
export const okxLiquidations = liquidationCall({
  name: 'liquidation orders',
  method: 'request',
  covers: ({ kind }) => kind !== 'spot',
  sampleOf: 'newest_100_orders',
  unit: 'contracts',
  ask: async (exchange, symbol) => {
    const { id, swap, info } = exchange.market(symbol)
    const instFamily = info?.instFamily || info?.uly
    const asked = { instType: swap ? 'SWAP' : 'FUTURES', instFamily, state: 'filled', limit: OKX_PAGE }
    const answer = await exchange.request('public/liquidation-orders', 'public', 'GET', asked)
    const all: Untrusted[] = (answer?.data ?? []).flatMap((row: Untrusted) =>
      (row?.details ?? []).map((detail: Untrusted) => ({ ...detail, instId: row.instId }))
    )
    const told = all
      .filter(({ instId }) => instId === id)
      .map(({ ts, posSide, side, sz, bkPx }) => ({
        id: [ts, posSide, side, sz, bkPx].join(' '),
        at: ts,
        position: posSide === 'long' || posSide === 'short' ? posSide : positionClosedBy(side),
        price: bkPx,
        amount: sz
      }))
    return { symbol, told, reachesFrom: oldestOf(all.map(({ ts }) => ts)) }
  }
})

const DERIBIT_TRADES = 1_000
export const deribitLiquidations: Call[] = [
  deribitCall('linear liquidations', isLinear, 'base'),
  deribitCall('inverse liquidations', isInverse, 'usd')
]

/** Trades whose taker (T), maker (M) or both (MT) were under liquidation; ccxt's own fetchLiquidations asks for bankruptcies. */
function deribitCall(name: string, covers: Call['covers'], unit: 'base' | 'usd'): Call {
  return liquidationCall({
    name,
    method: 'fetchTrades',
    covers,
    sampleOf: 'newest_1000_trades',
    unit,
    ask: async (exchange, symbol) => {
      const trades: Untrusted[] = await exchange.fetchTrades(symbol, undefined, DERIBIT_TRADES)
      const told = trades.flatMap(({ info }) => {
        const { trade_id: id, timestamp: at, price, amount, direction, liquidation } = info ?? {}
        const sides = String(liquidation ?? '')
        const opposite = direction === 'buy' ? 'sell' : 'buy'
        const closing = [...(sides.includes('T') ? [direction] : []), ...(sides.includes('M') ? [opposite] : [])]
        return closing.map((side) => ({ id, at, position: positionClosedBy(side), price, amount }))
      })
      return { symbol, told, reachesFrom: oldestOf(trades.map(({ info }) => info?.timestamp)) }
    }
  })
}

export const krakenLiquidations: Call[] = [
  krakenCall('linear liquidations', isLinear, 'base'),
  krakenCall('inverse liquidations', isInverse, 'usd')
]

/** Trades of the type `liquidation`. `side` is the taker's; whether it was the taker who was liquidated is not said. */
function krakenCall(name: string, covers: Call['covers'], unit: 'base' | 'usd'): Call {
  return liquidationCall({
    name,
    method: 'fetchTrades',
    covers,
    sampleOf: 'newest_100_trades',
    unit,
    ccxtId: 'krakenfutures',
    ask: async (exchange, symbol) => {
      const asked = { method: 'publicGetHistory' }
      const trades: Untrusted[] = await exchange.fetchTrades(symbol, undefined, undefined, asked)
      const told = trades
        .filter(({ info }) => info?.type === 'liquidation')
        .map(({ info: { uid, price, size }, timestamp }) => ({
          id: uid,
          at: timestamp,
          position: 'unknown' as const,
          price,
          amount: size
        }))
      return { symbol, told, reachesFrom: oldestOf(trades.map(({ timestamp }) => timestamp)) }
    }
  })
}
