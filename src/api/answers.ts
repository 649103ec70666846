import type { FastifyReply } from 'fastify'
import { isoOf } from '../domain/time.ts'
import { etagOf } from './etag.ts'

/** What a route has to say, before it is written. */
export type Answer = {
  readonly data: unknown
  /** The cursor of the next page; left out for single things. */
  readonly next?: string | null
  readonly meta?: Readonly<Record<string, unknown>>
  readonly asOfMs: number
}

export const JSON_TYPE = 'application/json; charset=utf-8'

/** Writes the envelope. The tag leaves `asOf` out: a later moment with the same facts is the same answer. */
export function sendAnswer(reply: FastifyReply, answer: Answer): FastifyReply {
  const { head, tail } = envelopeOf(JSON.stringify(answer.data), answer)
  reply.header('etag', etagOf(head, tail)).type(JSON_TYPE)
  return reply.send(joinEnvelope(head, answer.asOfMs, tail))
}

/** The envelope around rows that are JSON already, cut where `asOf` stands. */
export function envelopeOf(
  dataJson: string,
  { next, meta = {} }: Omit<Answer, 'data'>
): { head: string; tail: string } {
  const page = next === undefined ? '' : `,"page":${JSON.stringify({ next })}`
  const rest = JSON.stringify(meta).slice(1)
  return { head: `{"data":${dataJson}${page},"meta":{"asOf":`, tail: `${rest === '}' ? '' : ','}${rest}}` }
}

export function joinEnvelope(head: string, asOfMs: number, tail: string): string {
  return `${head}"${isoOf(asOfMs)}"${tail}`
}
