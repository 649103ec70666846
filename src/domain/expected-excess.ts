import { expectedFunding, fitFundingPath } from './funding-path.ts'
import { DAY, HOUR } from './time.ts'

/** A rate that was exchanged, per interval; times in epoch ms. */
export type Settled = { readonly at: number; readonly rate: number; readonly intervalHours: number | null }

const SETTLEMENTS = 21
const HISTORY_MS = 90 * DAY
const LONG_RUN_MS = 30 * DAY
const BPS = 10_000

/**
 * What the next 21 settlements are expected to pay beyond the venue's interest, bps of notional, as of the end of each hour: an
 * autoregression from the last rate that had settled by then, its persistence and long run from the 90 and 30 days before its UTC
 * day. Of settled rates alone: an estimate is made of the premium itself and would explain it with itself. Null before there are 30.
 * Spec 2.6, 3.1.
 */
export function expectedExcess(input: {
  readonly startMs: number
  readonly hours: number
  /** Ascending. */
  readonly settled: readonly Settled[]
  readonly anchor8h: number
}): (number | null)[] {
  const rates = input.settled.flatMap(({ at, rate, intervalHours }) =>
    intervalHours === null || intervalHours <= 0 ? [] : [{ at, rate8h: (rate * 8) / intervalHours, intervalHours }]
  )
  const fitOf = (dayMs: number) =>
    fitFundingPath({
      next8h: 0,
      settled: rates.filter(({ at }) => at > dayMs - HISTORY_MS && at <= dayMs),
      longRunSince: dayMs - LONG_RUN_MS,
      anchor8h: input.anchor8h,
      side: 1
    })
  let place = -1
  let day: { readonly ms: number; readonly fit: ReturnType<typeof fitOf> } | null = null
  return Array.from({ length: input.hours }, (_, hour) => {
    const endMs = input.startMs + (hour + 1) * HOUR
    while (place + 1 < rates.length && rates[place + 1]!.at < endMs) place += 1
    const dayMs = Math.floor((endMs - 1) / DAY) * DAY
    if (day?.ms !== dayMs) day = { ms: dayMs, fit: fitOf(dayMs) }
    const last = rates[place]
    if (last === undefined || day.fit.method === 'short_history') return null
    const sum8h = expectedFunding({ ...day.fit.path, next: last.rate8h }, SETTLEMENTS)
    return ((sum8h - SETTLEMENTS * input.anchor8h) * last.intervalHours * BPS) / 8
  })
}
