import {
  compositeSentiment,
  SENTIMENT_DEFAULTS,
  SENTIMENT_WEIGHTS,
  type Sentiment,
  type SentimentComponent
} from './sentiment.ts'
import { type RobustZ, robustZ } from './statistics.ts'
import { DAY } from './time.ts'

/**
 * One observation of a component, when it was known; `until`: when something else became known in its place; `against`: the other leg,
 * of a value that has one: values against different legs are not compared.
 */
export type HeatPoint = {
  readonly at: number
  readonly value: number
  readonly until?: number
  readonly against?: string
}

/** A component's observations, in the order of what they are of. */
export type HeatSeries = {
  readonly points: readonly HeatPoint[]
  /** Older than this the last one is not of now. */
  readonly maxAgeMs: number
  /** So many there must have been before it. */
  readonly minObservations: number
}

/** What is known of each component; a text says why one has no observations at all. */
export type HeatInputs = Readonly<Record<SentimentComponent, HeatSeries | string>>

export type HeatComponent = {
  readonly name: SentimentComponent
  readonly weight: number
  readonly value: number | null
  readonly observedAt: number | null
  readonly z: number | null
  readonly method: RobustZ['method']
  /** Earlier ones that it is compared with. */
  readonly observations: number
  /** Why it has no z; null: it has. */
  readonly absent: string | null
}

export type Heat = { readonly sentiment: Sentiment; readonly components: readonly HeatComponent[] }

/** Its own past that a component is compared with. Spec 3.5. */
export const HEAT_WINDOW_MS = 90 * DAY

/**
 * Positioning heat as it was at a moment, of nothing that was observed later: each component's last value among those of the 90 days
 * before it. Spec 3.5.
 */
export function heatAt(inputs: HeatInputs, atMs: number): Heat {
  const names = Object.keys(SENTIMENT_WEIGHTS) as SentimentComponent[]
  const components = names.map((name) => componentAt(name, inputs[name], atMs))
  return { sentiment: compositeSentiment({ components, ...SENTIMENT_DEFAULTS }), components }
}

function componentAt(name: SentimentComponent, series: HeatSeries | string, atMs: number): HeatComponent {
  const nothing = { name, weight: SENTIMENT_WEIGHTS[name], value: null, observedAt: null, z: null, method: null }
  if (typeof series === 'string') return { ...nothing, observations: 0, absent: series }
  const known = series.points.filter(
    ({ at, until }) => at <= atMs && at > atMs - HEAT_WINDOW_MS && (until === undefined || until > atMs)
  )
  const last = known.at(-1)
  if (last === undefined) return { ...nothing, observations: 0, absent: 'not_observed' }
  const past = known.slice(0, -1).flatMap(({ value, against }) => (against === last.against ? [value] : []))
  const seen = { ...nothing, value: last.value, observedAt: last.at, observations: past.length }
  if (atMs - last.at > series.maxAgeMs) return { ...seen, absent: 'stale' }
  if (past.length < series.minObservations) return { ...seen, absent: 'too_few_observations' }
  return { ...seen, ...robustZ(last.value, past), absent: null }
}

/** What open interest and volume were in an hour. Base counts coins; dollars. */
export type HeldHour = { readonly at: number; readonly base: number; readonly usd: number; readonly volumeUsd: number }

/** ΔOI24h/ADV: coins held more than a day before, at the price of now, over the volume of a day. Spec 3.5. */
export function openInterestChanges(hours: readonly HeldHour[]): HeatPoint[] {
  const byTime = new Map(hours.map((hour) => [hour.at, hour]))
  return hours.flatMap(({ at, base, usd, volumeUsd }) => {
    const before = byTime.get(at - DAY)
    if (before === undefined || !(volumeUsd > 0) || !(base > 0)) return []
    return [{ at, value: ((base - before.base) * (usd / base)) / volumeUsd }]
  })
}
