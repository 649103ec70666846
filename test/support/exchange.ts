import { createServer, request as httpRequest, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../../src/clock.ts'
import { type Sim, startSim } from '../../src/sim/server.ts'

/** What an exchange under test does instead of answering as it should. */
export type Fault =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly body: string
      readonly headers?: Record<string, string>
    }
  | { readonly kind: 'silence' }
  | { readonly kind: 'headers_only' }
  | { readonly kind: 'rewrite'; readonly rewrite: (body: string) => string }

export type Exchange = AsyncDisposable & {
  readonly urls: { readonly binance: string; readonly bybit: string }
  /** Decides about each request by venue and path; undefined lets it through. */
  fault: (venue: 'binance' | 'bybit', path: string) => Fault | undefined
  /** Every request that arrived, in order. */
  readonly requests: { readonly venue: string; readonly path: string; readonly at: number }[]
  /** How many requests met a fault: a fault test that injected nothing must fail. */
  injected: number
}

/** The simulated exchanges behind a door that can be made to misbehave. */
export async function startExchange(clock: Clock, seed = 7): Promise<Exchange> {
  const sim = await startSim({ seed, clock })
  const doors: { close(): Promise<void> }[] = []
  const exchange: Exchange = {
    urls: { binance: '', bybit: '' },
    fault: () => undefined,
    requests: [],
    injected: 0,
    async [Symbol.asyncDispose]() {
      await Promise.all(doors.map((door) => door.close()))
      await sim.close()
    }
  }
  const open = async (venue: 'binance' | 'bybit') => {
    const door = await openDoor(venue, sim, exchange, clock)
    doors.push(door)
    return door.url
  }
  return Object.assign(exchange, { urls: { binance: await open('binance'), bybit: await open('bybit') } })
}

async function openDoor(venue: 'binance' | 'bybit', sim: Sim, exchange: Exchange, clock: Clock) {
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    exchange.requests.push({ venue, path, at: clock.now() })
    const fault = exchange.fault(venue, path)
    if (fault) exchange.injected += 1
    if (fault?.kind === 'silence') return
    if (fault?.kind === 'headers_only') {
      response.writeHead(200, { 'content-type': 'application/json' }).write('[')
      return
    }
    if (fault?.kind === 'answer') {
      response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers }).end(fault.body)
      return
    }
    passOn(sim.urls[venue] + path, response, fault?.rewrite)
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}

function passOn(url: string, response: ServerResponse, rewrite: ((body: string) => string) | undefined): void {
  httpRequest(url, (answer) => {
    const chunks: Buffer[] = []
    answer.on('data', (chunk: Buffer) => chunks.push(chunk))
    answer.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8')
      response
        .writeHead(answer.statusCode ?? 500, { 'content-type': 'application/json' })
        .end(rewrite ? rewrite(body) : body)
    })
  }).end()
}
