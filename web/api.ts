/** Asking the public API, with the key of this tab where one was given. */

const KEY_ITEM = 'contango.key'
const ASKED_MS_MAX = 20_000

export function readKey(): string {
  return sessionStorage.getItem(KEY_ITEM) ?? ''
}

/** Kept until the tab is closed; empty forgets it. */
export function keepKey(key: string): void {
  if (key === '') sessionStorage.removeItem(KEY_ITEM)
  else sessionStorage.setItem(KEY_ITEM, key)
}

export function authorisation(): Record<string, string> {
  const key = readKey()
  return key === '' ? {} : { authorization: `Bearer ${key}` }
}

/** An answer that is not the one asked for. */
export class RefusedError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export type Answer<T> = {
  readonly data: T
  readonly page?: { readonly next: string | null }
  readonly meta: { readonly asOf: string } & Readonly<Record<string, unknown>>
}

export type Tagged<T> = { readonly answer: Answer<T>; readonly tag: string | null }

/** GETs an answer; undefined when `tag` still stands for it. */
export async function askTagged<T>(path: string, tag: string | null): Promise<Tagged<T> | undefined> {
  const response = await fetch(path, {
    headers: { ...authorisation(), ...(tag === null ? {} : { 'if-none-match': tag }) },
    cache: 'no-store',
    signal: AbortSignal.timeout(ASKED_MS_MAX)
  })
  if (response.status === 304) return undefined
  if (!response.ok) throw await refusalOf(response)
  return { answer: (await response.json()) as Answer<T>, tag: response.headers.get('etag') }
}

export async function ask<T>(path: string): Promise<Answer<T>> {
  const tagged = await askTagged<T>(path, null)
  if (tagged === undefined) throw new RefusedError(304, 'an answer was left out that nobody has')
  return tagged.answer
}

export async function refusalOf(response: Response): Promise<RefusedError> {
  const problem = await response.json().catch(() => ({}))
  return new RefusedError(response.status, problem.detail ?? problem.title ?? `status ${response.status}`)
}

export function queryOf(path: string, values: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(values).filter((entry): entry is [string, string] => (entry[1] ?? '') !== '')
  // Readable in the address bar: colons, slashes and commas need no escape in a query.
  const text = given.map(([name, value]) => `${name}=${encodeURIComponent(value).replace(/%(3A|2F|2C)/g, unescapeOne)}`)
  return text.length === 0 ? path : `${path}?${text.join('&')}`
}

const unescapeOne = (escaped: string) => decodeURIComponent(escaped)

export type Venue = {
  readonly venue: string
  readonly name: string
  readonly state: string
  readonly reason: string | null
  readonly lastSuccessAt: string | null
  readonly lagMs: number | null
  readonly expected: number | null
  readonly received: number | null
}

export type Signal = {
  readonly id: string
  readonly type: string
  readonly label: string
  /** Null: it is about the venue as a whole. */
  readonly instrument: string | null
  readonly venue: string
  readonly asset: string | null
  readonly openedAt: string
  readonly explanation: { readonly meaning: string; readonly closesWhen: string | null }
}

export type Bucket = {
  readonly start: string
  readonly high: number | null
  readonly low: number | null
  readonly mean: number | null
}

export type Settlement = {
  readonly settledAt: string
  readonly rate: number
  readonly intervalHours: number | null
  readonly apr: number | null
}

export type Realised = {
  readonly sumRate: number | null
  readonly hours: number | null
  readonly realisedApr: number | null
  readonly settlements: number
  readonly expected: number | null
  readonly coverage: number | null
}
