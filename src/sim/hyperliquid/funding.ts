import { averagePremium } from '../../domain/premium.ts'
import { floorTo, HOUR, MINUTE } from '../../domain/time.ts'
import { hyperliquidPremium, hyperliquidRate } from '../../domain/venue-funding.ts'
import type { SimInstrument } from '../market/instrument.ts'
import type { Market } from '../market/market.ts'
import { uniform } from '../market/noise.ts'
import { once } from '../market/once.ts'
import { coinOf, type HyperliquidRequest, textOf, timeOf } from './context.ts'

/** How far from the mid a trade of the impact size ends, bps. */
const IMPACT_BPS_BY_TIER = [0.5, 1.4, 2.6, 4.2] as const
/** A premium is taken every 5 minutes instead of every 5 seconds; all weigh the same. */
const SAMPLE_MS = 5 * MINUTE
const PAGE = 500
const LATEST_MS = 180
/** Premiums and rates are written with so many decimals. */
const DECIMALS = 10

export type Settled = { readonly premium: number; readonly rate: number }

/** Hyperliquid's hourly funding: premiums of the impact prices over the oracle price, averaged over the hour. */
export type HourlyFunding = {
  /** Impact bid and ask around a mid. */
  impactPrices(instrument: SimInstrument, mid: number): readonly [number, number]
  settled(instrument: SimInstrument, settlementMs: number): Settled
  /** What the coming settlement would be from the premiums of its hour so far. */
  estimate(instrument: SimInstrument, atMs: number): number
}

export function createHourlyFunding(market: Market): HourlyFunding {
  const latest = new Map<string, { sampleMs: number; rate: number }>()
  const impactPrices = ({ asset }: SimInstrument, mid: number) => {
    const half = IMPACT_BPS_BY_TIER[asset.tier] * 1e-4
    return [mid * (1 - half), mid * (1 + half)] as const
  }
  const premiumAt = (instrument: SimInstrument, atMs: number) => {
    const [impactBid, impactAsk] = impactPrices(instrument, 1 + market.premium(instrument, atMs))
    return hyperliquidPremium({ impactBid, impactAsk, oracle: 1 })!
  }
  /** The samples after `startMs`, the one at `endMs` included; at the start of an hour the premium of now. */
  const averageOver = (instrument: SimInstrument, startMs: number, endMs: number) => {
    const samples: number[] = []
    for (let at = startMs + SAMPLE_MS; at <= endMs; at += SAMPLE_MS) samples.push(premiumAt(instrument, at))
    if (samples.length === 0) samples.push(premiumAt(instrument, endMs))
    return Number(averagePremium(samples, 'arithmetic').toFixed(DECIMALS))
  }
  return {
    impactPrices,
    settled: once((instrument, settlementMs) => {
      const premium = averageOver(instrument, settlementMs - HOUR, settlementMs)
      return { premium, rate: hyperliquidRate(premium).rate1h }
    }),
    estimate: (instrument, atMs) => {
      const sampleMs = floorTo(atMs, SAMPLE_MS)
      const known = latest.get(instrument.id)
      if (known?.sampleMs === sampleMs) return known.rate
      const rate = hyperliquidRate(averageOver(instrument, floorTo(atMs, HOUR), sampleMs)).rate1h
      latest.set(instrument.id, { sampleMs, rate })
      return rate
    }
  }
}

/** Settled rates from `startTime` on, oldest first, 500 at most. Their stamps are some milliseconds after the hour. */
export function fundingHistory(request: HyperliquidRequest): unknown {
  const instrument = coinOf(request)
  const startMs = timeOf(request, 'startTime', undefined)
  const endMs = Math.min(timeOf(request, 'endTime', request.nowMs), request.nowMs)
  if (!instrument.funding) return []
  const rows: unknown[] = []
  const earliest = Math.max(startMs - LATEST_MS, instrument.listedAt + 1)
  for (let at = Math.ceil(earliest / HOUR) * HOUR; at <= endMs && rows.length < PAGE; at += HOUR) {
    const time = at + stampDelay(instrument, at)
    if (time < startMs || time > endMs) continue
    const { premium, rate } = request.funding.settled(instrument, at)
    rows.push({ coin: instrument.id, fundingRate: rateOf(rate), premium: rateOf(premium), time })
  }
  return rows
}

export function rateOf(rate: number): string {
  return textOf(rate, DECIMALS)
}

function stampDelay({ salt }: SimInstrument, settlementMs: number): number {
  return Math.floor(LATEST_MS * uniform(salt + 71, settlementMs / HOUR) ** 2)
}
