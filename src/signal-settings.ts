import { REGIME_BOUNDS, REGIMES, type Regime, type RegimeBounds } from './domain/funding-regime.ts'
import { STALE_INTERVALS } from './domain/regime-series.ts'
import type { SignalParameters as RegimeParameters } from './domain/signal.ts'
import {
  BUCKET_MS,
  BUCKET_PARAMETERS,
  BUCKET_TYPES,
  type BucketParameters,
  type BucketType
} from './domain/signal-types.ts'
import { REGIME_UPDATE_8H } from './domain/signal-updates.ts'
import { HOUR } from './domain/time.ts'
import { integer, number, type Setting, setting } from './setting.ts'

/** What decides when signals open and close, in every process of one database the same. */
export type SignalParameters = {
  readonly fundingRegime: RegimeParameters
  readonly bucketParameters: Readonly<Record<BucketType, BucketParameters>>
}

export type SignalValues = Readonly<Record<string, number>>
type Bounds = { readonly unit: string; readonly min: number; readonly max: number; readonly words: string }

const BPS: Bounds = { unit: 'BPS', min: -10_000, max: 10_000, words: 'bps' }
const APR: Bounds = { unit: 'APR', min: -10, max: 10, words: 'a year, as a fraction' }

/** In which unit thresholds of a type are; the name of a setting ends in it. */
const UNITS: Readonly<Record<BucketType, Bounds>> = {
  basis_dislocation: BPS,
  expectation: APR,
  stablecoin_depeg: BPS,
  interval_change: { unit: 'DOUBLINGS', min: -10, max: 10, words: 'doublings of settlements a day' },
  venue_trouble: { unit: 'SHARE', min: 0, max: 1, words: 'share of polls that failed' },
  leverage_buildup: { unit: 'FRACTION', min: -1, max: 100, words: 'growth over a day, as a fraction' },
  liquidity_thinning: { unit: 'RATIO', min: 0, max: 100, words: 'depth over what is usual' },
  carry_opportunity: APR
}

const upper = (...words: readonly string[]) => words.join('_').toUpperCase()
export const ofBuckets = (type: BucketType, what: string) => upper(type, what)
export const ofThreshold = (type: BucketType, label: string, bound: string) =>
  upper(type, label, bound, UNITS[type].unit)
export const ofRegime = (regime: Regime, bound: keyof RegimeBounds) =>
  upper('funding_regime', regime, WORDS_OF_BOUND[bound])
const WORDS_OF_BOUND: Readonly<Record<keyof RegimeBounds, string>> = {
  enterPercentile: 'enter_percentile',
  enterRate8h: 'enter_rate_8h',
  exitPercentile: 'exit_percentile',
  exitRate8h: 'exit_rate_8h'
}

const decimal = (fallback: number, min: number, max: number, unit: string, about: string): Setting<number> =>
  setting({
    read: number(min, max),
    expected: `${unit}, from ${min} to ${max}`,
    fallback,
    example: String(fallback),
    about
  })
const whole = (fallback: number, min: number, max: number, unit: string, about: string): Setting<number> =>
  setting({ ...decimal(fallback, min, max, `a whole number of ${unit}`, about), read: integer(min, max) })

const regimeSettings: Readonly<Record<string, Setting<number>>> = {
  FUNDING_REGIME_PERSIST_HOURS: decimal(
    24,
    0,
    8_760,
    'hours',
    'Hours for which funding must be extreme before it is a regime. The same in every process of one database.'
  ),
  FUNDING_REGIME_WINDOW_DAYS: decimal(90, 1, 3_650, 'days', 'Days of settlements among which a rate is ranked.'),
  FUNDING_REGIME_MIN_DAYS: decimal(
    30,
    0,
    3_650,
    'days',
    'Days that these settlements must span before there is a rank.'
  ),
  FUNDING_REGIME_MIN_SETTLEMENTS: whole(
    90,
    1,
    100_000,
    'settlements',
    'Settlements that there must be before there is a rank.'
  ),
  FUNDING_REGIME_STALE_INTERVALS: decimal(
    STALE_INTERVALS,
    1,
    1_000,
    'intervals',
    'Intervals without a settlement after which a regime is stale.'
  ),
  FUNDING_REGIME_UPDATE_RATE_8H: decimal(
    REGIME_UPDATE_8H,
    0.000001,
    1,
    'per 8 h, as a fraction',
    'How far a regime’s rate moves until it is told of again.'
  ),
  ...Object.fromEntries(
    REGIMES.flatMap((regime) =>
      (Object.keys(WORDS_OF_BOUND) as (keyof RegimeBounds)[]).map((bound) => {
        const [min, max, unit] = bound.endsWith('Percentile')
          ? [0, 100, 'a percentile']
          : [-1, 1, 'per 8 h, as a fraction']
        const where = bound.startsWith('enter') ? 'Where it begins' : 'Beyond which it ends'
        const about = `${where}: ${regime} of funding regimes.`
        return [
          ofRegime(regime, bound),
          decimal(REGIME_BOUNDS[regime][bound], min as number, max as number, unit as string, about)
        ]
      })
    )
  )
}

function bucketSettings(type: BucketType): [string, Setting<number>][] {
  const { thresholds, persist, exitPersist, coolDownMs, updateDelta, staleMs } = BUCKET_PARAMETERS[type]
  const { min, max, words } = UNITS[type]
  return [
    ...Object.entries(thresholds).flatMap(([label, { enter, exit, below }]): [string, Setting<number>][] => [
      [
        ofThreshold(type, label, 'enter'),
        decimal(enter, min, max, words, `${label} of ${type} opens at this or ${below ? 'below' : 'above'}.`)
      ],
      [
        ofThreshold(type, label, 'exit'),
        decimal(exit, min, max, words, `${label} of ${type} closes ${below ? 'above' : 'below'} this.`)
      ]
    ]),
    [
      ofBuckets(type, 'persist_buckets'),
      whole(persist, 1, 2_016, 'buckets of five minutes', `For so long ${type} must hold before it opens.`)
    ],
    [
      ofBuckets(type, 'exit_persist_buckets'),
      whole(exitPersist, 1, 2_016, 'buckets of five minutes', `For so long ${type} must be over before it closes.`)
    ],
    [
      ofBuckets(type, 'cool_down_hours'),
      decimal(
        coolDownMs / HOUR,
        0,
        8_760,
        'hours',
        `After ${type} closes nothing counts towards an opening for so long.`
      )
    ],
    [
      ofBuckets(type, 'update_delta'),
      decimal(updateDelta, 0.000001, 10_000, words, `How far ${type} moves until it is told of again.`)
    ],
    [
      ofBuckets(type, 'stale_buckets'),
      whole(staleMs / BUCKET_MS, 1, 2_016, 'buckets of five minutes', `After so long without data ${type} is stale.`)
    ]
  ]
}

/** Every parameter of every type of signal, by the name of its setting. */
export const SIGNAL_SETTINGS: Readonly<Record<string, Setting<number>>> = {
  ...regimeSettings,
  ...Object.fromEntries(BUCKET_TYPES.flatMap(bucketSettings))
}

export function signalParametersOf(values: SignalValues): SignalParameters {
  const bounds = (regime: Regime) =>
    Object.fromEntries(
      (Object.keys(WORDS_OF_BOUND) as (keyof RegimeBounds)[]).map((bound) => [bound, values[ofRegime(regime, bound)]!])
    ) as RegimeBounds
  return {
    fundingRegime: {
      OVERHEATED: bounds('OVERHEATED'),
      PANIC: bounds('PANIC'),
      persistHours: values.FUNDING_REGIME_PERSIST_HOURS!,
      windowDays: values.FUNDING_REGIME_WINDOW_DAYS!,
      minDays: values.FUNDING_REGIME_MIN_DAYS!,
      minObservations: values.FUNDING_REGIME_MIN_SETTLEMENTS!,
      staleIntervals: values.FUNDING_REGIME_STALE_INTERVALS!,
      updateRate8h: values.FUNDING_REGIME_UPDATE_RATE_8H!
    },
    bucketParameters: Object.fromEntries(BUCKET_TYPES.map((type) => [type, bucketsOf(type, values)])) as Record<
      BucketType,
      BucketParameters
    >
  }
}

function bucketsOf(type: BucketType, values: SignalValues): BucketParameters {
  const usual = BUCKET_PARAMETERS[type]
  const thresholds = Object.entries(usual.thresholds).map(([label, { below }]) => {
    const [enter, exit] = [values[ofThreshold(type, label, 'enter')]!, values[ofThreshold(type, label, 'exit')]!]
    return [label, { enter, exit, below }]
  })
  return {
    ...usual,
    persist: values[ofBuckets(type, 'persist_buckets')]!,
    exitPersist: values[ofBuckets(type, 'exit_persist_buckets')]!,
    coolDownMs: Math.round(values[ofBuckets(type, 'cool_down_hours')]! * HOUR),
    updateDelta: values[ofBuckets(type, 'update_delta')]!,
    staleMs: values[ofBuckets(type, 'stale_buckets')]! * usual.bucketMs,
    thresholds: Object.fromEntries(thresholds)
  }
}
