import type { FastifyReply, FastifyRequest } from 'fastify'
import { JSON_TYPE } from './answers.ts'
import type { Board } from './board-cache.ts'
import { compress, type Encoding, encodingFor } from './encoding.ts'
import { etagOf, hasTag } from './etag.ts'

/** One answer of one board: written once, compressed once, for all who ask the same within its second. */
export type Written = {
  readonly etag: string
  readonly bytes: Buffer
  readonly packed: Map<Encoding, Promise<Buffer>>
}

/** Of the answers of one board so much is kept; a small one counts as a hundredth, which bounds their number. */
const KEPT_BYTES = 32_000_000

/** What has been answered to this question from this board. */
export function findAnswer(board: Board, question: string): Written | undefined {
  return board.answers.get(question)
}

/** Writes an answer, and keeps it for the next who asks the same. The board and the question are its tag: neither ever changes. */
export function keepAnswer(board: Board, question: string, text: string): Written {
  const bytes = Buffer.from(text)
  const etag = etagOf(question, String(board.asOfMs), [...board.versions].join())
  const written: Written = { etag, bytes, packed: new Map() }
  let kept = bytes.length
  for (const answer of board.answers.values()) kept += Math.max(answer.bytes.length, KEPT_BYTES / 100)
  if (kept < KEPT_BYTES) board.answers.set(question, written)
  return written
}

/** Below this many bytes compressing costs more than it saves. */
const COMPRESS_FROM = 1_024

/** Sends what was written; to a caller who has it already, only that. */
export function sendWritten(
  { etag, bytes, packed }: Written,
  request: FastifyRequest,
  reply: FastifyReply
): Promise<FastifyReply> | FastifyReply {
  reply.header('etag', etag).header('vary', 'accept-encoding')
  // A POST asks for its answer, whatever it has.
  const mayHaveIt = request.method === 'GET' || request.method === 'HEAD'
  if (mayHaveIt && hasTag(request.headers['if-none-match'], etag))
    return reply.header('cache-control', 'no-cache').code(304).send()
  reply.type(JSON_TYPE)
  const encoding = bytes.length < COMPRESS_FROM ? undefined : encodingFor(request.headers['accept-encoding'])
  if (encoding === undefined) return reply.send(bytes)
  const made = packed.get(encoding) ?? compress(bytes, encoding)
  packed.set(encoding, made)
  return made.then((small) => reply.header('content-encoding', encoding).send(small))
}
