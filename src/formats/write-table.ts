import type { Table, TableFormat } from './column.ts'
import { parquetOf } from './parquet.ts'
import { csvOf, ndjsonOf } from './text-tables.ts'

/** A table in a file's format, piece by piece. */
export function writeTable<Row>(format: TableFormat, table: Table<Row>): AsyncIterable<string | Uint8Array> {
  if (format === 'csv') return csvOf(table)
  return format === 'ndjson' ? ndjsonOf(table) : parquetOf(table)
}
