import { sleep } from '../clock.ts'
import { SECOND } from '../domain/time.ts'
import { messageOf } from '../errors.ts'
import { type AttemptResult, recordAttempts } from '../store/attempts.ts'
import { isDatabaseUnavailable } from '../store/database-errors.ts'
import { FAILING_AFTER_MS, QUIET_AFTER_MS } from '../webhooks/retry-policy.ts'
import type { WorkerDeps } from './station.ts'

/** Results of one transaction. */
const BATCH = 200

export type AttemptRecorder = {
  /** Resolves when the result is stored, or cannot be: then the lease lapses, and it is sent again. */
  add(result: AttemptResult): Promise<void>
}

/** Stores what has come together while the transaction before was running: a busy receiver does not mean a commit a try. */
export function createAttemptRecorder(
  deps: Pick<WorkerDeps, 'db' | 'clock' | 'log'>,
  signal: AbortSignal
): AttemptRecorder {
  const waiting: { readonly result: AttemptResult; readonly resolve: () => void }[] = []
  let isRunning = false
  const run = async () => {
    isRunning = true
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH)
      await store(
        deps,
        batch.map(({ result }) => result),
        signal
      )
      for (const { resolve } of batch) resolve()
    }
    isRunning = false
  }
  return {
    add: (result) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.push({ result, resolve })
      if (!isRunning) void run()
      return promise
    }
  }
}

/** Never rejects. While the database is away it waits: what was sent should not be sent again for that. */
async function store(
  { db, clock, log }: Pick<WorkerDeps, 'db' | 'clock' | 'log'>,
  results: readonly AttemptResult[],
  signal: AbortSignal
): Promise<void> {
  for (;;) {
    try {
      const limits = { nowMs: clock.now(), failingAfterMs: FAILING_AFTER_MS, quietAfterMs: QUIET_AFTER_MS }
      const { stale, disabled } = await recordAttempts(db, results, limits)
      for (const delivery of stale) log.warn({ delivery }, 'delivery.stale')
      for (const { id, reason } of disabled) log.warn({ subscription: id, reason }, 'webhook.disabled')
      return
    } catch (error) {
      log.error({ message: messageOf(error), attempts: results.length }, 'attempts.failed')
      if (!isDatabaseUnavailable(error) || signal.aborted) return
      await sleep(SECOND, signal)
    }
  }
}
