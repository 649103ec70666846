import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { type RowReader, type SourceRow, unreadable } from './source-row.ts'

/** A JSON array is read in one piece, unlike the other formats. */
const MAX_ARRAY_BYTES = 128_000_000

/** Rows of a file with one JSON object a line. */
export function readJsonLines(path: string, stream: Readable): RowReader {
  const columns = new Set<string>()
  return { hasHeader: false, columns, rows: linesOf(path, stream, columns) }
}

async function* linesOf(path: string, stream: Readable, columns: Set<string>): AsyncGenerator<SourceRow> {
  let line = 0
  let failure: unknown
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })
  // readline ends quietly when its input fails.
  stream.on('error', (error) => {
    failure = error
    lines.close()
  })
  for await (const content of lines) {
    line += 1
    const json = content.replace(/^\uFEFF/, '')
    if (json.trim() !== '') yield rowOf(line, parseRow(json), columns)
  }
  if (failure !== undefined) throw unreadable(path, failure)
}

/** Rows of a file that is one JSON array of objects; `line` counts its elements from 1. */
export function readJsonArray(path: string, stream: Readable): RowReader {
  const columns = new Set<string>()
  return { hasHeader: false, columns, rows: elementsOf(path, stream, columns) }
}

async function* elementsOf(path: string, stream: Readable, columns: Set<string>): AsyncGenerator<SourceRow> {
  try {
    const array: unknown = parseExactly((await textOf(stream)).replace(/^\uFEFF/, ''))
    if (!Array.isArray(array)) throw new Error('expected a JSON array of objects')
    yield* array.map((element, index) => rowOf(index + 1, element, columns))
  } catch (error) {
    throw unreadable(path, error)
  } finally {
    stream.destroy()
  }
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_ARRAY_BYTES) {
      throw new Error('a JSON array of more than 128 MB; one object a line (NDJSON) may have any size')
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseRow(json: string): unknown {
  try {
    return parseExactly(json)
  } catch {
    return undefined
  }
}

type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown

/** Numbers as the text that the file has: a price is never rounded. */
function parseExactly(json: string): unknown {
  const keepText: Reviver = (_key, value, { source }) => (typeof value === 'number' ? source : value)
  return JSON.parse(json, keepText as (this: unknown, key: string, value: unknown) => unknown)
}

function rowOf(line: number, value: unknown, columns: Set<string>): SourceRow {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { line, refused: 'is not a JSON object', cell: () => '' }
  }
  for (const name of Object.keys(value)) columns.add(name)
  const cell = (column: string) => {
    const found = Object.hasOwn(value, column) ? (value as Record<string, unknown>)[column] : undefined
    return found === undefined || found === null ? '' : typeof found === 'string' ? found.trim() : JSON.stringify(found)
  }
  return { line, refused: null, cell }
}
