import type { Column, Table } from './column.ts'

/** Rows as lines, a text for each page; the header is there whether or not there are rows. */
export async function* csvOf<Row>({ columns, pages, cell }: Table<Row>): AsyncGenerator<string> {
  const kinds = columns.map(({ kind }) => kind)
  const cells = columns.map(({ name }) => csvText(name))
  yield `${cells.join(',')}\r\n`
  for await (const rows of pages) {
    const lines: string[] = []
    for (const row of rows) {
      for (let index = 0; index < kinds.length; index += 1) cells[index] = csvCell(cell(row, index), kinds[index]!)
      lines.push(cells.join(','))
    }
    if (lines.length > 0) yield `${lines.join('\r\n')}\r\n`
  }
}

/** One JSON object a line, a text for each page. */
export async function* ndjsonOf<Row>({ pages, object }: Table<Row>): AsyncGenerator<string> {
  for await (const rows of pages) {
    if (rows.length > 0) yield rows.map((row) => `${JSON.stringify(object(row))}\n`).join('')
  }
}

/** Null is an empty cell; lists are joined by spaces, and so are the fields and codes of `absent`; objects are JSON. */
function csvCell(value: unknown, kind: Column['kind']): string {
  if (value === null || value === undefined) return ''
  if (kind === 'text') return csvText(value as string)
  if (kind === 'texts') return csvText((value as readonly string[]).join(' '))
  if (kind === 'pairs') return csvText(pairsOf(value as object).join(' '))
  return kind === 'json' ? csvText(JSON.stringify(value)) : String(value)
}

const csvText = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

const pairsOf = (value: object) => Object.entries(value).map(([field, code]) => `${field}=${code}`)
