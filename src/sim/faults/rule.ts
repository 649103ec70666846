import { InvalidInputError } from '../../errors.ts'
import { KINDS } from './kinds.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** One fault switched on: which requests of which venue it meets, and how. */
export type FaultRule = {
  readonly venue: string
  /** What the path with its query begins with; text that does not begin with `/` is a regular expression. Absent: every request. */
  readonly path?: string
  readonly kind: string
  /** How many requests it meets before it is spent; absent: all. */
  readonly times?: number
  /** Share of the requests that it meets; absent: all. */
  readonly probability?: number
  /** What the kind takes beside: see its entry in `KINDS`. */
  readonly [parameter: string]: Json | undefined
}

const COMMON = ['venue', 'path', 'kind', 'times', 'probability']

/** The rules of a request body, or an InvalidInputError that names every mistake. */
export function readRules(body: unknown, venues: readonly string[]): FaultRule[] {
  if (!Array.isArray(body)) throw new InvalidInputError([{ path: '', message: 'expected a list of rules' }])
  const issues = body.flatMap((rule, index) =>
    problemsOf(rule, venues).map(({ path, message }) => ({ path: `[${index}]${path && `.${path}`}`, message }))
  )
  if (issues.length > 0) throw new InvalidInputError(issues)
  return body as FaultRule[]
}

type Issue = { readonly path: string; readonly message: string }

function problemsOf(rule: unknown, venues: readonly string[]): Issue[] {
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule)) {
    return [{ path: '', message: 'expected an object' }]
  }
  const { venue, path, kind, times, probability } = rule as Record<string, unknown>
  const issues: Issue[] = []
  if (!venues.includes(venue as string)) issues.push({ path: 'venue', message: `expected one of ${venues.join(', ')}` })
  if (path !== undefined && !isPattern(path)) {
    issues.push({ path: 'path', message: 'expected the beginning of a path, or a regular expression' })
  }
  if (times !== undefined && !(Number.isSafeInteger(times) && (times as number) > 0)) {
    issues.push({ path: 'times', message: 'expected a whole number above 0' })
  }
  if (probability !== undefined && !(typeof probability === 'number' && probability > 0 && probability <= 1)) {
    issues.push({ path: 'probability', message: 'expected a number above 0, 1 at most' })
  }
  const known = typeof kind === 'string' && Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined
  if (!known) return [...issues, { path: 'kind', message: `expected one of ${Object.keys(KINDS).join(', ')}` }]
  if (known.venues && venues.includes(venue as string) && !known.venues.includes(venue as string)) {
    issues.push({ path: 'venue', message: `${kind} is of ${known.venues.join(', ')} only` })
  }
  return [...issues, ...parameterProblems(rule as Record<string, unknown>, known.parameters ?? {})]
}

function parameterProblems(rule: Record<string, unknown>, parameters: Readonly<Record<string, string>>): Issue[] {
  const unknown = Object.keys(rule).filter((name) => !COMMON.includes(name) && !Object.hasOwn(parameters, name))
  const issues = unknown.map((path) => ({ path, message: `${rule.kind} has no such parameter` }))
  for (const [path, type] of Object.entries(parameters)) {
    const value = rule[path]
    const isOptional = type.endsWith('?')
    if (value === undefined ? isOptional : type.replace('?', '').split('|').includes(typeOf(value))) continue
    issues.push({ path, message: `expected ${type.replace('?', '').replace('|', ' or ')}` })
  }
  return issues
}

const typeOf = (value: unknown) => (value === null ? 'null' : typeof value)

function isPattern(path: unknown): boolean {
  if (typeof path !== 'string' || path === '') return false
  try {
    return path.startsWith('/') || new RegExp(path) instanceof RegExp
  } catch {
    return false
  }
}

/** Whether a rule is about this request of its venue. */
export function meets({ path }: FaultRule, pathAndQuery: string): boolean {
  if (path === undefined) return true
  return path.startsWith('/') ? pathAndQuery.startsWith(path) : new RegExp(path).test(pathAndQuery)
}
