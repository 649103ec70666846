import { hash } from 'node:crypto'

/** Where a page ended: which query it belongs to, and what the next page needs to go on. */
type CursorBody = { readonly q: string; readonly k: readonly (string | number | null)[] }
export type CursorKeys = CursorBody['k']

/** An opaque text that only continues the query with this fingerprint. */
export function cursorOf(fingerprint: string, keys: CursorKeys): string {
  return Buffer.from(JSON.stringify({ q: fingerprint, k: keys } satisfies CursorBody)).toString('base64url')
}

export type CursorReading = { readonly keys: CursorKeys } | { readonly refused: string }

/** What a key may be: a whole number within 2^31, a time, a text, or the value of any field. */
export type CursorForm = 'integer' | 'time' | 'text' | 'any'

/** The keys of a cursor of this query. */
export function readCursor(text: string, fingerprint: string, forms: readonly CursorForm[]): CursorReading {
  const body = bodyOf(text)
  const hasForms = body?.k.length === forms.length && forms.every((form, index) => hasForm(body.k[index], form))
  if (body === undefined || !hasForms) return { refused: 'not a cursor that this service gave' }
  if (body.q !== fingerprint) return { refused: 'belongs to another query; a cursor continues the query it came from' }
  return { keys: body.k }
}

function hasForm(key: unknown, form: CursorForm): boolean {
  if (form === 'any') return true
  if (form === 'text') return typeof key === 'string' && !key.includes('\0')
  return Number.isSafeInteger(key) && Math.abs(key as number) <= (form === 'time' ? LAST_TIME_MS : LAST_INTEGER)
}

const LAST_INTEGER = 2 ** 31 - 1
/** The year 9999, which both JavaScript and PostgreSQL can write. */
const LAST_TIME_MS = Date.UTC(9999, 0)

function bodyOf(text: string): CursorBody | undefined {
  if (!/^[A-Za-z0-9_-]{1,2000}$/.test(text)) return undefined
  try {
    const value = JSON.parse(Buffer.from(text, 'base64url').toString()) as Partial<CursorBody> | null
    const isKey = (key: unknown) => key === null || typeof key === 'string' || Number.isFinite(key)
    const isBody = typeof value?.q === 'string' && Array.isArray(value.k) && value.k.every(isKey)
    return isBody ? (value as CursorBody) : undefined
  } catch {
    return undefined
  }
}

/** Short text that differs for different queries; `cursor` and `limit` do not count, so that a page may change its size. */
export function fingerprintOf(route: string, query: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(query)
    .filter(([name, value]) => name !== 'cursor' && name !== 'limit' && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  // Against mixing queries up, not against forging.
  return hash('sha1', JSON.stringify([route, parts]), 'base64url').slice(0, 12)
}
