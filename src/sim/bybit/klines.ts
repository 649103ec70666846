import { DAY, HOUR, MINUTE } from '../../domain/time.ts'
import { trimmed } from '../answer.ts'
import {
  type Candle,
  type CandleRange,
  type CandleSource,
  candles,
  type Interval,
  openingOf,
  shiftOpening
} from '../market/candles.ts'
import type { SimInstrument } from '../market/instrument.ts'
import type { Section } from '../market/listings.ts'
import {
  BybitProblem,
  type BybitRequest,
  categoryOf,
  contractCategoryOf,
  limitOf,
  requiredSymbolOf,
  timeOf
} from './context.ts'
import { priceOf } from './instruments.ts'

const INTERVALS: ReadonlyMap<string, Interval> = new Map<string, Interval>([
  ['1', MINUTE],
  ['3', 3 * MINUTE],
  ['5', 5 * MINUTE],
  ['15', 15 * MINUTE],
  ['30', 30 * MINUTE],
  ['60', HOUR],
  ['120', 2 * HOUR],
  ['240', 4 * HOUR],
  ['360', 6 * HOUR],
  ['720', 12 * HOUR],
  ['D', DAY],
  ['W', 'week'],
  ['M', 'month']
])

export function priceKline(request: BybitRequest): unknown {
  const category = categoryOf(request, 'linear')
  if (category === 'option') throw new BybitProblem('params error: Category is invalid')
  return kline(request, category, 'price')
}

export function markPriceKline(request: BybitRequest): unknown {
  return kline(request, contractCategoryOf(request), 'mark')
}

export function indexPriceKline(request: BybitRequest): unknown {
  return kline(request, contractCategoryOf(request), 'index')
}

/** Linear contracts only, as documented. */
export function premiumIndexPriceKline(request: BybitRequest): unknown {
  if (contractCategoryOf(request) === 'inverse') throw new BybitProblem('params error: Category is invalid')
  return kline(request, 'linear', 'premium')
}

/** Newest first. */
function kline(request: BybitRequest, section: Section, source: CandleSource): unknown {
  const { params, nowMs, market } = request
  const instrument = requiredSymbolOf(request, section)
  const interval = INTERVALS.get(params.get('interval') ?? '')
  if (interval === undefined) throw new BybitProblem('Invalid period!')
  const rows = candles(market, instrument, source, interval, rangeOf(params, interval, instrument, nowMs), nowMs)
  const row = (candle: Candle) =>
    source === 'price' ? tradedRow(instrument, candle) : calculatedRow(instrument, candle, source)
  return { symbol: instrument.id, category: section, list: rows.map(row).reverse() }
}

/** With `start` alone the first candles from it on; otherwise the last ones up to `end`. */
function rangeOf(params: URLSearchParams, interval: Interval, instrument: SimInstrument, nowMs: number): CandleRange {
  const limit = limitOf(params, 200, 1000)
  const startMs = timeOf(params, 'start', -1)
  const endMs = timeOf(params, 'end', -1)
  const firstWanted = startMs < 0 ? -1 : openingOf(interval, Math.max(startMs, instrument.listedAt))
  if (startMs >= 0 && endMs < 0) {
    return { firstMs: firstWanted, lastMs: shiftOpening(interval, firstWanted, limit - 1) }
  }
  const lastMs = openingOf(interval, endMs < 0 ? nowMs : Math.min(endMs, nowMs))
  return { firstMs: Math.max(firstWanted, shiftOpening(interval, lastMs, 1 - limit)), lastMs }
}

function tradedRow(instrument: SimInstrument, { openMs, open, high, low, close, volumeUsd }: Candle): string[] {
  const price = pricesOf(instrument)
  const base = volumeUsd / ((open + close) / 2)
  const isInverse = instrument.section === 'inverse'
  const volume = isInverse
    ? Math.round(volumeUsd / instrument.contractSizeUsd).toFixed(0)
    : base.toFixed(instrument.stepDecimals)
  const turnover = isInverse ? base.toFixed(8) : volumeUsd.toFixed(4)
  return [String(openMs), price(open), price(high), price(low), price(close), trimmed(volume), trimmed(turnover)]
}

function calculatedRow(
  instrument: SimInstrument,
  { openMs, open, high, low, close }: Candle,
  source: CandleSource
): string[] {
  const value = source === 'premium' ? (premium: number) => premium.toFixed(8) : pricesOf(instrument)
  return [String(openMs), value(open), value(high), value(low), value(close)]
}

function pricesOf(instrument: SimInstrument): (value: number) => string {
  const scale = 10 ** instrument.tickDecimals
  return (value) => trimmed(priceOf(instrument, Math.max(1, Math.round(value * scale))))
}
