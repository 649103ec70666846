import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Webhook } from 'standardwebhooks'
import type { Message } from '../../src/webhooks/send.ts'

/** What a receiver does with a request. */
export type Behaviour =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers?: Record<string, string>
      readonly body?: string
    }
  /** Takes the request and says nothing. */
  | { readonly kind: 'stall' }
  /** Cuts the connection. */
  | { readonly kind: 'reset' }
  /** A byte of body now and then, without an end. */
  | { readonly kind: 'drip' }
  /** So many bytes of body, as fast as they are taken. */
  | { readonly kind: 'flood'; readonly bytes: number }

export type Received = {
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string
}

export type Receiver = AsyncDisposable & {
  readonly url: string
  /** Every request, in the order in which its last byte arrived. */
  readonly received: Received[]
  /** How many connections were ever made. */
  connections: number
  behave: (received: Received) => Behaviour | Promise<Behaviour>
  /** Resolves once that many requests have arrived. */
  hasReceived(count: number): Promise<void>
  /** Bytes of body that went out in floods. */
  bytesSent: number
}

const OK: Behaviour = { kind: 'answer', status: 204 }

/** A real server on loopback that records every byte and behaves as it is told. */
export async function startReceiver(host = '127.0.0.1'): Promise<Receiver> {
  const sockets = new Set<Socket>()
  const waiting: { readonly count: number; readonly resolve: () => void }[] = []
  const server = createServer((request, response) => void take(request, response))
  server.on('connection', (socket) => {
    receiver.connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
  })
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk)
    } catch {
      return
    }
    const body = Buffer.concat(chunks).toString('utf8')
    const taken = { path: request.url ?? '', headers: request.headers as Record<string, string>, body }
    receiver.received.push(taken)
    for (const { count, resolve } of waiting) if (receiver.received.length >= count) resolve()
    await behaveTo(response, await receiver.behave(taken), receiver)
  }
  server.listen(0, host)
  await new Promise((resolve) => server.once('listening', resolve))
  const receiver: Receiver = {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`,
    received: [],
    connections: 0,
    bytesSent: 0,
    behave: () => OK,
    hasReceived: (count) =>
      new Promise((resolve) => {
        if (receiver.received.length >= count) resolve()
        else waiting.push({ count, resolve })
      }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    }
  }
  return receiver
}

async function behaveTo(response: ServerResponse, behaviour: Behaviour, receiver: Receiver): Promise<void> {
  if (behaviour.kind === 'stall') return
  if (behaviour.kind === 'reset') {
    response.socket?.resetAndDestroy()
    return
  }
  if (behaviour.kind === 'answer') {
    response.writeHead(behaviour.status, behaviour.headers).end(behaviour.body)
    return
  }
  response.writeHead(200)
  if (behaviour.kind === 'drip') {
    const timer = setInterval(() => response.write('.'), 20)
    response.on('close', () => clearInterval(timer))
    return
  }
  const closed = once(response, 'close')
  const chunk = Buffer.alloc(64 * 1_024, 'x')
  for (let left = behaviour.bytes; left > 0 && !response.destroyed; left -= chunk.length) {
    receiver.bytesSent += chunk.length
    if (response.write(chunk)) continue
    await Promise.race([once(response, 'drain'), closed])
  }
  response.end()
}

/** What the official library makes of it: the parsed body, or its refusal. */
export function verify({ headers, body }: Pick<Received, 'headers' | 'body'>, secret: string): unknown {
  return new Webhook(secret).verify(body, headers)
}

export function aMessage(url: string, changes: Partial<Message> = {}): Message {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
  return { id: 'msg_1', url, body: '{"type":"test.ping"}', secrets: [secret], ...changes }
}
