import { arrayOf, count, type FieldSchema, object, text, textOrNull, time } from './schema.ts'

/** The envelope of a list: rows, the next page, and what holds for all of them. */
export function listOf(row: FieldSchema, meta: Readonly<Record<string, FieldSchema>> = {}): FieldSchema {
  const page = object({ next: textOrNull('Cursor of the next page, for `cursor=`; null on the last') })
  return object({ data: arrayOf(row), page, meta: metaOf(meta) })
}

/** The envelope of one thing. */
export function oneOf(thing: FieldSchema, meta: Readonly<Record<string, FieldSchema>> = {}): FieldSchema {
  return object({ data: thing, meta: metaOf(meta) })
}

function metaOf(meta: Readonly<Record<string, FieldSchema>>): FieldSchema {
  return object({ asOf: time('The moment this answer describes'), ...meta })
}

export type Problem = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  /** For programs; the closed set grows, but a code never changes its meaning. */
  readonly code: string
  readonly instance: string
  readonly errors?: readonly { readonly path: string; readonly message: string }[]
  readonly reasons?: readonly { readonly code: string; readonly message: string }[]
}

/** RFC 9457. */
export const problemSchema: FieldSchema = object(
  {
    type: text('URN of the kind of problem', 'urn:contango:problem:invalid_parameter'),
    title: text('The status in words', 'Bad Request'),
    status: count('The HTTP status', 400),
    detail: text('What is wrong with this request', 'from: expected a time with its zone'),
    code: text('The kind of problem, for programs', 'invalid_parameter'),
    instance: text('The path that was asked', '/v1/basis'),
    errors: listed({ path: text('The parameter', 'from'), message: text('What is wrong with it') }),
    reasons: listed({ code: text('The reason, for programs'), message: text('The reason in words') })
  },
  { $id: 'Problem', description: 'What went wrong (RFC 9457)' },
  ['errors', 'reasons']
)

function listed(fields: Readonly<Record<string, FieldSchema>>): FieldSchema {
  return arrayOf(object(fields))
}
