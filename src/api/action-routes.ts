import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { oneOf } from '../contract/envelope.ts'
import { bodySchema } from '../contract/read-body.ts'
import { messageOf } from '../errors.ts'
import { type Action, perform } from './actions/action.ts'
import { JSON_TYPE, sendAnswer } from './answers.ts'
import type { ApiContext } from './context.ts'
import { pathNames } from './operations/operation.ts'
import { HttpError } from './problem.ts'
import { REFUSALS } from './rest.ts'

const BODY_MAX_BYTES = 64 * 1_024

/** Adds a route for every action, in a scope of their own: what a body may be is read by us, and named where it is wrong. */
export async function addActions(app: FastifyInstance, context: ApiContext, actions: readonly Action[]): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
      try {
        // Clients that always name a type send it with nothing, too.
        done(null, text === '' ? undefined : JSON.parse(text as string))
      } catch (error) {
        done(new HttpError(400, 'malformed_body', `The body is not JSON: ${messageOf(error)}`))
      }
    })
    for (const action of actions) addAction(scope, context, action)
  })
}

function addAction(app: FastifyInstance, context: ApiContext, action: Action): void {
  const { method, url, scope } = action
  app.route({
    method,
    url,
    bodyLimit: BODY_MAX_BYTES,
    config: { scope },
    validatorCompiler: () => () => true,
    schema: schemaOf(action),
    handler: async (request, reply) => {
      const key = request.headers['idempotency-key']
      const { data, isRepeated } = await perform(context, action, {
        keyId: request.caller?.kind === 'key' ? request.caller.key.id : '',
        id: (request.params as { id?: string }).id ?? '',
        body: bodyOf(action, request),
        idempotencyKey: method === 'POST' && key !== undefined ? String(key) : undefined
      })
      return answer(reply, action, data, isRepeated, context.clock.now())
    }
  })
}

function bodyOf({ isQueryable }: Action, { query, body }: FastifyRequest): unknown {
  const names = Object.keys(query as object)
  if (names.length === 0) return body
  if (!isQueryable) {
    const message = `${names.map((name) => name.slice(0, 80)).join(', ')}: unknown parameter; this takes a JSON body and no query`
    throw new HttpError(400, 'unknown_parameter', message)
  }
  const isFields = body === undefined || (typeof body === 'object' && body !== null && !Array.isArray(body))
  return isFields ? { ...(query as object), ...(body as object | undefined) } : body
}

function answer(reply: FastifyReply, { status, url }: Action, data: unknown, isRepeated: boolean, asOfMs: number) {
  // It may hold a secret.
  reply.code(status).header('cache-control', 'no-store')
  if (isRepeated) reply.header('idempotent-replayed', 'true')
  if (status === 204) return reply.send()
  if (status === 201) reply.header('location', `${url}/${(data as { id: string }).id}`)
  return sendAnswer(reply.type(JSON_TYPE), { data, asOfMs })
}

const problem = (description: string) => ({ ...REFUSALS[400], description })

function schemaOf({ name, method, url, tag, summary, description, body, status, row }: Action) {
  const hasBody = Object.keys(body).length > 0
  return {
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    operationId: name,
    security: [{ key: [] }],
    ...(pathNames(url).length === 0
      ? {}
      : {
          params: { type: 'object', properties: { id: { type: 'string', description: 'Its id' } }, required: ['id'] }
        }),
    ...(hasBody ? { body: bodySchema(body, 'What to do') } : {}),
    ...(method === 'POST' ? { headers: IDEMPOTENCY } : {}),
    response: {
      [status]: row
        ? { description: 'The answer', content: { 'application/json': { schema: oneOf(row) } } }
        : { description: 'Done', type: 'null' },
      ...REFUSALS,
      404: problem('There is none with this id'),
      409: problem(
        'It does not go with how things stand, or the first request with this Idempotency-Key is still at work'
      ),
      413: problem('The body is too large'),
      415: problem('The body is not application/json'),
      ...(method === 'POST' ? { 422: problem('This Idempotency-Key was used for another request') } : {})
    }
  }
}

const IDEMPOTENCY = {
  type: 'object',
  properties: {
    'Idempotency-Key': {
      type: 'string',
      maxLength: 255,
      description:
        'Any text of yours, new for each request: sent again with the same text, a request has its effect once and gets the first answer, for a day'
    }
  }
}
