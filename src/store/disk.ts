import type { Database } from './database.ts'

/** Says whether the database has reached the size it may have. */
export type DiskGuard = { isFull(): Promise<boolean> }

const LOOK_EVERY_MS = 30_000

/** Measures at most twice a minute; without a limit never. `nowMs` may be any steady clock. */
export function createDiskGuard(db: Database, maxBytes: number | null, nowMs: () => number): DiskGuard {
  let lookedAt = Number.NEGATIVE_INFINITY
  let isFull = false
  return {
    isFull: async () => {
      if (maxBytes === null) return false
      if (nowMs() - lookedAt >= LOOK_EVERY_MS) {
        isFull = (await measureDatabase(db)) >= maxBytes
        lookedAt = nowMs()
      }
      return isFull
    }
  }
}

/** Bytes of the whole database on disk, write-ahead log not counted. */
export async function measureDatabase(db: Database): Promise<number> {
  const { rows } = await db.query<{ bytes: number }>('select pg_database_size(current_database()) as bytes')
  return rows[0]!.bytes
}
