/** What a simulated venue answers to one request. */
export type Answer = {
  readonly status: number
  /** The body, already in the venue's wire format. */
  readonly body: string
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One venue's whole HTTP interface: a path, its parameters and the time of the request. */
export type SimVenue = {
  answer(path: string, params: URLSearchParams, nowMs: number): Answer
  /** Asked by POST only; the fields of the posted JSON are the parameters. */
  readonly isPosted?: true
}

/** Whole ticks or steps of 10^−decimals as an exact decimal, with its trailing zeros. */
export function fixed(units: number, decimals: number): string {
  return (units / 10 ** decimals).toFixed(decimals)
}

/** The same without trailing zeros. */
export function trimmed(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal
}

/** A whole number parameter, `fallback` when absent, NaN when it is not one. */
export function integerOf(params: URLSearchParams, name: string, fallback: number): number {
  const text = params.get(name)
  if (text === null || text === '') return fallback
  return /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN
}
