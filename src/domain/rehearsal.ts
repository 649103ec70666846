import { NO_REGIME, type RegimeObservation, type RegimeRules, stepRegime } from './funding-regime.ts'
import { IDLE, type LifecycleClose, type LifecycleMemory, readingOf, stepLifecycle } from './lifecycle.ts'
import { endingAfter, type RegimeCut, type RegimeOutlook, silentFrom, type Timed } from './regime-series.ts'
import type { SignalParameters } from './signal.ts'
import type { BucketParameters } from './signal-types.ts'
import { HOUR } from './time.ts'

/** One time that a rule would have fired; times in epoch milliseconds, values in the unit of its type. */
export type Episode = {
  readonly label: string
  readonly openedAt: number
  /** Null: it went on at the end of what was gone over. */
  readonly closedAt: number | null
  readonly closeReason: LifecycleClose | null
  readonly value: number
  /** The furthest value from zero; of low values the lowest. */
  readonly peakValue: number
}

/** What a bucket says. */
export type SeenValue = { readonly value: number | null; readonly mayOpen?: boolean | undefined }

/**
 * Takes one subject through the buckets that end at these times, ascending and without a hole, as if nothing had been before the first.
 * `mayOpen` as the lifecycle reads it. `goneAt`: delisted then. `knownHours`: of the buckets that have a value.
 */
export function rehearseBuckets(
  parameters: BucketParameters,
  ends: readonly number[],
  seenAt: (end: number) => SeenValue,
  goneAt: number | null
): { readonly episodes: readonly Episode[]; readonly knownHours: number } {
  const episodes: Episode[] = []
  let memory = IDLE as Parameters<typeof stepLifecycle<string>>[0]
  let open: Episode | null = null
  let known = 0
  let before: SeenValue | undefined
  for (const at of ends) {
    const seen = seenAt(at)
    const { value, mayOpen } = seen
    if (value !== null) known += 1
    // What has led to nothing leads to nothing when it is seen again: years are mostly this.
    if (value === before?.value && mayOpen === before.mayOpen && isAsleep(memory)) continue
    before = memory.coolUntil !== null && at < memory.coolUntil ? undefined : seen
    const ending = goneAt !== null && goneAt <= at ? 'delisted' : null
    const step = stepLifecycle(
      memory,
      readingOf(parameters.thresholds, { at, value, mayOpen, weight: 1, ending }),
      parameters
    )
    memory = step.memory
    if (open !== null && value !== null) open = movedTo(open, value, parameters.thresholds[open.label]!.below)
    const { event } = step
    if (event?.type === 'open') open = openedAt(at, event.label, event.value)
    if (event?.type === 'close' && open !== null) {
      episodes.push({ ...open, closedAt: at, closeReason: event.reason })
      open = null
    }
  }
  const knownHours = (known * parameters.bucketMs) / HOUR
  return { episodes: open === null ? episodes : [...episodes, open], knownHours }
}

const isAsleep = ({ label, towards }: LifecycleMemory<string>) => label === null && towards === null

/** A settlement as it was evaluated: its own rank, and whether too much was silent before it. */
export type RehearsedSettlement = RegimeObservation & { readonly at: number; readonly isAfterGap: boolean }

export type RehearsedRules = RegimeRules & Pick<SignalParameters, 'staleIntervals'>

/** How a perpetual stood at the end of what is gone over, and the ends that somebody was told of: after them everything begins anew. */
export type RehearsedEnds = { readonly outlook: RegimeOutlook; readonly told: readonly RegimeCut[] }

/** The same of a perpetual's settlements, with the ranks that they had; it ends as its evaluation does (`src/domain/regime-series.ts`). */
export function rehearseRegime(
  rules: RehearsedRules,
  settlements: readonly RehearsedSettlement[],
  { outlook, told }: RehearsedEnds
): Episode[] {
  const { staleIntervals } = rules
  const episodes: Episode[] = []
  let memory = NO_REGIME
  let open: Episode | null = null
  let last: Timed | null = null
  let previousAt = Number.NEGATIVE_INFINITY
  const end = ({ at, reason }: { readonly at: number; readonly reason: LifecycleClose }) => {
    if (open !== null) episodes.push({ ...open, closedAt: at, closeReason: reason })
    open = null
  }
  for (const seen of settlements) {
    const { at, rate8h, intervalHours } = seen
    const cut = told.find((one) => one.at > previousAt && one.at <= at)
    if (cut !== undefined) end(cut)
    else if (seen.isAfterGap && last !== null) end({ at: silentFrom(last, staleIntervals), reason: 'stale' })
    if (cut !== undefined || seen.isAfterGap) memory = NO_REGIME
    memory = stepRegime(memory, seen, rules)
    if (open !== null && memory.state === 'NEUTRAL') end({ at, reason: 'exit' })
    if (open !== null && rate8h !== null) open = movedTo(open, rate8h, open.label === 'PANIC')
    if (open === null && memory.state !== 'NEUTRAL' && rate8h !== null) open = openedAt(at, memory.state, rate8h)
    if (intervalHours !== null) last = { at, intervalHours }
    previousAt = at
  }
  const ending = told.find(({ at }) => at > previousAt) ?? (last && endingAfter(last, outlook, staleIntervals))
  if (ending) end(ending)
  return open === null ? episodes : [...episodes, open]
}

const openedAt = (at: number, label: string, value: number): Episode => ({
  label,
  openedAt: at,
  closedAt: null,
  closeReason: null,
  value,
  peakValue: value
})

const movedTo = (open: Episode, value: number, isBelow: boolean): Episode => ({
  ...open,
  peakValue: isBelow ? Math.min(open.peakValue, value) : Math.max(open.peakValue, value)
})
