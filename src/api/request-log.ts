import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Log } from '../log.ts'
import { pathOf } from './problem.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Bytes that the connection had carried before this request. */
    writtenBefore: number
  }
}

/** One event per request, when it is over. */
export function logRequests(app: FastifyInstance, log: Log): void {
  app.decorateRequest('writtenBefore', 0)
  app.addHook('onRequest', (request, _reply, done) => {
    request.writtenBefore = request.raw.socket.bytesWritten
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const status = reply.statusCode
    // 503 says that something else is not there yet: a state, not a defect.
    const level = status >= 500 && status !== 503 ? 'error' : status >= 400 ? 'warn' : 'info'
    if (log.isLevelEnabled(level)) log[level](eventOf(request, reply), 'request.finished')
    done()
  })
}

function eventOf(request: FastifyRequest, reply: FastifyReply): object {
  const { caller } = request
  const { url } = request.routeOptions
  return {
    reqId: request.id,
    method: request.method,
    route: url ?? null,
    ...(url === undefined ? { path: pathOf(request.url) } : {}),
    status: reply.statusCode,
    ms: Math.round(reply.elapsedTime * 10) / 10,
    bytes: request.raw.socket.bytesWritten - request.writtenBefore,
    keyId: caller?.kind === 'key' ? caller.key.id : null
  }
}
