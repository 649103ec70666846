import type { Parameter } from '../../contract/parameter.ts'
import type { FieldSchema } from '../../contract/schema.ts'

// The public schemas in GraphQL's own language: the same names, the same nulls.

type Json = {
  readonly type?: string | readonly string[]
  readonly anyOf?: readonly Json[]
  readonly items?: Json
  readonly properties?: Readonly<Record<string, Json>>
  readonly description?: string
}

/** Named types, as they are found. */
export type TypeBook = Map<string, string>

/** Enters the object type of a row, and of whatever is inside it; `links` are fields that lead elsewhere. */
export function enterObject(
  book: TypeBook,
  name: string,
  row: FieldSchema | readonly [FieldSchema, FieldSchema],
  links = ''
): void {
  const fields = Array.isArray(row) ? mergedFields(row as unknown as Json[]) : ((row as Json).properties ?? {})
  const lines = Object.entries(fields).map(
    ([field, schema]) => `${describe(schema.description, '  ')}  ${field}: ${outputType(book, name, field, schema)}`
  )
  const { description } = Array.isArray(row) ? {} : (row as Json)
  book.set(
    name,
    `${describe(description, '')}type ${name} {\n${lines.join('\n')}${links === '' ? '' : `\n${links}`}\n}`
  )
}

/** Rows of one kind or of the other have the fields of both; those of one kind alone are null in the other. */
function mergedFields([first, second]: readonly Json[]): Record<string, Json> {
  const [a, b] = [first?.properties ?? {}, second?.properties ?? {}]
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return Object.fromEntries(
    [...names].map((name) => {
      const [one, other] = [a[name], b[name]]
      const isAlways = one !== undefined && other !== undefined && !isNullable(one) && !isNullable(other)
      const schema = (one ?? other)!
      const { description = '' } = schema
      return [name, isAlways ? schema : { description, anyOf: [schema, { type: 'null' }] }]
    })
  )
}

function isNullable({ type, anyOf }: Json): boolean {
  return type === 'null' || (Array.isArray(type) && type.includes('null')) || (anyOf?.some(isNullable) ?? false)
}

function outputType(book: TypeBook, owner: string, field: string, schema: Json): string {
  const named = namedType(book, owner + capital(field), withoutNull(schema))
  return isNullable(schema) ? named : `${named}!`
}

/** A schema without the null that it may be. */
function withoutNull(schema: Json): Json {
  const { type, anyOf, ...rest } = schema
  const kinds = typeof type === 'string' ? [type] : (type ?? []).filter((kind) => kind !== 'null')
  if (kinds.length > 0) return { ...rest, type: kinds[0]! }
  const [inside, ...others] = (anyOf ?? []).filter((option) => option.type !== 'null')
  if (inside === undefined || others.length > 0) return rest
  return withoutNull(inside)
}

function namedType(book: TypeBook, name: string, schema: Json): string {
  switch (schema.type) {
    case 'string':
      return 'String'
    case 'boolean':
      return 'Boolean'
    case 'integer':
      return 'Int'
    case 'number':
      return 'Float'
    case 'array':
      return `[${namedType(book, name, withoutNull(schema.items ?? {}))}!]`
    default:
      if (schema.properties === undefined) return 'JSON'
      if (!book.has(name)) enterObject(book, name, schema as unknown as FieldSchema)
      return name
  }
}

/** The arguments of a field, from the parameters that REST takes. */
export function argumentsOf(parameters: Readonly<Record<string, Parameter<unknown>>>): string {
  const args = Object.entries(parameters)
    .filter(([name]) => name !== 'format')
    .map(([name, parameter]) => {
      const type = `${argumentType(parameter)}${parameter.isRequired ? '!' : ''}`
      return `${describe(wordsOf(parameter), '    ')}    ${ARGUMENTS[name] ?? name}: ${type}`
    })
  return args.length === 0 ? '' : `(\n${args.join('\n')}\n  )`
}

/** Lists are lists here, not texts with commas. */
function wordsOf({ description, isList }: Parameter<unknown>): string {
  return isList ? description.replace(/(; several|,) separated by commas$/, '') : description
}

/** GraphQL's own words for a page. */
const ARGUMENTS: Readonly<Record<string, string>> = { limit: 'first', cursor: 'after' }
const PARAMETERS = new Map(Object.entries(ARGUMENTS).map(([parameter, argument]) => [argument, parameter]))

function argumentType({ isList, schema }: Parameter<unknown>): string {
  if (isList) return '[String!]'
  return schema.type === 'integer' ? 'Int' : schema.type === 'number' ? 'Float' : 'String'
}

/** The texts that REST would have been given: one reader, one verdict. */
export function textsOf(args: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(args)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [PARAMETERS.get(name) ?? name, Array.isArray(value) ? value.join(',') : String(value)])
  )
}

export function describe(text: string | undefined, indent: string): string {
  return text === undefined || text === '' ? '' : `${indent}${JSON.stringify(text)}\n`
}

export const capital = (name: string): string => `${name[0]!.toUpperCase()}${name.slice(1)}`
