import type { FastifyBaseLogger } from 'fastify'
import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { InvalidInputError } from '../../errors.ts'
import { errorOf } from '../problem.ts'

/** An error as REST would have told it; what nobody expected is logged and not shown. */
export function formatted(error: GraphQLError, log: FastifyBaseLogger): GraphQLFormattedError {
  const { message, locations, path, originalError } = error
  const place = { ...(locations ? { locations } : {}), ...(path ? { path } : {}) }
  if (originalError === undefined || originalError === null || originalError instanceof GraphQLError) {
    return { message, ...place, extensions: { code: 'invalid_query' } }
  }
  const known = errorOf(originalError)
  if (known.statusCode === 500) log.error({ err: originalError, path }, 'graphql.failed')
  const errors = originalError instanceof InvalidInputError ? { errors: originalError.problems } : {}
  return { message: known.message, ...place, extensions: { code: known.code, status: known.statusCode, ...errors } }
}
