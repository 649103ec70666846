import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Clock } from '../clock.ts'
import { InvalidInputError } from '../errors.ts'
import type { FaultBoard } from './faults/board.ts'
import { KINDS } from './faults/kinds.ts'
import { readRules } from './faults/rule.ts'
import { assetNames, REGIMES, type RegimeName, type RegimeOverrides } from './market/regime-overrides.ts'

export type ControlDeps = {
  readonly faults: FaultBoard
  readonly regimes: RegimeOverrides
  readonly venues: readonly string[]
  readonly clock: Clock
}

type Handler = (deps: ControlDeps, body: unknown, params: URLSearchParams) => unknown

const showFaults: Handler = ({ faults }) => ({
  faults: faults.list().map(({ rule, injected }) => ({ ...rule, injected }))
})

const ROUTES: Readonly<Record<string, Handler>> = {
  'GET /': ({ venues }) => ({
    paths: Object.keys(ROUTES),
    venues,
    kinds: Object.fromEntries(
      Object.entries(KINDS).map(([name, { about, parameters, venues }]) => [name, { about, parameters, venues }])
    ),
    regimes: REGIMES
  }),
  'GET /faults': showFaults,
  'PUT /faults': (deps, body, params) => {
    deps.faults.replace(readRules(body, deps.venues))
    return showFaults(deps, body, params)
  },
  'DELETE /faults': (deps, body, params) => {
    deps.faults.replace([])
    return showFaults(deps, body, params)
  },
  'GET /requests': ({ faults }, _body, params) => {
    const since = readTime(params.get('since'))
    const venue = params.get('venue')
    return {
      requests: faults.requests().filter((each) => each.at >= since && (venue === null || each.venue === venue))
    }
  },
  'GET /regimes': ({ regimes }) => ({ regimes: regimes.list() }),
  'PUT /regimes': ({ regimes, clock }, body) => {
    for (const [asset, regime] of readRegimes(body)) regimes.set(asset, regime, clock.now())
    return { regimes: regimes.list() }
  }
}

const BODY_BYTES_MAX = 1_000_000

/** What steers the simulated exchanges, on a port of its own; no venue's port leads here. */
export function createControlServer(deps: ControlDeps): Server {
  return createServer((request, response) => {
    void answer(deps, request).then(
      (said) => send(response, 200, said),
      (error: unknown) => {
        if (error instanceof InvalidInputError) send(response, 400, { error: error.message, problems: error.problems })
        else send(response, 500, { error: String(error) })
      }
    )
  })
}

async function answer(deps: ControlDeps, request: IncomingMessage): Promise<unknown> {
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2)
  const route = `${request.method} ${path}`
  const text = await readText(request)
  const handler = Object.hasOwn(ROUTES, route) ? ROUTES[route] : undefined
  if (!handler) throw invalid('path', `${route} is unknown; there are ${Object.keys(ROUTES).join(', ')}`)
  return handler(deps, request.method === 'PUT' ? parse(text) : undefined, new URLSearchParams(query))
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk)
  }
  if (bytes > BODY_BYTES_MAX) throw invalid('', `expected at most ${BODY_BYTES_MAX} bytes`)
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalid('', 'expected JSON')
  }
}

function readTime(text: string | null): number {
  const time = text === null ? 0 : Number(text)
  if (!Number.isFinite(time)) throw invalid('since', 'expected milliseconds since 1970')
  return time
}

function readRegimes(body: unknown): [string, RegimeName | null][] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalid('', 'expected an object of asset names with a regime each')
  }
  const entries = Object.entries(body)
  const problems = entries.flatMap(([asset, regime]) => {
    if (!assetNames().includes(asset)) return [{ path: asset, message: 'no such simulated asset' }]
    if (regime === null || REGIMES.includes(regime)) return []
    return [{ path: asset, message: `expected ${REGIMES.join(', ')} or null` }]
  })
  if (problems.length > 0) throw new InvalidInputError(problems)
  return entries
}

const invalid = (path: string, message: string) => new InvalidInputError([{ path, message }])

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body)
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text)
}
