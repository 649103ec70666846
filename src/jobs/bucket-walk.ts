import { IDLE, type LifecycleMemory, readingOf, stepLifecycle } from '../domain/lifecycle.ts'
import type { BucketReading, BucketSignal, CloseReason } from '../domain/signal.ts'
import { type BucketParameters, type BucketType, extentOf } from '../domain/signal-types.ts'
import { MINUTE } from '../domain/time.ts'
import type { BucketSubject } from '../store/bucket-subjects.ts'
import type { BucketPoint, SubjectRef } from '../store/closed-buckets/span.ts'
import type { EventType } from '../store/events.ts'
import { signalIdOf } from './signal-ids.ts'

/** A signal as it stood when something of it was to be told. */
export type ToldSignal = {
  readonly type: Extract<EventType, `signal.${string}`>
  readonly at: number
  readonly signal: BucketSignal
}

export type WalkTask = {
  readonly type: BucketType
  readonly parameters: BucketParameters
  readonly hash: string
  readonly knownAt: number
}

export type WalkedSubject = {
  readonly ref: SubjectRef
  readonly subject: BucketSubject
}

/** What a bucket says, an empty one as well. */
export type SeenBucket = Pick<BucketPoint, 'at' | 'value' | 'observations' | 'mayOpen' | 'carry'>

export type WalkOutcome = {
  readonly memory: LifecycleMemory<string>
  /** Every signal that is new or has changed, as it stands now. */
  readonly signals: readonly BucketSignal[]
  readonly told: readonly ToldSignal[]
}

/** Takes one subject through buckets, ascending and without a hole, from where it was left. Pure: the same buckets tell the same. */
export function walkBuckets(
  task: WalkTask,
  walked: WalkedSubject,
  before: { readonly memory: LifecycleMemory<string>; readonly open: BucketSignal | undefined },
  buckets: readonly SeenBucket[]
): WalkOutcome {
  const { parameters } = task
  const { goneAt } = walked.subject
  const signals = new Map<string, BucketSignal>()
  const told: ToldSignal[] = []
  let { memory, open } = before
  for (const bucket of buckets) {
    const { at, value, mayOpen } = bucket
    const ending = goneAt !== null && goneAt <= at ? 'delisted' : null
    const step = stepLifecycle(
      memory,
      readingOf(parameters.thresholds, { at, value, mayOpen, weight: 1, ending }),
      parameters
    )
    memory = step.memory
    const { event } = step
    if (event?.type === 'open') open = openedBy(task, walked, event.label, event.value, bucket)
    else if (open !== undefined && value !== null) open = movedTo(open, at, value)
    if (open === undefined) continue
    if (event?.type === 'close') open = closedBy(open, at, event.reason, readingAt(parameters, bucket))
    signals.set(open.id, open)
    if (event !== null) told.push({ type: TOLD[event.type], at, signal: open })
    if (event?.type === 'close') open = undefined
  }
  return { memory, signals: [...signals.values()], told }
}

const TOLD = { open: 'signal.opened', update: 'signal.updated', close: 'signal.closed' } as const

/** Whether there is nothing to remember of a subject at a time. */
export function isIdle({ label, towards, coolUntil }: LifecycleMemory<string>, at: number): boolean {
  return label === null && towards === null && (coolUntil === null || coolUntil <= at)
}

export const NOTHING_BEFORE = { memory: IDLE, open: undefined } as const

function openedBy(
  { type, parameters, hash, knownAt }: WalkTask,
  { ref, subject }: WalkedSubject,
  label: string,
  value: number,
  bucket: SeenBucket
): BucketSignal {
  const { venue, symbol, spot } = subject
  const openedAt = bucket.at
  return {
    id: signalIdOf({ type, venue, symbol, spot, parameters: hash, openedAt }),
    type,
    instrumentId: ref.instrumentId,
    venue,
    asset: ref.asset,
    spotId: ref.spotId,
    label,
    openedAt,
    closedAt: null,
    closeReason: null,
    knownAt,
    value,
    lastValue: value,
    lastAt: openedAt,
    peakValue: value,
    peakAt: openedAt,
    halvedAt: null,
    opening: readingAt(parameters, bucket),
    closing: null,
    parameters: hash,
    parameterSet: parameters,
    formulaVersion: parameters.version
  }
}

function movedTo(open: BucketSignal, at: number, value: number): BucketSignal {
  const [extent, furthest] = [extentOf(open, value), extentOf(open, open.peakValue)]
  const isFurther = extent > furthest
  const isHalved = !isFurther && open.halvedAt === null && extent <= furthest / 2
  const peakValue = isFurther ? value : open.peakValue
  const peakAt = isFurther ? at : open.peakAt
  const halvedAt = isFurther ? null : isHalved ? at : open.halvedAt
  return { ...open, lastAt: at, lastValue: value, peakValue, peakAt, halvedAt }
}

/** `closing` is what closed it; null: nothing that was seen did. */
export function closedBy(
  open: BucketSignal,
  closedAt: number,
  closeReason: CloseReason,
  closing: BucketReading | null
): BucketSignal {
  return { ...open, closedAt, closeReason, closing: closeReason === 'exit' ? closing : null }
}

function readingAt({ bucketMs }: BucketParameters, { value, observations, carry }: SeenBucket): BucketReading {
  return { value, bucketMinutes: bucketMs / MINUTE, observations, ...(carry && { carry }) }
}
