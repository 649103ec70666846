import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Format } from '../contract/history-parameters.ts'

type Row = Readonly<Record<string, unknown>>

const TYPES = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8'
} as const

const ACCEPTED: Readonly<Record<string, Format>> = {
  'application/json': 'json',
  'text/csv': 'csv',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson'
}

/** The format that was asked for, by parameter or by `Accept`. */
export function formatOf(request: FastifyRequest, asked: Format | undefined): Format {
  if (asked !== undefined) return asked
  const ranked = (request.headers.accept ?? '').split(',').map((part) => {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
    const weight = parameters.find((text) => text.startsWith('q='))?.slice(2)
    return { format: ACCEPTED[type], weight: weight === undefined ? 1 : Number(weight) || 0 }
  })
  const best = ranked.filter(({ format, weight }) => format !== undefined && weight > 0)
  return best.sort((a, b) => b.weight - a.weight)[0]?.format ?? 'json'
}

/** Sends pages of rows as they are read; the fields and their order are the same whether or not there are rows. */
export function sendTable(
  reply: FastifyReply,
  format: 'csv' | 'ndjson',
  fields: readonly string[],
  pages: AsyncIterable<readonly Row[]>
): FastifyReply {
  reply.type(TYPES[format]).header('vary', 'accept, accept-encoding').header('cache-control', 'no-cache')
  return reply.send(Readable.from(linesOf(format, fields, pages), { objectMode: false }))
}

async function* linesOf(format: 'csv' | 'ndjson', fields: readonly string[], pages: AsyncIterable<readonly Row[]>) {
  if (format === 'csv') yield `${fields.join(',')}\r\n`
  for await (const rows of pages) {
    if (rows.length === 0) continue
    yield rows.map((row) => (format === 'csv' ? csvLine(row, fields) : `${JSON.stringify(row)}\n`)).join('')
  }
}

function csvLine(row: Row, fields: readonly string[]): string {
  return `${fields.map((field) => csvCell(row[field])).join(',')}\r\n`
}

/** Null is an empty cell; lists are joined by spaces, and so are the fields and codes of `absent`. */
function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const parts = typeof value === 'object' && !Array.isArray(value) ? pairsOf(value) : value
  const text = Array.isArray(parts) ? parts.join(' ') : String(parts)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const pairsOf = (value: object) => Object.entries(value).map(([field, code]) => `${field}=${code}`)
