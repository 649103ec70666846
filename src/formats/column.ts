/** How a table's column is written. Times are ISO 8601 texts, exact decimals are texts, in every format but the ones that know better. */
export type ColumnKind = 'text' | 'integer' | 'number' | 'truth' | 'time' | 'texts' | 'pairs' | 'json'
export type Column = { readonly name: string; readonly kind: ColumnKind }
export type Row = Readonly<Record<string, unknown>>

export const TABLE_FORMATS = ['csv', 'ndjson', 'parquet'] as const
export type TableFormat = (typeof TABLE_FORMATS)[number]
