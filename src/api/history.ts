import type { FastifyReply, FastifyRequest } from 'fastify'
import { LIMIT_DEFAULT, LIMIT_MAX } from '../contract/board-parameters.ts'
import { cursorOf } from '../contract/cursor.ts'
import type { Format } from '../contract/history-parameters.ts'
import type { FieldSchema } from '../contract/schema.ts'
import { isoOf } from '../domain/time.ts'
import { InvalidInputError } from '../errors.ts'
import type { Answer } from './answers.ts'
import { cursorKeys, type PageQuestion } from './operations/operation.ts'
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
  /** Rows that are read at once for a table. */
  readonly stretch?: number
}

export type Range = { readonly fromMs: number; readonly toMs: number }
/** A range, and where in it the page begins. */
export type PagedRange = Range & { readonly nextMs: number }

/** A history with the range that was asked for. */
export type OpenHistory = {
  // biome-ignore lint/suspicious/noExplicitAny: what is stored is known to the history alone
  readonly history: History<any>
  readonly range: PagedRange
  readonly asOfMs: number
}

export type HistoryQuestion = PageQuestion & {
  readonly values: PageQuestion['values'] & {
    readonly from: number | undefined
    readonly to: number | undefined
    readonly limit: number | undefined
    readonly format: Format | undefined
  }
}

/** The range asked for, the same on every page: a page that begins later still belongs to it. */
export function rangeOf(question: HistoryQuestion, nowMs: number, defaultMs: number): PagedRange {
  const keys = cursorKeys(question, ['time', 'time', 'time'])
  if (keys !== undefined) return { fromMs: Number(keys[0]), toMs: Number(keys[1]), nextMs: Number(keys[2]) }
  const { fromMs, toMs } = windowOf(question.values, nowMs, defaultMs)
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

/** One page of an opened history. */
export async function readHistory(
  { values, fingerprint }: HistoryQuestion,
  { history, range, asOfMs }: OpenHistory
): Promise<Answer> {
  const limit = values.limit ?? history.limit ?? LIMIT_DEFAULT
  const { rows, next, cursorAt } = await readPage(fingerprint, history, range, limit)
  return { data: rows, next, cursorAt, meta: metaOf(history, range), asOfMs }
}

/** Answers a history in the format that was asked for: one page, or as a table everything unless a limit was given. */
export async function sendHistory(
  question: HistoryQuestion,
  opened: OpenHistory,
  request: FastifyRequest,
  reply: FastifyReply
): Promise<Answer | FastifyReply> {
  const { values, fingerprint } = question
  const { history, range } = opened
  const format = formatOf(request, values.format)
  // The same address answers tables as well: a cache must not mix them up.
  reply.header('vary', 'accept, accept-encoding')
  if (format === 'json') return await readHistory(question, opened)
  const first = await readPage(fingerprint, history, range, values.limit ?? history.stretch ?? LIMIT_MAX)
  const isWhole = values.limit === undefined
  if (!isWhole && first.next !== null) reply.header('link', linkTo(request, first.next))
  const pages = isWhole ? restOf(fingerprint, history, range, first) : onePage(first.rows)
  return sendTable(reply, format, history.rowSchema, pages)
}

export function metaOf<Stored>({ meta }: Pick<History<Stored>, 'meta'>, { fromMs, toMs }: Range) {
  return { ...meta, from: isoOf(fromMs), to: isoOf(toMs) }
}

type Page = {
  readonly rows: readonly Row[]
  readonly next: string | null
  readonly nextMs: number
  readonly cursorAt: (index: number) => string
}

async function readPage<Stored>(
  fingerprint: string,
  history: History<Stored>,
  range: PagedRange,
  limit: number
): Promise<Page> {
  const { toMs, nextMs } = range
  const stored = nextMs >= toMs ? [] : await history.read({ fromMs: nextMs, toMs, limit: limit + 1 })
  return pageFrom(fingerprint, history, range, stored, limit)
}

/** A page of rows that have been read, one more than are shown where there are more. */
export function pageFrom<Stored>(
  fingerprint: string,
  history: Pick<History<Stored>, 'timeOf' | 'stepMs' | 'view'>,
  { fromMs, toMs }: Range,
  stored: readonly Stored[],
  limit: number
): Page {
  const page = stored.slice(0, limit)
  const after = (row: Stored) => history.timeOf(row) + history.stepMs
  const cursorAt = (index: number) => cursorOf(fingerprint, [fromMs, toMs, after(page[index]!)])
  const last = page.at(-1)
  const next = stored.length > limit ? cursorAt(page.length - 1) : null
  return { rows: page.map(history.view), next, nextMs: last === undefined ? toMs : after(last), cursorAt }
}

async function* onePage(rows: readonly Row[]) {
  yield rows
}

/** The pages from the first on, each read when the one before has been taken. */
async function* restOf<Stored>(fingerprint: string, history: History<Stored>, range: Range, first: Page) {
  let page = first
  yield page.rows
  while (page.next !== null) {
    page = await readPage(fingerprint, history, { ...range, nextMs: page.nextMs }, history.stretch ?? LIMIT_MAX)
    yield page.rows
  }
}

export function linkTo(request: FastifyRequest, cursor: string): string {
  const url = new URL(request.url, 'http://localhost')
  url.searchParams.set('cursor', cursor)
  return `<${url.pathname}${url.search}>; rel="next"`
}
