import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import helmet from 'helmet'

/** Puts on every answer what keeps a browser from doing with it what it is not for; a 304 leaves those that the caller has in force. */
export function secureAnswers(app: FastifyInstance): void {
  const headers = fixedHeaders()
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (reply.statusCode !== 304) reply.headers(headers)
    done(null, payload)
  })
}

/** Helmet's headers. None depends on the request, so it is asked once: asked each time it makes up a third of a short answer. */
function fixedHeaders(): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {}
  const response = {
    setHeader: (name: string, value: string) => {
      headers[name.toLowerCase()] = value
    },
    removeHeader: () => {}
  }
  const apply = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        // The documentation page and the playground's editor write styles and draw icons from data URLs; scripts and
        // workers only come as files of ours.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        scriptSrc: ["'self'"],
        workerSrc: ["'self'"],
        objectSrc: ["'none'"],
        baseUri: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"]
      }
    },
    // The service speaks plain HTTP; who puts TLS in front of it says this there.
    strictTransportSecurity: false
  })
  apply({} as IncomingMessage, response as unknown as ServerResponse, (error) => {
    if (error) throw error
  })
  return headers
}
