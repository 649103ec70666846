import type { AttributedHour } from './attribution.ts'
import { DRIVERS, type Driver, type DriverModel } from './driver-model.ts'
import { chiSquareSurvival } from './normal.ts'
import { deviationOf, meanOf, sumOf } from './statistics.ts'

/** What an attribution's errors look like, out of sample. */
export type ErrorDiagnostics = {
  readonly hours: number
  /** Hours that as many independent ones would be: n·(1 − ρ)/(1 + ρ), ρ the errors' first autocorrelation. */
  readonly effectiveHours: number | null
  /** Probability of such autocorrelations up to a day if the errors had none: Ljung–Box over 24 lags. Small: they have some. */
  readonly ljungBoxP: number | null
  /** Largest distance of the running sum of the errors from a straight line, in deviations·√n. */
  readonly cusum: number | null
  /** Beyond 1.358, which one series in twenty without a break reaches: something changed within these hours. */
  readonly hasBreak: boolean | null
}

const LAGS = 24
const CUSUM_LIMIT = 1.358

/** Spec 2.6; Ljung and Box (1978); Ploberger and Krämer (1992) for the running sum. Nulls where there is too little. */
export function diagnoseErrors(judged: readonly AttributedHour[]): ErrorDiagnostics {
  const errors = judged.map(({ unattributed }) => unattributed)
  const n = errors.length
  const deviation = deviationOf(errors)
  if (n <= 2 * LAGS || deviation === 0) {
    return { hours: n, effectiveHours: null, ljungBoxP: null, cusum: null, hasBreak: null }
  }
  const mean = meanOf(errors)
  const centred = new Map(judged.map(({ hour }, index) => [hour, errors[index]! - mean]))
  const correlations = Array.from({ length: LAGS }, (_, index) => correlationAt(centred, index + 1, n * deviation ** 2))
  const q = n * (n + 2) * sumOf(correlations.map((value, index) => value ** 2 / (n - index - 1)))
  const first = Math.min(Math.max(correlations[0]!, 0), 0.999)
  const cusum = cusumOf([...centred.values()]) / (deviation * Math.sqrt(n))
  return {
    hours: n,
    effectiveHours: (n * (1 - first)) / (1 + first),
    ljungBoxP: chiSquareSurvival(q, LAGS),
    cusum,
    hasBreak: cusum > CUSUM_LIMIT
  }
}

/** Of hours that many apart; an hour that is not there adds nothing. */
function correlationAt(centred: ReadonlyMap<number, number>, lag: number, total: number): number {
  return sumOf([...centred].map(([hour, value]) => value * (centred.get(hour - lag) ?? 0))) / total
}

function cusumOf(values: readonly number[]): number {
  let sum = 0
  let most = 0
  for (const value of values) {
    sum += value
    most = Math.max(most, Math.abs(sum))
  }
  return most
}

/** Share of these models (newest first) in which a feature's β has the sign that it has in the newest. By place of the feature. */
export function signStability(models: readonly DriverModel[]): ReadonlyMap<number, number> {
  const [newest] = models
  if (newest === undefined) return new Map()
  const signOf = ({ used, fit }: DriverModel, place: number) => Math.sign(fit.betas[used.indexOf(place)] ?? Number.NaN)
  return new Map(
    newest.used.map((place) => {
      const same = models.filter((model) => signOf(model, place) === signOf(newest, place))
      return [place, same.length / models.length]
    })
  )
}

export type DriverShares = Readonly<Record<Driver | 'unattributed', number | null>>

/** How much of what moved each part stands for: Σ|part| over Σ of all parts', over these hours; null of a driver that was not seen. */
export function sharesOf(judged: readonly AttributedHour[]): DriverShares {
  const sizeOf = (part: Driver | 'unattributed') => {
    const values = judged.map(({ drivers, unattributed }) => (part === 'unattributed' ? unattributed : drivers[part]))
    return values.every((value) => value === null) ? null : sumOf(values.map((value) => Math.abs(value ?? 0)))
  }
  const sizes = ([...DRIVERS, 'unattributed'] as const).map((part) => [part, sizeOf(part)] as const)
  const total = sumOf(sizes.map(([, size]) => size ?? 0))
  return Object.fromEntries(
    sizes.map(([part, size]) => [part, size === null || total === 0 ? null : size / total])
  ) as DriverShares
}
