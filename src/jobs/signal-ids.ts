import { createHash } from 'node:crypto'

/** Characters of a hash that are kept: 96 bits, so that no two signals of one service meet. */
const HASH_LENGTH = 24

/** Short text that stands for a value: the same value, whoever writes it and when, gives the same. */
export function hashOf(value: readonly unknown[] | object): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')
    .slice(0, HASH_LENGTH)
}

/** Keys in the order of their names: how an object was put together must not show. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, item]) => [name, sorted(item)]))
}

export function signalIdOf(opening: {
  readonly type: string
  readonly venue: string
  readonly symbol: string
  /** Null where it is not about a pair. */
  readonly spot: string | null
  readonly parameters: string
  readonly openedAt: number
}): string {
  const { type, venue, symbol, spot, parameters, openedAt } = opening
  return `sig_${hashOf([type, venue, symbol, spot, parameters, openedAt])}`
}

/** `activation`: of what the change of parameters brought about, which may be the same more than once. */
export function eventIdOf(signalId: string, type: string, at: number, activation?: number): string {
  return `evt_${hashOf([signalId, type, at, ...(activation === undefined ? [] : [activation])])}`
}
