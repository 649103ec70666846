import { annualiseFunding } from '../domain/funding.ts'
import {
  type FundingStanding,
  INTERVAL_HOURS_MAX,
  STANDING_DAYS,
  type StandingDays,
  type UnrankedFunding,
  type WindowStanding
} from '../domain/funding-standing.ts'
import { doubtsOf, type Instrument, importedOf } from '../domain/instrument.ts'
import { isSilence } from '../domain/regime-series.ts'
import { isoOrNull } from '../domain/time.ts'
import { INTERVAL_SOURCES } from './board.ts'
import { doubts } from './histories.ts'
import { tableParameters } from './history-parameters.ts'
import { list, sort } from './parameters.ts'
import {
  absences,
  countOrNull,
  type FieldSchema,
  numberOrNull,
  object,
  oneOfOrNull,
  text,
  timeOrNull
} from './schema.ts'

const sortFields = [
  'rate8h',
  ...STANDING_DAYS.map((days) => `percentile${days}d` as const),
  ...STANDING_DAYS.map((days) => `z${days}d` as const)
] as const

export const standingParameters = {
  instrument: list('Perpetuals', 'binance:BTC/USDT:USDT'),
  asset: list('Assets', 'BTC,ETH'),
  venue: list('Venues', 'binance,bybit'),
  sort: sort(sortFields),
  ...tableParameters
}

/** How a distance was measured; null where none was. */
const Z_METHODS = ['mad', 'std', 'degenerate'] as const

const windowSchema = (days: StandingDays): [string, FieldSchema][] => [
  [`percentile${days}d`, numberOrNull(`Where it stands among its settlements of ${days} d, mid-rank, 0 to 100`, 93.5)],
  [`z${days}d`, numberOrNull('Its distance from them in deviations, by median and median deviation', 1.7)],
  [
    `zMethod${days}d`,
    oneOfOrNull(Z_METHODS, '`std`: by mean and deviation, as over half are the same; `degenerate`: all are, z is 0')
  ],
  [`settlements${days}d`, countOrNull('Settlements among which it stands, itself included', days * 3)],
  [`expected${days}d`, countOrNull('Settlements that were due in the window since the listing', days * 3)],
  [`coverage${days}d`, numberOrNull('settlements / expected, at most 1', 1)],
  [`spanDays${days}d`, numberOrNull('From the first of them to it', days - 0.3)]
]

export const standingSchema = object(
  {
    instrument: text('The perpetual', 'binance:BTC/USDT:USDT'),
    venue: text('Its venue', 'binance'),
    asset: text('Its asset', 'BTC'),
    settledAt: timeOrNull('When its newest settlement was'),
    rate: numberOrNull('What that was, fraction per interval, positive: longs paid', 0.0001),
    intervalHours: numberOrNull('Its interval, hours', 8),
    intervalSource: oneOfOrNull(INTERVAL_SOURCES, 'How that interval is known'),
    rate8h: numberOrNull('The same per 8 h: this is ranked', 0.0001),
    apr: numberOrNull('The same a year, fraction, simple', 0.1095),
    ...Object.fromEntries(STANDING_DAYS.flatMap(windowSchema)),
    computedAt: timeOrNull('When it was ranked: with its newest settlement, or a correction'),
    reasons: doubts,
    absent: absences()
  },
  { $id: 'FundingStanding' }
)

/** As it is kept; `computedAt` in epoch ms, null: not ranked yet. `declaredHours`: the interval of the settlement to come. */
export type KeptStanding = {
  readonly computedAt: number | null
  readonly standing: FundingStanding | UnrankedFunding | null
  readonly declaredHours: number | null
}

/** When it is told, epoch ms, and after how many intervals without another a settlement is no longer the newest. */
export type StandingMoment = { readonly nowMs: number; readonly staleIntervals: number }

/** Where a perpetual's newest settlement stands; `kept` is undefined for what has never settled. */
export function standingView(instrument: Instrument, kept: KeptStanding | undefined, moment: StandingMoment) {
  const { key, venue, asset } = instrument
  const missing = missingOf(kept, moment)
  const newest = kept?.standing ?? null
  const standing = missing !== null || newest === null || 'refusal' in newest ? null : newest
  const told: Told[] = [
    ['settledAt', isoOrNull(newest?.settledAt)],
    ['rate', standing?.rate ?? null],
    ['intervalHours', standing?.intervalHours ?? null],
    ['intervalSource', standing?.intervalSource ?? null],
    ['rate8h', standing?.rate8h ?? null],
    ['apr', standing === null ? null : annualiseFunding(standing).apr],
    ...STANDING_DAYS.flatMap((days) => windowFields(days, standing?.windows[days])),
    ['computedAt', isoOrNull(kept?.computedAt)]
  ]
  const nulls = told.filter(([, value]) => value === null)
  return {
    instrument: key,
    venue,
    asset,
    ...Object.fromEntries(told),
    reasons: doubtsOf(instrument, importedOf(instrument)),
    absent: Object.fromEntries(nulls.map(([name, , reason]) => [name, missing ?? reason]))
  }
}

/** A field, its value, and why it is null where the whole row is not. */
type Told = readonly [name: string, value: number | string | null, reason?: string | null]

/** A standing is silent when a regime of the same settlements is stale. */
function missingOf(kept: KeptStanding | undefined, { nowMs, staleIntervals }: StandingMoment): string | null {
  if (kept === undefined) return 'no_settlements'
  const { computedAt, standing, declaredHours } = kept
  if (computedAt === null) return 'not_ranked_yet'
  if (standing === null) return 'no_recent_settlement'
  const [intervalHours, refusal] =
    'refusal' in standing ? [INTERVAL_HOURS_MAX, standing.refusal] : [standing.intervalHours, null]
  const isOver = isSilence({ at: standing.settledAt, intervalHours }, nowMs, declaredHours, staleIntervals)
  return isOver ? 'no_recent_settlement' : refusal
}

function windowFields(days: StandingDays, window: WindowStanding | undefined): Told[] {
  const refusal = window?.refusal ?? null
  return [
    [`percentile${days}d`, window?.percentile ?? null, refusal],
    [`z${days}d`, window?.z ?? null, refusal],
    [`zMethod${days}d`, window?.method ?? null, refusal],
    [`settlements${days}d`, window?.observations ?? null],
    [`expected${days}d`, window?.expected ?? null, 'interval_unknown'],
    [`coverage${days}d`, window?.coverage ?? null, 'interval_unknown'],
    [`spanDays${days}d`, window?.spanDays ?? null]
  ]
}
