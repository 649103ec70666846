import type { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { Column, ColumnKind, Table } from './column.ts'

type Element = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number]

/** Rows that are encoded at once: what is held in memory, and what a reader has to read at the least. */
const GROUP_ROWS = 5_000

/**
 * Rows as Parquet, a piece for each group of rows, made when the one before has been taken. Times are TIMESTAMP in
 * milliseconds UTC, exact decimals UTF8, lists LIST of UTF8, objects JSON; nulls stay nulls.
 */
export async function* parquetOf<Row>({ columns, pages, cell }: Table<Row>): AsyncGenerator<Uint8Array> {
  // Loaded by whoever asks for it: no start waits for that.
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer')
  const bytes = new ByteWriter(1 << 20)
  const file = new ParquetWriter({ writer: bytes, schema: schemaOf(columns), createdBy: 'contango' })
  const writeGroup = async (rows: readonly Row[]) => {
    const columnData = columns.map(({ name, kind }, index) => {
      // The least and the greatest of texts that are numbers would mislead a reader who skips groups by them.
      const statistics = kind === 'time' || kind === 'integer' || kind === 'number'
      return { name, statistics, data: rows.map((row) => valueIn(cell(row, index), kind)) }
    })
    await file.write({ columnData, rowGroupSize: rows.length })
    return takeBytes(bytes)
  }
  let waiting: Row[] = []
  for await (const rows of pages) {
    waiting = waiting.length === 0 ? [...rows] : waiting.concat(rows)
    while (waiting.length >= GROUP_ROWS) {
      yield await writeGroup(waiting.slice(0, GROUP_ROWS))
      waiting = waiting.slice(GROUP_ROWS)
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

function valueIn(value: unknown, kind: ColumnKind): unknown {
  if (value === null || value === undefined) return null
  if (kind === 'integer') return BigInt(value as number)
  return kind === 'time' ? BigInt(millisecondsOf(value as string)) : value
}

/** Midnights of the days seen, since neighbours are mostly of one day and reading a date is what takes long. */
const midnights = new Map<string, number>()
const MIDNIGHTS_KEPT = 1_000

/** Of `2026-01-31T08:00:00.000Z`, and of nothing else. */
function millisecondsOf(iso: string): number {
  const day = iso.slice(0, 10)
  let midnight = midnights.get(day)
  if (midnight === undefined) {
    if (midnights.size >= MIDNIGHTS_KEPT) midnights.clear()
    midnight = Date.parse(day)
    midnights.set(day, midnight)
  }
  const digits = (at: number) => (iso.charCodeAt(at) - DIGIT_0) * 10 + iso.charCodeAt(at + 1) - DIGIT_0
  const seconds = (digits(11) * 60 + digits(14)) * 60 + digits(17)
  return midnight + seconds * 1_000 + digits(20) * 10 + iso.charCodeAt(22) - DIGIT_0
}

const DIGIT_0 = 48
