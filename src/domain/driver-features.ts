import { type BasisParts, splitBasis } from './basis-identity.ts'
import type { PriceKind } from './board-row.ts'
import { type Decimal, decimalOf, subtract, toNumber } from './decimal.ts'
import type { Driver, DriverFeature, DriverSeries } from './driver-model.ts'
import { skewNoiseBps } from './skew.ts'
import { sumOf } from './statistics.ts'
import { HOURS_PER_YEAR } from './time.ts'

/** What was stored of an hour; prices are texts as stored, the rest are numbers. */
export type HourFacts = {
  /** The last of the hour. */
  readonly basis: {
    /** Grid time, epoch ms. */
    readonly at: number
    readonly observedBps: number
    readonly adjustedBps: number | null
    readonly crossCostBps: number | null
    readonly skewMs: number
    readonly contractMid: string
    readonly spotMid: string
    readonly priceKind: PriceKind
  } | null
  /** Within 25 bps of mid, in quote. */
  readonly depth: Sides | null
  readonly spotDepth: Sides | null
  readonly flow: FlowOfHour | null
  readonly size: {
    readonly openInterestBase: number | null
    readonly openInterestUsd: number | null
    readonly volume24hUsd: number | null
  } | null
}

type Sides = { readonly bids: number | null; readonly asks: number | null }

export type FlowOfHour = {
  /** By takers, in base, of the windows sampled within the hour. */
  readonly bought: number | null
  readonly sold: number | null
  readonly longShortRatio: number | null
}

export type DriverHours = {
  readonly series: DriverSeries
  /** Layer 1 of each hour, exact; null where its basis, its currency part or its fair carry is not known. */
  readonly parts: readonly (BasisParts | null)[]
  /** One deviation of what the price moves between the legs' times, bps. */
  readonly noiseBps: readonly (number | null)[]
}

const DAY_HOURS = 24
/** Of the day's hourly returns so many are enough for a volatility. */
const RETURNS_MIN = 20

/**
 * An hourly series of a basis' residual with its drivers. Bases of other kinds of price than `priceKind` are left out: they are other
 * series, and are not spliced. Spec 2.1–2.6.
 */
export function driverHoursOf(input: {
  readonly startMs: number
  readonly hours: readonly HourFacts[]
  /** Expected excess funding as of the end of each hour, bps. */
  readonly funding: readonly (number | null)[]
  readonly fairCarryBps: (atMs: number) => number | null
  readonly priceKind: PriceKind
}): DriverHours {
  const hours = input.hours.map((each) => (each.basis?.priceKind === input.priceKind ? each : { ...each, basis: null }))
  const volatility = volatilityOf(hours)
  const noiseBps = hours.map(({ basis }, index) =>
    basis === null ? null : skewNoiseBps({ annualVol: volatility[index]!, skewMs: basis.skewMs })
  )
  const parts = hours.map(({ basis }, index) =>
    basis === null || basis.adjustedBps === null
      ? null
      : splitBasis({
          observedBps: exact(basis.observedBps),
          fxBps: difference(exact(basis.observedBps), exact(basis.adjustedBps)),
          fairCarryBps: exact(input.fairCarryBps(basis.at)),
          noiseSigmaBps: exact(noiseBps[index]!)
        })
  )
  const y = parts.map((part) => (part === null ? null : toNumber(part.residualBps)))
  const features = [
    feature('expectedFunding', 'carry', input.funding),
    ...flowFeatures(hours),
    ...liquidityFeatures(hours),
    feature('openInterestChange', 'speculation', openInterestChange(hours)),
    feature('volatility', 'speculation', volatility)
  ]
  return { series: { startMs: input.startMs, y, features }, parts, noiseBps }
}

const exact = (value: number | null) => (value === null ? null : (decimalOf(value) ?? null))
const difference = (a: Decimal | null, b: Decimal | null) => (a === null || b === null ? null : subtract(a, b))

function feature(name: string, driver: Driver, values: readonly (number | null)[]): DriverFeature {
  return { name, driver, values }
}

/** Of the perpetual alone: no venue's spot flow is kept. */
function flowFeatures(hours: readonly HourFacts[]): DriverFeature[] {
  const longShare = hours.map(({ flow }) => {
    const ratio = flow?.longShortRatio ?? null
    return ratio === null || !(ratio >= 0) ? null : ratio / (1 + ratio)
  })
  return [
    feature(
      'takerImbalance',
      'flow',
      hours.map(({ flow }) => imbalance(flow?.bought, flow?.sold))
    ),
    feature(
      'depthImbalance',
      'flow',
      hours.map(({ depth }) => imbalance(depth?.bids, depth?.asks))
    ),
    feature(
      'longShareChange',
      'flow',
      longShare.map((share, hour) => combined(share, longShare[hour - 1], (now, before) => now - before))
    )
  ]
}

/** (a − b)/(a + b), −1 to 1. */
function imbalance(a: number | null | undefined, b: number | null | undefined): number | null {
  return combined(a, b, (more, less) => (more + less > 0 ? (more - less) / (more + less) : null))
}

function liquidityFeatures(hours: readonly HourFacts[]): DriverFeature[] {
  const both = (sides: Sides | null) => combined(sides?.bids, sides?.asks, (bids, asks) => bids + asks)
  return [
    feature(
      'thinness',
      'liquidity',
      hours.map(({ depth, spotDepth }) =>
        combined(both(depth), both(spotDepth), (contract, spot) => {
          const thinner = Math.min(contract, spot)
          return thinner > 0 ? -Math.log(thinner) : null
        })
      )
    ),
    feature(
      'crossCost',
      'liquidity',
      hours.map(({ basis }) => basis?.crossCostBps ?? null)
    )
  ]
}

/** Change of open interest over 24 h, in base so that the price does not move it, as a part of what is traded in 24 h. */
function openInterestChange(hours: readonly HourFacts[]): (number | null)[] {
  return hours.map(({ size }, hour) => {
    const before = hours[hour - DAY_HOURS]?.size?.openInterestBase
    const [usd, volume] = [size?.openInterestUsd, size?.volume24hUsd]
    if (!usd || !volume) return null
    return combined(size?.openInterestBase, before, (now, then) => (now > 0 ? (usd * (1 - then / now)) / volume : null))
  })
}

/** Of spot over the 24 h before, a fraction a year: root of the mean square of hourly returns. */
function volatilityOf(hours: readonly HourFacts[]): (number | null)[] {
  const logs = hours.map(({ basis }) => (basis === null ? null : Math.log(Number(basis.spotMid))))
  const squares = logs.map((log, hour) => combined(log, logs[hour - 1], (now, before) => (now - before) ** 2))
  return squares.map((_, hour) => {
    const known = squares.slice(Math.max(0, hour - DAY_HOURS + 1), hour + 1).filter((square) => square !== null)
    return known.length < RETURNS_MIN ? null : Math.sqrt((sumOf(known) / known.length) * HOURS_PER_YEAR)
  })
}

function combined<Result>(
  a: number | null | undefined,
  b: number | null | undefined,
  combine: (a: number, b: number) => Result
): Result | null {
  return a === null || a === undefined || b === null || b === undefined ? null : combine(a, b)
}
