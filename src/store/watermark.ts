import { MINUTE, SECOND } from '../domain/time.ts'
import type { Database } from './database.ts'

/** A transaction takes its time a moment before it is seen to run. */
const UNSEEN_MS = SECOND
/** Where sessions of other users are hidden from us: longer than any transaction of ours lasts. */
const HIDDEN_MS = 10 * MINUTE

/** Read facts for hours and write none: they hold nothing up. */
export const BACKUP_NAME = 'contango backup'
export const EXPORT_NAME = 'contango export'

/**
 * What was known before this time (epoch milliseconds) is committed or never will be. A row's `known_at` is the time at which its
 * transaction began, and transactions end in another order: no row can come any more from before the oldest that still runs.
 */
export async function readWatermark(db: Pick<Database, 'query'>, unseenMs = UNSEEN_MS): Promise<number> {
  const { rows } = await db.query<{ nowMs: number; oldestMs: number | null; isHidden: boolean }>(
    `select extract(epoch from clock_timestamp())::float8 * 1000 as "nowMs",
       extract(epoch from min(xact_start))::float8 * 1000 as "oldestMs",
       coalesce(bool_or(query = '<insufficient privilege>'), false) as "isHidden"
     from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
       and (backend_type = 'client backend' or backend_type is null) and application_name <> all ($1)`,
    [[BACKUP_NAME, EXPORT_NAME]]
  )
  const { nowMs, oldestMs, isHidden } = rows[0]!
  const seen = Math.min(nowMs, oldestMs ?? nowMs) - unseenMs
  return Math.floor(isHidden ? Math.min(seen, nowMs - HIDDEN_MS) : seen)
}
