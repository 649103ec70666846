import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { type Cell, type CellType, readColumn, writeColumn } from './column-codec.ts'
import { openReader, openWriter } from './packed-numbers.ts'

/** Column names and what they hold; the first is the grid time that the others are counted from. */
export type Layout = readonly (readonly [name: string, type: CellType])[]

/** A day's rows of one series, column by column. */
export type DayColumns = { readonly count: number; readonly columns: ReadonlyMap<string, readonly Cell[]> }

const VERSION = 1
/** A day of ten-second rows stays far below; anything above is no day of ours. */
const BODY_BYTES_MAX = 256 * 2 ** 20

/** A day's rows as one body: its columns one after the other, compressed together, with a checksum. */
export function encodeDay(layout: Layout, rows: readonly (readonly Cell[])[]): Buffer {
  const ticks = rows.map(([tick]) => tick as number)
  const parts = layout.map(([name, type], column) => {
    const out = openWriter()
    const cells = rows.map((row) => row[column] ?? null)
    // The grid itself: each tick from the one before.
    if (column === 0)
      writeColumn(
        out,
        'int',
        ticks.map((tick, index) => tick - (ticks[index - 1] ?? 0)),
        ticks
      )
    else writeColumn(out, type, cells, ticks)
    return { name, type, bytes: out.done() }
  })
  const body = openWriter()
  body.byte(VERSION)
  body.text(
    JSON.stringify({ count: rows.length, columns: parts.map(({ name, type, bytes }) => [name, type, bytes.length]) })
  )
  for (const { bytes } of parts) body.bytes(bytes)
  return zstdCompressSync(body.done(), { params: { [constants.ZSTD_c_checksumFlag]: 1 } })
}

/** The named columns of a body. One that did not exist when the day was sealed is null throughout. Throws on a damaged body. */
export function decodeDay(body: Buffer, wanted: readonly string[]): DayColumns {
  const from = openReader(zstdDecompressSync(body, { maxOutputLength: BODY_BYTES_MAX }))
  const version = from.byte()
  if (version !== VERSION) throw new Error(`a sealed day of version ${version}; this program reads ${VERSION}`)
  type Head = { count: number; columns: [string, CellType, number][] }
  const { count, columns } = JSON.parse(from.text()) as Head
  const found = new Map<string, readonly Cell[]>(wanted.map((name) => [name, new Array<Cell>(count).fill(null)]))
  let ticks: number[] = []
  columns.forEach(([name, type, length], column) => {
    const part = from.bytes(length)
    if (column === 0) {
      ticks = runningSums(readColumn(openReader(part), 'int', count, []) as number[])
      if (found.has(name)) found.set(name, ticks)
    } else if (found.has(name)) found.set(name, readColumn(openReader(part), type, count, ticks))
  })
  return { count, columns: found }
}

function runningSums(differences: readonly number[]): number[] {
  let sum = 0
  return differences.map((difference) => {
    sum += difference
    return sum
  })
}
