import type { Column, Row, TableFormat } from './column.ts'
import { parquetOf } from './parquet.ts'
import { csvOf, ndjsonOf } from './text-tables.ts'

/** Pages of rows in a file's format; the next page is asked for when what the last one became has been taken. */
export function writeTable(
  format: TableFormat,
  columns: readonly Column[],
  pages: AsyncIterable<readonly Row[]>
): AsyncIterable<string | Uint8Array> {
  if (format === 'csv') return csvOf(columns, pages)
  return format === 'ndjson' ? ndjsonOf(pages) : parquetOf(columns, pages)
}
