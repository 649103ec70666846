import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { constants, gzipSync } from 'node:zlib'
import { sleep } from '../../clock.ts'
import type { Answer } from '../answer.ts'
import type { FaultRule } from './rule.ts'

// Ways of sending an answer that a client has to survive.

const JSON_HEADERS = { 'content-type': 'application/json' }
const CHUNK_BYTES = 1_000_000
const BOMB_PART_BYTES = 10_000_000

const numberOf = (value: unknown, usual: number) => (typeof value === 'number' ? value : usual)

/** Nothing at all; the connection stays open until the client gives up. */
export function nothing(_response: ServerResponse): void {}

export function headersOnly(response: ServerResponse): void {
  response.writeHead(200, JSON_HEADERS).write('[')
}

export function drip(response: ServerResponse, { status, body }: Answer, { everyMs }: FaultRule): void {
  const bytes = Buffer.from(body)
  response.writeHead(status, { ...JSON_HEADERS, 'content-length': bytes.length })
  const gone = leaving(response)
  const send = async () => {
    for (let sent = 0; sent < bytes.length && !gone.aborted; sent += 1) {
      await sleep(numberOf(everyMs, 1_000), gone)
      if (!gone.aborted) response.write(bytes.subarray(sent, sent + 1))
    }
    response.end()
  }
  void send()
}

export function late(response: ServerResponse, { status, body, headers }: Answer, { delayMs }: FaultRule): void {
  const gone = leaving(response)
  void sleep(Number(delayMs), gone).then(() => {
    if (!gone.aborted) response.writeHead(status, { ...JSON_HEADERS, ...headers }).end(body)
  })
}

/** Aborts when the client has gone, or has all. */
function leaving(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  response.on('close', () => controller.abort())
  return controller.signal
}

export function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy()
}

export function truncated(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, JSON_HEADERS).end(body.slice(0, Math.floor(body.length / 2)))
}

/** Too long: the connection ends before the body does. Too short: there is more on the wire than was announced. */
export function wrongLength(response: ServerResponse, { status, body }: Answer, { by }: FaultRule): void {
  const length = Math.max(0, Buffer.byteLength(body) + numberOf(by, 100))
  const head = `HTTP/1.1 ${status} OK\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`
  response.socket?.end(head + body)
}

export function huge(response: ServerResponse, _answer: Answer, { bytes }: FaultRule): void {
  response.writeHead(200, JSON_HEADERS)
  send(
    response,
    filler(numberOf(bytes, 50_000_000), CHUNK_BYTES, (text) => Buffer.from(text))
  )
}

export function gzipBomb(response: ServerResponse, _answer: Answer, { bytes }: FaultRule): void {
  response.writeHead(200, { ...JSON_HEADERS, 'content-encoding': 'gzip' })
  const pack = (text: string) => gzipSync(text, { level: constants.Z_BEST_COMPRESSION })
  send(response, filler(numberOf(bytes, 300_000_000), BOMB_PART_BYTES, pack))
}

/** A JSON list of nothing but spaces; equal parts are packed once. */
function* filler(bytes: number, partBytes: number, pack: (text: string) => Buffer): Generator<Buffer> {
  yield pack('[')
  const part = pack(' '.repeat(partBytes))
  for (let sent = 0; sent < bytes; sent += partBytes) yield part
  yield pack(']')
}

function send(response: ServerResponse, parts: Iterable<Buffer>): void {
  const source = Readable.from(parts)
  response.on('close', () => source.destroy())
  response.on('error', () => source.destroy())
  source.pipe(response)
}
