import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { aborted } from '../clock.ts'
import { AppError, messageOf } from '../errors.ts'
import { LISTEN_USAGE, type ListenOptions, readListenOptions } from './listen-arguments.ts'
import type { Run } from './run.ts'

const HOST = '127.0.0.1'
/** Larger than any webhook of ours. */
const BODY_BYTES_MAX = 10e6

/** `contango listen`: receives webhooks on this machine, verifies and prints them, until it is interrupted. */
export const runListen: Run = async (args, env) => {
  if (args.includes('--help')) {
    process.stdout.write(`${LISTEN_USAGE}\n`)
    return 0
  }
  const options = readListenOptions(args, env)
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  let secret = options.secret
  const server = createServer((request, response) => {
    void receive(request, response, () => secret, options.isJson)
  })
  server.listen(options.port, HOST)
  await once(server, 'listening')
  const url = `http://${HOST}:${(server.address() as AddressInfo).port}/`
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  try {
    const made = secret === null ? await subscribe(options, url) : undefined
    secret ??= made?.secret ?? null
    say(`Listening for webhooks at ${url}${made ? `, subscribed as ${made.id}` : ''}. Stop with Ctrl-C.`)
    await aborted(stop.signal)
    if (made) await ask(options, 'DELETE', `/v1/webhooks/${made.id}`)
    return 0
  } finally {
    await close()
  }
}

/** 204 for what verifies, 400 for what does not; each is a line. */
async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  secretNow: () => string | null,
  isJson: boolean
): Promise<void> {
  const answer = (status: number) => response.writeHead(status, { connection: 'close' }).end()
  try {
    const body = await textOf(request)
    const secret = secretNow()
    // Nothing can be for us before we have subscribed.
    if (request.method !== 'POST' || secret === null) return void answer(request.method === 'POST' ? 503 : 405)
    const headers = request.headers as Record<string, string>
    const event = new Webhook(secret).verify(body, headers) as WebhookEvent
    print(isJson ? JSON.stringify({ id: headers['webhook-id'], ...event }) : lineOf(headers['webhook-id'] ?? '', event))
    answer(204)
  } catch (error) {
    say(`Refused a request: ${messageOf(error)}`)
    if (!response.headersSent) answer(400)
  }
}

type WebhookEvent = {
  readonly type: string
  readonly timestamp: string
  readonly sequence: number
  readonly data: unknown
}

function lineOf(id: string, { type, timestamp, sequence, data }: WebhookEvent): string {
  return `${timestamp}  #${sequence}  ${type}  ${id}  ${JSON.stringify(data)}`
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > BODY_BYTES_MAX) throw new AppError('body_too_large', `more than ${BODY_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

async function subscribe(options: ListenOptions, url: string): Promise<{ id: string; secret: string }> {
  const { events, filter } = options
  const body = { url, ...(events ? { events } : {}), filter, description: 'contango listen' }
  const answer = await ask(options, 'POST', '/v1/webhooks', body)
  return (answer as { data: { id: string; secret: string } }).data
}

/** Asks the service; its refusals are ours, in its words. */
async function ask({ service, key }: ListenOptions, method: string, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(`${service}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
    redirect: 'error'
  }).catch(() => {
    throw new AppError(
      'service_unreachable',
      `No service answers at ${service}; is it running, and is --service right?`
    )
  })
  const text = await answer.text()
  if (answer.ok) return text === '' ? undefined : JSON.parse(text)
  throw new AppError('service_refused', `${service} refuses ${method} ${path}: ${detailOf(text) ?? answer.status}`)
}

function detailOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { detail?: string }).detail
  } catch {
    return undefined
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** What is not an event stays out of the way of whoever reads events. */
function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
