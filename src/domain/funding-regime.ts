import { IDLE, stepLifecycle } from './lifecycle.ts'

/** What a funding regime is called while there is one. */
export const REGIMES = ['OVERHEATED', 'PANIC'] as const
export type Regime = (typeof REGIMES)[number]
export type RegimeState = Regime | 'NEUTRAL'

/** When one regime begins and when it is over. Percentiles 0–100, rates as fractions per 8 h, positive when longs pay. */
export type RegimeBounds = {
  readonly enterPercentile: number
  readonly enterRate8h: number
  /** Nearer to the middle than those to enter: a rate at the threshold does not open and close by turns. */
  readonly exitPercentile: number
  readonly exitRate8h: number
}

export type RegimeRules = Readonly<Record<Regime, RegimeBounds>> & {
  /** Hours for which the conditions to enter must have held without a break. */
  readonly persistHours: number
}

/** Spec 3.2. 0.0003 per 8 h is 32.85 % a year. */
export const REGIME_BOUNDS: Readonly<Record<Regime, RegimeBounds>> = {
  OVERHEATED: { enterPercentile: 95, enterRate8h: 0.0003, exitPercentile: 80, exitRate8h: 0.00015 },
  PANIC: { enterPercentile: 5, enterRate8h: -0.0001, exitPercentile: 20, exitRate8h: -0.00005 }
}

/** One settlement as the machine sees it. Null: not known. */
export type RegimeObservation = {
  readonly rate8h: number | null
  readonly percentile: number | null
  /** Hours that it stands for. */
  readonly intervalHours: number | null
}

/** All that the next step needs of what came before. */
export type RegimeMemory = {
  readonly state: RegimeState
  /** The regime whose conditions to enter hold; null: neither's do. */
  readonly towards: Regime | null
  /** Hours for which they have. */
  readonly heldHours: number
}

export const NO_REGIME: RegimeMemory = { state: 'NEUTRAL', towards: null, heldHours: 0 }

/**
 * The state after one more settlement. Hours count whatever the state, but a regime begins only where there was none before; one
 * observation that does not qualify sets the hours back to zero. What is not known never qualifies, and ends nothing either: a
 * regime whose percentile cannot be told ends by its rate alone. Spec 3.2, vector 41.
 */
export function stepRegime(before: RegimeMemory, seen: RegimeObservation, rules: RegimeRules): RegimeMemory {
  const hours = seen.intervalHours
  const isUsable = hours !== null && hours > 0
  const { memory } = stepLifecycle(
    {
      ...IDLE,
      label: before.state === 'NEUTRAL' ? null : before.state,
      towards: before.towards,
      held: before.heldHours
    },
    {
      at: 0,
      value: seen.rate8h,
      weight: isUsable ? hours : 0,
      enters: isUsable ? (REGIMES.find((regime) => qualifies(regime, seen, rules)) ?? null) : null,
      leaves: (regime) => leaves(regime, seen, rules),
      ending: null
    },
    { ...AT_ONCE, persist: rules.persistHours }
  )
  return { state: memory.label ?? 'NEUTRAL', towards: memory.towards, heldHours: memory.held }
}

/** A regime ends at once and without a cool-down; silence and updates are judged by its series. */
const AT_ONCE = {
  exitPersist: 0,
  coolDownMs: 0,
  updateDelta: Number.POSITIVE_INFINITY,
  staleMs: Number.POSITIVE_INFINITY
}

/** Panic is the mirror of overheating: with the signs turned, both are "at least". */
const signOf = (regime: Regime) => (regime === 'OVERHEATED' ? 1 : -1)

function qualifies(regime: Regime, { rate8h, percentile }: RegimeObservation, rules: RegimeRules): boolean {
  if (rate8h === null || percentile === null) return false
  const { enterPercentile, enterRate8h } = rules[regime]
  const sign = signOf(regime)
  return sign * (percentile - enterPercentile) >= 0 && sign * (rate8h - enterRate8h) >= 0
}

function leaves(regime: Regime, { rate8h, percentile }: RegimeObservation, rules: RegimeRules): boolean {
  const { exitPercentile, exitRate8h } = rules[regime]
  const sign = signOf(regime)
  const isBelow = (value: number | null, bound: number) => value !== null && sign * (value - bound) < 0
  return isBelow(percentile, exitPercentile) || isBelow(rate8h, exitRate8h)
}
