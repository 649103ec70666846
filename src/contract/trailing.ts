import { doubtsOf, type Instrument, importedOf } from '../domain/instrument.ts'
import { DAY, HOUR, isoOrNull } from '../domain/time.ts'
import { doubts } from './histories.ts'
import { tableParameters } from './history-parameters.ts'
import { list, sort } from './parameters.ts'
import { type Realised, realisedOf } from './realised.ts'
import { absences, countOrNull, type FieldSchema, numberOrNull, object, text, timeOrNull } from './schema.ts'

/** Days of the trailing windows. */
export const TRAILING_DAYS = [1, 7, 30, 90] as const
type Days = (typeof TRAILING_DAYS)[number]

/** Days of the window → what its settlements came to. */
export type TrailingWindows = Readonly<Record<Days, Realised>>

const sortFields = TRAILING_DAYS.map((days) => `realised${days}dApr` as const)

export const trailingParameters = {
  instrument: list('Perpetuals', 'binance:BTC/USDT:USDT'),
  asset: list('Assets', 'BTC,ETH'),
  venue: list('Venues', 'binance,bybit'),
  sort: sort(sortFields),
  ...tableParameters
}

const windowSchema = (days: Days): [string, FieldSchema][] => [
  [`realised${days}dApr`, numberOrNull(`Of the last ${days} d: sum · 8,760 / hours, fraction per year`, 0.1095)],
  [`realised${days}dSumRate`, numberOrNull('Σ of the rates: what a short of constant notional received, fraction')],
  [`realised${days}dHours`, numberOrNull('Σ of the settled intervals', days * 24)],
  [`realised${days}dSettlements`, countOrNull('Settlements in the window', days * 3)],
  [`realised${days}dExpected`, countOrNull('Settlements that were due in it', days * 3)],
  [`realised${days}dCoverage`, numberOrNull('settlements / expected, at most 1', 1)]
]

export const trailingSchema = object({
  instrument: text('The perpetual', 'binance:BTC/USDT:USDT'),
  venue: text('Its venue', 'binance'),
  asset: text('Its asset', 'BTC'),
  to: timeOrNull('Where the windows end, that moment included; null where nothing was summed'),
  ...Object.fromEntries(TRAILING_DAYS.flatMap(windowSchema)),
  reasons: doubts,
  absent: absences()
})

type Paid = Parameters<typeof realisedOf>[0]
type Life = { readonly listedAt: number | null; readonly delistedAt: number | null }

/** The windows (toMs − days, toMs] of ascending settlements, cut to the time in which there were any to be had. */
export function trailingOf(paid: Paid, toMs: number, { listedAt, delistedAt }: Life): TrailingWindows {
  const lastHours = paid.findLast(({ intervalHours }) => intervalHours !== null)?.intervalHours ?? null
  const windowOf = (days: Days): Realised => {
    const fromMs = toMs - days * DAY
    const within = paid.filter(({ settledAt }) => settledAt > fromMs && settledAt <= toMs)
    const window = { fromMs: Math.max(fromMs, listedAt ?? fromMs), toMs: Math.min(toMs, delistedAt ?? toMs) }
    return realisedOf(within, window, lastHours)
  }
  return { 1: windowOf(1), 7: windowOf(7), 30: windowOf(30), 90: windowOf(90) }
}

/** Sums that ended this long ago are not those of now: nobody is making them. */
const CURRENT_MS = 3 * HOUR

type Sums = { readonly toMs: number; readonly windows: TrailingWindows }

export function trailingView(instrument: Instrument, sums: Sums | undefined, nowMs: number) {
  const { key, venue, asset } = instrument
  const absent: Record<string, string> = {}
  const missing = sums === undefined ? 'no_settlements' : nowMs - sums.toMs > CURRENT_MS ? 'stale' : null
  const fields = TRAILING_DAYS.flatMap((days): [string, number | null][] => {
    const name = (field: string) => `realised${days}d${field}`
    const window = missing === null ? sums?.windows[days] : undefined
    if (missing !== null) absent[name('Apr')] = missing
    if (window?.absent.realisedApr !== undefined) absent[name('Apr')] = window.absent.realisedApr
    if (window?.absent.sumRate !== undefined) absent[name('SumRate')] = window.absent.sumRate
    return [
      [name('Apr'), window?.realisedApr ?? null],
      [name('SumRate'), window?.sumRate ?? null],
      [name('Hours'), window?.hours ?? null],
      [name('Settlements'), window?.settlements ?? null],
      [name('Expected'), window?.expected ?? null],
      [name('Coverage'), window?.coverage ?? null]
    ]
  })
  const told = Object.fromEntries(fields)
  return {
    instrument: key,
    venue,
    asset,
    to: isoOrNull(sums?.toMs),
    ...told,
    reasons: doubtsOf(instrument, importedOf(instrument)),
    absent
  }
}
