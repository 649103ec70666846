import { DAY, floorTo, HOUR, MINUTE } from '../../domain/time.ts'
import { type Candle, candles, openingOf } from '../market/candles.ts'
import {
  calculated,
  type DeribitRequest,
  instrumentOf,
  invalidParam,
  perpetualOf,
  priceOf,
  windowOf
} from './context.ts'

/** The most rows of one answer; of a longer window the newest ones. */
const FUNDING_ROWS = 744
const CANDLES = 5_000

const RESOLUTIONS: ReadonlyMap<string, number> = new Map([
  ...[1, 3, 5, 10, 15, 30, 60, 120, 180, 360, 720].map((minutes): [string, number] => [
    String(minutes),
    minutes * MINUTE
  ]),
  ['1D', DAY]
])

/** Hourly rows, oldest first: what was paid in the hour that ended then, and in the eight hours. */
export function fundingRateHistory(request: DeribitRequest): unknown {
  const { funding, market, nowMs } = request
  const instrument = perpetualOf(request)
  const { startMs, endMs } = windowOf(request)
  if (startMs > endMs) throw invalidParam('end_timestamp', 'must be after start_timestamp')
  const last = floorTo(Math.min(endMs, nowMs), HOUR)
  const first = Math.max(
    Math.ceil(Math.max(startMs, instrument.listedAt) / HOUR) * HOUR,
    last - (FUNDING_ROWS - 1) * HOUR
  )
  const rows: unknown[] = []
  const indexAt = (atMs: number) => calculated(instrument, market.index(instrument, atMs))
  for (let at = first, before = indexAt(first - HOUR); at <= last; at += HOUR) {
    const index = indexAt(at)
    rows.push({
      timestamp: at,
      index_price: index,
      prev_index_price: before,
      interest_8h: funding.between(instrument, at - 8 * HOUR, at),
      interest_1h: funding.hour(instrument, at)
    })
    before = index
  }
  return rows
}

/** What was paid over the window, a fraction. */
export function fundingRateValue(request: DeribitRequest): number {
  const instrument = perpetualOf(request)
  const { startMs, endMs } = windowOf(request)
  if (startMs > endMs) throw invalidParam('end_timestamp', 'must be after start_timestamp')
  return Number(request.funding.between(instrument, startMs, Math.min(endMs, request.nowMs)).toFixed(12))
}

/** Candles whose interval lies in the window, as columns. */
export function chartData(request: DeribitRequest): unknown {
  const { market, params, nowMs } = request
  const instrument = instrumentOf(request)
  const resolution = RESOLUTIONS.get(params.get('resolution') ?? '')
  if (resolution === undefined) throw invalidParam('resolution', 'invalid resolution')
  const { startMs, endMs } = windowOf(request)
  const lastMs = openingOf(resolution, Math.min(endMs, nowMs))
  const firstMs = Math.max(openingOf(resolution, Math.max(startMs, 0)), lastMs - (CANDLES - 1) * resolution)
  const rows = candles(market, instrument, 'price', resolution, { firstMs, lastMs }, nowMs)
  const column = (value: (candle: Candle) => number) => rows.map(value)
  const price = (name: 'open' | 'high' | 'low' | 'close') =>
    column((candle) => priceOf(instrument, Math.max(1, Math.round(candle[name] * 10 ** instrument.tickDecimals))))
  return {
    volume: column(({ volumeUsd, open, close }) => Number((volumeUsd / ((open + close) / 2)).toFixed(8))),
    ticks: column(({ openMs }) => openMs),
    status: rows.length === 0 ? 'no_data' : 'ok',
    open: price('open'),
    low: price('low'),
    high: price('high'),
    cost: column(({ volumeUsd }) => Number(volumeUsd.toFixed(2))),
    close: price('close')
  }
}
