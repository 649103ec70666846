import { suggestionFor } from './nearest.ts'

export type BodyProblem = { readonly path: string; readonly message: string }

/** One field of a body: how its value is read, and how it is documented. `read` reports what it cannot use. */
export type Field<T> = {
  /** JSON Schema, as OpenAPI shows it. */
  readonly schema: Readonly<Record<string, unknown>>
  readonly isRequired: boolean
  readonly read: (value: unknown, path: string, report: Report) => T | undefined
}
export type Report = (problem: BodyProblem) => void

export type BodySpec = Readonly<Record<string, Field<unknown>>>
export type BodyValues<Spec extends BodySpec> = {
  readonly [Name in keyof Spec]: Spec[Name] extends Field<infer T> ? T : never
}

export type BodyReading<Spec extends BodySpec> =
  | { readonly isUsable: true; readonly values: BodyValues<Spec> }
  | { readonly isUsable: false; readonly problems: readonly BodyProblem[] }

/** Reads a body by its spec; every problem is named. What was not given is undefined. */
export function readBody<Spec extends BodySpec>(spec: Spec, body: unknown): BodyReading<Spec> {
  const problems: BodyProblem[] = []
  const values = readFields(spec, body, '', (problem) => problems.push(problem))
  return problems.length === 0 ? { isUsable: true, values } : { isUsable: false, problems }
}

function readFields<Spec extends BodySpec>(spec: Spec, body: unknown, path: string, report: Report): BodyValues<Spec> {
  const values: Record<string, unknown> = {}
  if (!isObject(body)) {
    report({ path: path === '' ? 'body' : path, message: `expected a JSON object; was ${kindOf(body)}` })
    return values as BodyValues<Spec>
  }
  const names = Object.keys(spec)
  const at = (name: string) => (path === '' ? name : `${path}.${name}`)
  for (const name of Object.keys(body)) {
    if (Object.hasOwn(spec, name)) continue
    const known = names.length === 0 ? '; none is known here' : `; known here: ${names.join(', ')}`
    report({ path: at(shownName(name)), message: `unknown field${suggestionFor(name, names) || known}` })
  }
  for (const [name, field] of Object.entries(spec)) {
    // What a prototype has was not given.
    const value = Object.hasOwn(body, name) ? body[name] : undefined
    if (value !== undefined) values[name] = field.read(value, at(name), report)
    else if (field.isRequired) report({ path: at(name), message: 'required, and missing' })
  }
  return values as BodyValues<Spec>
}

/** The JSON Schema of a body. */
export function bodySchema(spec: BodySpec, description: string): Readonly<Record<string, unknown>> {
  const entries = Object.entries(spec)
  return {
    type: 'object',
    description,
    additionalProperties: false,
    properties: Object.fromEntries(entries.map(([name, { schema }]) => [name, schema])),
    required: entries.filter(([, { isRequired }]) => isRequired).map(([name]) => name)
  }
}

/** An object within a body. */
export function objectField<Spec extends BodySpec>(
  spec: Spec,
  description: string
): Field<BodyValues<Spec> | undefined> {
  return {
    schema: bodySchema(spec, description),
    isRequired: false,
    read: (value, path, report) => readFields(spec, value, path, report)
  }
}

/** A field that is read by what it answers: a value, or what was expected. */
export function field<T>(
  schema: Readonly<Record<string, unknown>>,
  read: (value: unknown) => { readonly value: T } | { readonly expected: string }
): Field<T | undefined> {
  return {
    schema,
    isRequired: false,
    read: (value, path, report) => {
      const reading = read(value)
      if ('value' in reading) return reading.value
      report({ path, message: `expected ${reading.expected}; was ${shown(value)}` })
      return undefined
    }
  }
}

export function requiredField<T>(optional: Field<T | undefined>): Field<T> {
  return { ...(optional as Field<T>), isRequired: true }
}

/** A text of a bounded length, without control characters. */
export function textField(description: string, lengthMax: number, example?: string): Field<string | undefined> {
  const schema = { type: 'string', minLength: 1, maxLength: lengthMax, description }
  return field(example === undefined ? schema : { ...schema, examples: [example] }, (value) =>
    isText(value, lengthMax) ? { value } : { expected: `a text of 1 to ${lengthMax} characters` }
  )
}

/** Several texts: an array, or one text with commas, as queries write it. */
export function textsField(
  description: string,
  {
    known,
    example,
    most = TEXTS_MAX
  }: { readonly known?: readonly string[]; readonly example: string; readonly most?: number }
): Field<readonly string[] | undefined> {
  const items = known === undefined ? { type: 'string' } : { type: 'string', enum: known }
  return {
    schema: { type: 'array', items, minItems: 1, maxItems: most, description, examples: [[example]] },
    isRequired: false,
    read: (value, path, report) => {
      const texts = typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value
      if (!Array.isArray(texts) || texts.length === 0 || texts.length > most) {
        report({ path, message: `expected 1 to ${most} texts, such as ["${example}"]; was ${shown(value)}` })
        return undefined
      }
      for (const [index, text] of texts.entries()) {
        if (!isText(text, 100)) report({ path: `${path}[${index}]`, message: `expected a text; was ${shown(text)}` })
        else if (known?.includes(text) === false) {
          const message = `${shown(text)} is none of ${known.join(', ')}${suggestionFor(text, known)}`
          report({ path: `${path}[${index}]`, message })
        }
      }
      return [...new Set(texts as string[])]
    }
  }
}

const TEXTS_MAX = 200

function isText(value: unknown, lengthMax: number): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= lengthMax && !/\p{Cc}/u.test(value)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

const shownName = (name: string): string => (name.length > 80 ? `${name.slice(0, 80)}…` : name)
