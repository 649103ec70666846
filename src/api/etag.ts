import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** A weak tag: the same tag means the same facts, whatever the encoding on the way and the moment of asking. */
export function etagOf(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return `W/"${hash.digest('base64url').slice(0, 27)}"`
}

/** Tags every answer to a GET that has no tag yet, and answers 304 where the caller has it already. */
export function tagAnswers(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    done(null, tagged(request, reply, payload))
  })
}

function tagged(request: FastifyRequest, reply: FastifyReply, payload: unknown): unknown {
  if ((request.method !== 'GET' && request.method !== 'HEAD') || reply.statusCode !== 200) return payload
  if (!reply.hasHeader('etag')) {
    if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return payload
    reply.header('etag', etagOf(payload))
  }
  if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-cache')
  if (!hasTag(request.headers['if-none-match'], String(reply.getHeader('etag')))) return payload
  reply.code(304).removeHeader('content-encoding').removeHeader('content-length')
  return null
}

/** Whether the caller has what this tag stands for. */
export function hasTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  if (header === tag) return true
  const bare = (text: string) => text.trim().replace(/^W\//, '')
  return header.trim() === '*' || header.split(',').some((candidate) => bare(candidate) === bare(tag))
}
