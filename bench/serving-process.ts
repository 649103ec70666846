import Fastify from 'fastify'
import { pino } from 'pino'
import { startApi } from '../src/api/server.ts'
import { systemClock } from '../src/clock.ts'
import { loadConfig } from '../src/config.ts'
import { openDatabase } from '../src/store/database.ts'

// One server under load: `api URL [NOW]` is the service's own, with a clock that stands at NOW where it is given, `plain FILE…` answers files from memory, and a word. Prints its address.

const [kind, ...args] = process.argv.slice(2)

if (kind === 'api') {
  const db = openDatabase({ url: args[0]!, poolSize: 10, applicationName: 'contango bench api' })
  const config = loadConfig({ PORT: '0', RATE_LIMIT_PER_MINUTE: '1000000', LOG_LEVEL: 'warn' })
  const clock = args[1] === undefined ? systemClock : { now: () => Number(args[1]) }
  const api = await startApi({ config, db, clock, log: pino({ level: 'warn' }), kind: 'simulated' })
  console.log(api.address)
  process.on('SIGINT', () => process.exit(0))
} else {
  const { readFile } = await import('node:fs/promises')
  const app = Fastify({ logger: false })
  app.get('/hello', async () => ({ hello: 'world' }))
  for (const [index, file] of args.entries()) {
    const bytes = await readFile(file)
    app.get(`/static${index}`, (_request, reply) =>
      reply.type('application/json; charset=utf-8').header('etag', '"x"').send(bytes)
    )
  }
  console.log(await app.listen({ host: '127.0.0.1', port: 0 }))
}
