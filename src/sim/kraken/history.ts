import { DAY, HOUR } from '../../domain/time.ts'
import { integerOf } from '../answer.ts'
import {
  type Candle,
  type CandleSource,
  candles,
  type Interval,
  intervalsNamed,
  openingOf,
  shiftOpening
} from '../market/candles.ts'
import type { SimInstrument } from '../market/instrument.ts'
import { contractOf, KrakenFuturesProblem, type KrakenRequest } from './context.ts'

/** How much of the past the rates' history reaches back: all of it in one answer, with no way to ask for less. */
const KEPT_MS = 366 * DAY
const CANDLES_A_PAGE = 2000
const SOURCES: Readonly<Record<string, CandleSource>> = { trade: 'price', mark: 'mark', spot: 'index' }
const RESOLUTIONS = intervalsNamed('1m 5m 15m 30m 1h 4h 12h 1d 1w')

/** `historicalfundingrates`: oldest first; each row is stamped with the start of the hour that its rate is paid in. */
export function historicalFundingRates(request: KrakenRequest): Record<string, unknown> {
  const { funding, nowMs } = request
  const instrument = contractOf(request, request.params.get('symbol'))
  if (!instrument.funding) throw new KrakenFuturesProblem('invalidArgument: symbol')
  const rates: unknown[] = []
  const first = Math.ceil(Math.max(nowMs - KEPT_MS, instrument.listedAt + HOUR) / HOUR) * HOUR
  for (let at = first; at <= nowMs; at += HOUR) {
    rates.push({
      timestamp: new Date(at).toISOString(),
      fundingRate: Number(funding.absolute(instrument, at).toPrecision(14)),
      relativeFundingRate: Number(funding.relative(instrument, at).toFixed(18))
    })
  }
  return { rates, result: 'success', serverTime: new Date(nowMs).toISOString() }
}

/** `charts/v1/{source}/{symbol}/{resolution}`: the oldest 2000 candles of a window, oldest first. */
export function charts(request: KrakenRequest, [source = '', symbol = '', resolution = '']: string[]): unknown {
  const interval = RESOLUTIONS.get(resolution)
  const candleSource = Object.hasOwn(SOURCES, source) ? SOURCES[source] : undefined
  if (interval === undefined || candleSource === undefined) throw new KrakenFuturesProblem('notFound', 404)
  const instrument = contractOf(request, symbol)
  const { params, nowMs, market } = request
  const from = integerOf(params, 'from', -1) * 1000
  const to = integerOf(params, 'to', Math.floor(nowMs / 1000)) * 1000
  if (Number.isNaN(from) || Number.isNaN(to)) throw new KrakenFuturesProblem('Bad Request')
  const lastMs = openingOf(interval, Math.min(to, nowMs))
  const isOpen = from < 0
  const firstMs = isOpen ? shiftOpening(interval, lastMs, 1 - CANDLES_A_PAGE) : ceiling(interval, from)
  const pageEndMs = shiftOpening(interval, firstMs, CANDLES_A_PAGE - 1)
  const range = { firstMs, lastMs: Math.min(lastMs, pageEndMs) }
  const rows = candles(market, instrument, candleSource, interval, range, nowMs)
  return { candles: rows.map((candle) => candleRow(instrument, candle)), more_candles: lastMs > pageEndMs }
}

function ceiling(interval: Interval, atMs: number): number {
  const opening = openingOf(interval, atMs)
  return opening === atMs ? opening : shiftOpening(interval, opening, 1)
}

function candleRow({ tickDecimals, section, stepDecimals }: SimInstrument, candle: Candle): unknown {
  const { openMs, open, high, low, close, volumeUsd } = candle
  const price = (value: number) => value.toFixed(Math.max(tickDecimals, 2))
  const volume = section === 'inverse' ? Math.round(volumeUsd) : Number((volumeUsd / close).toFixed(stepDecimals))
  return { time: openMs, open: price(open), high: price(high), low: price(low), close: price(close), volume }
}
