import { sleep } from '../clock.ts'
import { shortagesOf } from '../domain/signal-supply.ts'
import { BUCKET_MS, BUCKET_TYPES, type BucketType } from '../domain/signal-types.ts'
import { SECOND } from '../domain/time.ts'
import { messageOf } from '../errors.ts'
import { activate, findActivation } from '../store/signal-activations.ts'
import { type BucketDeps, bucketHashOf, evaluateBuckets, GRACE_MS, hashedBuckets } from './bucket-signals.ts'
import type { WorkerDeps } from './station.ts'

/** After a failure, and at the most between two looks: another process may have been the one that ended. */
const LOOK_EVERY_MS = 30 * SECOND

/** Opens and closes the signals of buckets as these close, one type after the other, beside the board. Ends when `signal` aborts. */
export async function runBuckets(deps: WorkerDeps, signal: AbortSignal): Promise<void> {
  const own = { ...deps, bucketParameters: deps.config.bucketParameters }
  for (const shortage of shortagesOf(deps.config)) deps.log.warn(shortage, 'signals.without_facts')
  const activated = new Set<BucketType>()
  const superseded = new Set<BucketType>()
  while (!signal.aborted) {
    for (const type of BUCKET_TYPES) {
      try {
        if (!activated.has(type)) {
          const parameters = hashedBuckets(type, own)
          const { number, isNew } = await activate(deps.db, type, parameters)
          activated.add(type)
          if (isNew) deps.log.info({ type, parameters: parameters.hash, number }, 'signals.activated')
        }
        await tellSuperseded(own, type, superseded)
        while (!signal.aborted && (await evaluateBuckets(own, type))) {}
      } catch (error) {
        deps.log.error({ type, message: messageOf(error) }, 'signals.failed')
      }
    }
    const sinceClosed = (deps.clock.now() - GRACE_MS) % BUCKET_MS
    await sleep(Math.min(BUCKET_MS - sinceClosed, LOOK_EVERY_MS), signal)
  }
}

/** Says once that a process started later has put other parameters in force: this one waits. */
async function tellSuperseded(deps: BucketDeps, type: BucketType, superseded: Set<BucketType>): Promise<void> {
  const parameters = bucketHashOf(type, deps)
  if ((await findActivation(deps.db, type))?.parameters === parameters) superseded.delete(type)
  else if (!superseded.has(type)) {
    superseded.add(type)
    deps.log.warn({ type, parameters }, 'signals.superseded')
  }
}
