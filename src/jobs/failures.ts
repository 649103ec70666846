import { messageOf } from '../errors.ts'
import { endFrozenSessions, isLockTimeout } from '../store/frozen-sessions.ts'
import type { WorkerDeps } from './station.ts'

/** Tells of a failure; where another's lock was in the way, sees to it that a frozen process does not keep it. */
export function reportFailure(
  { db, log }: Pick<WorkerDeps, 'db' | 'log'>,
  error: unknown,
  event: string,
  fields: object = {}
): void {
  log.error({ ...fields, message: messageOf(error) }, event)
  if (!isLockTimeout(error)) return
  endFrozenSessions(db).then(
    (ended) => ended > 0 && log.warn({ ended }, 'sessions.frozen'),
    // The next failure tries again.
    () => {}
  )
}
