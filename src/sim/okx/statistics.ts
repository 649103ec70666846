import { DAY, floorTo, HOUR, MINUTE } from '../../domain/time.ts'
import { integerOf } from '../answer.ts'
import { invalid, limitOf, type OkxRequest, requiredInstrumentOf } from './context.ts'
import { openInterestAt } from './tickers.ts'

const PERIODS: Readonly<Record<string, number>> = { '5m': 5 * MINUTE, '1H': HOUR, '1D': DAY }
const LARGEST = 100

/** `[ts, ratio]`, newest first. */
export function accountRatio(request: OkxRequest): readonly unknown[] {
  const instrument = requiredInstrumentOf(request)
  return windowsOf(request).map((at) => {
    const long = request.market.activity.longShare(instrument, at)
    return [String(at), String(long / (1 - long))]
  })
}

/** Open interest is kept for so many periods. */
const KEPT = 1440

/** `[ts, contracts, coins, dollars]`, newest first; both ends of a window are outside of it, as of OKX's other pages. */
export function openInterestHistory(request: OkxRequest): readonly unknown[] {
  const { params, nowMs, market } = request
  const instrument = requiredInstrumentOf(request)
  const stepMs = periodOf(request)
  const limit = limitOf(params, LARGEST, LARGEST)
  const begin = integerOf(params, 'begin', Number.NEGATIVE_INFINITY)
  const end = integerOf(params, 'end', Number.POSITIVE_INFINITY)
  const newest = floorTo(nowMs, stepMs)
  const oldest = Math.max(newest - (KEPT - 1) * stepMs, instrument.listedAt, begin + 1)
  const rows: unknown[] = []
  for (let at = floorTo(Math.min(newest, end - 1), stepMs); at >= oldest && rows.length < limit; at -= stepMs) {
    const { oi, oiCcy, oiUsd } = openInterestAt(market, instrument, at)
    rows.push([String(at), oi, oiCcy, oiUsd])
  }
  return rows
}

/** `[ts, sold, bought]`, newest first: the window that still runs is the first. `unit`: 0 coins, 1 contracts, 2 dollars. */
export function takerVolume(request: OkxRequest): readonly unknown[] {
  const instrument = requiredInstrumentOf(request)
  const unit = request.params.get('unit') ?? '1'
  return windowsOf(request).map((at, _, all) => {
    const stepMs = all.length > 1 ? all[0]! - all[1]! : 5 * MINUTE
    const lastedMs = Math.min(stepMs, request.nowMs - at)
    const usd = (request.market.activity.volumeUsdPerDay(instrument, at) * lastedMs) / DAY
    const amount = unit === '2' ? usd : usd / request.market.mark(instrument, at)
    const share = 0.5 + (request.market.activity.longShare(instrument, at) - 0.5) / 4
    return [String(at), (amount * (1 - share)).toFixed(8), (amount * share).toFixed(8)]
  })
}

function windowsOf(request: OkxRequest): number[] {
  const stepMs = periodOf(request)
  const count = limitOf(request.params, LARGEST, LARGEST)
  const newest = floorTo(request.nowMs, stepMs)
  return Array.from({ length: count }, (_, index) => newest - index * stepMs)
}

function periodOf({ params }: OkxRequest): number {
  const stepMs = PERIODS[params.get('period') ?? '5m']
  if (stepMs === undefined) throw invalid('period')
  return stepMs
}
