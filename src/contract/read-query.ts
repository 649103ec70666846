import { suggestionFor } from './nearest.ts'
import { isRefused, type Parameter, type ParameterSpec, type ParameterValues } from './parameter.ts'

export type QueryProblem = { readonly path: string; readonly message: string }

export type QueryReading<Spec extends ParameterSpec> =
  | { readonly isUsable: true; readonly values: ParameterValues<Spec> }
  | { readonly isUsable: false; readonly problems: readonly QueryProblem[]; readonly isUnknownOnly: boolean }

const LONGEST = 20_000

/** Reads a query by its spec; every problem is named, unknown names first. */
export function readQuery<Spec extends ParameterSpec>(
  spec: Spec,
  query: Readonly<Record<string, unknown>>
): QueryReading<Spec> {
  const names = Object.keys(spec)
  const unknown = Object.keys(query)
    .filter((name) => !Object.hasOwn(spec, name))
    .map((name) => ({ path: shown(name), message: `unknown parameter${nameHint(name, names)}` }))
  const values: Record<string, unknown> = {}
  const problems: QueryProblem[] = []
  for (const [name, parameter] of Object.entries(spec)) {
    const value = readOne(parameter, query[name])
    if (isRefused(value)) problems.push({ path: name, message: value.refused })
    else values[name] = value
  }
  if (unknown.length + problems.length === 0) return { isUsable: true, values: values as ParameterValues<Spec> }
  return { isUsable: false, problems: [...unknown, ...problems], isUnknownOnly: problems.length === 0 }
}

function readOne(parameter: Parameter<unknown>, given: unknown): unknown {
  if (given === undefined) {
    return parameter.isRequired ? { refused: 'required, and missing' } : parameter.fallback
  }
  if (typeof given !== 'string') return { refused: 'given more than once; several values are separated by commas' }
  if (given === '') return { refused: 'empty; leave the parameter out instead' }
  if (given.length > LONGEST) return { refused: `at most ${LONGEST} characters` }
  if (hasControlCharacter(given)) return { refused: 'contains a control character' }
  const value = parameter.read(given)
  return isRefused(value) ? { refused: `expected ${value.refused}; was ${JSON.stringify(shown(given))}` } : value
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code < 32 || code === 127) return true
  }
  return false
}

function shown(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

function nameHint(name: string, names: readonly string[]): string {
  const near = suggestionFor(name, names)
  if (near !== '') return near
  return names.length === 0 ? '; none is known here' : `; known here: ${names.join(', ')}`
}
