import type { ColumnType, Row } from './copy.ts'

/** 2000-01-01, where PostgreSQL's own clock starts, in epoch milliseconds. */
const EPOCH_MS = 946_684_800_000
const SIGNATURE = Buffer.from('5047434f50590aff0d0a00' + '00000000' + '00000000', 'hex')
const NULL_LENGTH = -1
const END_OF_ROWS = -1
const TEXT_OID = 25
const CHUNK_BYTES = 64 * 1024

/** PostgreSQL's binary COPY format, a chunk at a time. NaN and Infinity are refused: they must not have come this far. */
export function* encodeRows(types: readonly ColumnType[], rows: Iterable<Row>): Generator<Buffer> {
  const page = openPage()
  page.bytes(SIGNATURE)
  for (const row of rows) {
    page.int16(types.length)
    for (let index = 0; index < types.length; index += 1) writeField(page, types[index]!, row[index] ?? null)
    if (page.length() >= CHUNK_BYTES) yield page.take()
  }
  page.int16(END_OF_ROWS)
  yield page.take()
}

/** A field is its length and its bytes; the length is known when the bytes are written. */
function writeField(page: Page, type: ColumnType, value: Row[number]): void {
  if (value === null) {
    page.int32(NULL_LENGTH)
    return
  }
  const start = page.length()
  page.int32(0)
  WRITERS[type](page, value)
  page.setInt32(start, page.length() - start - 4)
}

const WRITERS: Readonly<Record<ColumnType, (page: Page, value: Exclude<Row[number], null>) => void>> = {
  int2: (page, value) => page.int16(whole(value)),
  int4: (page, value) => page.int32(whole(value)),
  float8: (page, value) => page.float64(finite(value)),
  timestamptz: (page, value) => page.int64(Math.round((finite(value) - EPOCH_MS) * 1_000)),
  numeric: (page, value) => writeNumeric(page, String(value)),
  'text[]': (page, value) => writeTextArray(page, value as readonly string[]),
  text: (page, value) => page.text(String(value)),
  json: (page, value) => page.text(String(value))
}

function finite(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new RangeError(`expected a finite number, was ${value}`)
  return value
}

/** A fraction in a column of whole numbers would be cut off silently. */
function whole(value: unknown): number {
  if (!Number.isInteger(value)) throw new RangeError(`expected a whole number, was ${value}`)
  return value as number
}

const DECIMAL = /^-?\d+(?:\.\d+)?$/
const GROUP = 4
const [POSITIVE, NEGATIVE] = [0, 0x4000]
const DIGIT_0 = 48

/** numeric: groups of four decimal digits, the place of the first, the sign, and how many decimals to show. */
function writeNumeric(page: Page, text: string): void {
  if (!DECIMAL.test(text)) throw new RangeError(`expected an exact decimal, was ${JSON.stringify(text)}`)
  const from = text.startsWith('-') ? 1 : 0
  const dot = text.indexOf('.')
  const point = dot === -1 ? text.length : dot
  const decimals = dot === -1 ? 0 : text.length - dot - 1
  const wholeGroups = Math.ceil((point - from) / GROUP)
  const last = wholeGroups + Math.ceil(decimals / GROUP)
  const groupAt = (index: number) => groupOf(text, index, { from, point, wholeGroups })
  let [first, end] = [0, last]
  while (first < end && groupAt(first) === 0) first += 1
  while (end > first && groupAt(end - 1) === 0) end -= 1
  const isZero = first === end
  page.int16(end - first)
  page.int16(isZero ? 0 : wholeGroups - 1 - first)
  page.int16(from === 1 && !isZero ? NEGATIVE : POSITIVE)
  page.int16(decimals)
  for (let index = first; index < end; index += 1) page.int16(groupAt(index))
}

type Places = { readonly from: number; readonly point: number; readonly wholeGroups: number }

/** The value of the four digits of one group; those beyond the text's ends are 0. */
function groupOf(text: string, index: number, { from, point, wholeGroups }: Places): number {
  const isWhole = index < wholeGroups
  const start = isWhole ? point - (wholeGroups - index) * GROUP : point + 1 + (index - wholeGroups) * GROUP
  let value = 0
  for (let at = start; at < start + GROUP; at += 1) {
    value = value * 10 + (at < from || at >= text.length ? 0 : text.charCodeAt(at) - DIGIT_0)
  }
  return value
}

function writeTextArray(page: Page, items: readonly string[]): void {
  page.int32(items.length === 0 ? 0 : 1)
  page.int32(0)
  page.int32(TEXT_OID)
  if (items.length === 0) return
  page.int32(items.length)
  page.int32(1)
  for (const item of items) {
    const start = page.length()
    page.int32(0)
    page.text(item)
    page.setInt32(start, page.length() - start - 4)
  }
}

type Page = ReturnType<typeof openPage>

/** Bytes written one behind the other into memory that grows: a buffer for each field costs more than the field. */
function openPage() {
  let buffer = Buffer.allocUnsafe(CHUNK_BYTES * 2)
  let end = 0
  const reserve = (bytes: number): number => {
    if (end + bytes > buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(buffer.length * 2, end + bytes))
      buffer.copy(grown, 0, 0, end)
      buffer = grown
    }
    const start = end
    end += bytes
    return start
  }
  return {
    length: () => end,
    // The place is asked for first: asking may put other memory in place of the buffer.
    int16: (value: number) => {
      const at = reserve(2)
      buffer.writeInt16BE(value, at)
    },
    int32: (value: number) => {
      const at = reserve(4)
      buffer.writeInt32BE(value, at)
    },
    /** A whole number within ±2^53. */
    int64: (value: number) => {
      const at = reserve(8)
      const high = Math.floor(value / 2 ** 32)
      buffer.writeInt32BE(high, at)
      buffer.writeUInt32BE(value - high * 2 ** 32, at + 4)
    },
    float64: (value: number) => {
      const at = reserve(8)
      buffer.writeDoubleBE(value, at)
    },
    setInt32: (at: number, value: number) => void buffer.writeInt32BE(value, at),
    bytes: (source: Buffer) => {
      const at = reserve(source.length)
      source.copy(buffer, at)
    },
    text: (text: string) => {
      // A UTF-16 unit takes three bytes of UTF-8 at most.
      const at = reserve(text.length * 3)
      end = at + buffer.write(text, at, 'utf8')
    },
    /** What was written until now; what comes next goes into memory of its own, since the socket still reads this. */
    take: (): Buffer => {
      const taken = buffer.subarray(0, end)
      buffer = Buffer.allocUnsafe(CHUNK_BYTES * 2)
      end = 0
      return taken
    }
  }
}
