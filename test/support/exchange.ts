import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../../src/clock.ts'
import type { VenueName } from '../../src/sim/market/instrument.ts'
import { postedParams } from '../../src/sim/posted.ts'
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

/**
 * What simulated venues list where nothing is asked about the whole market, which takes ten times as long to tell: large coins and small,
 * those of a thousand, those that have no spot market somewhere, and names that begin with a multiplier.
 */
export const FEW_ASSETS: readonly string[] = [
  ...['BTC', 'ETH', 'SOL', 'XRP', 'DOGE', 'ADA', 'TRX', 'PEPE', 'BONK', 'SATS'],
  ...['KAS', 'ORDI', 'GALA', 'JTO', '1INCH', 'KAVA']
]

export type Exchange = AsyncDisposable & {
  readonly urls: Readonly<Record<VenueName, string>>
  /** Where regimes are switched. */
  readonly controlUrl: string
  /** Decides about each request by venue and path, with what was posted as its query; undefined lets it through. */
  fault: (venue: VenueName, path: string) => Fault | undefined
  /** Every request that arrived, in order. */
  readonly requests: { readonly venue: string; readonly path: string; readonly at: number }[]
  /** How many requests met a fault: a fault test that injected nothing must fail. */
  injected: number
}

/** The simulated exchanges behind a door that can be made to misbehave; of few assets, or of `every` one. */
export async function startExchange(clock: Clock, listing: 'few' | 'every' = 'few'): Promise<Exchange> {
  const sim = await startSim({ seed: 7, clock, ...(listing === 'few' ? { assets: FEW_ASSETS } : {}) })
  const doors: { close(): Promise<void> }[] = []
  const exchange: Exchange = {
    urls: { ...sim.urls },
    controlUrl: sim.controlUrl,
    fault: () => undefined,
    requests: [],
    injected: 0,
    async [Symbol.asyncDispose]() {
      await Promise.all(doors.map((door) => door.close()))
      await sim.close()
    }
  }
  const urls = { ...sim.urls }
  for (const venue of Object.keys(urls) as VenueName[]) {
    const door = await openDoor(venue, sim, exchange, clock)
    doors.push(door)
    urls[venue] = door.url
  }
  return Object.assign(exchange, { urls })
}

async function openDoor(venue: VenueName, sim: Sim, exchange: Exchange, clock: Clock) {
  const server = createServer(async (request, response) => {
    // Who asked may have gone before the question was read.
    const posted = await bodyOf(request).catch(() => '')
    const path = (request.url ?? '/') + (posted === '' ? '' : `?${postedParams(posted)}`)
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
    passOn(sim.urls[venue] + request.url, { method: request.method, posted }, response, fault?.rewrite)
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

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

function passOn(
  url: string,
  { method, posted }: { readonly method: string | undefined; readonly posted: string },
  response: ServerResponse,
  rewrite: ((body: string) => string) | undefined
): void {
  httpRequest(url, { method }, (answer) => {
    const chunks: Buffer[] = []
    answer.on('data', (chunk: Buffer) => chunks.push(chunk))
    answer.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8')
      response
        .writeHead(answer.statusCode ?? 500, { 'content-type': 'application/json' })
        .end(rewrite ? rewrite(body) : body)
    })
  }).end(posted)
}
