import type { FastifyInstance } from 'fastify'
import { pathOf } from './problem.ts'

/** One event per request, when it is over. */
export function logRequests(app: FastifyInstance): void {
  const writtenBefore = new WeakMap<object, number>()
  app.addHook('onRequest', async (request) => {
    writtenBefore.set(request, request.raw.socket.bytesWritten)
  })
  app.addHook('onResponse', async (request, reply) => {
    const status = reply.statusCode
    // 503 says that something else is not there yet: a state, not a defect.
    const level = status >= 500 && status !== 503 ? 'error' : status >= 400 ? 'warn' : 'info'
    const { caller } = request
    request.log[level](
      {
        method: request.method,
        route: request.routeOptions.url ?? null,
        ...(request.routeOptions.url === undefined ? { path: pathOf(request.url) } : {}),
        status,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        bytes: request.raw.socket.bytesWritten - (writtenBefore.get(request) ?? 0),
        keyId: caller?.kind === 'key' ? caller.key.id : null
      },
      'request.finished'
    )
  })
}
