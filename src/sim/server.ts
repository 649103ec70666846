import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import type { Clock } from '../clock.ts'
import { StartError } from '../errors.ts'
import type { Answer, SimVenue } from './answer.ts'
import { createBinanceVenue } from './binance/venue.ts'
import { createBybitVenue } from './bybit/venue.ts'
import type { VenueName } from './market/instrument.ts'
import { createMarket } from './market/market.ts'

const COMPRESS_FROM_BYTES = 1024
const KEEP_ALIVE_MS = 65_000
const compress = promisify(gzip)

export type SimOptions = {
  /** The same seed and time give the same market. */
  readonly seed: number
  readonly clock: Clock
  readonly host?: string
  /** 0 or absent: any free port. */
  readonly ports?: Partial<Record<VenueName, number>>
}

export type Sim = {
  /** Each venue's origin, in the form that VENUE_URLS takes. */
  readonly urls: Readonly<Record<VenueName, string>>
  close(): Promise<void>
}

/** Starts the simulated exchanges: one market, one listening port for each venue. */
export async function startSim({ seed, clock, host = '127.0.0.1', ports = {} }: SimOptions): Promise<Sim> {
  const market = createMarket(seed)
  const venues: Readonly<Record<VenueName, SimVenue>> = {
    binance: createBinanceVenue(market),
    bybit: createBybitVenue(market)
  }
  const servers: Server[] = []
  const close = async () => {
    await Promise.all(servers.map(stop))
  }
  const open = async (name: VenueName) => {
    const server = serverFor(venues[name], clock)
    const port = await listen(server, host, ports[name] ?? 0, name)
    servers.push(server)
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  }
  try {
    return { urls: { binance: await open('binance'), bybit: await open('bybit') }, close }
  } catch (error) {
    await close()
    throw error
  }
}

function serverFor(venue: SimVenue, clock: Clock): Server {
  const server = createServer((request, response) => {
    void respond(venue, clock, request, response).catch((error: unknown) => {
      // A defect of the simulator must look like one, not like a venue's answer.
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' })
      response.end(`simulator: ${error instanceof Error ? error.stack : String(error)}`)
    })
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  return server
}

async function respond(
  venue: SimVenue,
  clock: Clock,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> {
  request.resume()
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2)
  const answer: Answer =
    request.method === 'GET' || request.method === 'HEAD'
      ? venue.answer(path, new URLSearchParams(query), clock.now())
      : { status: 405, body: 'Method Not Allowed', contentType: 'text/plain' }
  let body = Buffer.from(answer.body)
  const headers: Record<string, string | number> = {
    'content-type': answer.contentType ?? 'application/json;charset=UTF-8',
    date: new Date(clock.now()).toUTCString(),
    ...answer.headers
  }
  if (body.length > COMPRESS_FROM_BYTES && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) {
    body = await compress(body, { level: constants.Z_BEST_SPEED })
    headers['content-encoding'] = 'gzip'
    headers.vary = 'Accept-Encoding'
  }
  response.writeHead(answer.status, { ...headers, 'content-length': body.length })
  response.end(request.method === 'HEAD' ? undefined : body)
}

function listen(server: Server, host: string, port: number, venue: VenueName): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(portProblem(error, host, port, venue)))
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}

function portProblem(error: NodeJS.ErrnoException, host: string, port: number, venue: VenueName): Error {
  if (error.code !== 'EADDRINUSE') return error
  const message = `port ${port} on ${host} for the simulated ${venue} is taken by another process; choose another port, or 0 for any free one`
  return new StartError('port_taken', message, { cause: error })
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
