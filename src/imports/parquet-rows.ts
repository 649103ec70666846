import type { Readable } from 'node:stream'
import { type AsyncBuffer, asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { type RowReader, type SourceRow, unreadable } from './source-row.ts'

/** A group of rows is read at once. */
const MOST_GROUP_BYTES = 512_000_000
const MOST_GROUP_ROWS = 5_000_000
/** Parquet is read from its end: packed once more, it has to be unpacked in memory. */
const MOST_PACKED_BYTES = 256_000_000
const FOOTER_BYTES = 512 * 1_024

export const isParquet = (head: Buffer) => head.subarray(0, 4).toString('latin1') === 'PAR1'

/** Rows of a Parquet file, a group of rows at a time; `line` counts them from 1. */
export async function readParquet(path: string): Promise<RowReader & { readonly bytesRead: () => number }> {
  let bytesRead = 0
  const file = await asyncBufferFromFile(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  const counted: AsyncBuffer = {
    byteLength: file.byteLength,
    slice: (start, end) => {
      bytesRead = Math.max(bytesRead, start)
      return file.slice(start, end)
    }
  }
  return { ...(await openRows(path, counted)), bytesRead: () => bytesRead }
}

export async function readPackedParquet(path: string, stream: Readable): Promise<RowReader> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > MOST_PACKED_BYTES) throw new Error('Parquet of more than 256 MB inside gzip; unpack it first')
      chunks.push(chunk)
    }
  } catch (error) {
    throw unreadable(path, error)
  }
  const bytes = new Uint8Array(Buffer.concat(chunks)).buffer
  return await openRows(path, { byteLength: bytes.byteLength, slice: (start, end) => bytes.slice(start, end) })
}

async function openRows(path: string, file: AsyncBuffer): Promise<RowReader> {
  try {
    const metadata = await parquetMetadataAsync(file, { initialFetchSize: FOOTER_BYTES })
    // The children of the root are the columns; what is inside a list is not.
    const columns = new Set<string>()
    let index = 1
    for (let child = 0; child < (metadata.schema[0]?.num_children ?? 0); child += 1) {
      const name = metadata.schema[index]!.name
      if (columns.has(name)) throw new Error(`it has two columns named ${JSON.stringify(name)}`)
      columns.add(name)
      index = afterElement(metadata.schema, index)
    }
    return { hasHeader: true, columns, rows: rowsOf(path, file, metadata, [...columns]) }
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** The place after an element and all that is inside it. */
function afterElement(schema: readonly { readonly num_children?: number }[], at: number): number {
  let next = at + 1
  for (let child = 0; child < (schema[at]?.num_children ?? 0); child += 1) next = afterElement(schema, next)
  return next
}

type Metadata = Awaited<ReturnType<typeof parquetMetadataAsync>>

async function* rowsOf(
  path: string,
  file: AsyncBuffer,
  metadata: Metadata,
  columns: readonly string[]
): AsyncGenerator<SourceRow> {
  let first = 0
  try {
    for (const group of metadata.row_groups) {
      const count = Number(group.num_rows)
      if (Number(group.total_byte_size) > MOST_GROUP_BYTES || count > MOST_GROUP_ROWS) {
        throw new Error('it has a group of more than 512 MB or 5,000,000 rows')
      }
      const rowEnd = first + count
      const cells = new Map<string, readonly Readonly<Record<string, unknown>>[]>()
      // One after the other: of several that are broken, only the first one's error would be caught.
      for (const name of columns) {
        const values = await parquetReadObjects({ file, metadata, columns: [name], rowStart: first, rowEnd })
        if (values.length !== count) throw new Error('it has fewer rows than it says')
        cells.set(name, values)
      }
      for (let index = 0; index < count; index += 1) {
        yield rowOf(first + index + 1, (column) => cells.get(column)?.[index]?.[column])
      }
      first = rowEnd
    }
  } catch (error) {
    throw unreadable(path, error)
  }
}

const rowOf = (line: number, read: (column: string) => unknown): SourceRow => ({
  line,
  refused: null,
  cell: (column) => textOfCell(read(column))
})

/** Times as ISO 8601, lists and objects as JSON. */
function textOfCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'no time' : value.toISOString()
  return typeof value === 'object' ? JSON.stringify(value) : String(value).trim()
}
