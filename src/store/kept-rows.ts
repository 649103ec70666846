import type { Source } from './observations.ts'

/** Which tick a stored row is of, where it comes from, and which of its versions it is. Times in epoch milliseconds. */
export type Kept = {
  readonly tickAt: number
  readonly knownAt: number
  readonly availableAt: number
  readonly source: Source
  readonly revision: number
}

export type KeptRow = {
  tick_at: Date
  known_at: Date
  available_at: Date
  source: Source
  revision: number
}

export const KEPT_COLUMNS = ['tick_at', 'known_at', 'available_at', 'source', 'revision'] as const

export function keptOfRow({ tick_at, known_at, available_at, source, revision }: KeptRow): Kept {
  return {
    tickAt: tick_at.getTime(),
    knownAt: known_at.getTime(),
    availableAt: available_at.getTime(),
    source,
    revision
  }
}
