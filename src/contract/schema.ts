// Small words for the fields of public answers, as plain JSON Schema. Every one takes what OpenAPI says about it.

export type FieldSchema = object

type Extra = Readonly<Record<string, unknown>>

export function text(description: string, example?: string): FieldSchema {
  return { type: 'string', ...noted(description, example) }
}

export function textOrNull(description: string, example?: string): FieldSchema {
  return { type: ['string', 'null'], ...noted(description, example) }
}

/** One of a closed set of words. */
export function oneOf(values: readonly string[], description: string): FieldSchema {
  return { type: 'string', enum: [...values], description }
}

export function oneOfOrNull(values: readonly string[], description: string): FieldSchema {
  return { type: ['string', 'null'], enum: [...values, null], description }
}

export function number(description: string, example?: number): FieldSchema {
  return { type: 'number', ...noted(description, example) }
}

export function numberOrNull(description: string, example?: number): FieldSchema {
  return { type: ['number', 'null'], ...noted(description, example) }
}

export function count(description: string, example?: number): FieldSchema {
  return { type: 'integer', minimum: 0, ...noted(description, example) }
}

export function countOrNull(description: string, example?: number): FieldSchema {
  return { type: ['integer', 'null'], minimum: 0, ...noted(description, example) }
}

export function truth(description: string): FieldSchema {
  return { type: 'boolean', description }
}

export function truthOrNull(description: string): FieldSchema {
  return { type: ['boolean', 'null'], description }
}

/** ISO 8601 UTC with milliseconds. */
export function time(description: string): FieldSchema {
  return { type: 'string', format: 'date-time', ...noted(description, '2026-01-31T08:00:00.000Z') }
}

export function timeOrNull(description: string): FieldSchema {
  return {
    type: ['string', 'null'],
    format: 'date-time',
    ...noted(description, '2026-01-31T08:00:00.000Z')
  }
}

/** An exact decimal, as a string so that no digit is lost. */
export function decimal(description: string, example: string): FieldSchema {
  return { type: 'string', pattern: DECIMAL, ...noted(`${description} (exact decimal)`, example) }
}

export function decimalOrNull(description: string, example: string): FieldSchema {
  return {
    type: ['string', 'null'],
    pattern: DECIMAL,
    ...noted(`${description} (exact decimal)`, example)
  }
}

export function texts(description: string, values?: readonly string[]): FieldSchema {
  return { type: 'array', items: { type: 'string', ...(values && { enum: [...values] }) }, description }
}

/** Field → why it is null. */
export function absences(): FieldSchema {
  const description = 'Why a field is null, where the kind of instrument does not make it plain: field → code'
  return map({ type: 'string' }, description)
}

/** An object with whatever fields, each with such a value. */
export function map(value: FieldSchema, description: string): FieldSchema {
  return { type: 'object', patternProperties: { '^.*$': value }, description }
}

/** An object with exactly these fields, all of them always written but those that are `optional`. */
export function object(
  fields: Readonly<Record<string, FieldSchema>>,
  extra: Extra = {},
  optional: readonly string[] = []
): FieldSchema {
  const required = Object.keys(fields).filter((name) => !optional.includes(name))
  return { type: 'object', ...(required.length > 0 && { required }), properties: { ...fields }, ...extra }
}

export function nullable(schema: FieldSchema): FieldSchema {
  return { anyOf: [schema, { type: 'null' }] }
}

/** One of several shapes; in GraphQL it is JSON. */
export function anyOf(...schemas: readonly FieldSchema[]): FieldSchema {
  return { anyOf: schemas }
}

/** An object whose fields depend on what it is of; in GraphQL it is JSON. */
export function json(description: string): FieldSchema {
  return { type: ['object', 'null'], description }
}

export function arrayOf(items: FieldSchema): FieldSchema {
  return { type: 'array', items }
}

const DECIMAL = '^-?\\d+(\\.\\d+)?$'

function noted(description: string, example: string | number | undefined): Extra {
  return example === undefined ? { description } : { description, examples: [example] }
}
