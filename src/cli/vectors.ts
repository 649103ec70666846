import { readFile } from 'node:fs/promises'
import { VECTOR_FUNCTIONS } from './vector-functions.ts'

type Tolerance = { readonly rel: number; readonly abs: number }
type Vector = {
  readonly id: string
  readonly fn: string
  readonly input: unknown
  readonly expected: unknown
  readonly tolerance: Tolerance
}

const DEFAULT_TOLERANCE: Tolerance = { rel: 1e-9, abs: 1e-12 }

/** `contango vectors FILE`: one line a vector, then the counts; the exit code is 0 only if every vector passed. */
export async function runVectors(file: string, write: (line: string) => void): Promise<number> {
  let vectors: Vector[]
  try {
    vectors = readVectors(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    process.stderr.write(`vectors: cannot read ${file}: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
  if (vectors.length === 0) {
    process.stderr.write(`vectors: ${file} has no vectors (no top-level array has an entry)\n`)
    return 1
  }
  let failed = 0
  for (const vector of vectors) {
    const problem = judgeVector(vector)
    if (problem !== null) failed += 1
    write(problem === null ? `ok ${vector.id}` : `FAIL ${vector.id}: ${problem}`)
  }
  write(`${vectors.length - failed} passed, ${failed} failed`)
  return failed > 0 ? 1 : 0
}

/** Every top-level array is a group of vectors, whatever its name. */
function readVectors(document: unknown): Vector[] {
  if (!isRecord(document)) throw new Error('expected a JSON object whose arrays hold vectors')
  return Object.entries(document)
    .filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]))
    .flatMap(([group, entries]) => entries.map((entry, index) => readVector(entry, `${group}[${index}]`)))
}

function readVector(entry: unknown, place: string): Vector {
  const { id, fn, input, expected, tolerance } = isRecord(entry) ? entry : {}
  return {
    id: typeof id === 'string' ? id : place,
    fn: typeof fn === 'string' ? fn : '',
    input,
    expected,
    tolerance: { ...DEFAULT_TOLERANCE, ...(isRecord(tolerance) ? tolerance : {}) }
  }
}

/** What is wrong with the vector's answer, or null. */
function judgeVector({ fn, input, expected, tolerance }: Vector): string | null {
  const evaluate = Object.hasOwn(VECTOR_FUNCTIONS, fn) ? VECTOR_FUNCTIONS[fn] : undefined
  if (evaluate === undefined) return `no function ${fn || '(fn is missing)'}`
  if (expected === undefined) return 'the vector has no expected'
  try {
    const actual = evaluate(isRecord(input) ? input : {})
    return agrees(actual, expected, tolerance) ? null : `expected ${show(expected)} got ${show(actual)}`
  } catch (error) {
    return `expected ${show(expected)} got an error: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** Numbers within max(abs, rel·|expected|), arrays of the same length, every expected key there, anything else equal. */
export function agrees(actual: unknown, expected: unknown, tolerance: Tolerance): boolean {
  if (typeof expected === 'number') {
    const allowed = Math.max(tolerance.abs, tolerance.rel * Math.abs(expected))
    return typeof actual === 'number' && Math.abs(actual - expected) <= allowed
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return false
    return expected.every((item, index) => agrees(actual[index], item, tolerance))
  }
  if (isRecord(expected)) {
    if (!isRecord(actual)) return false
    return Object.entries(expected).every(
      ([key, value]) => Object.hasOwn(actual, key) && agrees(actual[key], value, tolerance)
    )
  }
  return actual === expected
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
