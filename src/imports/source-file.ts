import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { readCsv } from './csv-rows.ts'
import { readJsonArray, readJsonLines } from './json-rows.ts'
import { isParquet, readPackedParquet, readParquet } from './parquet-rows.ts'
import { type RowReader, unreadable } from './source-row.ts'
import { isGzip, unpack, unpackHead } from './unpacking.ts'

export type SourceFile = RowReader & {
  readonly path: string
  readonly totalBytes: number
  readonly bytesRead: () => number
}

/** The same file with its first row read: now its columns are known, whatever its format. */
export async function withFirstRow(source: SourceFile): Promise<SourceFile> {
  const rows = source.rows[Symbol.asyncIterator]()
  const first = await rows.next()
  const again = async function* () {
    if (first.done) return
    yield first.value
    yield* { [Symbol.asyncIterator]: () => rows }
  }
  return { ...source, rows: again() }
}

/** Looked at to tell the format. */
const SNIFF_BYTES = 4_096

/** Opens a CSV file, lines of JSON, a JSON array or Parquet, packed with gzip or not; which of them its beginning tells. */
export async function openSourceFile(path: string): Promise<SourceFile> {
  const { head, totalBytes, isPacked } = await sniff(path)
  if (isParquet(head) && !isPacked) {
    const { bytesRead, ...reader } = await readParquet(path)
    return { path, totalBytes, bytesRead, ...reader }
  }
  const stream = createReadStream(path)
  const bytes = isPacked ? unpack(stream) : stream
  const reader = isParquet(head) ? await readPackedParquet(path, bytes) : readerFor(path, textOf(path, head), bytes)
  return { path, totalBytes, bytesRead: () => stream.bytesRead, ...reader }
}

async function sniff(path: string): Promise<{ head: Buffer; totalBytes: number; isPacked: boolean }> {
  try {
    await using file = await open(path)
    const stat = await file.stat()
    if (!stat.isFile()) throw new Error('it is not a file')
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SNIFF_BYTES), 0, SNIFF_BYTES, 0)
    const bytes = buffer.subarray(0, bytesRead)
    const isPacked = isGzip(bytes)
    const head = isPacked ? unpackHead(bytes) : bytes
    if (head.length === 0) throw new Error('it is empty')
    return { head, totalBytes: stat.size, isPacked }
  } catch (error) {
    throw unreadable(path, error)
  }
}

function textOf(path: string, head: Buffer): string {
  if (head.includes(0)) {
    throw unreadable(
      path,
      new Error('it is not text in UTF-8, gzip or Parquet; another kind of compressed file has to be unpacked first')
    )
  }
  const text = head.toString('utf8').replace(/^\uFEFF/, '')
  if (text.trim() === '') throw unreadable(path, new Error('it is empty'))
  return text
}

function readerFor(path: string, head: string, stream: Readable): RowReader {
  const first = head.trimStart()[0]
  if (first === '{') return readJsonLines(path, stream)
  return first === '[' ? readJsonArray(path, stream) : readCsv(path, head, stream)
}
