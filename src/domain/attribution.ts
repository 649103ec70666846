import {
  DRIVERS,
  type Driver,
  type DriverModel,
  type DriverSeries,
  fitDrivers,
  isKnown,
  rowBefore
} from './driver-model.ts'
import { contributionsOf } from './ridge.ts'
import { deviationOf, meanOf, sumOf } from './statistics.ts'
import { DAY, HOUR } from './time.ts'

/** An hour's residual in parts, bps: baseline + drivers + unattributed is y. "Associated with", never "caused by". */
export type AttributedHour = {
  readonly hour: number
  readonly y: number
  /** Mean of y where the model was fitted. */
  readonly baseline: number
  /** Null of a driver without any feature: it was not seen, which is not zero. */
  readonly drivers: Readonly<Record<Driver, number | null>>
  readonly unattributed: number
  /** What y of the hour before alone would have said; null where that is not known. */
  readonly persistent: number | null
}

/** Why nothing is attributed. */
export const REFUSALS = [
  'too_few_hours',
  'low_coverage',
  'no_better_than_mean',
  'no_better_than_persistence',
  'collinear',
  'formula_changed',
  'interval_changed',
  'display_only',
  'within_noise',
  'not_observed'
] as const
export type Refusal = (typeof REFUSALS)[number]

const COVERAGE_MIN = 0.9
const CONDITION_MAX = 30
/** So much worse than persistence a model may be, as it says something about why. */
const PERSISTENCE_ALLOWANCE = 0.02
/** A model is judged by what the ones of the days before said of hours they had not seen. */
export const JUDGED_HOURS = 720
const JUDGED_MIN = 240

export type Attribution = {
  readonly hour: AttributedHour | null
  readonly model: DriverModel | null
  /** The hours out of sample before the model's day, by which it is judged. */
  readonly judged: readonly AttributedHour[]
  /** 1 − Σ(y − ŷ)²/Σ(y − baseline)² there: against knowing nothing but the mean; null where there are too few. */
  readonly rSquared: number | null
  /** The same of persistence. */
  readonly persistenceRSquared: number | null
  /** All that apply; empty: the attribution may be told. */
  readonly refusals: readonly Refusal[]
}

export type Attributor = {
  /** The hour at this place, by a model of hours before its day, and how far that model is to be believed. */
  at(hour: number): Attribution
  /** The hour alone. */
  hourAt(hour: number): AttributedHour | null
  /** Places of hours, each of another day, whose models `at` this hour needs: who may not work for long makes them one by one first. */
  daysBefore(hour: number): number[]
  /** The models of the day of this hour and of the days before, newest first, at most so many. */
  models(hour: number, most: number): DriverModel[]
}

/**
 * Rolling ridge of a basis' residual on lagged drivers: fitted anew each UTC day to the 30 days before it, speaking of the day's own
 * hours alone. What is said of an hour depends on nothing after it. Spec 2.6.
 */
export function createAttributor(series: DriverSeries): Attributor {
  const models = new Map<number, DriverModel | null>()
  const firstDay = Math.ceil(series.startMs / DAY) * DAY
  const dayOf = (hour: number) => {
    const day = Math.floor((series.startMs + hour * HOUR) / DAY) * DAY
    return (day - series.startMs) / HOUR
  }
  const modelOf = (hour: number) => {
    const day = dayOf(hour)
    if (day < (firstDay - series.startMs) / HOUR) return null
    const known = models.get(day)
    if (known !== undefined) return known
    const model = fitDrivers(series, day)
    models.set(day, model)
    return model
  }
  return {
    at: (hour) => {
      const day = dayOf(hour)
      const model = modelOf(hour)
      const before = Array.from({ length: JUDGED_HOURS }, (_, index) => day - JUDGED_HOURS + index)
      const judged = before.flatMap((each) => attributeHour(series, modelOf(each), each) ?? [])
      const scores = scoresOf(judged)
      return {
        hour: attributeHour(series, model, hour),
        model,
        judged,
        ...scores,
        refusals: refusalsOf(model, scores, judged)
      }
    },
    hourAt: (hour) => attributeHour(series, modelOf(hour), hour),
    daysBefore: (hour) => Array.from({ length: JUDGED_HOURS / 24 + 1 }, (_, index) => hour - 24 * index),
    models: (hour, most) =>
      Array.from({ length: most }, (_, index) => modelOf(hour - 24 * index)).filter((model) => model !== null)
  }
}

function attributeHour({ y, features }: DriverSeries, model: DriverModel | null, hour: number): AttributedHour | null {
  const value = y[hour]
  const row = model && rowBefore(features, model.used, hour)
  if (!isKnown(value) || !row) return null
  const parts = contributionsOf(model.fit, row)
  const ofDriver = (driver: Driver) => {
    const own = parts.filter((_, index) => features[model.used[index]!]!.driver === driver)
    return own.length === 0 ? null : sumOf(own)
  }
  const drivers = Object.fromEntries(DRIVERS.map((driver) => [driver, ofDriver(driver)])) as AttributedHour['drivers']
  const baseline = model.fit.intercept
  const previous = y[hour - 1]
  const { intercept, slope } = model.persistence
  return {
    hour,
    y: value,
    baseline,
    drivers,
    unattributed: sumOf([value, -baseline, ...DRIVERS.map((driver) => -(drivers[driver] ?? 0))]),
    persistent: isKnown(previous) ? intercept + slope * previous : null
  }
}

type Scores = Pick<Attribution, 'rSquared' | 'persistenceRSquared'>

/** All three are judged on the same hours. */
function scoresOf(judged: readonly AttributedHour[]): Scores {
  const hours = judged.filter(({ persistent }) => persistent !== null)
  const total = sumOf(hours.map(({ y, baseline }) => (y - baseline) ** 2))
  if (hours.length < JUDGED_MIN || !(total > 0)) return { rSquared: null, persistenceRSquared: null }
  return {
    rSquared: 1 - sumOf(hours.map(({ unattributed }) => unattributed ** 2)) / total,
    persistenceRSquared: 1 - sumOf(hours.map(({ y, persistent }) => (y - persistent!) ** 2)) / total
  }
}

function refusalsOf(
  model: DriverModel | null,
  { rSquared, persistenceRSquared }: Scores,
  judged: readonly AttributedHour[]
): Refusal[] {
  if (model === null || rSquared === null || persistenceRSquared === null) return ['too_few_hours']
  return [
    ...(model.coverage < COVERAGE_MIN ? (['low_coverage'] as const) : []),
    ...(rSquared <= 0 || !isBeyondChance(judged) ? (['no_better_than_mean'] as const) : []),
    ...(rSquared < persistenceRSquared - PERSISTENCE_ALLOWANCE ? (['no_better_than_persistence'] as const) : []),
    ...(model.condition > CONDITION_MAX ? (['collinear'] as const) : [])
  ]
}

/**
 * Whether the errors saved against the mean could be luck: their daily sums against zero, one side, 5 %. A model of nothing saves a
 * little in one month of four or five. After Diebold and Mariano (1995).
 */
function isBeyondChance(judged: readonly AttributedHour[]): boolean {
  const days = Map.groupBy(judged, ({ hour }) => Math.floor(hour / 24))
  const saved = [...days.values()].map((hours) =>
    sumOf(hours.map(({ y, baseline, unattributed }) => (y - baseline) ** 2 - unattributed ** 2))
  )
  return meanOf(saved) > (LUCK * deviationOf(saved)) / Math.sqrt(saved.length)
}

const LUCK = 1.645
