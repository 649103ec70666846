import { JUDGED_HOURS } from '../attribution.ts'
import { BOOTSTRAP } from '../driver-intervals.ts'
import { DRIVERS, FEATURE_COVERAGE_MIN, FOLDS, HOURS_MIN, LAMBDAS, PURGE_HOURS, TRAIN_HOURS } from '../driver-model.ts'
import { SINGULAR } from '../ridge.ts'
import { HOUR } from '../time.ts'
import type { MadeMetric, Words } from './words.ts'

// Layer 2 of drivers: a residual in parts by rolling ridge, what the model is and how it was judged.

/** Too many to be inputs one by one: what is known of each hour stands in `rows.series`, and the hash holds it fast. */
const INPUTS = ['series.startAt', 'series.hours', 'startHour', 'endHour']
const SERIES =
  'y is `series.residualBps` of each hour from startAt on, x `series.features[…].values` of the hour before it'
/** Whose numbers are made again to the last digit: another way round differs there. */
const LIBRARY = 'ml-matrix 6.15.1'
const MODEL =
  'model of a day UTC = ridge of y on the x, standardised by mean and deviation of the population, of the trainHours before it that ' +
  'have y and every usable x: known in featureCoverageMin of the hours with y and not always the same, hoursMin of them at least; ' +
  `β = (Z′Z + λ I)⁻¹ Z′(y − mean) by Cholesky’s decomposition, products and eigenvalues by ${LIBRARY}; means, deviations and other sums by Neumaier’s; ` +
  'λ of lambda1 … lambda5 (the strongest first) that errs least, squared, on the parts 2 … folds, each ' +
  'after what is before it by purgeHours'
const model = {
  trainHours: TRAIN_HOURS,
  hoursMin: HOURS_MIN,
  featureCoverageMin: FEATURE_COVERAGE_MIN,
  folds: FOLDS,
  purgeHours: PURGE_HOURS,
  ...Object.fromEntries(LAMBDAS.map((lambda, place) => [`lambda${place + 1}`, lambda])),
  hourMs: HOUR
}
const judged = { ...model, judgedHours: JUDGED_HOURS }
const JUDGED = 'of the judgedHours before the day of endHour, each by the model of its own day'

const capital = (name: string) => `${name[0]!.toUpperCase()}${name.slice(1)}`
const of = (unit: string, formula: string, path: string, constants: MadeMetric['constants'] = model): MadeMetric => ({
  unit,
  formula: `${formula}; ${MODEL}; ${SERIES}`,
  inputs: INPUTS,
  constants: constants!,
  path
})

const PARTS: Readonly<Record<string, string>> = {
  residual: 'y',
  baseline: 'mean of y where the model of the day was fitted',
  ...Object.fromEntries(DRIVERS.map((driver) => [driver, `Σ β · z of the features of ${driver}`])),
  unattributed: 'y − baseline − Σ β · z'
}
const PLACES = { start: 'at startHour', end: 'at endHour', change: 'at endHour − at startHour' }
const parts = Object.entries(PLACES).flatMap(([place, when]) =>
  Object.entries(PARTS).map(([part, formula]): [string, MadeMetric] => [
    `${place}${capital(part)}Bps`,
    of('basis points', `${formula}, ${when}`, `attribution.${place}.${part}Bps`)
  ])
)
const shares = [...DRIVERS, 'unattributed'].map((part): [string, MadeMetric] => [
  `share${capital(part)}`,
  of('share', `Σ |${part}| / Σ of all parts’; ${JUDGED}`, `attribution.shares.${part}`, judged)
])

export const FEATURES = [
  'expectedFunding',
  'takerImbalance',
  'depthImbalance',
  'longShareChange',
  'thinness',
  'crossCost',
  'openInterestChange',
  'volatility'
] as const
const { draws, blockHours, confidence } = BOOTSTRAP
const resamples = { ...model, draws, blockHours, confidence }
const inflation = { ...model, singular: SINGULAR }
const RESAMPLED =
  'of β by draws resamples of the rows in circular blocks of blockHours, whose starts are ⌊u · rows⌋, u by mulberry32 of the seed ' +
  'hours since 1970 of the end of endHour, the last block cut off at rows; its Σ of products of z, y − mean and 1 are differences of sums that run ' +
  'twice round all rows in order, those about its means Σab − Σa Σb / rows; the share between two neighbours linearly'
const features = FEATURES.flatMap((name): [string, MadeMetric][] => [
  [`${name}BetaBps`, of('basis points per deviation', 'β', `features.${name}.betaBps`)],
  [`${name}LowBps`, of('basis points per deviation', `lower end, ${RESAMPLED}`, `features.${name}.lowBps`, resamples)],
  [
    `${name}HighBps`,
    of('basis points per deviation', `upper end, ${RESAMPLED}`, `features.${name}.highBps`, resamples)
  ],
  [
    `${name}Inflation`,
    of(
      'times',
      'its place on the diagonal of (Z′Z / rows)⁻¹: Σ v² / max(eigenvalue, 1 / singular), v its component of each eigenvector',
      `features.${name}.inflation`,
      inflation
    )
  ],
  [
    `${name}SignStability`,
    of(
      'share',
      'of the models of the last ten days, those whose β has the sign of the newest',
      `features.${name}.signStability`
    )
  ]
])

const DIAGNOSTICS: Readonly<Record<string, readonly [unit: string, formula: string]>> = {
  judgedHours: ['hours', `their number; ${JUDGED}`],
  rSquared: ['share', `1 − Σ unattributed² / Σ (y − baseline)², of those with y of the hour before; ${JUDGED}`],
  persistenceRSquared: [
    'share',
    `the same of y on y of the hour before, by least squares of the trainHours; ${JUDGED}`
  ],
  effectiveHours: ['hours', `n (1 − ρ) / (1 + ρ), ρ the errors’ first autocorrelation, 0 to 0.999; ${JUDGED}`],
  ljungBoxP: ['probability', `χ² of 24 beyond n (n + 2) Σ ρ² / (n − lag), of 24 lags; ${JUDGED}`],
  cusum: ['deviations · √hours', `largest |running sum of the errors less their mean| / (deviation · √n); ${JUDGED}`]
}
const diagnostics: Words = {
  hours: of('hours', 'rows of the model of endHour', 'diagnostics.hours'),
  coverage: of('share', 'rows of the model of endHour / trainHours', 'diagnostics.coverage'),
  lambda: of('strength', 'λ', 'diagnostics.lambda'),
  condition: of('times', 'largest / smallest eigenvalue of Z′Z / rows', 'diagnostics.condition'),
  ...Object.fromEntries(
    Object.entries(DIAGNOSTICS).map(([field, [unit, formula]]) => [
      field,
      of(unit, formula, `diagnostics.${field}`, judged)
    ])
  )
}

export const DRIVERS_ATTRIBUTION: Words = {
  ...Object.fromEntries(parts),
  ...Object.fromEntries(shares),
  ...Object.fromEntries(features),
  ...diagnostics
}
