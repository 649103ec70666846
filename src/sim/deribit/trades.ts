import { DAY } from '../../domain/time.ts'
import { integerOf } from '../answer.ts'
import { newestTrades, type SimTrade } from '../market/trades.ts'
import { calculated, type DeribitRequest, instrumentOf, invalidParam, priceOf } from './context.ts'

const COUNT = 10
const MOST = 1_000

/** The newest trades of an instrument, newest first; those of a liquidation say whose. */
export function lastTrades(request: DeribitRequest): unknown {
  const { params, market, nowMs } = request
  const instrument = instrumentOf(request)
  const count = integerOf(params, 'count', COUNT)
  if (!(count >= 1 && count <= MOST)) throw invalidParam('count', 'invalid count')
  const trades = newestTrades(market, instrument, { untilMs: nowMs, sinceMs: nowMs - DAY, limit: count })
  return { trades: trades.map((trade) => tradeOf(request, trade)), has_more: trades.length === count }
}

function tradeOf(request: DeribitRequest, { sequence, atMs, side, ticks, usd, liquidated }: SimTrade) {
  const instrument = instrumentOf(request)
  const { market } = request
  const price = priceOf(instrument, ticks)
  const isInverse = instrument.section === 'inverse'
  const size = isInverse ? instrument.contractSizeUsd : 10 ** -instrument.stepDecimals
  const contracts = Math.max(1, Math.round((isInverse ? usd : usd / price) / size))
  return {
    trade_seq: sequence,
    trade_id: `${instrument.asset.name}-${sequence}`,
    timestamp: atMs,
    tick_direction: 0,
    price,
    mark_price: calculated(instrument, market.mark(instrument, atMs)),
    instrument_name: instrument.id,
    index_price: calculated(instrument, market.index(instrument, atMs)),
    direction: side,
    contracts,
    amount: Number((contracts * size).toFixed(8)),
    ...(liquidated === null ? {} : { liquidation: liquidated.isTaker ? 'T' : 'M' })
  }
}
