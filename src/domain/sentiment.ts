import { sumOf } from './statistics.ts'

/** What the heat of positions is made of, and how much each counts. Spec 3.5. */
export const SENTIMENT_WEIGHTS = {
  basisExcess: 0.25,
  funding: 0.25,
  oiChange: 0.15,
  termSlope: 0.15,
  takerFlow: 0.1,
  longShort: 0.1
} as const
export type SentimentComponent = keyof typeof SENTIMENT_WEIGHTS

/** Below these there is no score: half of a picture looks like a whole one. */
export const SENTIMENT_DEFAULTS = { minCoverage: 0.6, minComponents: 3 } as const

export const SENTIMENT_LABELS = ['very_cold', 'cold', 'neutral', 'warm', 'hot'] as const
export type SentimentLabel = (typeof SENTIMENT_LABELS)[number]

export type SentimentInput = {
  readonly name: string
  /** Robust z-score among its own past; null: not known. */
  readonly z: number | null
  readonly weight: number
}

export type SentimentContribution = {
  readonly name: string
  /** 0–100, 50 where it is usual. */
  readonly subscore: number
  /** Its part of score − 50. */
  readonly contribution: number
}

export type Sentiment = {
  /** 0–100; null: refused, for `reason`. */
  readonly score: number | null
  readonly label: SentimentLabel | null
  readonly reason: 'too_few_components' | 'low_coverage' | null
  /** Weight of what is known / weight of all, 0–1. */
  readonly coverage: number
  /** They sum to score − 50; none where there is no score. */
  readonly contributions: readonly SentimentContribution[]
}

/** With 1.702 the logistic curve is within 0.01 of the normal distribution. */
export const LOGISTIC = 1.702
export const Z_MAX = 3
/** Sums of decimal weights are not exact in binary. */
const TOLERANCE = 1e-12

/**
 * How heated positions are, 0–100: s = 100/(1 + exp(−1.702·clip(z, ±3))), score = Σw·s/Σw over what is known; a contribution is
 * w/Σw·(s − 50). Null with too few components or too little of their weight. It says how things stand, not where prices go. Spec 3.5,
 * vector 43.
 */
export function compositeSentiment({
  components,
  minCoverage,
  minComponents
}: {
  readonly components: readonly SentimentInput[]
  readonly minCoverage: number
  readonly minComponents: number
}): Sentiment {
  const weighty = components.filter(({ weight }) => Number.isFinite(weight) && weight > 0)
  const known = weighty.flatMap(({ name, z, weight }) =>
    z === null || !Number.isFinite(z) ? [] : [{ name, weight, subscore: subscoreOf(z) }]
  )
  const weight = sumOf(known.map((each) => each.weight))
  const total = sumOf(weighty.map((each) => each.weight))
  const coverage = total > 0 ? weight / total : 0
  const reason =
    known.length < minComponents
      ? 'too_few_components'
      : coverage < minCoverage - TOLERANCE || weight === 0
        ? 'low_coverage'
        : null
  if (reason !== null) return { score: null, label: null, reason, coverage, contributions: [] }
  const score = sumOf(known.map((each) => each.weight * each.subscore)) / weight
  const contributions = known.map(({ name, subscore, weight: own }) => ({
    name,
    subscore,
    contribution: (own / weight) * (subscore - 50)
  }))
  return { score, label: labelOf(score), reason, coverage, contributions }
}

function subscoreOf(z: number): number {
  return 100 / (1 + Math.exp(-LOGISTIC * Math.min(Math.max(z, -Z_MAX), Z_MAX)))
}

/** The middle holds both of its edges, so that what is hot and what is cold mirror each other. */
function labelOf(score: number): SentimentLabel {
  if (score < 20) return 'very_cold'
  if (score < 40) return 'cold'
  if (score <= 60) return 'neutral'
  return score <= 80 ? 'warm' : 'hot'
}
