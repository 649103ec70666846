import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline as pipelineOf, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { AppError, messageOf } from '../../errors.ts'

/** Raised when a reader of today could not read what is written. */
export const ARCHIVE_FORMAT = 1

export type ArchivedTable = {
  readonly schema: string
  readonly name: string
  readonly columns: readonly string[]
  /** Of a partition: whose, and of which rows, in SQL. */
  readonly parent: string | null
  readonly bound: string | null
}

export type ArchiveHeader = {
  readonly format: number
  /** ISO 8601 UTC: everything that had been committed by then. */
  readonly madeAt: string
  readonly migrations: readonly { readonly name: string; readonly checksum: string }[]
  readonly tables: readonly ArchivedTable[]
}

/** The beginning of the file, then of every table of the header its data and its end, the sequences, and the end of it all. */
export type Frame =
  | { readonly kind: 'header'; readonly value: ArchiveHeader }
  | { readonly kind: 'data'; readonly value: Buffer }
  | { readonly kind: 'table_end'; readonly value: { readonly rows: number } }
  | { readonly kind: 'sequences'; readonly value: readonly { readonly name: string; readonly last: string }[] }

export type ArchiveSummary = { readonly header: ArchiveHeader; readonly rows: number; readonly sha256: string }

const KINDS = ['header', 'data', 'table_end', 'sequences', 'end'] as const
/** Kind and length of what follows. */
const HEAD_BYTES = 5
/** No frame is as long: a longer one is not ours. */
const FRAME_BYTES_MAX = 64 * 2 ** 20

/** Writes frames into a new file that only its owner may read, compressed, with a checksum at the end; flushed when it is done. */
export async function writeArchive(path: string, frames: AsyncIterable<Frame>): Promise<void> {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true })
  await pipeline(Readable.from(bytesOf(frames), { objectMode: false }), createGzip({ level: 1 }), file)
}

async function* bytesOf(frames: AsyncIterable<Frame>): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  for await (const { kind, value } of frames) {
    for (const bytes of encode(kind, Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value)))) {
      hash.update(bytes)
      yield bytes
    }
  }
  yield* encode('end', Buffer.from(JSON.stringify({ sha256: hash.digest('hex') })))
}

function encode(kind: (typeof KINDS)[number], payload: Buffer): [Buffer, Buffer] {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt8(KINDS.indexOf(kind))
  head.writeUInt32BE(payload.length, 1)
  return [head, payload]
}

/** Reads frames as they are taken; throws where the file ends early, or is not what was written. */
export async function* readArchive(path: string): AsyncGenerator<Frame, string> {
  const hash = createHash('sha256')
  let pending: Buffer = Buffer.alloc(0)
  let end: string | undefined
  try {
    for await (const chunk of inflated(path)) {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
      for (let frame = takeFrame(pending); frame !== undefined; frame = takeFrame(pending)) {
        if (end !== undefined) throw damaged(path, 'something follows its end')
        const { kind, bytes, payload } = frame
        pending = pending.subarray(bytes.length)
        if (kind === 'end') {
          end = hash.digest('hex')
          if (end !== JSON.parse(payload.toString()).sha256) throw damaged(path, 'its checksum is another')
        } else {
          hash.update(bytes)
          yield { kind, value: kind === 'data' ? payload : JSON.parse(payload.toString()) } as Frame
        }
      }
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (error instanceof AppError) throw error
    if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR') throw unreadable(path, error)
    throw damaged(path, messageOf(error))
  }
  if (end === undefined || pending.length > 0) throw damaged(path, 'it ends before its end')
  return end
}

/** The content; a failure of either stream is one of what is read. */
function inflated(path: string): Readable {
  return pipelineOf(createReadStream(path), createGunzip(), () => {})
}

function takeFrame(bytes: Buffer) {
  if (bytes.length < HEAD_BYTES) return undefined
  const kind = KINDS[bytes.readUInt8()]
  const length = bytes.readUInt32BE(1)
  if (kind === undefined || length > FRAME_BYTES_MAX) throw new Error('it is no backup of Contango')
  if (bytes.length < HEAD_BYTES + length) return undefined
  return {
    kind,
    bytes: bytes.subarray(0, HEAD_BYTES + length),
    payload: bytes.subarray(HEAD_BYTES, HEAD_BYTES + length)
  }
}

/** Reads the whole file once and says what is in it; throws where it is not whole. */
export async function verifyArchive(path: string): Promise<ArchiveSummary> {
  let header: ArchiveHeader | undefined
  let rows = 0
  let ended = 0
  const frames = readArchive(path)
  for (let next = await frames.next(); ; next = await frames.next()) {
    if (next.done) {
      if (header === undefined || ended !== header.tables.length) throw damaged(path, 'tables are missing')
      return { header, rows, sha256: next.value }
    }
    const frame = next.value
    if (frame.kind === 'header') header = frame.value
    if (frame.kind === 'table_end') {
      rows += frame.value.rows
      ended += 1
    }
    if (header === undefined) throw damaged(path, 'it is no backup of Contango')
    if (header.format !== ARCHIVE_FORMAT) {
      const words = `${path} has format ${header.format}; this build reads ${ARCHIVE_FORMAT}. Restore it with the Contango that made it.`
      throw new AppError('backup_format', words)
    }
  }
}

function damaged(path: string, why: string): AppError {
  return new AppError('backup_damaged', `${path} is not a whole backup: ${why}. Nothing of it was used.`)
}

function unreadable(path: string, error: unknown): AppError {
  return new AppError('backup_unreadable', `Cannot read ${path}: ${messageOf(error)}.`)
}
