import type { Database } from './database.ts'
import { sqlState } from './database-errors.ts'

/** Our own COPYs last milliseconds: one that has waited this long for its process waits for one that is frozen. */
const FROZEN_AFTER_MS = 10_000

/**
 * Ends the sessions of workers that were frozen in the middle of a COPY, and with them their locks; answers how many. No time limit of
 * PostgreSQL reaches those: while a COPY waits for its client, statement and transaction timeouts do not fire, only termination does.
 */
export async function endFrozenSessions(db: Pick<Database, 'query'>, afterMs = FROZEN_AFTER_MS): Promise<number> {
  const { rows } = await db.query<{ ended: boolean }>(
    `select pg_terminate_backend(pid) as ended from pg_stat_activity
     where datname = current_database() and usename = current_user and application_name like 'contango %' and pid <> pg_backend_pid()
       and state = 'active' and wait_event = 'ClientRead' and query like 'copy stage from stdin%'
       and query_start < clock_timestamp() - $1 * interval '1 millisecond'`,
    [afterMs]
  )
  return rows.filter(({ ended }) => ended).length
}

/** Whether somebody else held a lock for so long that we gave up: time to see whether they still live. */
export const isLockTimeout = (error: unknown): boolean => sqlState(error) === '55P03'
