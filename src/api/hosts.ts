import type { FastifyInstance } from 'fastify'
import { HttpError } from './problem.ts'

const LOOPBACK = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|\[::1\])$/i

export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.test(host)
}

/** How an address is written in a URL. */
export function urlHost(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}

/** On loopback, refuses requests that a page of another site made by pointing its own name at this machine. */
export function refuseForeignHosts(app: FastifyInstance, configuredHost: string): void {
  const names = ['127.0.0.1', 'localhost', '[::1]', urlHost(configuredHost).toLowerCase()]
  app.addHook('onRequest', (request, _reply, done) => {
    const port = request.raw.socket.localPort
    const host = request.headers.host?.toLowerCase() ?? ''
    const isOurs = names.some((name) => host === `${name}:${port}` || (port === 80 && host === name))
    if (isOurs) return done()
    const message = `The Host header names another server; this one is ${names[0]}:${port} or localhost:${port}.`
    done(new HttpError(421, 'foreign_host', message))
  })
}
