import { CARRY_SIGNAL_TERMS, type CarrySignalTerms } from './carry-terms.ts'
import { REGIMES } from './funding-regime.ts'
import type { LifecycleRules, Threshold } from './lifecycle.ts'
import { DAY, HOUR, MINUTE } from './time.ts'

/** Signals that look at closed buckets of time, all of one length. */
export const BUCKET_TYPES = [
  'basis_dislocation',
  'expectation',
  'stablecoin_depeg',
  'interval_change',
  'venue_trouble',
  'leverage_buildup',
  'liquidity_thinning',
  'carry_opportunity'
] as const
export type BucketType = (typeof BUCKET_TYPES)[number]

export const SIGNAL_TYPES = ['funding_regime', ...BUCKET_TYPES] as const

/** The value of a type that says nothing; its labels are about what is above or below. Depth over what is usual is at one. */
export const neutralOf = (type: (typeof SIGNAL_TYPES)[number]): number => (type === 'liquidity_thinning' ? 1 : 0)

export const BUCKET_MS = 5 * MINUTE

/** Everything that decides when a signal of buckets opens and closes. Persistence is in buckets. */
export type BucketParameters = LifecycleRules & {
  /** Raised when the same facts would give other values. */
  readonly version: number
  readonly bucketMs: number
  readonly thresholds: Readonly<Record<string, Threshold>>
  /** What the values are worked out with, where that is more than facts. */
  readonly terms?: CarrySignalTerms
}

const above = (enter: number, exit: number): Threshold => ({ enter, exit, below: false })
const below = (enter: number, exit: number): Threshold => ({ enter, exit, below: true })

/** Three buckets in, three out, stale after three empty ones. Spec 6. */
const USUAL = { version: 1, bucketMs: BUCKET_MS, persist: 3, exitPersist: 3, coolDownMs: HOUR, staleMs: 3 * BUCKET_MS }

/** Units are those of `src/domain/signal-values.ts`. */
export const BUCKET_PARAMETERS: Readonly<Record<BucketType, BucketParameters>> = {
  basis_dislocation: { ...USUAL, updateDelta: 10, thresholds: { RICH: above(25, 12), CHEAP: below(-25, -12) } },
  // Spec 3.3: a curve is one only where all of it is beyond half a percent a year.
  expectation: {
    ...USUAL,
    updateDelta: 0.02,
    thresholds: { CONTANGO: above(0.005, 0.0025), BACKWARDATION: below(-0.005, -0.0025) }
  },
  // Spec 1.4: 50 bps from par.
  stablecoin_depeg: { ...USUAL, updateDelta: 25, thresholds: { ABOVE_PAR: above(50, 25), BELOW_PAR: below(-50, -25) } },
  // A change is a fact, and no noise: one bucket is enough.
  interval_change: {
    ...USUAL,
    version: 2,
    persist: 1,
    exitPersist: 1,
    coolDownMs: 0,
    updateDelta: 0.5,
    thresholds: { SHORTER: above(0.1, 0.05), LONGER: below(-0.1, -0.05) }
  },
  venue_trouble: {
    ...USUAL,
    persist: 2,
    exitPersist: 2,
    coolDownMs: 15 * MINUTE,
    updateDelta: 0.25,
    thresholds: { FAILING: above(0.5, 0.2) }
  },
  leverage_buildup: {
    ...USUAL,
    coolDownMs: 6 * HOUR,
    updateDelta: 0.1,
    thresholds: { BUILD_UP: above(0.25, 0.1), UNWINDING: below(-0.25, -0.1) }
  },
  liquidity_thinning: { ...USUAL, updateDelta: 0.15, thresholds: { THIN: below(0.4, 0.6) } },
  // Spec 3.1 and 6: 8 % a year on capital in, 4 % out, told again at two points.
  carry_opportunity: {
    ...USUAL,
    version: 3,
    coolDownMs: 6 * HOUR,
    updateDelta: 0.02,
    thresholds: { CARRY: above(0.08, 0.04) },
    terms: CARRY_SIGNAL_TERMS
  }
}

/** Whether the same facts still give the value that a signal was told with. */
export const isByFormulaOfNow = (signal: {
  readonly type: (typeof SIGNAL_TYPES)[number]
  readonly formulaVersion: number
}): boolean => signal.type === 'funding_regime' || signal.formulaVersion === BUCKET_PARAMETERS[signal.type].version

/** How far a value is from neutral on the side that its label is about; below zero on the other one. */
export function extentOf(
  { type, label }: { readonly type: (typeof SIGNAL_TYPES)[number]; readonly label: string },
  value: number
): number {
  const isBelow =
    type === 'funding_regime' ? label === 'PANIC' : (BUCKET_PARAMETERS[type].thresholds[label]?.below ?? false)
  const distance = value - neutralOf(type)
  return isBelow ? -distance : distance
}

/** For how long a change of interval stands out once it is in force and known; told so long after it came into force it is no news. */
export const INTERVAL_CHANGE_MS = DAY

/** Every label that a signal may have. */
export const SIGNAL_LABELS: readonly string[] = [
  ...REGIMES,
  ...BUCKET_TYPES.flatMap((type) => Object.keys(BUCKET_PARAMETERS[type].thresholds))
]
