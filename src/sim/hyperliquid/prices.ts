import { levels, type Side } from '../market/book.ts'
import { type Candle, candles, intervalsNamed, openingOf, shiftOpening } from '../market/candles.ts'
import type { SimInstrument } from '../market/instrument.ts'
import { coinOf, HyperliquidProblem, type HyperliquidRequest, priceOf, textOf, timeOf } from './context.ts'
import { midOf } from './perpetuals.ts'

const INTERVALS = intervalsNamed('1m 3m 5m 15m 30m 1h 2h 4h 8h 12h 1d 3d 1w 1M')
/** Older candles than the newest so many are not kept. */
const KEPT = 5000
const BOOK_LEVELS = 20

/** Candles from the one that holds `startTime` to the one that holds `endTime`, oldest first; only the newest 5,000 exist. */
export function candleSnapshot(request: HyperliquidRequest): unknown {
  const { market, params, nowMs } = request
  const instrument = coinOf(request)
  const name = params.get('interval') ?? ''
  const interval = INTERVALS.get(name)
  if (interval === undefined) throw new HyperliquidProblem(422)
  const startMs = timeOf(request, 'startTime', undefined)
  const endMs = timeOf(request, 'endTime', nowMs)
  const oldestMs = shiftOpening(interval, openingOf(interval, nowMs), 1 - KEPT)
  const range = {
    firstMs: Math.max(openingOf(interval, startMs), oldestMs),
    lastMs: openingOf(interval, Math.min(endMs, nowMs))
  }
  return candles(market, instrument, 'price', interval, range, nowMs).map((candle) =>
    candleRow(instrument, name, candle)
  )
}

function candleRow(instrument: SimInstrument, interval: string, candle: Candle): unknown {
  const price = (value: number) => textOf(value, instrument.tickDecimals)
  const { openMs, closeMs, open, close, high, low, volumeUsd, trades } = candle
  return {
    t: openMs,
    T: closeMs - 1,
    s: instrument.id,
    i: interval,
    o: price(open),
    c: price(close),
    h: price(high),
    l: price(low),
    v: textOf(volumeUsd / ((open + close) / 2), instrument.stepDecimals),
    n: trades
  }
}

/** The best 20 levels of each side. */
export function l2Book(request: HyperliquidRequest): unknown {
  const instrument = coinOf(request)
  const time = request.nowMs
  const atMs = time - (time % 1000)
  const mid = request.market.mid(instrument, atMs)
  const side = (name: Side) =>
    levels(instrument, name, mid, atMs, BOOK_LEVELS).map(({ ticks, steps }) => ({
      px: priceOf(instrument, ticks),
      sz: textOf(steps / 10 ** instrument.stepDecimals, instrument.stepDecimals),
      n: 1 + (steps % 5)
    }))
  return { coin: instrument.id, time, levels: [side('bid'), side('ask')] }
}

/** Every mid by its coin. */
export function allMids({ listings, quotes }: HyperliquidRequest): unknown {
  const all = [...quotes(listings.linear), ...quotes(listings.spot)]
  return Object.fromEntries(all.map((quote) => [quote.instrument.id, midOf(quote)]))
}
