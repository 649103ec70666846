import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import type { Clock } from '../clock.ts'
import { StartError } from '../errors.ts'
import type { Answer, SimVenue } from './answer.ts'
import { createBinanceVenue } from './binance/venue.ts'
import { createBybitVenue } from './bybit/venue.ts'
import { createControlServer } from './control.ts'
import { createDeribitVenue } from './deribit/venue.ts'
import { createFaultBoard, type FaultBoard } from './faults/board.ts'
import { misbehave } from './faults/misbehave.ts'
import { createHyperliquidVenue } from './hyperliquid/venue.ts'
import { createKrakenVenue } from './kraken/venue.ts'
import type { VenueName } from './market/instrument.ts'
import { createMarket } from './market/market.ts'
import { createOkxVenue } from './okx/venue.ts'
import { readPosted } from './posted.ts'

const COMPRESS_FROM_BYTES = 1024
const KEEP_ALIVE_MS = 65_000
const compress = promisify(gzip)

/** The market that everybody sees who names no other. */
export const DEFAULT_SEED = 20_261_122

export type SimOptions = {
  /** The same seed and time give the same market. */
  readonly seed: number
  readonly clock: Clock
  /** Of these assets alone the venues list anything (and of BTC, ETH and the dollar coins); of every one unless told. */
  readonly assets?: readonly string[]
  readonly host?: string
  /** 0 or absent: any free port. */
  readonly ports?: Partial<Record<VenueName | 'control', number>>
}

export type Sim = {
  /** Each venue's origin, in the form that VENUE_URLS takes. */
  readonly urls: Readonly<Record<VenueName, string>>
  /** Where faults and regimes are switched: docs/simulator.md. On this machine only, whatever `host` is. */
  readonly controlUrl: string
  close(): Promise<void>
}

/** Starts the simulated exchanges: one market, one listening port for each venue. */
export async function startSim({ seed, clock, assets, host = '127.0.0.1', ports = {} }: SimOptions): Promise<Sim> {
  const market = createMarket(seed, assets)
  const venues: Readonly<Record<VenueName, SimVenue>> = {
    binance: createBinanceVenue(market),
    okx: createOkxVenue(market),
    bybit: createBybitVenue(market),
    deribit: createDeribitVenue(market),
    hyperliquid: createHyperliquidVenue(market),
    kraken: createKrakenVenue(market)
  }
  const faults = createFaultBoard(clock)
  const names = Object.keys(venues) as VenueName[]
  const servers: Server[] = []
  const close = async () => {
    await Promise.all(servers.map(stop))
  }
  const open = async (name: VenueName | 'control', server: Server, on: string) => {
    const port = await listen(server, on, ports[name] ?? 0, name)
    servers.push(server)
    return `http://${on.includes(':') ? `[${on}]` : on}:${port}`
  }
  try {
    const urls = {} as Record<VenueName, string>
    for (const name of names) urls[name] = await open(name, serverFor({ name, venues, faults, clock }), host)
    const control = createControlServer({ faults, regimes: market.regimes.overrides, venues: names, clock })
    return { urls, controlUrl: await open('control', control, '127.0.0.1'), close }
  } catch (error) {
    await close()
    throw error
  }
}

type Station = {
  readonly name: VenueName
  readonly venues: Readonly<Record<VenueName, SimVenue>>
  readonly faults: FaultBoard
  readonly clock: Clock
}

function serverFor(station: Station): Server {
  const server = createServer((request, response) => {
    void respond(station, request, response).catch((error: unknown) => {
      // A defect of the simulator must look like one, not like a venue's answer.
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' })
      response.end(`simulator: ${error instanceof Error ? error.stack : String(error)}`)
    })
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  return server
}

async function respond(station: Station, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = answerTo(station, request, response, await questionOf(station.venues[station.name], request))
  if (answer) await send(answer, station.clock, request, response)
}

/** What the venue says, or what a fault makes of it; undefined when the fault has answered in its own way. */
function answerTo(
  { name, venues, faults, clock }: Station,
  request: IncomingMessage,
  response: ServerResponse,
  url: string
): Answer | undefined {
  const [path = '/', query = ''] = url.split('?', 2)
  const params = new URLSearchParams(query)
  const nowMs = clock.now()
  const ask = (askedPath = path, askedParams = params, atMs = nowMs): Answer =>
    isAsked(venues[name], request.method)
      ? venues[name].answer(askedPath, askedParams, atMs)
      : { status: 405, body: 'Method Not Allowed', contentType: 'text/plain' }
  const rule = faults.take(name, url)
  if (!rule) return ask()
  const otherVenue = () => otherAnswer(name, venues, nowMs)
  return misbehave({ rule, path, params, nowMs, memory: faults.memoryOf(rule), answer: ask, otherVenue }, response)
}

/** Path and query; of a venue that is asked by POST the query is what was posted. */
async function questionOf({ isPosted }: SimVenue, request: IncomingMessage): Promise<string> {
  const url = request.url ?? '/'
  if (isPosted && request.method === 'POST') return `${url}?${await readPosted(request)}`
  request.resume()
  return url
}

function isAsked({ isPosted }: SimVenue, method = ''): boolean {
  return isPosted ? method === 'POST' : method === 'GET' || method === 'HEAD'
}

/** A question of each venue that brings a long answer, for the fault in which another venue answers it. */
const TYPICAL: Partial<Record<VenueName, readonly [path: string, query: string]>> = {
  binance: ['/fapi/v1/premiumIndex', ''],
  bybit: ['/v5/market/tickers', 'category=linear']
}

function otherAnswer(name: VenueName, venues: Station['venues'], nowMs: number): Answer {
  const [other, [path, query]] = Object.entries(TYPICAL).find(([venue]) => venue !== name)! as [
    VenueName,
    [string, string]
  ]
  return venues[other].answer(path, new URLSearchParams(query), nowMs)
}

async function send(answer: Answer, clock: Clock, request: IncomingMessage, response: ServerResponse): Promise<void> {
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

function listen(server: Server, host: string, port: number, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(portProblem(error, host, port, name)))
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}

function portProblem(error: NodeJS.ErrnoException, host: string, port: number, name: string): Error {
  if (error.code !== 'EADDRINUSE') return error
  const message = `port ${port} on ${host} for the simulated ${name} is taken by another process; choose another port, or 0 for any free one`
  return new StartError('port_taken', message, { cause: error })
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
