import { DAY, floorTo, HOUR, MINUTE } from '../../domain/time.ts'
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
import { BinanceProblem, invalidParameter, invalidSymbol, missing } from './problem.ts'

const PERIODS: ReadonlyMap<string, number> = new Map<string, number>([
  ['5m', 5 * MINUTE],
  ['15m', 15 * MINUTE],
  ['30m', 30 * MINUTE],
  ['1h', HOUR],
  ['2h', 2 * HOUR],
  ['4h', 4 * HOUR],
  ['6h', 6 * HOUR],
  ['12h', 12 * HOUR],
  ['1d', DAY]
])
/** These statistics are kept for 30 days. */
const KEPT_MS = 30 * DAY

export function openInterest(request: BinanceRequest): unknown {
  const instrument = requiredSymbolOf(request)
  const time = request.nowMs - (request.nowMs % 1000)
  const amount = request.market.activity.openInterest(instrument, time)
  if (request.section === 'linear') {
    return { symbol: instrument.id, openInterest: amount.toFixed(instrument.stepDecimals), time }
  }
  return {
    symbol: instrument.id,
    pair: pairOf(instrument),
    openInterest: String(amount),
    contractType: contractTypeOf(instrument, request.listings),
    time
  }
}

export function openInterestHistory(request: BinanceRequest): unknown {
  const instrument = request.section === 'linear' ? requiredSymbolOf(request) : contractOf(request)
  const names =
    request.section === 'linear'
      ? { symbol: instrument.id }
      : { pair: pairOf(instrument), contractType: contractTypeOf(instrument, request.listings) }
  return periods(request, instrument, (timestamp) => {
    const amount = request.market.activity.openInterest(instrument, timestamp)
    const mark = request.market.mark(instrument, timestamp)
    // Coin-margined: contracts, and their value in coins.
    const value = request.section === 'linear' ? amount * mark : (amount * instrument.contractSizeUsd) / mark
    return { ...names, sumOpenInterest: amount.toFixed(8), sumOpenInterestValue: value.toFixed(8), timestamp }
  })
}

export function longShortRatio(request: BinanceRequest): unknown {
  const instrument = request.section === 'linear' ? requiredSymbolOf(request) : requiredPairOf(request)
  const names = request.section === 'linear' ? { symbol: instrument.id } : { pair: pairOf(instrument) }
  return periods(request, instrument, (timestamp) => {
    const long = Number(request.market.activity.longShare(instrument, timestamp).toFixed(4))
    const short = 1 - long
    return {
      ...names,
      longAccount: long.toFixed(4),
      longShortRatio: (long / short).toFixed(4),
      shortAccount: short.toFixed(4),
      timestamp
    }
  })
}

export function takerRatio(request: BinanceRequest): unknown {
  const instrument = requiredSymbolOf(request)
  return periods(request, instrument, (timestamp, stepMs) => {
    const long = request.market.activity.longShare(instrument, timestamp)
    const usd = (request.market.activity.volumeUsdPerDay(instrument, timestamp) * stepMs) / DAY
    const base = usd / request.market.mark(instrument, timestamp)
    const share = 0.5 + (long - 0.5) / 4
    return {
      buySellRatio: (share / (1 - share)).toFixed(4),
      sellVol: (base * (1 - share)).toFixed(4),
      buyVol: (base * share).toFixed(4),
      timestamp
    }
  })
}

export function basis(request: BinanceRequest): unknown {
  const instrument = contractOf(request)
  const contractType = contractTypeOf(instrument, request.listings)
  return periods(request, instrument, (timestamp) => {
    const index = request.market.index(instrument, timestamp)
    const price = request.market.mid(instrument, timestamp)
    const years = ((instrument.expiry ?? 0) - timestamp) / (365 * DAY)
    const rate = price / index - 1
    return {
      indexPrice: index.toFixed(8),
      contractType,
      basisRate: rate.toFixed(4),
      futuresPrice: price.toFixed(instrument.tickDecimals),
      annualizedBasisRate: instrument.expiry === null ? '' : (rate / years).toFixed(4),
      basis: (price - index).toFixed(8),
      pair: pairOf(instrument),
      timestamp
    }
  })
}

/** The contract that `pair` and `contractType` name. */
function contractOf(request: BinanceRequest): SimInstrument {
  const pair = pairOf(requiredPairOf(request))
  const type = request.params.get('contractType')
  if (!type) throw missing('contractType')
  const { listings, section } = request
  const found = listings[section].find((each) => pairOf(each) === pair && contractTypeOf(each, listings) === type)
  if (!found) throw invalidSymbol()
  return found
}

/** The last whole periods, ascending. */
function periods(
  { params, nowMs }: BinanceRequest,
  { listedAt }: SimInstrument,
  row: (timestamp: number, stepMs: number) => unknown
): unknown[] {
  const stepMs = PERIODS.get(params.get('period') ?? '')
  if (stepMs === undefined) throw new BinanceProblem(-1120, 'Invalid period.')
  const limit = limitOf(params, 30, 500)
  const startMs = wholeNumber(params, 'startTime', nowMs - KEPT_MS)
  if (startMs < nowMs - KEPT_MS - DAY) throw invalidParameter('startTime')
  const last = floorTo(Math.min(nowMs, wholeNumber(params, 'endTime', nowMs)), stepMs)
  const earliest = Math.ceil(Math.max(startMs, listedAt) / stepMs) * stepMs
  const rows: unknown[] = []
  for (let at = Math.max(earliest, last - (limit - 1) * stepMs); at <= last; at += stepMs) rows.push(row(at, stepMs))
  return rows
}
