import { type TSchema, Type } from 'typebox'

// Small words for the fields of public answers. Every one takes what OpenAPI says about it.

export type FieldSchema = TSchema

type Extra = Readonly<Record<string, unknown>>

export function text(description: string, example?: string): FieldSchema {
  return Type.String(noted(description, example))
}

export function textOrNull(description: string, example?: string): FieldSchema {
  return Type.Unsafe<string | null>({ type: ['string', 'null'], ...noted(description, example) })
}

/** One of a closed set of words. */
export function oneOf(values: readonly string[], description: string): FieldSchema {
  return Type.Unsafe<string>({ type: 'string', enum: [...values], description })
}

export function oneOfOrNull(values: readonly string[], description: string): FieldSchema {
  return Type.Unsafe<string | null>({ type: ['string', 'null'], enum: [...values, null], description })
}

export function number(description: string, example?: number): FieldSchema {
  return Type.Number(noted(description, example))
}

export function numberOrNull(description: string, example?: number): FieldSchema {
  return Type.Unsafe<number | null>({ type: ['number', 'null'], ...noted(description, example) })
}

export function count(description: string, example?: number): FieldSchema {
  return Type.Integer({ minimum: 0, ...noted(description, example) })
}

export function countOrNull(description: string, example?: number): FieldSchema {
  return Type.Unsafe<number | null>({ type: ['integer', 'null'], minimum: 0, ...noted(description, example) })
}

export function truth(description: string): FieldSchema {
  return Type.Boolean({ description })
}

export function truthOrNull(description: string): FieldSchema {
  return Type.Unsafe<boolean | null>({ type: ['boolean', 'null'], description })
}

/** ISO 8601 UTC with milliseconds. */
export function time(description: string): FieldSchema {
  return Type.String({ format: 'date-time', ...noted(description, '2026-01-31T08:00:00.000Z') })
}

export function timeOrNull(description: string): FieldSchema {
  return Type.Unsafe<string | null>({
    type: ['string', 'null'],
    format: 'date-time',
    ...noted(description, '2026-01-31T08:00:00.000Z')
  })
}

/** An exact decimal, as a string so that no digit is lost. */
export function decimal(description: string, example: string): FieldSchema {
  return Type.String({ pattern: DECIMAL, ...noted(`${description} (exact decimal)`, example) })
}

export function decimalOrNull(description: string, example: string): FieldSchema {
  return Type.Unsafe<string | null>({
    type: ['string', 'null'],
    pattern: DECIMAL,
    ...noted(`${description} (exact decimal)`, example)
  })
}

export function texts(description: string, values?: readonly string[]): FieldSchema {
  const items = values === undefined ? Type.String() : Type.Unsafe<string>({ type: 'string', enum: [...values] })
  return Type.Array(items, { description })
}

/** Field → why it is null. */
export function absences(): FieldSchema {
  return Type.Record(Type.String(), Type.String(), {
    description: 'Why a field is null, where the kind of instrument does not make it plain: field → code'
  })
}

/** An object with exactly these fields, all of them always written. */
export function object(fields: Readonly<Record<string, FieldSchema>>, extra: Extra = {}): FieldSchema {
  return Type.Object({ ...fields }, extra)
}

export function nullable(schema: FieldSchema): FieldSchema {
  return Type.Union([schema, Type.Null()])
}

/** One of several shapes; in GraphQL it is JSON. */
export function anyOf(...schemas: readonly FieldSchema[]): FieldSchema {
  return Type.Union([...schemas])
}

/** An object whose fields depend on what it is of; in GraphQL it is JSON. */
export function json(description: string): FieldSchema {
  return Type.Unsafe<object | null>({ type: ['object', 'null'], description })
}

export function arrayOf(items: FieldSchema): FieldSchema {
  return Type.Array(items)
}

const DECIMAL = '^-?\\d+(\\.\\d+)?$'

function noted(description: string, example: string | number | undefined): Extra {
  return example === undefined ? { description } : { description, examples: [example] }
}
