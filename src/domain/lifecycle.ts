/** Why a lifecycle ends without its values saying so. */
export type Ending = 'delisted'

/** When something begins, moves and is over. Persistence is counted in the unit of `weight`: hours or buckets. */
export type LifecycleRules = {
  /** For so long the conditions to open must have held without a break. */
  readonly persist: number
  /** For so long those to close must have; 0: one observation is enough. */
  readonly exitPersist: number
  /** After a close nothing counts towards an opening for so long. */
  readonly coolDownMs: number
  /** How far the value moves until it is told of again. */
  readonly updateDelta: number
  /** Closed when nothing was known for so long. */
  readonly staleMs: number
}

/** One observation as the machine sees it; whoever closes buckets hands on the empty ones as well. */
export type LifecycleReading<Label extends string> = {
  readonly at: number
  /** Null: not known. It opens nothing, closes nothing by itself, and breaks what was being counted. */
  readonly value: number | null
  /** Hours or buckets that it stands for. */
  readonly weight: number
  /** Whose conditions to open it meets. */
  readonly enters: Label | null
  /** Whether it meets the conditions to close of what is open. */
  readonly leaves: (open: Label) => boolean
  readonly ending: Ending | null
}

/** All that the next step needs of what came before. Plain data: it may be stored. */
export type LifecycleMemory<Label extends string> = {
  /** What is open. */
  readonly label: Label | null
  /** Whose conditions to open hold, and for how long. */
  readonly towards: Label | null
  readonly held: number
  /** For how long the conditions to close have held. */
  readonly left: number
  /** Until then nothing counts towards an opening. */
  readonly coolUntil: number | null
  /** The value that was told last. */
  readonly told: number | null
  /** The last time that a value was known. */
  readonly knownAt: number | null
}

export const IDLE: LifecycleMemory<never> = {
  label: null,
  towards: null,
  held: 0,
  left: 0,
  coolUntil: null,
  told: null,
  knownAt: null
}

export type LifecycleClose = 'exit' | 'stale' | Ending

/** What is to be told of a step. */
export type LifecycleEvent<Label extends string> =
  | { readonly type: 'open' | 'update'; readonly at: number; readonly label: Label; readonly value: number }
  | { readonly type: 'close'; readonly at: number; readonly label: Label; readonly reason: LifecycleClose }

export type LifecycleStep<Label extends string> = {
  readonly memory: LifecycleMemory<Label>
  readonly event: LifecycleEvent<Label> | null
}

/** Differences of decimal fractions are not exact in binary. */
const TOLERANCE = 1e-12

/**
 * The state after one more observation, and the one thing to be told of it. It depends on nothing later. One label never turns into
 * another: between them there is an observation without any. Spec 3.6, vector 42.
 */
export function stepLifecycle<Label extends string>(
  before: LifecycleMemory<Label>,
  seen: LifecycleReading<Label>,
  rules: LifecycleRules
): LifecycleStep<Label> {
  const { at, value, weight } = seen
  const isCooling = before.coolUntil !== null && at < before.coolUntil
  const towards = isCooling || seen.ending !== null ? null : seen.enters
  const held = towards === null ? 0 : weight + (towards === before.towards ? before.held : 0)
  const knownAt = value === null ? before.knownAt : at
  const now = { ...before, towards, held, knownAt }
  const { label } = before
  if (label === null) {
    const isOpening = towards !== null && value !== null && held >= rules.persist
    if (!isOpening) return { memory: now, event: null }
    return {
      memory: { ...now, label: towards, left: 0, coolUntil: null, told: value },
      event: { type: 'open', at, label: towards, value }
    }
  }
  const left = seen.leaves(label) ? before.left + weight : 0
  const reason = closeOf(before, seen, left, rules)
  if (reason !== null) {
    return {
      memory: { ...now, label: null, left: 0, told: null, coolUntil: at + rules.coolDownMs },
      event: { type: 'close', at, label, reason }
    }
  }
  const hasMoved = value !== null && Math.abs(value - (before.told ?? value)) >= rules.updateDelta - TOLERANCE
  if (!hasMoved) return { memory: { ...now, left }, event: null }
  return { memory: { ...now, left, told: value }, event: { type: 'update', at, label, value } }
}

function closeOf<Label extends string>(
  { knownAt, label }: LifecycleMemory<Label>,
  { at, value, ending, leaves }: LifecycleReading<Label>,
  left: number,
  { exitPersist, staleMs }: LifecycleRules
): LifecycleClose | null {
  if (ending !== null) return ending
  if (value === null && knownAt !== null && at - knownAt >= staleMs) return 'stale'
  return label !== null && leaves(label) && left >= exitPersist ? 'exit' : null
}

/** Where one label begins and ends. `below`: it is about values that are low; then its bounds are met from above. */
export type Threshold = { readonly enter: number; readonly exit: number; readonly below: boolean }

const signOf = ({ below }: Threshold) => (below ? -1 : 1)

/**
 * A value against the thresholds of its labels: at `enter` it opens, beyond `exit`, and not at it, it closes. Where not `mayOpen` it opens
 * nothing, and what is open stays so as long as its value lets it.
 */
export function readingOf<Label extends string>(
  thresholds: Readonly<Record<Label, Threshold>>,
  {
    ending = null,
    mayOpen = true,
    ...seen
  }: Pick<LifecycleReading<Label>, 'at' | 'value' | 'weight'> & {
    readonly ending?: Ending | null
    readonly mayOpen?: boolean | undefined
  }
): LifecycleReading<Label> {
  const { value } = seen
  const labels = Object.keys(thresholds) as Label[]
  const meets = (label: Label) => signOf(thresholds[label]) * (value! - thresholds[label].enter) >= 0
  return {
    ...seen,
    ending,
    enters: value === null || !mayOpen ? null : (labels.find(meets) ?? null),
    leaves: (label) => value !== null && signOf(thresholds[label]) * (value - thresholds[label].exit) < 0
  }
}

/** What is wrong with a pair of thresholds, in words; null: nothing. With crossed ones a value would be inside and outside at once. */
export function thresholdProblem(threshold: Threshold): string | null {
  const { enter, exit, below } = threshold
  if (!Number.isFinite(enter) || !Number.isFinite(exit)) return 'enter and exit must be numbers'
  if (signOf(threshold) * (exit - enter) <= 0) return null
  return `exit (${exit}) must not be ${below ? 'below' : 'above'} enter (${enter})`
}

/**
 * What is wrong with one bound of a label, in words; null: nothing. What opens at the neutral value or beyond it would be open for everything,
 * what closes there never would.
 */
export function sideProblem(bound: number, { below, neutral }: { readonly below: boolean; readonly neutral: number }) {
  if (below ? bound < neutral : bound > neutral) return null
  const [side, act] = below ? ['below', 'lower'] : ['above', 'raise']
  return `(${bound}) must be ${side} ${neutral}, which is neutral: ${act} it`
}
