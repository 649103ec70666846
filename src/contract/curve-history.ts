import { PAST_ABSENCES, type PastCurve } from '../domain/curve-history.ts'
import { GRADES } from '../domain/quality.ts'
import { CONSTANT_MATURITIES_DAYS, STRUCTURES } from '../domain/term-structure.ts'
import { isoOf, isoOrNull } from '../domain/time.ts'
import { LIMIT_MAX } from './board-parameters.ts'
import { historyParameters, RESOLUTIONS, type Resolution } from './history-parameters.ts'
import { required, withFallback } from './parameter.ts'
import { choice, integer, time, word } from './parameters.ts'
import {
  absences,
  arrayOf,
  time as moment,
  number,
  numberOrNull,
  object,
  oneOf,
  oneOfOrNull,
  text,
  texts,
  timeOrNull,
  truth
} from './schema.ts'

type CurveResolution = Exclude<Resolution, 'raw'>
const CURVE_RESOLUTIONS = RESOLUTIONS.filter((resolution): resolution is CurveResolution => resolution !== 'raw')

/** Whose curve. */
export const curveParameters = {
  asset: required(word('The asset', 'BTC')),
  venue: word('The venue; may be left out where only one has dated contracts of the asset', 'deribit')
}

export const curveResolution = {
  resolution: withFallback(
    choice(CURVE_RESOLUTIONS, 'Buckets of this length, or the finest of which there are at most `points`'),
    '1h' as const
  ),
  points: withFallback(integer('The most buckets that `resolution=auto` gives', 1, LIMIT_MAX), 500)
}

export const curveHistoryParameters = {
  ...curveParameters,
  from: time('From then on; a day before `to` unless given'),
  to: time('Before then; now unless given'),
  ...curveResolution,
  minGrade: withFallback(choice(GRADES, 'Bases of a lesser grade are left out'), 'display' as const),
  ...historyParameters
}

const maturitySchema = (days: number) => [
  [
    `maturity${days}dApr`,
    numberOrNull(
      `At ${days} days, continuous, fraction a year; between two contracts by their days from \`closedAt\`, never beyond`,
      0.11
    )
  ],
  [`maturity${days}dBetween`, texts('The contracts that it lies between; one that has just these days is alone')]
]

export const curveHistorySchema = object(
  {
    start: moment('The bucket’s beginning, a multiple of its length from 1970 UTC'),
    at: moment('Its end: the moment that the curve is of'),
    asset: text('What the contracts are about', 'BTC'),
    venue: text('Where they trade', 'deribit'),
    ...Object.fromEntries(CONSTANT_MATURITIES_DAYS.flatMap(maturitySchema)),
    structure: oneOfOrNull(STRUCTURES, 'All fitted rates above 0.5 % a year, all below −0.5 %, or neither'),
    slopePer30d: numberOrNull('Change of the continuous rate for each 30 days', -0.0073),
    levelMean: numberOrNull('Mean of the continuous rates', 0.1017),
    contracts: arrayOf(
      object({
        instrument: text('The contract', 'deribit:BTC/USD:BTC-261225'),
        days: number('To expiry, from `at`', 47.2),
        closedAt: timeOrNull('The time of its basis; days from then to expiry are `days` + (`at` − `closedAt`)'),
        adjustedBasisBps: numberOrNull('The last basis within an hour before `at`, after fx, basis points', 180),
        aprContinuous: numberOrNull('ln(1 + that) · 365 / days from `closedAt` to expiry', 0.1385),
        isFitted: truth('Whether shape and constant maturities are made of it'),
        absent: oneOfOrNull(PAST_ABSENCES, 'Why it has no rate')
      })
    ),
    absent: absences()
  },
  { $id: 'TermStructureHistoryRow', description: 'A curve as it stood at the end of a bucket' }
)

export const curveHistoryMeta = {
  asset: text('The asset'),
  venue: text('The venue'),
  resolution: oneOf(CURVE_RESOLUTIONS, 'How long the buckets are')
}

type Of = { readonly asset: string; readonly venue: string; readonly bucketMs: number }

/** A row of `/v1/term-structure/history`. */
export function curveHistoryView(atMs: number, curve: PastCurve, { asset, venue, bucketMs }: Of) {
  const { points, maturities, structure, slopePer30d, levelMean } = curve
  const absent: Record<string, string> = {}
  for (const { days, absent: why } of maturities) if (why !== null) absent[`maturity${days}dApr`] = why
  if (levelMean === null) absent.structure = absent.levelMean = 'no_points'
  if (slopePer30d === null) absent.slopePer30d = levelMean === null ? 'no_points' : 'one_maturity'
  const fields = maturities.flatMap(({ days, aprContinuous, between }): [string, unknown][] => [
    [`maturity${days}dApr`, aprContinuous],
    [`maturity${days}dBetween`, between]
  ])
  return {
    start: isoOf(atMs - bucketMs),
    at: isoOf(atMs),
    asset,
    venue,
    ...Object.fromEntries(fields),
    structure,
    slopePer30d,
    levelMean,
    contracts: points.map((point) => ({ ...point, closedAt: isoOrNull(point.closedAt) })),
    absent
  }
}
