import type { Answer, Reader } from './answer.ts'
import { contributionsOf, type Fit, ridges } from './ridge.ts'
import { meanOf, sumOf } from './statistics.ts'

// Models of drivers and what they say of an hour, of the series of an answer alone.

type Feature = { readonly name: string; readonly driver: string; readonly values: readonly (number | null)[] }
type Rows = {
  readonly series: {
    readonly startAt: string
    readonly residualBps: readonly (number | null)[]
    readonly features: readonly Feature[]
  }
  readonly startHour: number
  readonly endHour: number
}
export type Model = {
  readonly used: readonly number[]
  readonly lambda: number
  readonly fit: Fit
  readonly rows: readonly (readonly number[])[]
  readonly y: readonly number[]
  readonly persistence: { readonly intercept: number; readonly slope: number }
}
/** An hour in parts; `drivers` by name, null of one without features. */
export type Hour = {
  readonly hour: number
  readonly residual: number
  readonly baseline: number
  readonly drivers: Readonly<Record<string, number | null>>
  readonly unattributed: number
  readonly persistent: number | null
}

const DRIVERS = ['carry', 'flow', 'liquidity', 'speculation']
const isKnown = (value: number | null | undefined): value is number => value !== null && value !== undefined
const range = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index)

/** All that numbers of one series share; made once for its hash. */
export function studyOf(answer: Answer, read: Reader) {
  const { series, startHour, endHour } = answer.rows as Rows
  const { residualBps: y, features } = series
  const startMs = Date.parse(series.startAt)
  const dayHours = 86_400_000 / read.constant('hourMs')
  const dayOf = (hour: number) =>
    (Math.floor((startMs / read.constant('hourMs') + hour) / dayHours) * dayHours * read.constant('hourMs') - startMs) /
    read.constant('hourMs')
  const models = new Map<number, Model | null>()
  const modelOf = (hour: number): Model | null => {
    const day = dayOf(hour)
    if (day < 0) return null
    if (!models.has(day)) models.set(day, fit(y, features, day, read))
    return models.get(day)!
  }
  const hourAt = (hour: number) => partsOf(y, features, modelOf(hour), hour)
  return {
    features,
    startMs,
    endHour,
    start: () => hourAt(startHour),
    end: () => hourAt(endHour),
    model: () => modelOf(endHour)!,
    lately: () => range(0, 10).flatMap((index) => modelOf(endHour - dayHours * index) ?? []),
    judged: (hours: number) => range(dayOf(endHour) - hours, hours).flatMap((hour) => hourAt(hour) ?? [])
  }
}
export type Study = ReturnType<typeof studyOf>

function fit(
  y: readonly (number | null)[],
  features: readonly Feature[],
  day: number,
  { constant, constants }: Reader
): Model | null {
  const trained = range(day - constant('trainHours'), constant('trainHours')).filter((hour) => isKnown(y[hour]))
  const used = features.flatMap(({ values }, place) => {
    const known = trained.map((hour) => values[hour - 1]).filter(isKnown)
    const isUsable = known.length >= constant('featureCoverageMin') * trained.length
    return isUsable && known.some((value) => value !== known[0]) ? [place] : []
  })
  const whole = trained.filter((hour) => used.every((place) => isKnown(features[place]!.values[hour - 1])))
  if (used.length === 0 || whole.length < constant('hoursMin')) return null
  const rows = whole.map((hour) => used.map((place) => features[place]!.values[hour - 1]!))
  const target = whole.map((hour) => y[hour]!)
  const lambdas = constants('lambda')
  const lambda = strongest(rows, target, lambdas, { folds: constant('folds'), purge: constant('purgeHours') })
  return {
    used,
    lambda,
    fit: ridges(rows, target, [lambda])[0]!,
    rows,
    y: target,
    persistence: persistenceOf(y, trained)
  }
}

type Folds = { readonly folds: number; readonly purge: number }
function strongest(
  rows: Model['rows'],
  y: readonly number[],
  lambdas: readonly number[],
  { folds, purge }: Folds
): number {
  const errors = lambdas.map(() => 0)
  for (let fold = 1; fold < folds; fold += 1) {
    const [from, to] = [Math.floor((fold * rows.length) / folds), Math.floor(((fold + 1) * rows.length) / folds)]
    for (const [index, each] of ridges(rows.slice(0, from - purge), y.slice(0, from - purge), lambdas).entries()) {
      for (let at = from; at < to; at += 1)
        errors[index]! += (y[at]! - each.intercept - sumOf(contributionsOf(each, rows[at]!))) ** 2
    }
  }
  return lambdas[errors.indexOf(Math.min(...errors))]!
}

/** A line of least squares of y on itself an hour before. */
function persistenceOf(y: readonly (number | null)[], hours: readonly number[]) {
  const pairs = hours.flatMap((hour) => (isKnown(y[hour - 1]) ? [[y[hour - 1]!, y[hour]!] as const] : []))
  const [before, after] = [meanOf(pairs.map(([x]) => x)), meanOf(pairs.map(([, value]) => value))]
  const variance = sumOf(pairs.map(([x]) => (x - before) ** 2))
  const slope = variance > 0 ? sumOf(pairs.map(([x, value]) => (x - before) * (value - after))) / variance : 0
  return { intercept: after - slope * before, slope }
}

function partsOf(
  y: readonly (number | null)[],
  features: readonly Feature[],
  model: Model | null,
  hour: number
): Hour | null {
  const residual = y[hour]
  const row = model?.used.map((place) => features[place]!.values[hour - 1])
  if (model === null || !isKnown(residual) || !row?.every(isKnown)) return null
  const added = contributionsOf(model.fit, row)
  const drivers = Object.fromEntries(
    DRIVERS.map((driver) => {
      const own = added.filter((_, place) => features[model.used[place]!]!.driver === driver)
      return [driver, own.length === 0 ? null : sumOf(own)]
    })
  )
  const { intercept, slope } = model.persistence
  const [baseline, before] = [model.fit.intercept, y[hour - 1]]
  const unattributed = sumOf([residual, -baseline, ...DRIVERS.map((driver) => -(drivers[driver] ?? 0))])
  return {
    hour,
    residual,
    baseline,
    drivers,
    unattributed,
    persistent: isKnown(before) ? intercept + slope * before : null
  }
}
