import { STATUS_CODES } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Problem } from '../contract/envelope.ts'
import { AppError, ConflictError, InvalidInputError, messageOf, NotFoundError } from '../errors.ts'
import { isDatabaseUnavailable } from '../store/database-errors.ts'

type ProblemExtra = {
  readonly headers?: Readonly<Record<string, string>>
  readonly reasons?: readonly { readonly code: string; readonly message: string }[]
}

/** A refusal with its HTTP status. */
export class HttpError extends AppError {
  override name = 'HttpError'
  readonly statusCode: number
  readonly extra: ProblemExtra
  constructor(statusCode: number, code: string, message: string, extra: ProblemExtra = {}) {
    super(code, message)
    this.statusCode = statusCode
    this.extra = extra
  }
}

export const PROBLEM_TYPE = 'application/problem+json'
const RETRY_SECONDS = '2'

/** What Fastify refuses before any of our code runs, in our words. */
const FRAMEWORK_CODES: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_body',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed_body',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_body',
  FST_ERR_BAD_URL: 'malformed_url',
  FST_ERR_MAX_PARAM_LENGTH: 'malformed_url',
  FST_ERR_VALIDATION: 'invalid_body'
}

/** The problem document of a path. */
export function problemOf(status: number, code: string, detail: string, instance: string): Problem {
  const title = STATUS_CODES[status] ?? 'Error'
  return { type: `urn:contango:problem:${code}`, title, status, detail, code, instance }
}

/** The one place where errors become answers. */
export function handleErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const known = errorOf(error)
    // What we refuse ourselves is in the request's own event; only what nobody expected needs its stack.
    if (known.statusCode === 500) {
      request.log.error(
        { reqId: request.id, err: error, code: known.code, path: pathOf(request.url) },
        'request.failed'
      )
    }
    return sendProblem(request, reply, known, error instanceof InvalidInputError ? error.problems : undefined)
  })
}

function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  error: HttpError,
  errors?: InvalidInputError['problems']
) {
  const { headers = {}, reasons } = error.extra
  const problem: Problem = {
    ...problemOf(error.statusCode, error.code, error.message, pathOf(request.url)),
    ...(errors === undefined ? {} : { errors }),
    ...(reasons === undefined ? {} : { reasons })
  }
  return reply.code(error.statusCode).headers(headers).type(PROBLEM_TYPE).send(JSON.stringify(problem))
}

/** An error as callers are told of it, whichever way they asked. */
export function errorOf(error: unknown): HttpError {
  if (error instanceof HttpError) return error
  if (error instanceof InvalidInputError) return new HttpError(400, error.code, error.message)
  if (error instanceof NotFoundError) return new HttpError(404, error.code, error.message)
  if (error instanceof ConflictError) {
    const { retryAfterSeconds: seconds } = error
    return new HttpError(409, error.code, error.message, seconds ? { headers: { 'retry-after': String(seconds) } } : {})
  }
  if (isDatabaseUnavailable(error)) {
    const headers = { 'retry-after': RETRY_SECONDS }
    return new HttpError(503, 'database_unavailable', 'The database cannot be reached now; ask again.', { headers })
  }
  const { statusCode, code } = error as { statusCode?: number; code?: string }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new HttpError(statusCode, FRAMEWORK_CODES[code ?? ''] ?? 'bad_request', messageOf(error))
  }
  return new HttpError(500, 'internal_error', 'Something went wrong here, not in your request; it has been logged.')
}

/** The path alone: a query may hold what does not belong into answers and logs. */
export function pathOf(url: string): string {
  const path = url.split('?', 1)[0] ?? ''
  return path.length > 200 ? `${path.slice(0, 200)}…` : path
}
