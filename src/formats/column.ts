/** How a column is written. Times are ISO 8601 texts, exact decimals are texts, in every format that has nothing better. */
export type ColumnKind = 'text' | 'integer' | 'number' | 'truth' | 'time' | 'texts' | 'pairs' | 'json'
export type Column = { readonly name: string; readonly kind: ColumnKind }

/** Rows in pages, of whatever shape they came in. A page is asked for when what the last one became has been taken. */
export type Table<Row> = {
  readonly columns: readonly Column[]
  readonly pages: AsyncIterable<readonly Row[]>
  readonly cell: (row: Row, index: number) => unknown
  readonly object: (row: Row) => object
}

export const TABLE_FORMATS = ['csv', 'ndjson', 'parquet'] as const
export type TableFormat = (typeof TABLE_FORMATS)[number]

/** A table of rows that are objects with these fields. */
export function tableOfObjects<Row extends Readonly<Record<string, unknown>>>(
  columns: readonly Column[],
  pages: AsyncIterable<readonly Row[]>
): Table<Row> {
  return { columns, pages, cell: (row, index) => row[columns[index]!.name], object: (row) => row }
}

/** A table of rows that are lists of cells. */
export function tableOfCells(
  columns: readonly Column[],
  pages: AsyncIterable<readonly (readonly unknown[])[]>
): Table<readonly unknown[]> {
  const object = (row: readonly unknown[]) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index]]))
  return { columns, pages, cell: (row, index) => row[index], object }
}
