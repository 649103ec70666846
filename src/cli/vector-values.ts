import { type Decimal, parseDecimal, toNumber } from '../domain/decimal.ts'

/** A vector's object, its values still as the file has them: prices and rates are text, null means unknown. */
export type Fields = Readonly<Record<string, unknown>>

export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {}
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Text or a number as an exact decimal; null for anything that is neither. */
export function exactOf(value: unknown): Decimal | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null
  return parseDecimal(String(value)) ?? null
}

/** Text or a number as a float64; null for anything that is not a finite number. */
export function numberOf(value: unknown): number | null {
  const exact = exactOf(value)
  return exact === null ? null : toNumber(exact)
}

/** As `numberOf`, with NaN for what is missing, which `plain` turns into the null that the vectors mean by "refuse". */
export function requiredOf(value: unknown): number {
  return numberOf(value) ?? Number.NaN
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** One of the words allowed; anything else is an error in the vector. */
export function wordOf<const Word extends string>(value: unknown, words: readonly Word[]): Word {
  const found = words.find((word) => word === value)
  if (found === undefined) throw new Error(`expected one of ${words.join(', ')}, not ${JSON.stringify(value)}`)
  return found
}

/** The same value as the vectors write it: decimals as numbers; undefined, NaN and infinities as null. */
export function plain(value: unknown): unknown {
  if (value === undefined || (typeof value === 'number' && !Number.isFinite(value))) return null
  if (Array.isArray(value)) return value.map(plain)
  if (!isFields(value)) return value
  if (isDecimal(value)) return toNumber(value)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}

/** An answer that refuses: every one of these is null. */
export function refused(...keys: readonly string[]): Fields {
  return Object.fromEntries(keys.map((key) => [key, null]))
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isDecimal(value: Fields): value is Fields & Decimal {
  return typeof value.digits === 'bigint' && typeof value.scale === 'number'
}
