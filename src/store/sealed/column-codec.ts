import { pack, type Reader, readBitmap, unpack, type Writer, writeBitmap } from './packed-numbers.ts'

/** What a column holds, and how it arrives: `time` in epoch milliseconds, `micros` in epoch microseconds, numerics as exact text. */
export type CellType = 'int' | 'float' | 'numeric' | 'time' | 'micros' | 'text' | 'texts'
export type Cell = number | string | readonly string[] | null

/** How the cells of a type that are there are written and read; `ticks` are the grid times (epoch ms) of their rows. */
type Codec = {
  readonly write: (out: Writer, cells: never[], ticks: readonly number[]) => void
  readonly read: (from: Reader, count: number, ticks: readonly number[]) => Cell[]
}

const timeIn = (unit: number): Codec => ({
  write: (out, cells: number[], ticks) =>
    pack(
      out,
      cells.map((cell, index) => cell - ticks[index]! * unit)
    ),
  read: (from, count, ticks) => unpack(from, count).map((offset, index) => ticks[index]! * unit + offset)
})

const CODECS: Readonly<Record<CellType, Codec>> = {
  int: { write: (out, cells) => pack(out, cells), read: unpack },
  time: timeIn(1),
  micros: timeIn(1_000),
  float: {
    write: (out, cells) => {
      for (const cell of cells) out.float(cell)
    },
    read: (from, count) => Array.from({ length: count }, () => from.float())
  },
  numeric: { write: writeNumerics, read: readNumerics },
  text: { write: writeWords, read: readWords },
  texts: {
    write: (out, cells) =>
      writeWords(
        out,
        cells.map((cell) => JSON.stringify(cell))
      ),
    read: (from, count) => readWords(from, count).map((word) => JSON.parse(word) as string[])
  }
}

/**
 * One column of a day. Missing cells are a bitmap; what is there is written by its type, close to zero wherever neighbours are alike,
 * so that the compression that follows finds little to keep.
 */
export function writeColumn(out: Writer, type: CellType, cells: readonly Cell[], ticks: readonly number[]): void {
  const isThere = cells.map((cell) => cell !== null)
  writeBitmap(out, isThere)
  const present = <T>(values: readonly T[]) => values.filter((_, index) => isThere[index])
  CODECS[type].write(out, present(cells) as never[], present(ticks))
}

/** The cells that `writeColumn` wrote. */
export function readColumn(from: Reader, type: CellType, count: number, ticks: readonly number[]): Cell[] {
  const isThere = readBitmap(from, count)
  const places = isThere.flatMap((there, index) => (there ? [index] : []))
  const values = CODECS[type].read(
    from,
    places.length,
    places.map((place) => ticks[place]!)
  )
  if (places.length === count) return values
  const cells = new Array<Cell>(count).fill(null)
  places.forEach((place, index) => {
    cells[place] = values[index]!
  })
  return cells
}

/** Every value with the same number of decimals; each without trailing zeros; neither, or too many digits: as text. */
const [FIXED, PLAIN, AS_TEXT] = [0, 1, 2]
/** Differences of whole numbers below this are exact in float64, doubled as well. */
const WHOLE_MAX = 2 ** 51

/** Decimals as whole numbers of their last place, each as the difference to the one before. */
function writeNumerics(out: Writer, texts: readonly string[]): void {
  const places = texts.map(decimalsOf)
  const scale = places.reduce((most, count) => Math.max(most, count), 0)
  const wholes = texts.map((text, index) => wholeOf(text, scale - places[index]!))
  const isFixed = places.every((count) => count === scale)
  const isPlain = texts.every((text) => !/\.\d*0$/.test(text))
  if (!(isFixed || isPlain) || wholes.some((whole) => !(Math.abs(whole) <= WHOLE_MAX))) {
    out.byte(AS_TEXT)
    writeWords(out, texts)
    return
  }
  out.byte(isFixed ? FIXED : PLAIN)
  out.byte(scale)
  pack(
    out,
    wholes.map((whole, index) => whole - (wholes[index - 1] ?? 0))
  )
}

function readNumerics(from: Reader, count: number): string[] {
  const mode = from.byte()
  if (mode === AS_TEXT) return readWords(from, count)
  const scale = from.byte()
  let whole = 0
  return unpack(from, count).map((difference) => {
    whole += difference
    return textOf(whole, scale, mode === FIXED)
  })
}

function decimalsOf(text: string): number {
  const dot = text.indexOf('.')
  return dot === -1 ? 0 : text.length - dot - 1
}

const wholeOf = (text: string, zeros: number) => Number(text.replace('.', '') + '0'.repeat(zeros))

function textOf(whole: number, scale: number, isFixed: boolean): string {
  if (scale === 0) return String(whole)
  const digits = String(Math.abs(whole)).padStart(scale + 1, '0')
  const fraction = isFixed ? digits.slice(-scale) : digits.slice(-scale).replace(/0+$/, '')
  return `${whole < 0 ? '-' : ''}${digits.slice(0, -scale)}${fraction === '' ? '' : `.${fraction}`}`
}

/** Each different word once, then which. */
function writeWords(out: Writer, words: readonly string[]): void {
  const places = new Map<string, number>()
  const indices = words.map((word) => {
    const known = places.get(word)
    if (known !== undefined) return known
    places.set(word, places.size)
    return places.size - 1
  })
  out.text(JSON.stringify([...places.keys()]))
  pack(out, indices)
}

function readWords(from: Reader, count: number): string[] {
  const words = JSON.parse(from.text()) as string[]
  return unpack(from, count).map((index) => words[index]!)
}
