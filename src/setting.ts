/** One setting: how its text is read, and what to say when it cannot be. `read` answers undefined for text it cannot use. */
export type Setting<T> = {
  readonly read: (text: string) => T | undefined
  /** What a valid value looks like. */
  readonly expected: string
  readonly fallback: T
  /** The fallback as `.env.example` shows it. */
  readonly example: string
  readonly about: string
  readonly secret?: true
}

export const setting = <T>(entry: Setting<T>): Setting<T> => entry

/** A decimal within bounds; a sign is read only where something below zero is allowed. */
export const number = (min: number, max: number) => {
  const pattern = min < 0 ? /^-?\d+(\.\d+)?$/ : /^\d+(\.\d+)?$/
  return (text: string) => {
    if (!pattern.test(text)) return undefined
    const value = Number(text)
    return value >= min && value <= max ? value : undefined
  }
}

export const integer = (min: number, max: number) => (text: string) => {
  const value = number(min, max)(text)
  return value !== undefined && Number.isInteger(value) ? value : undefined
}
