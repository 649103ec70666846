/** Table name → its column names, as `schema.prisma` has them. Tables outside `public` are written `schema.table`. */
export type Expectation = Readonly<Record<string, readonly string[]>>

/** Reads the tables and columns out of the text of a Prisma schema. */
export function expectedColumns(schema: string): Expectation {
  const models = [...schema.matchAll(/^model\s+(\w+)\s*\{\n([\s\S]*?)^\}/gm)]
  const names = new Set(models.map(([, name]) => name ?? ''))
  return Object.fromEntries(models.map(([, name = '', body = '']) => [tableName(name, body), columns(body, names)]))
}

function tableName(model: string, body: string): string {
  const table = /^\s*@@map\("(.+?)"\)/m.exec(body)?.[1] ?? model
  const schema = /^\s*@@schema\("(.+?)"\)/m.exec(body)?.[1]
  return schema === undefined || schema === 'public' ? table : `${schema}.${table}`
}

function columns(body: string, models: ReadonlySet<string>): string[] {
  return body.split('\n').flatMap((line) => {
    const [, field, type] = /^\s*(\w+)\s+(\w+)/.exec(line) ?? []
    // A field of another model's type is a relation and has no column.
    if (field === undefined || type === undefined || models.has(type)) return []
    return [/@map\("(.+?)"\)/.exec(line)?.[1] ?? field]
  })
}
