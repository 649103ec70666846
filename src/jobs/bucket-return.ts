import { IDLE, type LifecycleMemory } from '../domain/lifecycle.ts'
import type { BucketSignal } from '../domain/signal.ts'
import { NOTHING_BEFORE, type SeenBucket, type WalkedSubject, type WalkTask, walkBuckets } from './bucket-walk.ts'

type Before = { readonly memory: LifecycleMemory<string>; readonly open: BucketSignal | undefined }

/**
 * How a subject stands for parameters that are in force again. `closed`: what they had open when others took their place; `meanwhile`: the
 * buckets since. What still goes on is open again; what ended meanwhile was over for nobody, and only its cool-down counts.
 */
export function returnTo(
  task: WalkTask,
  walked: WalkedSubject,
  closed: BucketSignal,
  meanwhile: readonly SeenBucket[]
): Before {
  const { label, lastAt, lastValue } = closed
  const open: BucketSignal = { ...closed, closedAt: null, closeReason: null, closing: null }
  const memory = { ...IDLE, label, told: lastValue, knownAt: lastAt }
  const outcome = walkBuckets(task, walked, { memory, open }, meanwhile)
  const moved = outcome.signals.find(({ id }) => id === closed.id) ?? open
  if (moved.closedAt === null) return { memory: outcome.memory, open: moved }
  // What would have opened since is a new opening: it waits for its buckets as everything new does.
  return outcome.memory.label === null ? { memory: outcome.memory, open: undefined } : NOTHING_BEFORE
}
