import type { FastifyInstance, FastifyRequest, RouteHandlerMethod } from 'fastify'
import { listOf, oneOf } from '../contract/envelope.ts'
import type { ParameterSpec } from '../contract/parameter.ts'
import type { FieldSchema } from '../contract/schema.ts'
import { sendAnswer } from './answers.ts'
import { type HistoryQuestion, sendHistory } from './history.ts'
import { sendList } from './listed-tables.ts'
import { type Operation, pathNames, questionOf } from './operations/operation.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The parameters in path and query: read from here, documented from here. */
    parameters?: ParameterSpec
  }
}

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } }
})

/** What any reading route may answer besides 200. */
export const REFUSALS = {
  400: problem('A parameter cannot be used; `errors` names each'),
  401: problem('The key is missing or not valid'),
  403: problem('The key lacks the scope that is needed'),
  404: problem('What the query names is not known; the nearest that is, is suggested'),
  429: problem('Too many requests; `Retry-After` says when to ask again'),
  500: problem('Something went wrong on this side'),
  503: problem('The database cannot be reached now; `Retry-After` says when to ask again')
}

/** Adds a reading route for an operation: every problem with its parameters is answered at once, before anything is read. */
export function addOperation(app: FastifyInstance, operation: Operation): void {
  const { url, tag, summary, description, scope = 'read' } = operation
  for (const row of [operation.row, operation.withoutSubject?.row ?? []].flat()) {
    // A schema with a name of its own is written once.
    const { $id } = row as { readonly $id?: string }
    if ($id !== undefined && app.getSchema($id) === undefined) app.addSchema(row)
  }
  const parameters = parametersOf(operation)
  app.route({
    method: 'GET',
    url,
    config: { scope, parameters },
    // What an operation sends itself, it compresses itself.
    ...(operation.send === undefined ? {} : { compress: false as const }),
    schema: {
      tags: [tag],
      summary,
      ...(description === undefined ? {} : { description }),
      operationId: operation.name,
      security: scope === 'read' ? [{}, { key: [] }] : [{ key: [] }],
      response: { 200: { description: 'The answer', content: contentOf(operation) }, ...REFUSALS }
    },
    handler: handlerOf(operation)
  })
}

/** Path and query; a name of the path given in the query as well is refused like any unknown one. */
function given({ url }: Operation, { query, params }: FastifyRequest): Record<string, unknown> {
  const names = pathNames(url)
  const fromQuery = Object.entries(query as object).map(([name, value]) => [
    names.includes(name) ? `${name} (in the query)` : name,
    value
  ])
  return { ...Object.fromEntries(fromQuery), ...(params as object) }
}

function handlerOf(operation: Operation): RouteHandlerMethod {
  const { send } = operation
  const questionIn = (request: FastifyRequest) => questionOf(operation, given(operation, request))
  if (send !== undefined) {
    return (request, reply) => {
      const sent = send(() => questionIn(request), request, reply)
      // A reply is a promise as well, of its own end, for which nobody here has to wait.
      return sent === reply ? undefined : sent
    }
  }
  return async (request, reply) => {
    const { withoutSubject = operation } = operation
    const asked = 'instrument' in (request.query as object) ? operation : withoutSubject
    const question = questionOf(asked, given(asked, request))
    const { open } = asked
    if (open === undefined && asked.isTable === undefined) return sendAnswer(reply, await asked.read(question))
    const answer =
      open === undefined
        ? await sendList(asked, question, request, reply)
        : await sendHistory(question as HistoryQuestion, await open(question), request, reply)
    return 'data' in answer ? sendAnswer(reply, answer) : answer
  }
}

/** Where an address answers a list as well, what names the one thing may be left out. */
function parametersOf({ parameters, withoutSubject }: Operation): ParameterSpec {
  if (withoutSubject === undefined) return parameters
  const instrument = { ...parameters.instrument!, isRequired: false }
  return { ...withoutSubject.parameters, ...parameters, instrument }
}

/** A schema with a name of its own is written once. */
function shared(schema: FieldSchema): FieldSchema {
  const { $id } = schema as { readonly $id?: string }
  return $id === undefined ? schema : ({ $ref: `${$id}#` } as unknown as FieldSchema)
}

const anyOf = (schemas: readonly FieldSchema[]) => ({ anyOf: schemas }) as unknown as FieldSchema

function contentOf({ row, isSingle, meta, open, isTable, withoutSubject }: Operation) {
  const schema = Array.isArray(row) ? anyOf(row) : shared(row as FieldSchema)
  const table = (description: string) => ({ schema: { type: 'string', description } })
  const answer = isSingle ? oneOf(schema, meta) : listOf(schema, meta)
  const answers = withoutSubject === undefined ? [] : [listOf(withoutSubject.row as FieldSchema, withoutSubject.meta)]
  return {
    'application/json': { schema: answers.length === 0 ? answer : anyOf([answer, ...answers]) },
    ...(open === undefined && isTable === undefined
      ? {}
      : {
          'text/csv': table('A header line with the fields of a row, then a line per row'),
          'application/x-ndjson': table('A JSON object per line, the rows of `data`'),
          'application/vnd.apache.parquet': table(
            'Apache Parquet: times are TIMESTAMP in milliseconds UTC, exact decimals are text, null stays null'
          )
        })
  }
}
