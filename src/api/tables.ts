import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Format } from '../contract/history-parameters.ts'
import type { FieldSchema } from '../contract/schema.ts'
import { type Column, type ColumnKind, type TableFormat, tableOfObjects } from '../formats/column.ts'
import { writeTable } from '../formats/write-table.ts'

export const TABLE_TYPES: Readonly<Record<TableFormat, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
  parquet: 'application/vnd.apache.parquet'
}

const ACCEPTED: Readonly<Record<string, Format>> = {
  'application/json': 'json',
  'text/csv': 'csv',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'application/vnd.apache.parquet': 'parquet',
  'application/x-parquet': 'parquet'
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

/**
 * Sends pages of rows as they are read; the fields and their order are the same whether or not there are rows. A page is read when
 * the socket has taken the one before: who stops reading stops us, holding no connection of the database, who leaves ends it.
 */
export function sendTable(
  reply: FastifyReply,
  format: TableFormat,
  rowSchema: FieldSchema,
  pages: AsyncIterable<readonly Readonly<Record<string, unknown>>[]>
): FastifyReply {
  reply.type(TABLE_TYPES[format]).header('vary', 'accept, accept-encoding').header('cache-control', 'no-cache')
  const table = tableOfObjects(columnsOf(rowSchema), pages)
  return reply.send(Readable.from(writeTable(format, table), { objectMode: false }))
}

type Shape = {
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly anyOf?: readonly Shape[]
  readonly items?: Shape
  readonly properties?: Readonly<Record<string, Shape>>
}

function columnsOf(rowSchema: FieldSchema): Column[] {
  const { properties = {} } = rowSchema as unknown as Shape
  return Object.entries(properties).map(([name, shape]) => ({ name, kind: kindOf(shape) }))
}

function kindOf({ type, format, anyOf, items, properties }: Shape): ColumnKind {
  const present = anyOf?.find((shape) => shape.type !== 'null')
  if (present !== undefined) return kindOf(present)
  const [name] = [type].flat().filter((each) => each !== 'null')
  if (name === 'array') return items !== undefined && kindOf(items) === 'text' ? 'texts' : 'json'
  if (name === 'object') return properties === undefined ? 'pairs' : 'json'
  if (name === 'string') return format === 'date-time' ? 'time' : 'text'
  return name === 'boolean' ? 'truth' : name === 'integer' ? 'integer' : 'number'
}
