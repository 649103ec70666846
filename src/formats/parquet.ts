import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { Column, ColumnKind, Row } from './column.ts'

type Element = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number]

/** Rows that are encoded at once: what is held in memory, and what a reader has to read at the least. */
export const GROUP_ROWS = 10_000

/**
 * Rows as Parquet, a piece for each group of rows, made when the one before has been taken. Times are TIMESTAMP in
 * milliseconds UTC, exact decimals UTF8, lists LIST of UTF8, objects JSON; nulls stay nulls.
 */
export async function* parquetOf(
  columns: readonly Column[],
  pages: AsyncIterable<readonly Row[]>,
  groupRows = GROUP_ROWS
): AsyncGenerator<Uint8Array> {
  const bytes = new ByteWriter(1 << 20)
  const file = new ParquetWriter({ writer: bytes, schema: schemaOf(columns), createdBy: 'contango' })
  const writeGroup = async (rows: readonly Row[]) => {
    const columnData = columns.map(({ name, kind }) => ({ name, data: rows.map((row) => cellOf(row[name], kind)) }))
    await file.write({ columnData, rowGroupSize: rows.length })
    return takeBytes(bytes)
  }
  let waiting: Row[] = []
  for await (const rows of pages) {
    waiting = waiting.length === 0 ? [...rows] : waiting.concat(rows)
    while (waiting.length >= groupRows) {
      yield await writeGroup(waiting.slice(0, groupRows))
      waiting = waiting.slice(groupRows)
    }
  }
  if (waiting.length > 0) yield await writeGroup(waiting)
  await file.finish()
  yield takeBytes(bytes)
}

/** What was written since the last time; the writer goes on counting from the file's beginning. */
function takeBytes(writer: ByteWriter): Uint8Array {
  const taken = writer.getBytes().slice()
  writer.index = 0
  return taken
}

const LEAVES: Readonly<Record<Exclude<ColumnKind, 'texts'>, Omit<Element, 'name'>>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  integer: { type: 'INT64' },
  number: { type: 'DOUBLE' },
  truth: { type: 'BOOLEAN' },
  time: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' }
  },
  pairs: { type: 'BYTE_ARRAY', converted_type: 'JSON' },
  json: { type: 'BYTE_ARRAY', converted_type: 'JSON' }
}

function schemaOf(columns: readonly Column[]): Element[] {
  const elements = columns.flatMap(({ name, kind }): Element[] =>
    kind === 'texts' ? listOf(name) : [{ name, repetition_type: 'OPTIONAL', ...LEAVES[kind] }]
  )
  return [{ name: 'root', num_children: columns.length }, ...elements]
}

const listOf = (name: string): Element[] => [
  { name, repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', repetition_type: 'REQUIRED', type: 'BYTE_ARRAY', converted_type: 'UTF8' }
]

function cellOf(value: unknown, kind: ColumnKind): unknown {
  if (value === null || value === undefined) return null
  if (kind === 'integer') return BigInt(value as number)
  return kind === 'time' ? new Date(value as string) : value
}
