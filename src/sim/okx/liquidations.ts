import { DAY } from '../../domain/time.ts'
import type { SimInstrument } from '../market/instrument.ts'
import { newestTrades, type SimTrade } from '../market/trades.ts'
import { empty, instrumentsOf, instTypeOf, limitOf, type OkxRequest } from './context.ts'
import { calculatedOf } from './instruments.ts'
import { faceValueOf } from './listings.ts'

const LARGEST = 100

/** Filled liquidation orders of a family in the last day, newest first, by contract; unfilled ones there are never. */
export function liquidationOrders(request: OkxRequest): readonly unknown[] {
  const { params, market, nowMs } = request
  const type = instTypeOf(request)
  if (!params.get('instFamily') && !params.get('uly')) throw empty('instFamily')
  const limit = limitOf(params, LARGEST, LARGEST)
  if (params.get('state') !== 'filled') return []
  return instrumentsOf(request, type).map((instrument) => {
    const orders = newestTrades(market, instrument, {
      untilMs: nowMs,
      sinceMs: nowMs - DAY,
      limit,
      onlyLiquidations: true
    })
    const family = params.get('instFamily') ?? params.get('uly')
    return {
      instType: type,
      instId: instrument.id,
      instFamily: family,
      uly: family,
      totalLoss: '0',
      details: orders.map((order) => orderOf(instrument, order))
    }
  })
}

function orderOf(instrument: SimInstrument, { atMs, ticks, usd, liquidated }: SimTrade) {
  const price = ticks / 10 ** instrument.tickDecimals
  const isLong = liquidated!.position === 'long'
  const contractUsd = faceValueOf(instrument) * (instrument.section === 'inverse' ? 1 : price)
  return {
    bkLoss: '0',
    bkPx: calculatedOf(instrument, price * (isLong ? 0.995 : 1.005)),
    ccy: '',
    posSide: liquidated!.position,
    side: isLong ? 'sell' : 'buy',
    sz: String(Math.max(1, Math.round(usd / contractUsd))),
    time: String(atMs),
    ts: String(atMs)
  }
}
