/** Where an entry of a list begins, and each of its fields. Lines count from 1. */
export type EntryLines = { readonly line: number; readonly fields: ReadonlyMap<string, number> }

/** A text, a bracket, a colon or a line's end. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:\n]/g
/** `{"list": [{`: an entry's fields are three brackets deep. */
const ENTRY_DEPTH = 3

/** The lines of the objects in the lists of one JSON object, which has been parsed before: JSON.parse does not tell them. */
export function linesOfEntries(text: string): EntryLines[] {
  const entries: { line: number; fields: Map<string, number> }[] = []
  let line = 1
  let depth = 0
  let last: { readonly text: string; readonly line: number } | undefined
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '\n') line += 1
    else if (token === '{' || token === '[') {
      depth += 1
      if (depth === ENTRY_DEPTH) entries.push({ line, fields: new Map() })
    } else if (token === '}' || token === ']') depth -= 1
    else if (token !== ':') last = { text: token, line }
    else if (depth === ENTRY_DEPTH && last) entries.at(-1)?.fields.set(JSON.parse(last.text), last.line)
  }
  return entries
}

/** The line at which a text stops being JSON: the first whose beginning cannot be gone on with. JSON.parse seldom tells. */
export function brokenLine(text: string): number {
  const lines = text.split('\n')
  const isBroken = (count: number) => {
    const beginning = lines.slice(0, count).join('\n')
    try {
      JSON.parse(beginning)
      return false
    } catch (error) {
      const { message } = error as Error
      const position = /at position (\d+)/.exec(message)?.[1]
      return !/end of JSON input|Unterminated/.test(message) && Number(position) !== beginning.length
    }
  }
  const count = lines.findIndex((_line, index) => isBroken(index + 1))
  return count === -1 ? lines.length : count + 1
}
