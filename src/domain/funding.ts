import { sumOf } from './statistics.ts'
import { HOUR, HOURS_PER_YEAR, MINUTE } from './time.ts'

/** Two stamps of one settlement differ by no more than this (dYdX stamps 13 ms late). */
const SAME_SETTLEMENT_MS = MINUTE
/** A gap between settlements is taken as one of these hours when it is within two minutes of it. */
const KNOWN_INTERVALS_HOURS = [1, 2, 4, 8, 12, 24]
const INTERVAL_TOLERANCE_MS = 2 * MINUTE

/** `8/N`: the 8-hour formula divided by 8/N; `none`: the older one, where only the interest is scaled to N hours. */
export type FundingScheme = '8/N' | 'none'

export type FundingFromPremium = {
  /** Fraction per `intervalHours`, positive when longs pay. */
  readonly rate: number
  readonly uncapped: number
  /** The cap or floor cut it: the print says "at least this". */
  readonly capped: boolean
  readonly rate8h: number
}

/**
 * Funding rate from the period's average premium (fractions): clip((P̄ + clip(i − P̄, ±damper))/(8/N), floor, cap).
 * Inside i ± damper the result is the interest itself (dead band). `floor` defaults to −cap. Spec 1.6.1.
 */
export function fundingFromPremium(input: {
  readonly premiumAverage: number
  readonly interest8h: number
  readonly damper: number
  readonly intervalHours: number
  readonly scheme: FundingScheme
  readonly cap: number | null
  readonly floor?: number | null
}): FundingFromPremium {
  const { premiumAverage, interest8h, damper, intervalHours, scheme } = input
  const periodsOf8h = intervalHours / 8
  const interest = scheme === '8/N' ? interest8h : interest8h * periodsOf8h
  const uncapped = damped(premiumAverage, interest, damper) * (scheme === '8/N' ? periodsOf8h : 1)
  const cap = input.cap ?? Number.POSITIVE_INFINITY
  const rate = clip(uncapped, input.floor ?? -cap, cap)
  return { rate, uncapped, capped: rate !== uncapped, rate8h: rate / periodsOf8h }
}

/** P + clip(i − P, ±damper); inside the band exactly the interest, without the rounding of adding and subtracting P. */
function damped(premium: number, interest: number, damper: number): number {
  const pull = interest - premium
  return Math.abs(pull) <= damper ? interest : premium + Math.sign(pull) * damper
}

function clip(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high)
}

export type AnnualisedFunding = {
  readonly periodsPerYear: number | null
  /** Simple, fraction per 8760 h. */
  readonly apr: number | null
  /** Re-invested every period, fraction per year; null for a rate below −1. */
  readonly apy: number | null
  readonly rate8h: number | null
}

/** A rate (fraction per interval) per year and per 8 h: r·8760/h, (1+r)^(8760/h) − 1, r·8/h; nulls without an interval. Spec 1.6. */
export function annualiseFunding(input: {
  readonly rate: number | null
  readonly intervalHours: number | null
}): AnnualisedFunding {
  const { rate, intervalHours } = input
  if (!isPositive(intervalHours)) return { periodsPerYear: null, apr: null, apy: null, rate8h: null }
  const periodsPerYear = HOURS_PER_YEAR / intervalHours
  if (rate === null || !Number.isFinite(rate)) return { periodsPerYear, apr: null, apy: null, rate8h: null }
  const apy = rate < -1 ? null : Math.expm1(periodsPerYear * Math.log1p(rate))
  return { periodsPerYear, apr: rate * periodsPerYear, apy, rate8h: (rate * 8) / intervalHours }
}

export type RealisedFunding = { readonly sumRate: number; readonly hours: number; readonly apr: number | null }

/**
 * What settlements paid (fraction of a constant notional, positive = longs paid) over the hours they cover; apr = Σr·8760/Σh,
 * which a change of interval does not distort. Null when there are no hours or a settlement's interval is unknown. Spec 1.7.
 */
export function realisedFunding(
  settlements: readonly { readonly rate: number; readonly intervalHours: number | null }[]
): RealisedFunding {
  const sumRate = sumOf(settlements.map(({ rate }) => rate))
  const known = settlements.map(({ intervalHours }) => intervalHours).filter(isPositive)
  const hours = sumOf(known)
  const complete = known.length === settlements.length && hours > 0
  return { sumRate, hours, apr: complete ? (sumRate * HOURS_PER_YEAR) / hours : null }
}

function isPositive(value: number | null): value is number {
  return value !== null && Number.isFinite(value) && value > 0
}

/**
 * ccxt's `interval` in hours: `8h`, or the raw milliseconds that its maps let through (`7200000` is 2 h on Gate, KuCoin and
 * HTX). Null for `0h`, for anything under a minute and for everything else. Spec 1.6, vector 21.
 */
export function parseIntervalHours(value: unknown): number | null {
  if (typeof value !== 'string') return null
  if (/^\d{1,4}h$/.test(value)) return Number.parseInt(value, 10) || null
  if (!/^\d{1,12}$/.test(value)) return null
  const ms = Number(value)
  return ms >= MINUTE ? ms / HOUR : null
}

/**
 * The interval (hours) that each of an ascending list of distinct settlement times closed: the gap before it. A gap that
 * agrees with no neighbour and exceeds one of them is a hole in what we know and takes the smaller neighbour's; the first
 * settlement takes the gap that follows; null when nothing is known. Two equal gaps in a row count as a change of the
 * interval, so a change shows one settlement late. Spec 1.6 (interval resolution, 2).
 */
export function observedIntervals(settledAtMs: readonly number[]): (number | null)[] {
  const gaps = settledAtMs.slice(1).map((time, index) => knownInterval(time - (settledAtMs[index] ?? Number.NaN)))
  const closed = closeHoles(gaps)
  const filled = closed.map((gap, index) => gap ?? smallest([nearest(closed, index, -1), nearest(closed, index, 1)]))
  const intervals = closeHoles(filled)
  return settledAtMs.length === 0 ? [] : [intervals[0] ?? null, ...intervals]
}

type Gap = number | null

/** The interval that a gap between two settlements is, in hours; null: none that venues have. */
export function knownInterval(gapMs: number): Gap {
  return KNOWN_INTERVALS_HOURS.find((hours) => Math.abs(gapMs - hours * HOUR) <= INTERVAL_TOLERANCE_MS) ?? null
}

/** Repeated until nothing changes: a hole may stand beside a hole. Gaps only shrink, so it ends. */
function closeHoles(gaps: readonly Gap[]): readonly Gap[] {
  const closed = gaps.map((gap, index) => {
    const neighbours = [gaps[index - 1] ?? null, gaps[index + 1] ?? null]
    return gap === null || neighbours.includes(gap) ? gap : smallest([gap, ...neighbours])
  })
  return closed.some((gap, index) => gap !== gaps[index]) ? closeHoles(closed) : closed
}

function smallest(gaps: readonly Gap[]): Gap {
  const known = gaps.filter((gap) => gap !== null)
  return known.length === 0 ? null : Math.min(...known)
}

/** The nearest gap with a known interval, looking one way. */
function nearest(gaps: readonly Gap[], from: number, step: 1 | -1): Gap {
  for (let index = from + step; index >= 0 && index < gaps.length; index += step) {
    const gap = gaps[index] ?? null
    if (gap !== null) return gap
  }
  return null
}

/** Settlements due in (windowStartMs, windowEndMs] on the interval's UTC grid, ascending, epoch ms. Spec 1.7. */
export function expectedSettlements(windowStartMs: number, windowEndMs: number, intervalHours: number): number[] {
  const stepMs = intervalHours * HOUR
  const due: number[] = []
  if (!(stepMs > 0)) return due
  for (let k = Math.floor(windowStartMs / stepMs) + 1; k * stepMs <= windowEndMs; k += 1) due.push(k * stepMs)
  return due
}

/** How many those are. */
export function countExpected(windowStartMs: number, windowEndMs: number, intervalHours: number): number {
  const stepMs = intervalHours * HOUR
  if (!(stepMs > 0)) return 0
  return Math.max(0, Math.floor(windowEndMs / stepMs) - Math.floor(windowStartMs / stepMs))
}

export type FundingCoverage = {
  readonly expectedCount: number | null
  readonly observedCount: number | null
  /** 0–1; null when nothing was due or the interval is unknown. */
  readonly coverage: number | null
  readonly complete: boolean
}

/** How many of the settlements due in (start, end] are there; stamps within 60 s of a due time are that settlement. Spec 1.7. */
export function fundingCoverage(input: {
  readonly windowStartMs: number
  readonly windowEndMs: number
  readonly intervalHours: number | null
  readonly settlementTs: readonly number[]
}): FundingCoverage {
  const { windowStartMs, windowEndMs, intervalHours } = input
  if (!isPositive(intervalHours)) return { expectedCount: null, observedCount: null, coverage: null, complete: false }
  const due = expectedSettlements(windowStartMs, windowEndMs, intervalHours)
  const stepMs = intervalHours * HOUR
  const settled = new Set<number>()
  for (const time of input.settlementTs) {
    const gridTime = Math.round(time / stepMs) * stepMs
    if (Math.abs(time - gridTime) <= SAME_SETTLEMENT_MS) settled.add(gridTime)
  }
  const observedCount = due.filter((time) => settled.has(time)).length
  const coverage = due.length === 0 ? null : observedCount / due.length
  return { expectedCount: due.length, observedCount, coverage, complete: observedCount === due.length }
}

/** The settlements that a position held over (entryMs, exitMs] receives: not the one at entry, the one at exit. Spec 1.7. */
export function includedSettlements(input: {
  readonly settlementTs: readonly number[]
  readonly entryMs: number
  readonly exitMs: number
}): number[] {
  return input.settlementTs.filter((time) => input.entryMs < time && time <= input.exitMs)
}

/** The settlement a venue's stamp means: the full hour within the tolerance, else the full minute, else the stamp itself. */
export function snapSettlement(venueTimeMs: number, toleranceMs: number = SAME_SETTLEMENT_MS): number {
  for (const gridMs of [HOUR, MINUTE]) {
    const snapped = Math.round(venueTimeMs / gridMs) * gridMs
    if (Math.abs(venueTimeMs - snapped) <= toleranceMs) return snapped
  }
  return venueTimeMs
}

export type InversePayment = { readonly coin: number | null; readonly usd: number | null }

/** Funding of an inverse position, positive = received: ±(N/mark)·r in coin, ±N·r in USD; a short receives when r > 0. Spec 1.7. */
export function inverseFundingPayment(input: {
  readonly notionalUsd: number
  readonly mark: number | null
  readonly rate: number
  readonly side: 'long' | 'short'
}): InversePayment {
  const usd = input.notionalUsd * input.rate * (input.side === 'short' ? 1 : -1)
  return isPositive(input.mark) ? { coin: usd / input.mark, usd } : { coin: null, usd: null }
}
