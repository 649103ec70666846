import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import staticFiles from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'

const DIST = fileURLToPath(new URL('../../web/dist/', import.meta.url))
/** Path → file. */
const PAGES = { '/': 'index.html', '/graphiql': 'graphiql.html' } as const
const UNBUILT = 'The pages are not built here: `npm run build` does it. The API itself is there: see /docs.\n'

/** The pages of `web/`, as they were built. Their files have their content's hash in the name; only the pages themselves may change. */
export async function addPages(app: FastifyInstance, dist = DIST): Promise<void> {
  if (existsSync(dist)) {
    await app.register(staticFiles, {
      root: `${dist}assets`,
      prefix: '/assets/',
      decorateReply: false,
      schemaHide: true,
      index: false,
      preCompressed: true,
      immutable: true,
      maxAge: '365d'
    })
  }
  for (const [path, file] of Object.entries(PAGES)) {
    app.get(path, { schema: { hide: true } }, async (_request, reply) => sendPage(reply, `${dist}${file}`))
  }
}

/** Read each time: they are small, and may be built anew beside a running service. */
function sendPage(reply: FastifyReply, file: string): FastifyReply {
  if (!existsSync(file)) return reply.code(503).type('text/plain; charset=utf-8').send(UNBUILT)
  return reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache').send(readFileSync(file, 'utf8'))
}
