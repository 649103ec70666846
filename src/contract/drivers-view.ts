import type { AttributedHour, Attribution } from '../domain/attribution.ts'
import type { BasisParts } from '../domain/basis-identity.ts'
import { decimalToString, subtract } from '../domain/decimal.ts'
import { diagnoseErrors, sharesOf } from '../domain/driver-diagnostics.ts'
import type { Interval } from '../domain/driver-intervals.ts'
import { DRIVERS, type DriverFeature, TRAIN_HOURS } from '../domain/driver-model.ts'
import { HOUR, isoOf } from '../domain/time.ts'
import { DRIVERS_MEANING } from './drivers.ts'

/** Layer 1 of one basis. */
export type Split = { readonly at: number; readonly parts: BasisParts; readonly noiseBps: number | null }

/** Texts of exact decimals, so that the parts add up to the last digit. */
export function identityView(start: Split, end: Split) {
  return {
    start: splitView(start),
    end: splitView(end),
    change: {
      observedBps: apart(end.parts.observedBps, start.parts.observedBps),
      fxBps: apart(end.parts.fxBps, start.parts.fxBps),
      fairCarryBps: apart(end.parts.carryBps, start.parts.carryBps),
      residualBps: apart(end.parts.residualBps, start.parts.residualBps)
    }
  }
}

const apart = (...[end, start]: Parameters<typeof subtract>) => decimalToString(subtract(end, start))

const splitView = ({ at, parts, noiseBps }: Split) => ({
  at: isoOf(at),
  observedBps: decimalToString(parts.observedBps),
  fxBps: decimalToString(parts.fxBps),
  fairCarryBps: decimalToString(parts.carryBps),
  residualBps: decimalToString(parts.residualBps),
  noiseBps,
  residualSignificant: parts.residualSignificant
})

export function attributionView(start: AttributedHour | null, end: AttributedHour, judged: readonly AttributedHour[]) {
  const [before, after] = [start && partsView(start), partsView(end)]
  return {
    start: before,
    end: after,
    change: before && changeOf(before, after),
    shares: sharesOf(judged),
    meaning: DRIVERS_MEANING
  }
}

type PartsView = Readonly<Record<string, number | null>>

function partsView({ y, baseline, drivers, unattributed }: AttributedHour): PartsView {
  return {
    residualBps: y,
    baselineBps: baseline,
    ...Object.fromEntries(DRIVERS.map((driver) => [`${driver}Bps`, drivers[driver]])),
    unattributedBps: unattributed
  }
}

/** A driver that only one of the two hours knew counts from or to nothing, as the sum does. */
function changeOf(start: PartsView, end: PartsView): PartsView {
  const change = (part: string) =>
    start[part] === null && end[part] === null ? null : (end[part] ?? 0) - (start[part] ?? 0)
  return Object.fromEntries(Object.keys(end).map((part) => [part, change(part)]))
}

export function featuresView(
  features: readonly DriverFeature[],
  model: Attribution['model'],
  intervals: readonly Interval[],
  stability: ReadonlyMap<number, number>
) {
  return features.map(({ name, driver }, place) => {
    const used = model?.used.indexOf(place) ?? -1
    return {
      name,
      driver,
      isUsed: used >= 0,
      betaBps: model?.fit.betas[used] ?? null,
      lowBps: intervals[used]?.low ?? null,
      highBps: intervals[used]?.high ?? null,
      inflation: finiteOrNull(model?.inflation[used]),
      signStability: stability.get(place) ?? null
    }
  })
}

export function diagnosticsView({ model, judged, rSquared, persistenceRSquared }: Attribution, startMs: number) {
  if (model === null) return null
  const { hours: judgedHours, ...errors } = diagnoseErrors(judged)
  return {
    trainedFrom: isoOf(startMs + (model.at - TRAIN_HOURS) * HOUR),
    trainedTo: isoOf(startMs + model.at * HOUR),
    hours: model.hours,
    coverage: model.coverage,
    lambda: model.lambda,
    condition: finiteOrNull(model.condition),
    judgedHours,
    rSquared,
    persistenceRSquared,
    ...errors
  }
}

const finiteOrNull = (value: number | undefined) => (value !== undefined && Number.isFinite(value) ? value : null)
