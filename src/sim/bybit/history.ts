import { DAY, floorTo, HOUR, MINUTE } from '../../domain/time.ts'
import { trimmed } from '../answer.ts'
import { BybitProblem, type BybitRequest, contractCategoryOf, limitOf, requiredSymbolOf, timeOf } from './context.ts'

const PERIODS: ReadonlyMap<string, number> = new Map<string, number>([
  ['5min', 5 * MINUTE],
  ['15min', 15 * MINUTE],
  ['30min', 30 * MINUTE],
  ['1h', HOUR],
  ['4h', 4 * HOUR],
  ['1d', DAY]
])

/** Settled rates, newest first, at most 200 up to `endTime`; a start without an end is refused. */
export function fundingHistory(request: BybitRequest): unknown {
  const { params, nowMs, market } = request
  const category = contractCategoryOf(request)
  const instrument = requiredSymbolOf(request, category)
  const limit = limitOf(params, 200, 200)
  const startMs = timeOf(params, 'startTime', -1)
  const endMs = timeOf(params, 'endTime', -1)
  if (startMs >= 0 && endMs < 0) throw new BybitProblem('params error: EndTime is required when StartTime is set')
  if (startMs > endMs) throw new BybitProblem('params error: StartTime should be less than EndTime')
  if (!instrument.funding) return { category, list: [] }
  const stepMs = instrument.funding.intervalHours * HOUR
  const last = market.funding.lastSettlement(instrument, endMs < 0 ? nowMs : Math.min(endMs, nowMs))
  const earliest = Math.max(startMs, instrument.listedAt + 1)
  const list: unknown[] = []
  for (let at = last; at >= earliest && list.length < limit; at -= stepMs) {
    const fundingRate = trimmed(market.funding.settled(instrument, at).toFixed(8))
    list.push({ symbol: instrument.id, fundingRate, fundingRateTimestamp: String(at) })
  }
  return { category, list }
}

/** Newest first, 200 to a page; the cursor is the time of the page's last row. */
export function openInterestHistory(request: BybitRequest): unknown {
  const category = contractCategoryOf(request)
  const instrument = requiredSymbolOf(request, category)
  const { list, nextPageCursor } = periods(request, 'intervalTime', 200, instrument.listedAt, (at) => {
    const single = request.market.activity.openInterest(instrument, at)
    return { openInterest: (2 * single).toFixed(8), singleOpenInterest: single.toFixed(8), timestamp: String(at) }
  })
  return { symbol: instrument.id, category, list, nextPageCursor }
}

export function accountRatio(request: BybitRequest): unknown {
  const instrument = requiredSymbolOf(request, contractCategoryOf(request))
  return periods(request, 'period', 500, instrument.listedAt, (at) => {
    const long = Number(request.market.activity.longShare(instrument, at).toFixed(4))
    return { symbol: instrument.id, buyRatio: long.toFixed(4), sellRatio: (1 - long).toFixed(4), timestamp: String(at) }
  })
}

function periods(
  { params, nowMs }: BybitRequest,
  name: string,
  most: number,
  listedAt: number,
  row: (atMs: number) => unknown
): { list: unknown[]; nextPageCursor: string } {
  const stepMs = PERIODS.get(params.get(name) ?? '')
  if (stepMs === undefined) throw new BybitProblem(`params error: ${name} is invalid`)
  const limit = limitOf(params, 50, most)
  const endMs = Math.min(timeOf(params, 'endTime', nowMs), nowMs)
  const startMs = Math.max(timeOf(params, 'startTime', listedAt), listedAt)
  const cursor = /lasttime(?:=|%3D)(\d{1,11})$/.exec(params.get('cursor') ?? '')
  let at = floorTo(endMs, stepMs)
  if (cursor) at = Math.min(at, Number(cursor[1]) * 1000 - stepMs)
  const list: unknown[] = []
  for (; at >= startMs && list.length < limit; at -= stepMs) list.push(row(at))
  const lastSeconds = (at + stepMs) / 1000
  return { list, nextPageCursor: at >= startMs ? `lastid%3D${lastSeconds}%26lasttime%3D${lastSeconds}` : '' }
}
