import type { Readable } from 'node:stream'
import { parse } from 'csv-parse'
import { InvalidInputError } from '../errors.ts'
import { type RowReader, type SourceRow, unreadable } from './source-row.ts'

/** A longer record is an unclosed quote. */
const MAX_RECORD_BYTES = 1_000_000

type Parsed = { readonly info: { readonly lines: number }; readonly record: readonly string[] }

/** Rows of a CSV file whose first line names the columns; the delimiter is the one that line has most of. */
export function readCsv(path: string, head: string, stream: Readable): RowReader {
  const columns = new Set<string>()
  return { hasHeader: true, columns, rows: rowsOf(path, delimiterOf(head), stream, columns) }
}

function delimiterOf(head: string): string {
  const line = head.split(/\r?\n|\r/, 1)[0] ?? ''
  const count = (delimiter: string) => line.split(delimiter).length
  return [',', ';', '\t', '|'].reduce((best, other) => (count(other) > count(best) ? other : best))
}

async function* rowsOf(
  path: string,
  delimiter: string,
  stream: Readable,
  columns: Set<string>
): AsyncGenerator<SourceRow> {
  const parser = parse({
    bom: true,
    info: true,
    delimiter,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD_BYTES
  })
  stream.on('error', (error) => parser.destroy(error))
  let index: Map<string, number> | undefined
  try {
    for await (const { info, record } of stream.pipe(parser) as AsyncIterable<Parsed>) {
      if (index) yield rowOf(info.lines, record, index)
      else index = readHeader(path, record, columns)
    }
  } catch (error) {
    throw unreadable(path, error)
  } finally {
    stream.destroy()
  }
}

function readHeader(path: string, names: readonly string[], columns: Set<string>): Map<string, number> {
  const index = new Map<string, number>()
  names.forEach((text, place) => {
    const name = text.trim()
    if (name !== '' && index.has(name)) {
      throw new InvalidInputError([{ path, message: `has two columns named ${JSON.stringify(name)}` }], 'invalid_file')
    }
    index.set(name, place)
    if (name !== '') columns.add(name)
  })
  index.set('', names.length)
  return index
}

function rowOf(line: number, record: readonly string[], index: ReadonlyMap<string, number>): SourceRow {
  const expected = index.get('')!
  const refused = record.length === expected ? null : `has ${record.length} cells where the header has ${expected}`
  return { line, refused, cell: (column) => record[index.get(column) ?? -1]?.trim() ?? '' }
}
