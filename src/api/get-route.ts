import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type CursorForm, type CursorKeys, fingerprintOf, readCursor } from '../contract/cursor.ts'
import type { ParameterSpec, ParameterValues } from '../contract/parameter.ts'
import { readQuery } from '../contract/read-query.ts'
import type { FieldSchema } from '../contract/schema.ts'
import { InvalidInputError } from '../errors.ts'
import { type Answer, sendAnswer } from './answers.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The query parameters: read from here, documented from here. */
    parameters?: ParameterSpec
  }
}

/** One request, its query already read. */
export type Asked<Spec extends ParameterSpec> = {
  readonly values: ParameterValues<Spec>
  /** Identifies the query, whatever its page. */
  readonly fingerprint: string
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

type GetRoute<Spec extends ParameterSpec> = {
  readonly url: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  readonly parameters: Spec
  /** The whole answer. */
  readonly answers: FieldSchema
  /** Histories also answer as tables. */
  readonly hasTables?: boolean
  /** False where the route compresses what it sends itself. */
  readonly compress?: false
  /** An answer to write, or the reply when it has been sent already. */
  readonly handle: (asked: Asked<Spec>) => Promise<Answer | FastifyReply>
}

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } }
})

/** What any reading route may answer besides 200. */
const REFUSALS = {
  400: problem('A parameter cannot be used; `errors` names each'),
  401: problem('The key is missing or not valid'),
  403: problem('The key lacks the scope `read`'),
  404: problem('What the query names is not known; the nearest that is, is suggested'),
  429: problem('Too many requests; `Retry-After` says when to ask again'),
  500: problem('Something went wrong on this side'),
  503: problem('The database cannot be reached now; `Retry-After` says when to ask again')
}

/** Adds a reading route: its parameters are read before `handle` runs and every problem with them is answered at once. */
export function addGet<Spec extends ParameterSpec>(app: FastifyInstance, route: GetRoute<Spec>): void {
  app.route({
    method: 'GET',
    url: route.url,
    config: { scope: 'read', parameters: route.parameters },
    ...(route.compress === false ? { compress: false as const } : {}),
    schema: {
      tags: [route.tag],
      summary: route.summary,
      ...(route.description === undefined ? {} : { description: route.description }),
      operationId: operationIdOf(route.url),
      security: [{}, { key: [] }],
      response: { 200: { description: 'The answer', content: contentOf(route) }, ...REFUSALS }
    },
    handler: async (request, reply) => {
      const query = request.query as Record<string, unknown>
      const reading = readQuery(route.parameters, query)
      if (!reading.isUsable) {
        throw new InvalidInputError(reading.problems, reading.isUnknownOnly ? 'unknown_parameter' : 'invalid_parameter')
      }
      const fingerprint = fingerprintOf(route.url, query)
      // A reply is a promise itself, of nothing: what comes back undefined has been sent.
      const handled = route.handle({ values: reading.values, fingerprint, request, reply })
      const answer = (await handled) as Answer | FastifyReply | undefined
      if (answer === undefined || !('data' in answer)) return reply
      // The same address answers tables as well: a cache must not mix them up.
      if (route.hasTables) reply.header('vary', 'accept, accept-encoding')
      return sendAnswer(reply, answer)
    }
  })
}

function contentOf({ answers, hasTables = false }: Pick<GetRoute<ParameterSpec>, 'answers' | 'hasTables'>) {
  const table = (description: string) => ({ schema: { type: 'string', description } })
  return {
    'application/json': { schema: answers },
    ...(hasTables
      ? {
          'text/csv': table('A header line with the fields of a row, then a line per row'),
          'application/x-ndjson': table('A JSON object per line, the rows of `data`')
        }
      : {})
  }
}

/** `/v1/basis/history` → `basisHistory`. */
function operationIdOf(url: string): string {
  const words = url.split(/[^A-Za-z0-9]+/).filter((part) => part !== '' && part !== 'v1')
  return words.map((part, index) => (index === 0 ? part : part[0]!.toUpperCase() + part.slice(1))).join('')
}

/** The keys of the query's cursor, or undefined on the first page. */
export function cursorKeys(asked: AskedPage, forms: readonly CursorForm[]): CursorKeys | undefined {
  const { cursor } = asked.values
  if (cursor === undefined) return undefined
  const reading = readCursor(cursor, asked.fingerprint, forms)
  if ('refused' in reading) {
    throw new InvalidInputError([{ path: 'cursor', message: reading.refused }], 'invalid_cursor')
  }
  return reading.keys
}

export type AskedPage = { readonly values: { readonly cursor: string | undefined }; readonly fingerprint: string }
