import type { ReadStream } from 'node:fs'
import { pipeline, type Readable, Transform } from 'node:stream'
import { constants, createGunzip, gunzipSync } from 'node:zlib'

/** No table of ours is packed so well; what is, was made to fill a disk. */
const MOST_TIMES = 250
/** What is smaller than this harms nobody. */
const FREE_BYTES = 16 << 20
/** The first of a file's bytes, unpacked, are never more. */
const HEAD_MAX_BYTES = 16 << 20

export const isGzip = (head: Buffer) => head[0] === 0x1f && head[1] === 0x8b

/** The beginning of what is packed in the beginning of a file. */
export function unpackHead(head: Buffer): Buffer {
  return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: HEAD_MAX_BYTES })
}

/** What is packed in a file, as long as it keeps to a size that goes with the file's. */
export function unpack(stream: ReadStream): Readable {
  let unpacked = 0
  const bounded = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      unpacked += chunk.length
      const isTooMuch = unpacked > FREE_BYTES && unpacked > MOST_TIMES * stream.bytesRead
      done(isTooMuch ? new Error(`it unpacks to more than ${MOST_TIMES} times its size`) : null, chunk)
    }
  })
  // Whoever reads hears of what goes wrong before.
  return pipeline(stream, createGunzip(), bounded, () => {})
}
