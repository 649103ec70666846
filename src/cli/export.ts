import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Clock } from '../clock.ts'
import { suggestionFor } from '../contract/nearest.ts'
import { isoOrNull } from '../domain/time.ts'
import { AppError, InvalidInputError } from '../errors.ts'
import { type Column, type ColumnKind, tableOfCells } from '../formats/column.ts'
import { writeTable } from '../formats/write-table.ts'
import type { Database } from '../store/database.ts'
import { type FactCells, readFacts } from '../store/fact-reading.ts'
import { describeTable, type FactColumn } from '../store/fact-tables.ts'
import { listInstruments } from '../store/instruments.ts'
import type { ExportRequest } from './export-arguments.ts'
import { createProgress } from './import-progress.ts'

export type ExportDeps = {
  readonly db: Database
  readonly clock: Clock
  /** One line of the report. */
  readonly write: (line: string) => void
  readonly isTerminal: boolean
  /** Where the table goes when it goes to no file. */
  readonly stdout: () => Writable
}

/** `contango export …`: writes a table as it is read; memory does not grow with it. Answers 0 when the file is whole. */
export async function runExport(request: ExportRequest, deps: ExportDeps): Promise<number> {
  const { db, clock, write, isTerminal } = deps
  const { kind, fromMs, toMs, format, file, isJson } = request
  const known = await listInstruments(db)
  const instrumentIds = idsOf(request.instruments, new Map(known.map(({ id, key }) => [key, id])))
  const table = await describeTable(db, kind)
  const progress = createProgress({ clock, isTerminal, write: isJson ? () => {} : write })
  let rows = 0
  let share = 0
  const keys = new Map(known.map(({ id, key }) => [id, key]))
  const pages = readFacts(db, table, { instrumentIds, fromMs, toMs }, keys, (done) => {
    share = done
    progress.update('written', rows, share)
  })
  const counted = async function* (): AsyncGenerator<FactCells[]> {
    for await (const page of pages) {
      yield page
      rows += page.length
      progress.update('written', rows, share)
    }
  }
  const bytes = writeTable(format, tableOfCells(table.columns.map(columnOf), counted()))
  try {
    const written = await (file === null ? send(bytes, deps.stdout()) : save(bytes, file, request.isGzip))
    progress.end()
    const report = { kind, format, file, rows, bytes: written, from: isoOrNull(fromMs), to: isoOrNull(toMs) }
    write(
      isJson
        ? JSON.stringify(report)
        : `${rows} rows of ${kind} written${file === null ? '' : ` to ${file}`} (${written} bytes)`
    )
    return 0
  } finally {
    progress.end()
  }
}

function idsOf(wanted: readonly string[], ids: ReadonlyMap<string, number>): number[] | null {
  if (wanted.length === 0) return null
  const problems = wanted
    .filter((key) => !ids.has(key))
    .map((key) => ({
      path: '--instrument',
      message: `${key.slice(0, 80)} is not known${suggestionFor(key, ids.keys())}`
    }))
  if (problems.length > 0) throw new InvalidInputError(problems, 'unknown_instrument')
  return wanted.map((key) => ids.get(key)!)
}

const KINDS: Readonly<Record<FactColumn['type'], ColumnKind>> = {
  int2: 'integer',
  int4: 'integer',
  float8: 'number',
  numeric: 'text',
  timestamptz: 'time',
  text: 'text',
  'text[]': 'texts',
  json: 'json',
  instrument: 'text'
}

const columnOf = ({ name, type }: FactColumn): Column => ({ name, kind: KINDS[type] })

/** Made ahead of the disk, so that neither waits for the other. */
const AHEAD_BYTES = 1 << 20

type Bytes = AsyncIterable<string | Uint8Array>

/** Under a name of its own until it is whole: half a file is never taken for one. Answers its bytes. */
async function save(bytes: Bytes, file: string, isGzip: boolean): Promise<number> {
  const unfinished = `${file}.unfinished`
  const stream = createWriteStream(unfinished, { highWaterMark: AHEAD_BYTES })
  const source = Readable.from(bytes, { objectMode: false, highWaterMark: AHEAD_BYTES })
  try {
    await (isGzip ? pipeline(source, createGzip(), stream) : pipeline(source, stream))
    await rename(unfinished, file)
  } catch (error) {
    await rm(unfinished, { force: true })
    const { code, syscall } = error as NodeJS.ErrnoException
    if (code === undefined || syscall === undefined) throw error
    throw new InvalidInputError([{ path: '--out', message: `${file} cannot be written: ${code}` }], 'invalid_file')
  }
  return stream.bytesWritten
}

async function send(bytes: Bytes, stdout: Writable): Promise<number> {
  let sent = 0
  const counted = async function* () {
    for await (const piece of bytes) {
      yield piece
      sent += Buffer.byteLength(piece)
    }
  }
  try {
    await pipeline(Readable.from(counted(), { objectMode: false }), stdout, { end: false })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
    throw new AppError('reader_gone', 'whoever read the table went away before its end')
  }
  return sent
}
