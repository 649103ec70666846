import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type DocumentNode, type GraphQLError, Kind, parse, print, separateOperations } from 'graphql'
import { type MercuriusContext, mercurius } from 'mercurius'
import { InvalidInputError } from '../../errors.ts'
import type { Scope } from '../../store/keys.ts'
import type { Action } from '../actions/action.ts'
import { JSON_TYPE } from '../answers.ts'
import { authorise } from '../auth.ts'
import { findAnswer, keepAnswer, sendWritten } from '../board-answers.ts'
import type { ApiContext } from '../context.ts'
import { isLoopbackHost } from '../hosts.ts'
import type { Operation } from '../operations/operation.ts'
import { HttpError } from '../problem.ts'
import { newBudget, type RowBudget } from '../row-budget.ts'
import type { Following } from '../stream/route.ts'
import { formatted } from './errors.ts'
import { LIMITS, limitRule, TOKENS_MAX } from './limits.ts'
import { LINKS, linkResolvers } from './links.ts'
import { mutationResolvers } from './mutations.ts'
import { resolversOf, schemaOf } from './schema.ts'
import { addSocket } from './socket.ts'

declare module 'mercurius' {
  interface MercuriusContext {
    request?: FastifyRequest
    /** Whether all that has been asked so far is told from the board alone. */
    isOfBoard?: boolean
    /** What has been brought together so far. */
    budget?: RowBudget
  }
}

const JSON_TYPES = /^application\/(json|graphql-response\+json)\b/

/** GraphQL over the operations and actions that REST has. The playground is a page of its own. */
export async function addGraphql(
  app: FastifyInstance,
  context: ApiContext,
  operations: readonly Operation[],
  actions: readonly Action[],
  following: Following
): Promise<void> {
  const isLoopback = isLoopbackHost(context.config.host)
  const mayAsk = ({ request }: MercuriusContext, { scope = 'read' }: { readonly scope?: Scope }) =>
    authorise(request?.caller, scope, isLoopback)
  await app.register(mercurius, {
    schema: schemaOf(operations, actions, LINKS),
    resolvers: {
      ...resolversOf(operations, mayAsk),
      ...linkResolvers(context),
      Mutation: mutationResolvers(context, actions, mayAsk)
    },
    // From its second run on a query is compiled.
    jit: 1,
    routes: false,
    graphql: { parseOptions: { maxTokens: TOKENS_MAX } },
    validationRules: [limitRule(LIMITS)],
    errorFormatter: ({ data, errors }) => ({
      statusCode: 200,
      response: { data: data ?? null, errors: (errors ?? []).map((error) => formatted(error, context.log)) } as never
    })
  })
  app.post('/graphql', {
    config: { scope: 'read' },
    schema: {
      tags: ['graphql'],
      summary: 'The same over GraphQL; `/graphiql` is its playground',
      description:
        `Takes \`{ "query", "variables"?, "operationName"? }\`. At most ${LIMITS.depth} fields deep, ${LIMITS.roots} things at once, ` +
        `${LIMITS.rows} rows together, ${TOKENS_MAX} words. Errors carry REST's codes in \`extensions.code\`.`,
      operationId: 'graphql',
      security: [{}, { key: [] }],
      response: { 200: { description: 'The answer', content: { 'application/json': { schema: { type: 'object' } } } } }
    },
    handler: (request, reply) => answer(request, reply, context)
  })
  addSocket(app, context, following)
}

async function answer(request: FastifyRequest, reply: FastifyReply, context: ApiContext): Promise<unknown> {
  const { board: cache, log } = context
  const { query, variables, operationName } = bodyOf(request)
  const board = cache.current()
  const question = JSON.stringify([query, variables ?? null, operationName ?? null])
  const known = findAnswer(board, question)
  if (known !== undefined) return sendWritten(known, request, reply)
  reply.type(JSON_TYPE)
  try {
    const asked: MercuriusContext = { request, isOfBoard: true, budget: newBudget(context) } as MercuriusContext
    const source = operationOf(query, operationName)
    const result = await reply.graphql<{ errors?: unknown }>(source, asked, variables, operationName)
    const isKept = asked.isOfBoard && result.errors === undefined && cache.isLoaded() && cache.current() === board
    return isKept ? sendWritten(keepAnswer(board, question, JSON.stringify(result)), request, reply) : result
  } catch (error) {
    const { errors } = error as { errors?: readonly GraphQLError[] }
    if (errors === undefined) throw error
    // The document itself is refused: nothing of it was run.
    return reply.code(400).send({ data: null, errors: errors.map((each) => formatted(each, log)) })
  }
}

/**
 * The one operation of a document that is to be run, with its fragments. The library compiles a document for the operation that was
 * named first, and would run that one whatever is named later.
 */
function operationOf(query: string, operationName: string | undefined): string {
  if (operationName === undefined) return query
  let document: DocumentNode
  try {
    document = parse(query, { maxTokens: TOKENS_MAX, noLocation: true })
  } catch {
    // What cannot be read is refused by the library, with the place.
    return query
  }
  const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
  const named = operations.length > 1 ? separateOperations(document)[operationName] : undefined
  return named === undefined ? query : print(named)
}

type Body = { readonly query: string; readonly variables?: Record<string, unknown>; readonly operationName?: string }

function bodyOf({ headers, body }: FastifyRequest): Body {
  if (!JSON_TYPES.test(headers['content-type'] ?? '')) {
    throw new HttpError(415, 'unsupported_media_type', 'GraphQL takes application/json')
  }
  const { query, variables, operationName } = (typeof body === 'object' && body !== null ? body : {}) as Record<
    string,
    unknown
  >
  const problems = [
    ...(typeof query === 'string' && query !== '' ? [] : [{ path: 'query', message: 'expected a GraphQL document' }]),
    ...(variables === undefined || variables === null || (typeof variables === 'object' && !Array.isArray(variables))
      ? []
      : [{ path: 'variables', message: 'expected an object' }]),
    ...(operationName === undefined || operationName === null || typeof operationName === 'string'
      ? []
      : [{ path: 'operationName', message: 'expected a name' }]),
    // The library would take a syntax tree for a document, past the limit of its words.
    ...(typeof query === 'string' && /^\s*[{[]\s*"/.test(query) ? [{ path: 'query', message: 'is no GraphQL' }] : [])
  ]
  if (problems.length > 0) throw new InvalidInputError(problems, 'invalid_body')
  return {
    query: query as string,
    ...(variables ? { variables: variables as Record<string, unknown> } : {}),
    ...(operationName ? { operationName: operationName as string } : {})
  }
}
