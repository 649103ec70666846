import type { IResolverObject, MercuriusContext } from 'mercurius'
import type { BodySpec } from '../../contract/read-body.ts'
import { type Action, perform } from '../actions/action.ts'
import type { ApiContext } from '../context.ts'
import { pathNames } from '../operations/operation.ts'
import { capital, describe, enterObject, type TypeBook } from './types.ts'

/** The mutations of what REST can change, with the types of their answers. */
export function mutationsOf(book: TypeBook, actions: readonly Action[]): string {
  const fields = actions.map(({ name, url, method, body, row, summary, description }) => {
    const type = `${capital(name)}Result`
    if (row !== undefined) enterObject(book, type, row)
    const args = [
      ...(pathNames(url).length === 0 ? [] : ['    "Its id"\n    id: String!']),
      ...inputsOf(body),
      ...(method === 'POST' ? [KEY_ARGUMENT] : [])
    ]
    const words = [summary, description].filter((text) => text !== undefined).join('. ')
    return `${describe(words, '  ')}  ${name}(\n${args.join('\n')}\n  ): ${row === undefined ? 'Boolean' : type}!`
  })
  return `type Mutation {\n${fields.join('\n')}\n}`
}

const KEY_ARGUMENT = `    "Any text of yours, new for each request: with the same text it has its effect once"\n    idempotencyKey: String`

function inputsOf(body: BodySpec): string[] {
  return Object.entries(body).map(([name, { schema, isRequired }]) => {
    const words = typeof schema.description === 'string' ? schema.description : undefined
    return `${describe(words, '    ')}    ${name}: ${inputType(schema)}${isRequired ? '!' : ''}`
  })
}

/** What is inside an object is read, and named where it is wrong, by the reader that REST has. */
function inputType({ type, items }: { readonly type?: unknown; readonly items?: unknown }): string {
  const [kind] = [type].flat()
  if (kind === 'array') return `[${inputType(items as object)}!]`
  return kind === 'object' ? 'JSON' : 'String'
}

export function mutationResolvers(
  context: ApiContext,
  actions: readonly Action[],
  authorise: (asked: MercuriusContext, action: Action) => void
): IResolverObject {
  const mutation: Record<string, unknown> = {}
  for (const action of actions) {
    mutation[action.name] = async (_root: unknown, args: Record<string, unknown>, asked: MercuriusContext) => {
      authorise(asked, action)
      asked.isOfBoard = false
      const { id, idempotencyKey, ...fields } = args
      const caller = asked.request?.caller
      const { data } = await perform(context, action, {
        keyId: caller?.kind === 'key' ? caller.key.id : '',
        id: (id as string | undefined) ?? '',
        body: fields,
        idempotencyKey: (idempotencyKey as string | null | undefined) ?? undefined
      })
      return action.row === undefined ? true : data
    }
  }
  return mutation as IResolverObject
}
