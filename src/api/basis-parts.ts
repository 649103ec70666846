import type { Split } from '../contract/drivers-view.ts'
import type { PriceKind } from '../domain/board-row.ts'
import { type DriverHours, driverHoursOf, type HourFacts } from '../domain/driver-features.ts'
import { contractRuleOf, fairDatedBps, fairDeadband, type HoldingRates } from '../domain/fair-premium.ts'
import type { Instrument } from '../domain/instrument.ts'
import { DAY } from '../domain/time.ts'

type Hours = {
  readonly instrument: Pick<Instrument, 'kind' | 'expiresAt' | 'venue' | 'base'>
  readonly rates: HoldingRates
  readonly startMs: number
  /** Place of the window's first hour. */
  readonly first: number
  readonly hours: readonly HourFacts[]
  /** Expected excess funding as of the end of each hour, bps. */
  readonly funding: readonly (number | null)[]
}

/** What bases of a window are made of; `ends` are the places of its first and last full hour, or why there is none. */
export type WindowParts = {
  readonly priceKind: PriceKind | null
  readonly made: DriverHours
  readonly ends: { readonly start: number; readonly end: number } | string
}

/** Splits the basis of every hour, of the kind of price that the window's last one has. */
export function partsOf({ instrument, rates, startMs, first, hours, funding }: Hours): WindowParts {
  const priceKind = hours.findLast(({ basis }, hour) => hour >= first && basis !== null)?.basis?.priceKind ?? null
  const fairCarryBps = (atMs: number) => fairCarryOf(instrument, rates, atMs)
  const made = driverHoursOf({ startMs, hours, funding, fairCarryBps, priceKind: priceKind ?? 'mid' })
  const inside = made.parts.flatMap((parts, hour) => (hour >= first && parts !== null ? [hour] : []))
  const [start, end] = [inside[0], inside.at(-1)]
  if (start !== undefined && end !== undefined) return { priceKind, made, ends: { start, end } }
  const code = priceKind === null ? 'no_basis' : fairCarryBps(startMs) === null ? 'no_fair_carry' : 'no_fx'
  return { priceKind, made, ends: code }
}

/** Layer 1 of one hour that has one. */
export const splitAt = ({ parts, noiseBps }: DriverHours, hours: readonly HourFacts[], hour: number): Split => ({
  at: hours[hour]!.basis!.at,
  parts: parts[hour]!,
  noiseBps: noiseBps[hour]!
})

/** Bps: of a perpetual the middle of its fair band, of a future what is left until its expiry; null where neither is known. */
function fairCarryOf(instrument: Hours['instrument'], rates: HoldingRates, atMs: number): number | null {
  const { kind, expiresAt } = instrument
  if (kind === 'future') {
    return expiresAt === null ? null : fairDatedBps(rates, Math.max(0, expiresAt - atMs) / DAY)
  }
  const { low, high } = fairRangeOf(instrument, rates)
  return low === null || high === null ? null : (low + high) / 2
}

/** The steady premiums of a perpetual at which funding equals what holding costs, bps. */
export function fairRangeOf(instrument: Hours['instrument'], rates: HoldingRates) {
  const rule = contractRuleOf(instrument)
  const fair = rule && fairDeadband({ ...rates, ...rule })
  return { low: fair?.fairLowBps ?? null, high: fair?.fairHighBps ?? null }
}
