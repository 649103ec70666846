import type { Column, Row } from './column.ts'

/** Rows as lines, a text for each page; the header is there whether or not there are rows. */
export async function* csvOf(columns: readonly Column[], pages: AsyncIterable<readonly Row[]>): AsyncGenerator<string> {
  yield `${columns.map(({ name }) => csvText(name)).join(',')}\r\n`
  for await (const rows of pages) {
    if (rows.length > 0) yield rows.map((row) => csvLine(row, columns)).join('')
  }
}

/** One JSON object a line, a text for each page. */
export async function* ndjsonOf(pages: AsyncIterable<readonly Row[]>): AsyncGenerator<string> {
  for await (const rows of pages) {
    if (rows.length > 0) yield rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  }
}

function csvLine(row: Row, columns: readonly Column[]): string {
  return `${columns.map(({ name, kind }) => csvCell(row[name], kind)).join(',')}\r\n`
}

/** Null is an empty cell; lists are joined by spaces, and so are the fields and codes of `absent`; objects are JSON. */
function csvCell(value: unknown, kind: Column['kind']): string {
  if (value === null || value === undefined) return ''
  if (kind === 'texts') return csvText((value as readonly string[]).join(' '))
  if (kind === 'pairs') return csvText(pairsOf(value as object).join(' '))
  return csvText(kind === 'json' ? JSON.stringify(value) : String(value))
}

const csvText = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

const pairsOf = (value: object) => Object.entries(value).map(([field, code]) => `${field}=${code}`)
