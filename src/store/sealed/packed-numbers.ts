/** Bytes written one behind the other. */
export type Writer = ReturnType<typeof openWriter>
/** Bytes read in the order in which they were written. */
export type Reader = ReturnType<typeof openReader>

export function openWriter() {
  let buffer = Buffer.allocUnsafe(4_096)
  let end = 0
  const reserve = (bytes: number): number => {
    if (end + bytes > buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(buffer.length * 2, end + bytes))
      buffer.copy(grown, 0, 0, end)
      buffer = grown
    }
    end += bytes
    return end - bytes
  }
  const writer = {
    // The place is asked for first: asking may put other memory in place of the buffer.
    byte: (value: number) => {
      const at = reserve(1)
      buffer[at] = value
    },
    float: (value: number) => {
      const at = reserve(8)
      buffer.writeDoubleLE(value, at)
    },
    /** A whole number from 0 to 2^53: seven bits a byte, the last first. */
    varint: (value: number) => {
      let left = value
      while (left >= 128) {
        writer.byte((left % 128) + 128)
        left = Math.floor(left / 128)
      }
      writer.byte(left)
    },
    bytes: (source: Buffer) => {
      const at = reserve(source.length)
      source.copy(buffer, at)
    },
    text: (text: string) => {
      const bytes = Buffer.from(text, 'utf8')
      writer.varint(bytes.length)
      writer.bytes(bytes)
    },
    done: (): Buffer => buffer.subarray(0, end)
  }
  return writer
}

export function openReader(buffer: Buffer) {
  let at = 0
  const reader = {
    byte: () => buffer.readUInt8(at++),
    float: () => {
      at += 8
      return buffer.readDoubleLE(at - 8)
    },
    varint: () => {
      let [value, unit] = [0, 1]
      for (;;) {
        const byte = buffer.readUInt8(at++)
        value += (byte & 127) * unit
        if (byte < 128) return value
        unit *= 128
      }
    },
    bytes: (length: number) => {
      at += length
      return buffer.subarray(at - length, at)
    },
    text: () => reader.bytes(reader.varint()).toString('utf8')
  }
  return reader
}

/** Whole numbers of either sign up to 2^52, small ones in one byte: 0, −1, 1, −2 … as 0, 1, 2, 3 … */
export function pack(out: Writer, values: readonly number[]): void {
  for (const value of values) {
    if (!Number.isSafeInteger(value * 2)) throw new RangeError(`cannot pack ${value}`)
    out.varint(value < 0 ? -2 * value - 1 : 2 * value)
  }
}

export function unpack(from: Reader, count: number): number[] {
  return Array.from({ length: count }, () => {
    const code = from.varint()
    return code % 2 === 0 ? code / 2 : -(code + 1) / 2
  })
}

const [ALL, NONE, SOME] = [0, 1, 2]

/** Which of many are there: one byte where it is all or none. */
export function writeBitmap(out: Writer, isThere: readonly boolean[]): void {
  const kind = isThere.every(Boolean) ? ALL : isThere.some(Boolean) ? SOME : NONE
  out.byte(kind)
  if (kind !== SOME) return
  for (let start = 0; start < isThere.length; start += 8) {
    out.byte(isThere.slice(start, start + 8).reduce((bits, there, bit) => bits + (there ? 2 ** bit : 0), 0))
  }
}

export function readBitmap(from: Reader, count: number): boolean[] {
  const kind = from.byte()
  if (kind !== SOME) return new Array<boolean>(count).fill(kind === ALL)
  const bytes = from.bytes(Math.ceil(count / 8))
  return Array.from({ length: count }, (_, index) => (bytes[index >> 3]! & (1 << (index & 7))) !== 0)
}
