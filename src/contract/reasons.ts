type Codes = Readonly<Record<string, string | null | false | undefined>>

/** Of the reasons that there may be, those of fields that are null; `a.b` is field b of field a, which may be null itself. */
export function reasonsIn(row: object, codes: Codes): Record<string, string> {
  const told = Object.entries(codes).filter(([path, code]) => code && isNull(row, path))
  return Object.fromEntries(told) as Record<string, string>
}

function isNull(row: object, path: string): boolean {
  const found = path.split('.').reduce<unknown>((part, name) => {
    return typeof part === 'object' && part !== null ? (part as Record<string, unknown>)[name] : undefined
  }, row)
  return found === null
}
