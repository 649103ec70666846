import type { FastifyReply } from 'fastify'
import { cursorOf } from '../contract/cursor.ts'
import { isoOf } from '../domain/time.ts'
import { etagOf } from './etag.ts'
import { mapInTurns } from './turns.ts'

/** What an operation has to say, before it is written. */
export type Answer = {
  /** The rows of a list, or the one thing. */
  readonly data: unknown
  /** The cursor of the next page; left out for single things. */
  readonly next?: string | null
  /** The cursor that goes on after the row of this index; left out for single things. */
  readonly cursorAt?: (index: number) => string
  readonly meta?: Readonly<Record<string, unknown>>
  readonly asOfMs: number
}

/** A page of rows of which one more was read than is shown: whether there is another page shows in that one. */
export function pageOf<Row>(
  rows: readonly Row[],
  limit: number,
  fingerprint: string,
  keysOf: (row: Row) => Parameters<typeof cursorOf>[1]
): { readonly page: readonly Row[]; readonly next: string | null; readonly cursorAt: (index: number) => string } {
  const page = rows.slice(0, limit)
  const cursorAt = (index: number) => cursorOf(fingerprint, keysOf(page[index]!))
  return { page, next: rows.length > limit && page.length > 0 ? cursorAt(page.length - 1) : null, cursorAt }
}

export const JSON_TYPE = 'application/json; charset=utf-8'

/** Writes the envelope. The tag leaves `asOf` out: a later moment with the same facts is the same answer. */
export async function sendAnswer(reply: FastifyReply, answer: Answer): Promise<FastifyReply> {
  const { head, tail } = envelopeOf(await jsonOf(answer.data), answer)
  reply.header('etag', etagOf(head, tail)).type(JSON_TYPE)
  return reply.send(joinEnvelope(head, answer.asOfMs, tail))
}

/** As `JSON.stringify`; a long list in turns. */
async function jsonOf(data: unknown): Promise<string> {
  if (!Array.isArray(data)) return JSON.stringify(data)
  const rows = await mapInTurns(data, (row) => JSON.stringify(row) ?? 'null')
  return `[${rows.join(',')}]`
}

/** The envelope around rows that are JSON already, cut where `asOf` stands. */
export function envelopeOf(
  dataJson: string,
  { next, meta = {} }: Pick<Answer, 'next' | 'meta'>
): { head: string; tail: string } {
  const page = next === undefined ? '' : `,"page":${JSON.stringify({ next })}`
  const rest = JSON.stringify(meta).slice(1)
  return { head: `{"data":${dataJson}${page},"meta":{"asOf":`, tail: `${rest === '}' ? '' : ','}${rest}}` }
}

export function joinEnvelope(head: string, asOfMs: number, tail: string): string {
  return `${head}"${isoOf(asOfMs)}"${tail}`
}
