import type { IResolverObject, IResolvers, MercuriusContext } from 'mercurius'
import { LIMIT_DEFAULT } from '../../contract/board-parameters.ts'
import { isoOf } from '../../domain/time.ts'
import type { Action } from '../actions/action.ts'
import type { Answer } from '../answers.ts'
import { type Operation, type Question, questionOf } from '../operations/operation.ts'
import { type RowBudget, takeServed } from '../row-budget.ts'
import { mutationsOf } from './mutations.ts'
import { subscriptionsOf } from './subscriptions.ts'
import { argumentsOf, capital, describe, enterObject, type TypeBook, textsOf } from './types.ts'

/** Fields of rows that lead to other things. */
export type Links = Readonly<Record<string, string>>

/** A page as GraphQL shows it. */
type Connection = {
  readonly nodes: readonly unknown[]
  readonly answer: Answer
  readonly isFirst: boolean
}

const PAGE_INFO = `type PageInfo {
  hasNextPage: Boolean!
  hasPreviousPage: Boolean!
  startCursor: String
  "Where to go on: \`after\` of the next page"
  endCursor: String
}`

/** The whole schema in GraphQL's own language, made of the operations and actions that REST has. */
export function schemaOf(operations: readonly Operation[], actions: readonly Action[], links: Links): string {
  const book: TypeBook = new Map([
    ['JSON', '"Any JSON value"\nscalar JSON'],
    ['PageInfo', PAGE_INFO]
  ])
  const fields = operations.map((operation) => {
    const { name, type, row, isSingle, meta = {}, parameters, summary, description } = operation
    if (!book.has(type)) enterObject(book, type, row, links[type])
    if (!isSingle) {
      enterMeta(book, `${capital(name)}Meta`, meta)
      book.set(`${capital(name)}Connection`, connectionType(operation))
    }
    const words = [summary, description].filter((text) => text !== undefined).join('. ')
    const returned = isSingle ? type : `${capital(name)}Connection`
    return `${describe(words, '  ')}  ${name}${argumentsOf(parameters)}: ${returned}!`
  })
  const mutations = mutationsOf(book, actions)
  const subscriptions = subscriptionsOf(book)
  return `${[`type Query {\n${fields.join('\n')}\n}`, mutations, subscriptions, ...book.values()].join('\n\n')}\n`
}

function enterMeta(book: TypeBook, name: string, meta: NonNullable<Operation['meta']>): void {
  const asOf = { type: 'string', description: 'The moment this answer describes' }
  enterObject(book, name, { properties: { asOf, ...meta } } as never)
}

function connectionType({ name, type }: Operation): string {
  const edge = `type ${capital(name)}Edge {\n  cursor: String!\n  node: ${type}!\n}`
  return `type ${capital(name)}Connection {
  nodes: [${type}!]!
  edges: [${capital(name)}Edge!]!
  pageInfo: PageInfo!
  meta: ${capital(name)}Meta!
}\n\n${edge}`
}

/** Resolvers of everything that `schemaOf` describes; `authorise` refuses who may not ask an operation. */
export function resolversOf(
  operations: readonly Operation[],
  authorise: (context: MercuriusContext, operation: Operation) => void
): IResolvers {
  const query: IResolverObject = {}
  const resolvers: Record<string, IResolverObject> = { Query: query }
  for (const operation of operations) {
    query[operation.name] = async (_root: unknown, args: Record<string, unknown>, context: MercuriusContext) => {
      authorise(context, operation)
      if (!operation.isOfBoard) context.isOfBoard = false
      const question = questionOf(operation, textsOf(args))
      const answer = await readWithin(context.budget!, operation, question)
      return operation.isSingle ? answer.data : connectionOf(answer, args.after == null)
    }
    if (!operation.isSingle) resolvers[`${capital(operation.name)}Connection`] = CONNECTION
  }
  return resolvers as IResolvers
}

/** Counts a list as it was asked for until it is known how long it is. */
async function readWithin(budget: RowBudget, operation: Operation, question: Question): Promise<Answer> {
  if (operation.isSingle) return operation.read({ ...question, budget })
  const { rowCost = 1, name } = operation
  const { limit = LIMIT_DEFAULT } = question.values as { readonly limit?: number }
  const take = (rows: number) =>
    takeServed(budget, rows * rowCost, 'first', rowCost === 1 ? '' : `; each of \`${name}\` counts as ${rowCost}`)
  take(limit)
  const answer = await operation.read({ ...question, budget })
  take((answer.data as readonly unknown[]).length - limit)
  return answer
}

export function connectionOf(answer: Answer, isFirst: boolean): Connection {
  return { nodes: answer.data as readonly unknown[], answer, isFirst }
}

/** What is not asked for is not made: a cursor a row costs more than the row. */
const CONNECTION: IResolverObject = {
  edges: ({ nodes, answer }: Connection) =>
    nodes.map((node, index) => ({ cursor: answer.cursorAt?.(index) ?? '', node })),
  pageInfo: ({ nodes, answer, isFirst }: Connection) => ({
    hasNextPage: answer.next != null,
    hasPreviousPage: !isFirst,
    startCursor: nodes.length === 0 ? null : (answer.cursorAt?.(0) ?? null),
    endCursor: nodes.length === 0 ? null : (answer.cursorAt?.(nodes.length - 1) ?? null)
  }),
  meta: ({ answer }: Connection) => metaOf(answer)
}

const metaOf = ({ asOfMs, meta }: Answer) => ({ asOf: isoOf(asOfMs), ...meta })
