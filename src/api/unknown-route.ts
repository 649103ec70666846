import type { FastifyInstance } from 'fastify'
import { suggestionFor } from '../contract/nearest.ts'
import { HttpError, pathOf } from './problem.ts'

/** Answers what no route does: 405 where the path exists for another method, else 404. Counted by the rate limit as well. */
export function handleUnknownRoutes(app: FastifyInstance): void {
  const methods = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? new Set()
    for (const name of [method].flat()) known.add(name)
    methods.set(url, known)
  })
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, async (request) => {
    const path = pathOf(request.url)
    const allowed = [...methods].find(([pattern]) => matches(pattern, path))?.[1]
    if (allowed !== undefined && !allowed.has(request.method)) {
      const allow = [...allowed].sort().join(', ')
      const message = `${path} does not answer ${request.method}; it answers ${allow}`
      throw new HttpError(405, 'method_not_allowed', message, { headers: { allow } })
    }
    const message = `${path} is not a path of this service${suggestionFor(path, methods.keys())}; all are in /openapi.json`
    throw new HttpError(404, 'unknown_route', message)
  })
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/')
  const parts = path.split('/')
  return (
    wanted.length === parts.length &&
    wanted.every((part, index) => (part.startsWith(':') ? parts[index] !== '' : part === parts[index]))
  )
}
