import { REGIMES, type RegimeBounds } from './domain/funding-regime.ts'
import { sideProblem } from './domain/lifecycle.ts'
import { BUCKET_MS, BUCKET_PARAMETERS, BUCKET_TYPES, INTERVAL_CHANGE_MS, neutralOf } from './domain/signal-types.ts'
import { DAY, HOUR } from './domain/time.ts'
import type { InputProblem } from './errors.ts'
import { ofBuckets, ofRegime, ofThreshold, type SignalValues } from './signal-settings.ts'

/** Where a label begins and ends, by the names of its settings. `neutral`: both lie on its own side of that; null: of a rank there is no such place. */
type Pair = {
  readonly enter: string
  readonly exit: string
  readonly isBelow: boolean
  readonly neutral: number | null
}

const PAIRS: readonly Pair[] = [
  ...REGIMES.flatMap((regime): Pair[] => {
    const isBelow = regime === 'PANIC'
    const pairOf = (enter: keyof RegimeBounds, exit: keyof RegimeBounds, neutral: number | null) => ({
      enter: ofRegime(regime, enter),
      exit: ofRegime(regime, exit),
      isBelow,
      neutral
    })
    return [
      pairOf('enterPercentile', 'exitPercentile', null),
      pairOf('enterRate8h', 'exitRate8h', neutralOf('funding_regime'))
    ]
  }),
  ...BUCKET_TYPES.flatMap((type) =>
    Object.entries(BUCKET_PARAMETERS[type].thresholds).map(([label, { below }]) => ({
      enter: ofThreshold(type, label, 'enter'),
      exit: ofThreshold(type, label, 'exit'),
      isBelow: below,
      neutral: neutralOf(type)
    }))
  )
]

/** One of two settings that must not be above the other, or must be below it. `times`: of the other, so many. */
type Order = { readonly low: string; readonly high: string; readonly isStrict: boolean; readonly times?: number }

/** With crossed thresholds a value would be inside and outside at once; values have sides besides, ranks must keep theirs apart. */
const ORDERS: readonly Order[] = [
  // A window is open at its old end: nothing in it is as old as the window is long.
  { low: 'FUNDING_REGIME_MIN_DAYS', high: 'FUNDING_REGIME_WINDOW_DAYS', isStrict: true },
  // No venue settles more often than hourly.
  { low: 'FUNDING_REGIME_MIN_SETTLEMENTS', high: 'FUNDING_REGIME_WINDOW_DAYS', isStrict: false, times: DAY / HOUR },
  ...PAIRS.map(({ enter, exit, isBelow }) => ({
    low: isBelow ? enter : exit,
    high: isBelow ? exit : enter,
    isStrict: false
  })),
  {
    low: ofRegime('PANIC', 'enterPercentile'),
    high: ofRegime('OVERHEATED', 'exitPercentile'),
    isStrict: true
  },
  {
    low: ofRegime('PANIC', 'exitPercentile'),
    high: ofRegime('OVERHEATED', 'enterPercentile'),
    isStrict: true
  }
]

/** What of these settings does not go together, by the name of one that was set. */
export function signalProblems(values: SignalValues, isSet: (name: string) => boolean): InputProblem[] {
  return [
    ...PAIRS.flatMap((pair) => sideProblems(pair, values)),
    ...orderProblems(values, isSet),
    ...rankProblems(values, isSet),
    ...persistProblems(values)
  ]
}

/** Of a rank that none of so few settlements has: a rate counts among those that it is ranked with, as half of itself. */
function rankProblems(values: SignalValues, isSet: (name: string) => boolean): InputProblem[] {
  const fewest = 'FUNDING_REGIME_MIN_SETTLEMENTS'
  const least = 50 / values[fewest]!
  const among = (rank: number) => `${Number(rank.toFixed(3))}, of ${fewest} (${values[fewest]})`
  return REGIMES.flatMap((regime) => {
    const name = ofRegime(regime, 'enterPercentile')
    const isBelow = regime === 'PANIC'
    if (isBelow ? values[name]! >= least : values[name]! <= 100 - least) return []
    const message = isBelow
      ? `${name} (${values[name]}) must not be below the lowest rank there is, ${among(least)}: raise one of them`
      : `${name} (${values[name]}) must not be above the highest rank there is, ${among(100 - least)}: lower it or raise the other`
    return [{ path: isSet(name) ? name : fewest, message }]
  })
}

/** Of a change of interval that must last for longer than it stands out. */
function persistProblems(values: SignalValues): InputProblem[] {
  const name = ofBuckets('interval_change', 'persist_buckets')
  const most = INTERVAL_CHANGE_MS / BUCKET_MS
  if (values[name]! <= most) return []
  return [
    {
      path: name,
      message: `${name} (${values[name]}) must not be above ${most}, as long as a change stands out: lower it`
    }
  ]
}

/** Of a threshold at neutral or beyond it. */
function sideProblems({ enter, exit, isBelow, neutral }: Pair, values: SignalValues): InputProblem[] {
  if (neutral === null) return []
  return [enter, exit].flatMap((name) => {
    const problem = sideProblem(values[name]!, { below: isBelow, neutral })
    return problem === null ? [] : [{ path: name, message: `${name} ${problem}` }]
  })
}

function orderProblems(values: SignalValues, isSet: (name: string) => boolean): InputProblem[] {
  return ORDERS.flatMap(({ low, high, isStrict, times = 1 }) => {
    const [least, most] = [values[low]!, values[high]!]
    if (isStrict ? least < most * times : least <= most * times) return []
    const bound = isStrict ? 'be below' : 'not be above'
    const factor = times === 1 ? '' : `${times} times `
    const message = `${low} (${least}) must ${bound} ${factor}${high} (${most}): lower the one or raise the other`
    return [{ path: isSet(low) ? low : high, message }]
  })
}
