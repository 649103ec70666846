import type { FastifyReply, FastifyRequest } from 'fastify'
import { LIMIT_DEFAULT, LIMIT_MAX } from '../contract/board-parameters.ts'
import { cursorOf } from '../contract/cursor.ts'
import type { Format } from '../contract/history-parameters.ts'
import type { FieldSchema } from '../contract/schema.ts'
import { isoOf } from '../domain/time.ts'
import { InvalidInputError } from '../errors.ts'
import type { Answer } from './answers.ts'
import { type AskedPage, cursorKeys } from './get-route.ts'
import { formatOf, sendTable } from './tables.ts'

type Row = Readonly<Record<string, unknown>>

/** A history that can be read from any moment on. */
export type History<Stored> = {
  readonly rowSchema: FieldSchema
  readonly read: (range: { fromMs: number; toMs: number; limit: number }) => Promise<readonly Stored[]>
  readonly timeOf: (row: Stored) => number
  /** From a row's time to the earliest time that the next row can have. */
  readonly stepMs: number
  readonly view: (row: Stored) => Row
  readonly meta: Readonly<Record<string, unknown>>
  /** Rows of a page when nobody says. */
  readonly limit?: number
}

export type Range = { readonly fromMs: number; readonly toMs: number }

export type AskedHistory = AskedPage & {
  readonly values: AskedPage['values'] & {
    readonly from: number | undefined
    readonly to: number | undefined
    readonly limit: number | undefined
    readonly format: Format | undefined
  }
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** The range asked for, the same on every page: a page that begins later still belongs to it. */
export function rangeOf(asked: AskedHistory, nowMs: number, defaultMs: number): Range & { readonly nextMs: number } {
  const keys = cursorKeys(asked, ['time', 'time', 'time'])
  if (keys !== undefined) return { fromMs: Number(keys[0]), toMs: Number(keys[1]), nextMs: Number(keys[2]) }
  const { fromMs, toMs } = windowOf(asked.values, nowMs, defaultMs)
  return { fromMs, toMs, nextMs: fromMs }
}

export function windowOf(
  { from, to }: { readonly from: number | undefined; readonly to: number | undefined },
  nowMs: number,
  defaultMs: number
): Range {
  const toMs = to ?? Math.max(nowMs, (from ?? 0) + 1)
  const fromMs = from ?? Math.max(0, toMs - defaultMs)
  if (fromMs >= toMs) {
    const message = `must be before to (${isoOf(toMs)}); was ${isoOf(fromMs)}`
    throw new InvalidInputError([{ path: 'from', message }], 'invalid_parameter')
  }
  return { fromMs, toMs }
}

/** Answers one page, or as a table everything unless a limit was given. */
export async function answerHistory<Stored>(
  asked: AskedHistory,
  history: History<Stored>,
  range: Range & { readonly nextMs: number },
  asOfMs: number
): Promise<Answer | FastifyReply> {
  const format = formatOf(asked.request, asked.values.format)
  const isWhole = format !== 'json' && asked.values.limit === undefined
  const limit = isWhole ? LIMIT_MAX : (asked.values.limit ?? history.limit ?? LIMIT_DEFAULT)
  const first = await readPage(asked, history, range, limit)
  const meta = { ...history.meta, from: isoOf(range.fromMs), to: isoOf(range.toMs) }
  if (format === 'json') return { data: first.rows, next: first.next, meta, asOfMs }
  if (!isWhole && first.next !== null) asked.reply.header('link', linkTo(asked.request, first.next))
  const fields = Object.keys((history.rowSchema as unknown as { properties: object }).properties)
  const pages = isWhole ? restOf(asked, history, range, first) : onePage(first.rows)
  return sendTable(asked.reply, format, fields, pages)
}

type Page = { readonly rows: readonly Row[]; readonly next: string | null; readonly nextMs: number }

async function readPage<Stored>(
  { fingerprint }: AskedPage,
  history: History<Stored>,
  { fromMs, toMs, nextMs }: Range & { readonly nextMs: number },
  limit: number
): Promise<Page> {
  const stored = nextMs >= toMs ? [] : await history.read({ fromMs: nextMs, toMs, limit: limit + 1 })
  const page = stored.slice(0, limit)
  const last = page.at(-1)
  const afterMs = last === undefined ? toMs : history.timeOf(last) + history.stepMs
  const next = stored.length > limit ? cursorOf(fingerprint, [fromMs, toMs, afterMs]) : null
  return { rows: page.map(history.view), next, nextMs: afterMs }
}

async function* onePage(rows: readonly Row[]) {
  yield rows
}

/** The pages from the first on, each read when the one before has been taken. */
async function* restOf<Stored>(asked: AskedPage, history: History<Stored>, range: Range, first: Page) {
  let page = first
  yield page.rows
  while (page.next !== null) {
    page = await readPage(asked, history, { ...range, nextMs: page.nextMs }, LIMIT_MAX)
    yield page.rows
  }
}

function linkTo(request: FastifyRequest, cursor: string): string {
  const url = new URL(request.url, 'http://localhost')
  url.searchParams.set('cursor', cursor)
  return `<${url.pathname}${url.search}>; rel="next"`
}
