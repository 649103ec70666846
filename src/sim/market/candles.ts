import { DAY, floorTo, HOUR, MINUTE, SECOND } from '../../domain/time.ts'
import type { SimInstrument } from './instrument.ts'
import type { Market } from './market.ts'
import { uniform } from './noise.ts'

export type CandleSource = 'price' | 'mark' | 'index' | 'premium'

/** One candle: prices as numbers, volume in USD traded. `closeMs` is the start of the next one. */
export type Candle = {
  readonly openMs: number
  readonly closeMs: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volumeUsd: number
  readonly trades: number
}

/** Which candles a request asks for: openings from `firstMs` to `lastMs`, both on the interval's grid. */
export type CandleRange = { readonly firstMs: number; readonly lastMs: number }

export type Interval = number | 'week' | 'month'

const INTERVALS: Readonly<Record<string, Interval>> = {
  '1s': SECOND,
  '1m': MINUTE,
  '3m': 3 * MINUTE,
  '5m': 5 * MINUTE,
  '15m': 15 * MINUTE,
  '30m': 30 * MINUTE,
  '1h': HOUR,
  '2h': 2 * HOUR,
  '4h': 4 * HOUR,
  '6h': 6 * HOUR,
  '8h': 8 * HOUR,
  '12h': 12 * HOUR,
  '1d': DAY,
  '3d': 3 * DAY,
  '1w': 'week',
  '1M': 'month'
}

/** Those intervals that a venue has, where it names them as most do. */
export function intervalsNamed(names: string): ReadonlyMap<string, Interval> {
  return new Map(names.split(' ').map((name) => [name, INTERVALS[name]!]))
}

const INSIDE_SAMPLES = 7
const MONDAY_OFFSET_MS = 4 * DAY
/** How far a price strays between two samples: standard deviation per square root of a day. */
const STRAY_PER_DAY = 0.02
const PREMIUM_STRAY = 0.4e-4

/** The opening time of the candle that holds a moment. */
export function openingOf(interval: Interval, atMs: number): number {
  if (interval === 'week') return floorTo(atMs - MONDAY_OFFSET_MS, 7 * DAY) + MONDAY_OFFSET_MS
  if (interval !== 'month') return floorTo(atMs, interval)
  const date = new Date(atMs)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)
}

/** The opening `count` candles later (or earlier). */
export function shiftOpening(interval: Interval, openMs: number, count: number): number {
  if (interval === 'week') return openMs + count * 7 * DAY
  if (interval !== 'month') return openMs + count * interval
  const date = new Date(openMs)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + count, 1)
}

/** Candles from what the price function says at their edges and inside; the one that is still open ends now. */
export function candles(
  market: Market,
  instrument: SimInstrument,
  source: CandleSource,
  interval: Interval,
  range: CandleRange,
  nowMs: number
): Candle[] {
  const priceAt = priceFunction(market, instrument, source)
  const now = floorTo(nowMs, SECOND)
  const first = Math.max(range.firstMs, openingOf(interval, instrument.listedAt))
  const end = Math.min(range.lastMs, now, (instrument.expiry ?? Number.POSITIVE_INFINITY) - 1)
  const result: Candle[] = []
  let open = first <= end ? priceAt(Math.max(first, instrument.listedAt)) : 0
  for (let openMs = first; openMs <= end; ) {
    const closeMs = shiftOpening(interval, openMs, 1)
    const lastMs = Math.min(closeMs, now, instrument.expiry ?? closeMs)
    const close = priceAt(lastMs)
    result.push(candle(market, instrument, source, { openMs, closeMs, lastMs, open, close }, priceAt))
    open = close
    openMs = closeMs
  }
  return result
}

function priceFunction(market: Market, instrument: SimInstrument, source: CandleSource): (atMs: number) => number {
  if (source === 'premium') return (atMs) => market.premium(instrument, atMs)
  if (source === 'mark') return (atMs) => market.mark(instrument, atMs)
  if (source === 'index') return (atMs) => market.index(instrument, atMs)
  return (atMs) => market.mid(instrument, atMs)
}

type Edges = { openMs: number; closeMs: number; lastMs: number; open: number; close: number }

function candle(
  market: Market,
  instrument: SimInstrument,
  source: CandleSource,
  edges: Edges,
  priceAt: (atMs: number) => number
): Candle {
  const { openMs, closeMs, lastMs, open, close } = edges
  let high = Math.max(open, close)
  let low = Math.min(open, close)
  const step = (closeMs - openMs) / (INSIDE_SAMPLES + 1)
  for (let at = openMs + step; at < lastMs; at += step) {
    const price = priceAt(at)
    if (price > high) high = price
    if (price < low) low = price
  }
  const stray = source === 'premium' ? PREMIUM_STRAY : strayOf(open, step)
  const salt = instrument.salt + 61
  const key = Math.floor(openMs / MINUTE)
  const elapsed = Math.min(lastMs, closeMs) - openMs
  const lively = 0.45 + 1.1 * uniform(salt + 2, key)
  const perDay = source === 'price' ? market.activity.volumeUsdPerDay(instrument, openMs) : 0
  return {
    openMs,
    closeMs,
    open,
    close,
    high: high + stray * (0.6 + uniform(salt, key)),
    low: low - stray * (0.6 + uniform(salt + 1, key)),
    volumeUsd: (perDay * lively * elapsed) / DAY,
    trades: Math.round((elapsed / SECOND) * (0.2 + lively))
  }
}

function strayOf(price: number, stepMs: number): number {
  return price * STRAY_PER_DAY * Math.sqrt(Math.min(stepMs, HOUR) / DAY)
}
