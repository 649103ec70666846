import { DAY } from '../../domain/time.ts'
import { newestTrades, type SimTrade } from '../market/trades.ts'
import { contractOf, type KrakenRequest } from './context.ts'

const MOST = 100

/** `history`: the newest 100 trades of a contract, newest first. */
export function tradeHistory(request: KrakenRequest): Record<string, unknown> {
  const { market, params, nowMs } = request
  const instrument = contractOf(request, params.get('symbol'))
  const untilMs = Math.min(nowMs, Date.parse(params.get('lastTime') ?? '') || nowMs)
  const rowOf = ({ sequence, atMs, side, ticks, usd, liquidated }: SimTrade) => {
    const { id, tickDecimals, stepDecimals, section } = instrument
    const price = Number((ticks / 10 ** tickDecimals).toFixed(tickDecimals))
    const size = section === 'inverse' ? Math.round(usd) : Number((usd / price).toFixed(stepDecimals))
    return {
      time: new Date(atMs).toISOString(),
      trade_id: sequence,
      price,
      size: Math.max(size, 10 ** -stepDecimals),
      side,
      type: liquidated === null ? 'fill' : 'liquidation',
      uid: `${id.toLowerCase()}-${sequence}`
    }
  }
  return {
    result: 'success',
    history: newestTrades(market, instrument, { untilMs, sinceMs: nowMs - 7 * DAY, limit: MOST }).map(rowOf),
    serverTime: new Date(nowMs).toISOString()
  }
}
