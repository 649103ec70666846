import { createHash } from 'node:crypto'
import { type BodySpec, type BodyValues, readBody } from '../../contract/read-body.ts'
import type { FieldSchema } from '../../contract/schema.ts'
import { ConflictError, InvalidInputError } from '../../errors.ts'
import type { Transaction } from '../../store/database.ts'
import { claimIdempotencyKey, storeAnswer } from '../../store/idempotency.ts'
import type { Scope } from '../../store/keys.ts'
import type { ApiContext } from '../context.ts'
import { HttpError } from '../problem.ts'

/** What is to be done, its body already read. */
export type Task<Spec extends BodySpec = BodySpec> = {
  readonly context: ApiContext
  /** Everything that the action does, it does in this transaction. */
  readonly client: Transaction
  /** Whose key asks. */
  readonly keyId: string
  /** Of the thing in the path; empty where there is none. */
  readonly id: string
  readonly values: BodyValues<Spec>
  readonly nowMs: number
}

/** One thing that may be done, whoever asks: a route of REST is made of it, and a mutation of GraphQL can be. */
type ActionOf<Spec extends BodySpec> = {
  /** The mutation of GraphQL, and the operation's id in OpenAPI. */
  readonly name: string
  readonly method: 'POST' | 'PATCH' | 'DELETE'
  /** The route; `:id` stands for the id of what it is about. */
  readonly url: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  readonly scope: Scope
  readonly body: Spec
  /** Its fields may stand in the query as well. */
  readonly isQueryable?: true
  readonly status: 200 | 201 | 202 | 204
  /** What it answers; left out with 204. */
  readonly row?: FieldSchema
  /** Refuses what the fields alone do not show, before the transaction, which must not wait for another connection. */
  readonly check?: (values: BodyValues<NoInfer<Spec>>, context: ApiContext) => Promise<BodyValues<NoInfer<Spec>>>
  readonly perform: (task: Task<NoInfer<Spec>>) => Promise<unknown>
}

export type Action = ActionOf<BodySpec>

/** Ties an action's function to its own body. */
export function action<Spec extends BodySpec>(made: ActionOf<Spec>): Action {
  return made as unknown as Action
}

export type ActionCall = {
  readonly keyId: string
  readonly id: string
  readonly body: unknown
  readonly idempotencyKey?: string | undefined
}

export type ActionAnswer = { readonly data: unknown; readonly isRepeated: boolean }

const KEY_FORM = /^[\x21-\x7e]{1,255}$/
/** The first request with a key is over by then, or dead. */
const BUSY_SECONDS = 2

/** Performs an action: its body is read and every problem named, and with an idempotency key it happens once. */
export async function perform(context: ApiContext, action: Action, call: ActionCall): Promise<ActionAnswer> {
  checkId(call.id)
  const reading = readBody(action.body, call.body === undefined ? {} : call.body)
  if (!reading.isUsable) throw new InvalidInputError(reading.problems, 'invalid_body')
  const { keyId, id, idempotencyKey: key } = call
  const values = (await action.check?.(reading.values, context)) ?? reading.values
  const nowMs = context.clock.now()
  return context.db.transaction(async (client) => {
    const run = () => action.perform({ context, client, keyId, id, values, nowMs })
    if (key === undefined) return { data: await run(), isRepeated: false }
    const request = { keyId, key: checkedKey(key), request: requestOf(action, call) }
    const known = await claimIdempotencyKey(client, request)
    if (known === 'busy') {
      throw new ConflictError(
        'idempotency_key_busy',
        'the first request with this Idempotency-Key is still at work',
        BUSY_SECONDS
      )
    }
    if (known === 'other') {
      throw new HttpError(422, 'idempotency_key_reused', 'this Idempotency-Key was used for another request')
    }
    if (known !== 'new') return { data: known.answer === null ? null : JSON.parse(known.answer), isRepeated: true }
    const data = await run()
    await storeAnswer(client, request, { status: action.status, answer: JSON.stringify(data ?? null) }, nowMs)
    return { data, isRepeated: false }
  })
}

/** What no id of ours looks like, a database may not even take. */
function checkId(id: string): void {
  if (/^[\w-]{0,100}$/.test(id)) return
  throw new InvalidInputError([{ path: 'id', message: 'expected an id, such as sub_… or msg_…' }], 'invalid_parameter')
}

function checkedKey(key: string): string {
  if (KEY_FORM.test(key)) return key
  const message = 'expected 1 to 255 visible ASCII characters'
  throw new InvalidInputError([{ path: 'Idempotency-Key', message }], 'invalid_header')
}

/** Tells requests apart, whatever the order of their fields. */
function requestOf({ method, url }: Action, { id, body }: ActionCall): string {
  const hash = createHash('sha256').update(JSON.stringify(sorted(body ?? {})))
  return `${method} ${url.replace(':id', id)} ${hash.digest('base64url')}`
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, part]) => [name, sorted(part)])
}
