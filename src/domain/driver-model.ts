import { collinearityOf, contributionsOf, fitRidges, type RidgeFit } from './ridge.ts'
import { meanOf, sumOf } from './statistics.ts'

/** What a basis is seen together with. Funding, who buys, how deep books are, how large positions are. */
export const DRIVERS = ['carry', 'flow', 'liquidity', 'speculation'] as const
export type Driver = (typeof DRIVERS)[number]

export type DriverFeature = {
  readonly name: string
  readonly driver: Driver
  /** By hour; null where it was not known. */
  readonly values: readonly (number | null)[]
}

/** Hours in a row from a full hour UTC on. */
export type DriverSeries = {
  readonly startMs: number
  /** The residual of the basis at the end of each hour, bps. */
  readonly y: readonly (number | null)[]
  readonly features: readonly DriverFeature[]
}

/** Spec 2.6. */
export const TRAIN_HOURS = 720
export const HOURS_MIN = 500
export const FEATURE_COVERAGE_MIN = 0.9
export const LAMBDAS = [100, 30, 10, 3, 1]
export const FOLDS = 5
export const PURGE_HOURS = 24

/** A regression of y on what was known an hour before, from the hours before `at`. */
export type DriverModel = {
  /** Place of the first hour that it may speak of; everything in it is from before. */
  readonly at: number
  /** Places of the features that it uses: those known in nine of ten hours, and not always the same. */
  readonly used: readonly number[]
  readonly lambda: number
  readonly fit: RidgeFit
  readonly rows: readonly (readonly number[])[]
  readonly y: readonly number[]
  /** Hours it was fitted to, and as a share of those of the window. */
  readonly hours: number
  readonly coverage: number
  readonly condition: number
  /** Of each feature used. */
  readonly inflation: readonly number[]
  /** y on y of the hour before: what persistence alone says. */
  readonly persistence: { readonly intercept: number; readonly slope: number }
}

/** The model as of an hour; null where fewer than 500 hours have everything, or no feature is there. */
export function fitDrivers({ y, features }: DriverSeries, at: number): DriverModel | null {
  const window = Array.from({ length: TRAIN_HOURS }, (_, hour) => at - TRAIN_HOURS + hour)
  const hours = window.filter((hour) => isKnown(y[hour]))
  const used = features.flatMap((feature, place) => (isUsable(feature, hours) ? [place] : []))
  const whole = hours.filter((hour) => used.every((place) => isKnown(features[place]!.values[hour - 1])))
  if (used.length === 0 || whole.length < HOURS_MIN) return null
  const rows = whole.map((hour) => rowBefore(features, used, hour)!)
  const target = whole.map((hour) => y[hour]!)
  const lambda = chooseLambda(rows, target)
  return {
    at,
    used,
    lambda,
    fit: fitRidges(rows, target, [lambda])[0]!,
    rows,
    y: target,
    hours: whole.length,
    coverage: whole.length / TRAIN_HOURS,
    ...collinearityOf(rows),
    persistence: persistenceOf(y, hours)
  }
}

/** What the features were an hour before; null where one was not known. */
export function rowBefore(features: readonly DriverFeature[], used: readonly number[], hour: number): number[] | null {
  const row = used.map((place) => features[place]!.values[hour - 1])
  return row.every(isKnown) ? row : null
}

function isUsable({ values }: DriverFeature, hours: readonly number[]): boolean {
  const known = hours.map((hour) => values[hour - 1]).filter(isKnown)
  return known.length >= FEATURE_COVERAGE_MIN * hours.length && known.some((value) => value !== known[0])
}

/** The λ that errs least on later hours than those it was fitted to, a day apart; of equals the strongest. */
function chooseLambda(rows: readonly (readonly number[])[], y: readonly number[]): number {
  const errors = LAMBDAS.map(() => 0)
  for (let fold = 1; fold < FOLDS; fold += 1) {
    const [from, to] = [fold, fold + 1].map((part) => Math.floor((part * rows.length) / FOLDS)) as [number, number]
    const fits = fitRidges(rows.slice(0, from - PURGE_HOURS), y.slice(0, from - PURGE_HOURS), LAMBDAS)
    for (const [index, fit] of fits.entries()) {
      for (let at = from; at < to; at += 1) {
        errors[index]! += (y[at]! - fit!.intercept - sumOf(contributionsOf(fit!, rows[at]!))) ** 2
      }
    }
  }
  return LAMBDAS[errors.indexOf(Math.min(...errors))]!
}

/** Least squares of y on itself an hour before. */
function persistenceOf(y: readonly (number | null)[], hours: readonly number[]) {
  const pairs = hours.flatMap((hour) => (isKnown(y[hour - 1]) ? [[y[hour - 1]!, y[hour]!] as const] : []))
  if (pairs.length < 2) return { intercept: meanOf(hours.map((hour) => y[hour]!)), slope: 0 }
  const [before, after] = [meanOf(pairs.map(([x]) => x)), meanOf(pairs.map(([, value]) => value))]
  const variance = sumOf(pairs.map(([x]) => (x - before) ** 2))
  const slope = variance > 0 ? sumOf(pairs.map(([x, value]) => (x - before) * (value - after))) / variance : 0
  return { intercept: after - slope * before, slope }
}

export function isKnown(value: number | null | undefined): value is number {
  return value !== null && value !== undefined && Number.isFinite(value)
}
