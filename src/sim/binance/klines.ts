import { SECOND } from '../../domain/time.ts'
import { type Candle, type CandleSource, candles, intervalsNamed, openingOf, shiftOpening } from '../market/candles.ts'
import type { SimInstrument } from '../market/instrument.ts'
import {
  type BinanceRequest,
  contractTypeOf,
  limitOf,
  pairOf,
  requiredPairOf,
  requiredSymbolOf,
  wholeNumber
} from './context.ts'
import { invalidInterval, invalidParameter, invalidSymbol, missing } from './problem.ts'
import { amountOf, priceOf } from './quotes.ts'

const INTERVALS = intervalsNamed('1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M')
const DECIMALS_OF_CALCULATED = 8

export function priceKlines(request: BinanceRequest): unknown {
  return klines(request, requiredSymbolOf(request), 'price')
}

export function markPriceKlines(request: BinanceRequest): unknown {
  return klines(request, requiredSymbolOf(request), 'mark')
}

export function indexPriceKlines(request: BinanceRequest): unknown {
  return klines(request, requiredPairOf(request), 'index')
}

export function premiumIndexKlines(request: BinanceRequest): unknown {
  return klines(request, requiredSymbolOf(request), 'premium')
}

/** Candles of whatever contract of the pair currently has the asked type. */
export function continuousKlines(request: BinanceRequest): unknown {
  const pair = requiredPairOf(request)
  const type = request.params.get('contractType')
  if (!type) throw missing('contractType')
  const { listings, section } = request
  const instrument = listings[section].find(
    (each) => pairOf(each) === pairOf(pair) && contractTypeOf(each, listings) === type
  )
  if (!instrument) throw invalidSymbol()
  return klines(request, instrument, 'price')
}

/** From `startTime` on when it is given, else the last ones up to `endTime`. */
function klines(request: BinanceRequest, instrument: SimInstrument, source: CandleSource): unknown {
  const { params, nowMs, market, section } = request
  const interval = INTERVALS.get(params.get('interval') ?? '')
  if (interval === undefined || (interval === SECOND && section !== 'spot')) throw invalidInterval()
  const limit = limitOf(params, 500, section === 'spot' ? 1000 : 1500)
  const startMs = wholeNumber(params, 'startTime', -1)
  const endMs = wholeNumber(params, 'endTime', nowMs)
  if (startMs > endMs && params.has('endTime')) throw invalidParameter('endTime')
  let lastMs = openingOf(interval, Math.min(endMs, nowMs))
  let firstMs = shiftOpening(interval, lastMs, 1 - limit)
  if (startMs >= 0) {
    const opening = openingOf(interval, Math.max(startMs, instrument.listedAt))
    firstMs = opening < startMs ? shiftOpening(interval, opening, 1) : opening
    lastMs = Math.min(lastMs, shiftOpening(interval, firstMs, limit - 1))
  }
  const rows = candles(market, instrument, source, interval, { firstMs, lastMs }, nowMs)
  return rows.map((candle) => (source === 'price' ? tradedRow(instrument, candle) : calculatedRow(candle)))
}

function tradedRow(instrument: SimInstrument, candle: Candle): unknown[] {
  const { open, high, low, close, volumeUsd, trades } = candle
  const scale = 10 ** instrument.tickDecimals
  const price = (value: number) => priceOf(instrument, Math.max(1, Math.round(value * scale)))
  const average = (open + close) / 2
  const bought = 0.46 + 0.08 * (close > open ? 1 : 0)
  const isInverse = instrument.section === 'inverse'
  // Coin-margined candles count contracts first and coins second.
  const amount = (usd: number) => amountOf(instrument, isInverse ? usd / instrument.contractSizeUsd : usd / average)
  const counter = (usd: number) => (isInverse ? usd / average : usd).toFixed(instrument.section === 'linear' ? 5 : 8)
  return [
    candle.openMs,
    price(open),
    price(high),
    price(low),
    price(close),
    amount(volumeUsd),
    candle.closeMs - 1,
    counter(volumeUsd),
    trades,
    amount(volumeUsd * bought),
    counter(volumeUsd * bought),
    '0'
  ]
}

function calculatedRow({ openMs, closeMs, open, high, low, close, trades }: Candle): unknown[] {
  const value = (number: number) => number.toFixed(DECIMALS_OF_CALCULATED)
  return [openMs, value(open), value(high), value(low), value(close), '0', closeMs - 1, '0', trades, '0', '0', '0']
}
