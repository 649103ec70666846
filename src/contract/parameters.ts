import { suggestionFor } from './nearest.ts'
import { optional, type Parameter, type Refused, refuse } from './parameter.ts'
import { readTime } from './time-text.ts'

const LIST_MAX = 200
const ITEM = /^[^\s,]{1,100}$/

/** A moment: ISO 8601 with its zone, a date (midnight UTC), or epoch milliseconds. Read as epoch milliseconds. */
export function time(description: string): Parameter<number | undefined> {
  const schema = { type: 'string', examples: ['2026-01-31T00:00:00Z'] }
  const forms = 'ISO 8601 with a zone, a date (midnight UTC), or epoch milliseconds'
  return optional(`${description} (${forms})`, schema, readTime)
}

/** Several values, separated by commas. */
export function list(description: string, example?: string): Parameter<readonly string[] | undefined> {
  const schema = { type: 'string', ...(example === undefined ? {} : { examples: [example] }) }
  const parameter = optional(`${description}; several separated by commas`, schema, (text) => readList(text, ITEM))
  return { ...parameter, isList: true }
}

/** Several of a closed set of values, separated by commas. */
export function listOf<T extends string>(
  values: readonly T[],
  description: string
): Parameter<readonly T[] | undefined> {
  const schema = { type: 'string', examples: [values[0]] }
  const words = `any of ${values.join(', ')}, separated by commas`
  const parameter = optional<readonly T[]>(`${description}; ${words}`, schema, (text) => {
    const items = readList(text, ITEM)
    if ('refused' in items) return items
    const wrong = items.find((item) => !(values as readonly string[]).includes(item))
    return wrong === undefined ? (items as T[]) : refuse(`${words}${suggestionFor(wrong, values)}`)
  })
  return { ...parameter, isList: true }
}

export function choice<T extends string>(values: readonly T[], description: string): Parameter<T | undefined> {
  return optional(
    description,
    { type: 'string', enum: values },
    (text) => values.find((value) => value === text) ?? refuse(`one of ${values.join(', ')}`)
  )
}

/** An amount from 0, written plainly. */
export function amount(description: string): Parameter<number | undefined> {
  return optional(description, { type: 'number', minimum: 0 }, (text) =>
    /^\d{1,15}(\.\d{1,10})?$/.test(text)
      ? Number(text)
      : refuse('a plain number from 0, at most 15 digits before and 10 after the point')
  )
}

/** A number of a range, both ends in it unless `isAbove`: then the first is not. Text in exponent notation is a number too. */
export function numberWithin(
  description: string,
  {
    minimum,
    maximum,
    isAbove = false
  }: { readonly minimum: number; readonly maximum: number; readonly isAbove?: true | false }
): Parameter<number | undefined> {
  const bound = isAbove ? { exclusiveMinimum: minimum } : { minimum }
  const expected = `a number ${isAbove ? 'above' : 'from'} ${minimum} ${isAbove ? 'and up ' : ''}to ${maximum}`
  return optional(description, { type: 'number', ...bound, maximum }, (text) => {
    const value = /^[+-]?\d{1,20}(\.\d{1,20})?(e[+-]?\d{1,3})?$/i.test(text) ? Number(text) : Number.NaN
    return value <= maximum && (isAbove ? value > minimum : value >= minimum) ? value : refuse(expected)
  })
}

export function integer(description: string, minimum: number, maximum: number): Parameter<number | undefined> {
  return optional(description, { type: 'integer', minimum, maximum }, (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    return value >= minimum && value <= maximum ? value : refuse(`a whole number from ${minimum} to ${maximum}`)
  })
}

export type Sort<Field extends string> = { readonly field: Field; readonly isDescending: boolean }

/** `field`, ascending, or `-field`, descending. */
export function sort<Field extends string>(fields: readonly Field[]): Parameter<Sort<Field> | undefined> {
  const schema = { type: 'string', enum: fields.flatMap((field) => [field, `-${field}`]) }
  return optional('Field to sort by; `-field` descends; rows without a value come last', schema, (text) => {
    const isDescending = text.startsWith('-')
    const field = fields.find((known) => known === (isDescending ? text.slice(1) : text))
    return field === undefined ? refuse(`a field, or -field to descend: ${fields.join(', ')}`) : { field, isDescending }
  })
}

/** An instrument or anything else that is one word. */
export function word(description: string, example: string): Parameter<string | undefined> {
  return optional(description, { type: 'string', examples: [example] }, (text) =>
    ITEM.test(text) ? text : refuse(`one value without spaces or commas, such as ${example}`)
  )
}

/** An opaque text that an answer gave. */
export function token(description: string): Parameter<string | undefined> {
  return optional(description, { type: 'string', maxLength: TOKEN_MAX }, (text) =>
    /^[A-Za-z0-9_-]+$/.test(text) && text.length <= TOKEN_MAX ? text : refuse('a cursor that an answer gave')
  )
}

const TOKEN_MAX = 2_000

function readList(text: string, item: RegExp): string[] | Refused {
  const items = [...new Set(text.split(',').map((part) => part.trim()))]
  if (items.length > LIST_MAX) return refuse(`at most ${LIST_MAX} values`)
  return items.every((part) => item.test(part)) ? items : refuse('values separated by commas, none of them empty')
}
