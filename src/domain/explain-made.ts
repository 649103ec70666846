import type { Explained, Value } from './explain.ts'

type Fields = Readonly<Record<string, unknown>>
const fieldsOf = (part: unknown): Fields => (typeof part === 'object' && part !== null ? (part as Fields) : {})

/** A number of a row as it was served, by its path, and the same of the row as it was made again. */
export function explainMade(path: string, served: object, again: object): Explained {
  const [value, recomputed] = [valueAt(served, path), valueAt(again, path)]
  return {
    value,
    recomputed,
    absent: {
      ...(value === null ? { value: reasonAt(served, path) } : {}),
      ...(recomputed === null ? { recomputed: reasonAt(again, path) } : {})
    }
  }
}

function valueAt(row: object, path: string): Value {
  const found = path.split('.').reduce<unknown>((part, name) => fieldsOf(part)[name], row)
  return typeof found === 'number' || typeof found === 'string' ? found : null
}

/** The reason that the row, or the nearest part of it that has reasons, gives for a field or for what it is part of. */
function reasonAt(row: object, path: string): string {
  const names = path.split('.')
  for (let depth = names.length - 1; depth >= 0; depth -= 1) {
    const { absent, refusal } = fieldsOf(
      names.slice(0, depth).reduce<unknown>((part, name) => fieldsOf(part)[name], row)
    )
    if (typeof absent === 'string') return absent
    for (let end = names.length; end > depth; end -= 1) {
      const code = fieldsOf(absent)[names.slice(depth, end).join('.')]
      if (typeof code === 'string') return code
    }
    if (typeof refusal === 'string') return refusal
  }
  return 'not_observed'
}
