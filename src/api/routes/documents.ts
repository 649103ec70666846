import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'

/** The API's description as documents and as a page, all of it from this service's own files. */
export async function addDocuments(app: FastifyInstance): Promise<void> {
  let yaml: string | undefined
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(JSON.stringify(app.swagger()))
  )
  app.get('/openapi.yaml', { schema: { hide: true } }, async (_request, reply) => {
    yaml ??= await openapiYaml(app)
    return reply.type('application/yaml; charset=utf-8').send(yaml)
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    logLevel: 'warn',
    uiConfig: { docExpansion: 'list', deepLinking: true, displayRequestDuration: true, tryItOutEnabled: true },
    theme: { title: 'Contango API' }
  })
}

/** The OpenAPI document as it is committed. Its writer is loaded by whoever asks for it: no start waits for that. */
export async function openapiYaml(app: FastifyInstance): Promise<string> {
  const { stringify } = await import('yaml')
  return stringify(app.swagger(), { lineWidth: 120, aliasDuplicateObjects: false })
}
