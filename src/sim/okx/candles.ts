import { DAY, HOUR, MINUTE } from '../../domain/time.ts'
import { trimmed } from '../answer.ts'
import { type Candle, type CandleSource, candles, type Interval, openingOf, shiftOpening } from '../market/candles.ts'
import type { SimInstrument } from '../market/instrument.ts'
import { invalid, limitOf, type OkxRequest, pageOf, requiredFamilyOf, requiredInstrumentOf } from './context.ts'
import { calculatedOf, contractsOf } from './instruments.ts'
import { faceValueOf } from './listings.ts'

/** Bars of six hours and more are only known here by their UTC names; the others open on the hours of UTC+8. */
const BARS: ReadonlyMap<string, Interval> = new Map<string, Interval>([
  ['1m', MINUTE],
  ['3m', 3 * MINUTE],
  ['5m', 5 * MINUTE],
  ['15m', 15 * MINUTE],
  ['30m', 30 * MINUTE],
  ['1H', HOUR],
  ['2H', 2 * HOUR],
  ['4H', 4 * HOUR],
  ['6Hutc', 6 * HOUR],
  ['12Hutc', 12 * HOUR],
  ['1Dutc', DAY],
  ['1Wutc', 'week'],
  ['1Mutc', 'month']
])
/** The plain endpoints reach this many candles back, the `history-` ones to the beginning. */
const RECENT = 1440
const LARGEST_PAGE = { price: 300, mark: 100, index: 100, premium: 100 } as const

/** A route for one kind of candle, recent or of any time. */
export function candlesOf(
  source: CandleSource,
  reach: 'recent' | 'history'
): (request: OkxRequest) => readonly unknown[] {
  return (request) => {
    const { params, nowMs, market } = request
    const instrument = source === 'index' ? requiredFamilyOf(request) : requiredInstrumentOf(request)
    const interval = BARS.get(params.get('bar') ?? '1m')
    if (interval === undefined) throw invalid('bar')
    const limit = limitOf(params, 100, LARGEST_PAGE[source])
    const { beforeMs, afterMs } = pageOf(request)
    const lastMs = openingOf(interval, Math.min(afterMs - 1, nowMs))
    const oldest = reach === 'recent' ? shiftOpening(interval, openingOf(interval, nowMs), 1 - RECENT) : 0
    // One more than a page: of a history the candle that is still open is left out.
    const firstMs = Math.max(shiftOpening(interval, lastMs, -limit), oldest, afterOpening(interval, beforeMs))
    return candles(market, instrument, source, interval, { firstMs, lastMs }, nowMs)
      .filter(({ openMs, closeMs }) => openMs > beforeMs && (reach === 'recent' || closeMs <= nowMs))
      .reverse()
      .slice(0, limit)
      .map((candle) => row(instrument, source, candle, nowMs))
  }
}

function afterOpening(interval: Interval, beforeMs: number): number {
  return beforeMs < 0 ? 0 : openingOf(interval, beforeMs)
}

/** Newest first: time, prices, and for trades contracts, coins and quote; at last whether it is closed. */
function row(instrument: SimInstrument, source: CandleSource, candle: Candle, nowMs: number): string[] {
  const price = (value: number) => calculatedOf(instrument, value)
  const { openMs, open, high, low, close } = candle
  const prices = [String(openMs), price(open), price(high), price(low), price(close)]
  const confirm = candle.closeMs <= nowMs ? '1' : '0'
  return source === 'price' ? [...prices, ...volumesOf(instrument, candle), confirm] : [...prices, confirm]
}

function volumesOf(instrument: SimInstrument, { open, close, volumeUsd }: Candle): string[] {
  const base = volumeUsd / ((open + close) / 2)
  const coins = trimmed(base.toFixed(8))
  const quote = trimmed(volumeUsd.toFixed(8))
  if (instrument.kind === 'spot') return [coins, quote, quote]
  const face = faceValueOf(instrument)
  return [contractsOf(instrument, (instrument.section === 'inverse' ? volumeUsd : base) / face), coins, quote]
}
