import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { boardRowSchema, fundingRowSchema } from '../contract/board.ts'
import { problemSchema } from '../contract/envelope.ts'
import type { ParameterSpec } from '../contract/parameter.ts'
import { signalSchema } from '../contract/signals.ts'
import { pathNames } from './operations/operation.ts'

const DESCRIPTION = [
  'Crypto basis and funding, collected from exchanges and kept.',
  'Basis is contract − spot: positive above spot. Funding is positive when longs pay shorts. Rates are fractions per their ' +
    'stated interval; `…Bps` are basis points; `…Apr` are simple per year of 8,760 h, as a fraction. Prices and sizes are ' +
    'exact decimal strings, ratios are numbers. Times are ISO 8601 UTC with milliseconds. What is absent is null, never 0 ' +
    'and never left out.'
].join('\n\n')

const TAGS = [
  { name: 'basis', description: 'Contracts against their spot legs' },
  { name: 'funding', description: 'What longs pay shorts' },
  {
    name: 'carry',
    description: 'What holding a contract against its spot leg, or another venue’s contract, comes to; the curve'
  },
  { name: 'signals', description: 'What opened and closed, and why' },
  { name: 'reference', description: 'Venues, assets, instruments' },
  { name: 'webhooks', description: 'Being told of events, signed and tried again until they arrive' },
  { name: 'stream', description: 'What changes, as it does' },
  { name: 'graphql', description: 'The same in one language' },
  { name: 'service', description: 'How the service itself is doing' }
]

/** Collects the OpenAPI document from the routes; before any of them is added. */
export async function describeApi(app: FastifyInstance): Promise<void> {
  app.addSchema(problemSchema)
  app.addSchema(boardRowSchema)
  app.addSchema(fundingRowSchema)
  app.addSchema(signalSchema)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Contango',
        version: '1',
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' }
      },
      tags: TAGS,
      components: {
        securitySchemes: {
          key: {
            type: 'http',
            scheme: 'bearer',
            description: 'An API key, `ctg_…`. On loopback reading needs none.'
          }
        }
      }
    },
    hideUntagged: true,
    refResolver: { buildLocalReference: (json, _base, _fragment, index) => String(json.$id ?? `Schema${index}`) },
    transform: ({ schema, url, route }) => {
      const { parameters } = route.config ?? {}
      return { url, schema: parameters === undefined ? schema : { ...schema, ...parameterSchemas(parameters, url) } }
    }
  })
}

/** Path and query as JSON Schema, which the plugin turns into OpenAPI parameters. */
function parameterSchemas(parameters: ParameterSpec, url: string): { querystring: object; params?: object } {
  const inPath = pathNames(url)
  const [path, query] = [true, false].map((isPath) =>
    Object.entries(parameters).filter(([name]) => inPath.includes(name) === isPath)
  )
  return { querystring: objectOf(query ?? []), ...(inPath.length === 0 ? {} : { params: objectOf(path ?? []) }) }
}

function objectOf(entries: readonly (readonly [string, ParameterSpec[string]])[]): object {
  return {
    type: 'object',
    properties: Object.fromEntries(
      entries.map(([name, { schema, description }]) => [name, { ...schema, description }])
    ),
    required: entries.filter(([, { isRequired }]) => isRequired).map(([name]) => name)
  }
}
