import { createHash } from 'node:crypto'
import type { ShownRows } from '../contract/explain.ts'

/** The same rows have the same hash, whatever the order of their fields. */
export function hashOf(rows: ShownRows): string {
  return createHash('sha256').update(JSON.stringify(rows, sortKeys)).digest('hex')
}

function sortKeys(_name: string, part: unknown): unknown {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
  return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
}
