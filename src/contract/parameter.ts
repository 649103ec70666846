/** The JSON Schema of a parameter, as OpenAPI shows it. */
export type ParameterSchema = Readonly<Record<string, unknown>>

/** Text that cannot be used, and what was expected instead. */
export type Refused = { readonly refused: string }

/** One query parameter: how its text is read, and how it is documented. The same object serves both. */
export type Parameter<T> = {
  readonly description: string
  readonly schema: ParameterSchema
  readonly read: (text: string) => T | Refused
  /** What it is when it is not given; undefined with `isRequired`. */
  readonly fallback: T | undefined
  readonly isRequired: boolean
  /** Several values, which a text separates by commas. */
  readonly isList?: true
}

export type ParameterSpec = Readonly<Record<string, Parameter<unknown>>>

/** The values that a spec reads. */
export type ParameterValues<Spec extends ParameterSpec> = {
  readonly [Name in keyof Spec]: Spec[Name] extends Parameter<infer T> ? T : never
}

export function refuse(expected: string): Refused {
  return { refused: expected }
}

export function isRefused(value: unknown): value is Refused {
  return typeof value === 'object' && value !== null && 'refused' in value
}

/** A parameter that may be left out and is then undefined. */
export function optional<T>(
  description: string,
  schema: ParameterSchema,
  read: (text: string) => T | Refused
): Parameter<T | undefined> {
  return { description, schema, read, fallback: undefined, isRequired: false }
}

export function required<T>(parameter: Parameter<T | undefined>): Parameter<T> {
  return { ...(parameter as Parameter<T>), fallback: undefined, isRequired: true }
}

export function withFallback<T>(parameter: Parameter<T | undefined>, fallback: T): Parameter<T> {
  const schema = { ...parameter.schema, default: fallback }
  return { ...(parameter as Parameter<T>), schema, fallback }
}

export function described<T>(parameter: Parameter<T>, description: string, example?: unknown): Parameter<T> {
  const schema = example === undefined ? parameter.schema : { ...parameter.schema, examples: [example] }
  return { ...parameter, schema, description }
}
