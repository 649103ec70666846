import type { FastifyReply, FastifyRequest } from 'fastify'
import { LIMIT_MAX } from '../contract/board-parameters.ts'
import type { Format } from '../contract/history-parameters.ts'
import type { FieldSchema } from '../contract/schema.ts'
import type { Answer } from './answers.ts'
import { linkTo } from './history.ts'
import type { Operation, Question } from './operations/operation.ts'
import { formatOf, sendTable } from './tables.ts'

type Asked = { readonly limit: number | undefined; readonly format: Format | undefined }

/** Answers a list in the format that was asked for: one page, or as a table everything unless a limit was given. */
export async function sendList(
  operation: Operation,
  question: Question,
  request: FastifyRequest,
  reply: FastifyReply
): Promise<Answer | FastifyReply> {
  const { limit, format: asked } = question.values as unknown as Asked
  const format = formatOf(request, asked)
  reply.header('vary', 'accept, accept-encoding')
  if (format === 'json') return await operation.read(question)
  const first = await readPage(operation, question, { limit: limit ?? LIMIT_MAX })
  if (limit !== undefined && first.next) reply.header('link', linkTo(request, first.next))
  const last = limit === undefined ? undefined : first
  return sendTable(reply, format, operation.row as FieldSchema, pagesFrom(operation, question, first, last))
}

/** The pages from the first on, each read when the one before has been taken. */
async function* pagesFrom(operation: Operation, question: Question, first: Answer, last: Answer | undefined) {
  for (let page = first; ; page = await readPage(operation, question, { limit: LIMIT_MAX, cursor: page.next! })) {
    yield page.data as readonly Readonly<Record<string, unknown>>[]
    if (page === last || !page.next) return
  }
}

const readPage = ({ read }: Operation, question: Question, place: { limit: number; cursor?: string }) =>
  read({ ...question, values: { ...question.values, ...place } })
