/** How a column's text becomes a value; a text that is null never gets there. */
export type Decode = (text: string) => unknown

/** Rows of PostgreSQL's COPY text format, a page for each chunk of bytes: lines, fields between tabs, `\N` for null. */
export async function* decodeRows<Row>(
  chunks: AsyncIterable<Buffer>,
  rowOf: (fields: (string | null)[]) => Row
): AsyncGenerator<Row[]> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop()!
    if (lines.length > 0) yield lines.map((line) => rowOf(fieldsOf(line)))
  }
}

function fieldsOf(line: string): (string | null)[] {
  const fields: (string | null)[] = line.split('\t')
  if (!line.includes('\\')) return fields
  for (let index = 0; index < fields.length; index += 1) {
    const field = fields[index]!
    if (field === '\\N') fields[index] = null
    else if (field.includes('\\'))
      fields[index] = field.replace(/\\(.)/g, (_match, letter: string) => ESCAPED[letter] ?? letter)
  }
  return fields
}

const ESCAPED: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** `2026-01-31 08:00:00.41+00` of a session in UTC, as ISO 8601 with milliseconds. */
export function isoOfText(text: string): string {
  const end = text.length - 3
  const fraction = end > 20 ? text.slice(20, Math.min(end, 23)) : ''
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction.padEnd(3, '0')}Z`
}

/** `{a,"b c"}` as a list. */
export function textsOfText(text: string): string[] {
  if (text === '{}') return []
  const items = text.slice(1, -1).match(/"(?:[^"\\]|\\.)*"|[^,]+/g) ?? []
  return items.map((item) => (item.startsWith('"') ? item.slice(1, -1).replace(/\\(.)/g, '$1') : item))
}
