import { createReadStream, type ReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { readCsv } from './csv-rows.ts'
import { readJsonArray, readJsonLines } from './json-rows.ts'
import { type RowReader, unreadable } from './source-row.ts'

export type SourceFile = RowReader & {
  readonly path: string
  readonly totalBytes: number
  readonly bytesRead: () => number
}

/** Looked at to tell the format. */
const SNIFF_BYTES = 4_096

/** Opens a CSV file, lines of JSON or a JSON array; which of them its beginning tells. */
export async function openSourceFile(path: string): Promise<SourceFile> {
  const { head, totalBytes } = await sniff(path)
  const stream = createReadStream(path)
  return { path, totalBytes, bytesRead: () => stream.bytesRead, ...readerFor(path, head, totalBytes, stream) }
}

async function sniff(path: string): Promise<{ head: string; totalBytes: number }> {
  try {
    await using file = await open(path)
    const stat = await file.stat()
    if (!stat.isFile()) throw new Error('it is not a file')
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SNIFF_BYTES), 0, SNIFF_BYTES, 0)
    if (bytesRead === 0) throw new Error('it is empty')
    const bytes = buffer.subarray(0, bytesRead)
    if (bytes.includes(0)) throw new Error('it is not text in UTF-8; a compressed file has to be unpacked first')
    const head = bytes.toString('utf8').replace(/^\uFEFF/, '')
    if (head.trim() === '') throw new Error('it is empty')
    return { head, totalBytes: stat.size }
  } catch (error) {
    throw unreadable(path, error)
  }
}

function readerFor(path: string, head: string, totalBytes: number, stream: ReadStream): RowReader {
  const first = head.trimStart()[0]
  if (first === '{') return readJsonLines(stream)
  return first === '[' ? readJsonArray(path, totalBytes, stream) : readCsv(path, head, stream)
}
