import type { Database } from './database.ts'

/** Says whether the database has reached the size it may have. */
export type DiskGuard = { isFull(): Promise<boolean> }

export type DiskOptions = {
  /** Null: no limit. */
  readonly maxBytes: number | null
  /** Any steady clock. */
  readonly nowMs: () => number
  /** Told when it begins to be full, and when there is room again. */
  readonly onChange?: (change: { readonly isFull: boolean; readonly bytes: number; readonly maxBytes: number }) => void
}

const LOOK_EVERY_MS = 30_000

/** Measures at most twice a minute; without a limit never. There is room again as soon as old data has gone. */
export function createDiskGuard(db: Database, { maxBytes, nowMs, onChange }: DiskOptions): DiskGuard {
  let lookedAt = Number.NEGATIVE_INFINITY
  let isFull = false
  return {
    isFull: async () => {
      if (maxBytes === null || nowMs() - lookedAt < LOOK_EVERY_MS) return isFull
      const bytes = await measureDatabase(db)
      lookedAt = nowMs()
      const wasFull = isFull
      isFull = bytes >= maxBytes
      if (isFull !== wasFull) onChange?.({ isFull, bytes, maxBytes })
      return isFull
    }
  }
}

/** Bytes of the whole database on disk, write-ahead log not counted. */
export async function measureDatabase(db: Database): Promise<number> {
  const { rows } = await db.query<{ bytes: number }>('select pg_database_size(current_database()) as bytes')
  return rows[0]!.bytes
}
