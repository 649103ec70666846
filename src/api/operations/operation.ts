import type { FastifyReply, FastifyRequest } from 'fastify'
import { type CursorForm, type CursorKeys, fingerprintOf, readCursor } from '../../contract/cursor.ts'
import type { ParameterSpec, ParameterValues } from '../../contract/parameter.ts'
import { readQuery } from '../../contract/read-query.ts'
import type { FieldSchema } from '../../contract/schema.ts'
import { InvalidInputError } from '../../errors.ts'
import type { Scope } from '../../store/keys.ts'
import type { Answer } from '../answers.ts'
import type { OpenHistory } from '../history.ts'
import type { RowBudget } from '../row-budget.ts'

/** What is asked, its parameters already read. */
export type Question<Spec extends ParameterSpec = ParameterSpec> = {
  readonly values: ParameterValues<Spec>
  /** Identifies the question, whatever its page. */
  readonly fingerprint: string
  /** Of a request that asks several things at once: what it may still bring together. */
  readonly budget?: RowBudget
}

/** One thing that may be read, whoever asks: a route of REST and a field of GraphQL are made of it. */
type OperationOf<Spec extends ParameterSpec> = {
  /** The field of GraphQL, and the operation's id in OpenAPI. */
  readonly name: string
  /** The route; `:id` stands for a parameter in the path. */
  readonly url: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  readonly parameters: Spec
  /** What GraphQL calls a row. */
  readonly type: string
  /** A row of the list, or the one thing. Two schemas: rows of one kind or of the other. */
  readonly row: FieldSchema | readonly [FieldSchema, FieldSchema]
  readonly isSingle?: true
  /** What `meta` holds besides `asOf`. */
  readonly meta?: Readonly<Record<string, FieldSchema>>
  /** Asked over REST without its `instrument`, the address answers this list. */
  readonly withoutSubject?: Operation
  /** As how many rows one of these counts where a request asks for several lists; 1 unless said. */
  readonly rowCost?: number
  /** Answers from the board in memory alone: whoever asks the same of the same board is told the same. */
  readonly isOfBoard?: true
  /** What a key must allow; `read` unless said. */
  readonly scope?: Scope
  readonly read: (question: Question<NoInfer<Spec>>) => Promise<Answer>
  /** Of a history: opens it, so that it can be answered as a table as well. */
  readonly open?: (question: Question<NoInfer<Spec>>) => Promise<OpenHistory>
  /** Of another list: its pages make a table as well. */
  readonly isTable?: true
  /** Where REST has a quicker way than writing what `read` answers; `ask` reads the question, when it has to be read. */
  readonly send?: (
    ask: () => Question<NoInfer<Spec>>,
    request: FastifyRequest,
    reply: FastifyReply
  ) => Promise<FastifyReply> | FastifyReply
}

export type Operation = OperationOf<ParameterSpec>

/** Ties an operation's functions to its own parameters. */
export function operation<Spec extends ParameterSpec>(made: OperationOf<Spec>): Operation {
  return made as unknown as Operation
}

/** The names of the parameters in an operation's path. */
export function pathNames(url: string): string[] {
  return [...url.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '')
}

/** Reads the texts that were given; throws one error that names every problem with them. */
export function questionOf({ url, parameters }: Operation, given: Readonly<Record<string, unknown>>): Question {
  const reading = readQuery(parameters, given)
  if (reading.isUsable) return { values: reading.values, fingerprint: fingerprintOf(url, given) }
  throw new InvalidInputError(reading.problems, reading.isUnknownOnly ? 'unknown_parameter' : 'invalid_parameter')
}

export type PageQuestion = { readonly values: { readonly cursor: string | undefined }; readonly fingerprint: string }

/** The keys of the question's cursor, or undefined on the first page. */
export function cursorKeys(question: PageQuestion, forms: readonly CursorForm[]): CursorKeys | undefined {
  const { cursor } = question.values
  if (cursor === undefined) return undefined
  const reading = readCursor(cursor, question.fingerprint, forms)
  if ('refused' in reading) {
    throw new InvalidInputError([{ path: 'cursor', message: reading.refused }], 'invalid_cursor')
  }
  return reading.keys
}
