import type { ColumnType, Row } from './copy.ts'

/** 2000-01-01, where PostgreSQL's own clock starts, in epoch milliseconds. */
const EPOCH_MS = 946_684_800_000
const SIGNATURE = Buffer.from('5047434f50590aff0d0a00' + '00000000' + '00000000', 'hex')
const TRAILER = Buffer.from('ffff', 'hex')
const NULL_LENGTH = -1
const TEXT_OID = 25
const CHUNK_BYTES = 64 * 1024

/** PostgreSQL's binary COPY format, a chunk at a time. NaN and Infinity are refused: they must not have come this far. */
export function* encodeRows(types: readonly ColumnType[], rows: Iterable<Row>): Generator<Buffer> {
  let parts: Buffer[] = [SIGNATURE]
  let bytes = SIGNATURE.length
  for (const row of rows) {
    const encoded = encodeRow(types, row)
    parts.push(encoded)
    bytes += encoded.length
    if (bytes >= CHUNK_BYTES) {
      yield Buffer.concat(parts)
      parts = []
      bytes = 0
    }
  }
  parts.push(TRAILER)
  yield Buffer.concat(parts)
}

function encodeRow(types: readonly ColumnType[], row: Row): Buffer {
  const fields: Buffer[] = [int16(types.length)]
  types.forEach((type, index) => {
    const value = row[index]
    if (value === null || value === undefined) {
      fields.push(int32(NULL_LENGTH))
      return
    }
    const field = encodeValue(type, value)
    fields.push(int32(field.length), field)
  })
  return Buffer.concat(fields)
}

function encodeValue(type: ColumnType, value: string | number | readonly string[]): Buffer {
  switch (type) {
    case 'int2':
      return int16(whole(value))
    case 'int4':
      return int32(whole(value))
    case 'float8': {
      const buffer = Buffer.allocUnsafe(8)
      buffer.writeDoubleBE(finite(value))
      return buffer
    }
    case 'timestamptz': {
      const buffer = Buffer.allocUnsafe(8)
      buffer.writeBigInt64BE(BigInt(Math.round((finite(value) - EPOCH_MS) * 1_000)))
      return buffer
    }
    case 'numeric':
      return encodeNumeric(String(value))
    case 'text[]':
      return encodeTextArray(value as readonly string[])
    case 'text':
    case 'json':
      return Buffer.from(String(value), 'utf8')
  }
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

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/

/** numeric: groups of four decimal digits, the place of the first, the sign, and how many decimals to show. */
function encodeNumeric(text: string): Buffer {
  const match = DECIMAL.exec(text)
  if (!match) throw new RangeError(`expected an exact decimal, was ${JSON.stringify(text)}`)
  const [, sign, whole = '', fraction = ''] = match
  const left = whole.padStart(Math.ceil(whole.length / 4) * 4, '0')
  const right = fraction.padEnd(Math.ceil(fraction.length / 4) * 4, '0')
  const groups = (left + right).match(/.{4}/g)!.map(Number)
  let weight = left.length / 4 - 1
  while (groups.length > 0 && groups[0] === 0) {
    groups.shift()
    weight -= 1
  }
  while (groups.length > 0 && groups.at(-1) === 0) groups.pop()
  const buffer = Buffer.allocUnsafe(8 + groups.length * 2)
  buffer.writeInt16BE(groups.length, 0)
  buffer.writeInt16BE(groups.length === 0 ? 0 : weight, 2)
  buffer.writeUInt16BE(sign === '-' && groups.length > 0 ? 0x4000 : 0, 4)
  buffer.writeInt16BE(fraction.length, 6)
  groups.forEach((group, index) => {
    buffer.writeInt16BE(group, 8 + index * 2)
  })
  return buffer
}

function encodeTextArray(items: readonly string[]): Buffer {
  const fields = items.flatMap((item) => {
    const bytes = Buffer.from(item, 'utf8')
    return [int32(bytes.length), bytes]
  })
  if (items.length === 0) return Buffer.concat([int32(0), int32(0), int32(TEXT_OID)])
  return Buffer.concat([int32(1), int32(0), int32(TEXT_OID), int32(items.length), int32(1), ...fields])
}

function int16(value: number): Buffer {
  const buffer = Buffer.allocUnsafe(2)
  buffer.writeInt16BE(value)
  return buffer
}

function int32(value: number): Buffer {
  const buffer = Buffer.allocUnsafe(4)
  buffer.writeInt32BE(value)
  return buffer
}
