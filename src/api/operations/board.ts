import type { FastifyReply, FastifyRequest } from 'fastify'
import { boardRowSchema, FUNDING_FIELDS, type FundingRow, fundingRowSchema } from '../../contract/board.ts'
import { basisParameters, fundingParameters } from '../../contract/board-parameters.ts'
import { type Answer, envelopeOf, JSON_TYPE, joinEnvelope, pageOf } from '../answers.ts'
import type { Board, ServedRow } from '../board-cache.ts'
import { type BoardFilter, type BoardOrder, keysOf, selectRows } from '../board-query.ts'
import { namesOf } from '../catalogue.ts'
import type { ApiContext } from '../context.ts'
import { compress, type Encoding, encodingFor } from '../encoding.ts'
import { etagOf } from '../etag.ts'
import { cursorKeys, type Operation, operation, type Question } from './operation.ts'

/** Basis and funding now: both are views of the board in memory. */
export function boardOperations(context: ApiContext): Operation[] {
  const basis = operation({
    name: 'basis',
    url: '/v1/basis',
    tag: 'basis',
    summary: 'The board: every contract against its spot leg, now',
    description:
      'One current row per contract. Basis is contract − spot: positive above spot. Rows age as they are served: ' +
      '`ageMs` is measured from `meta.asOf`, and `grade` falls with it.',
    parameters: basisParameters,
    type: 'BasisRow',
    row: boardRowSchema,
    ...boardView(context, {
      kindsOf: ({ kind }) => kind,
      write: ({ json }) => json,
      view: ({ row }) => row
    })
  })
  const funding = operation({
    name: 'funding',
    url: '/v1/funding',
    tag: 'funding',
    summary: 'The current funding rate of every perpetual',
    description: 'The board’s funding fields. Positive: longs pay shorts. Rates are fractions per their own interval.',
    parameters: fundingParameters,
    type: 'FundingRow',
    row: fundingRowSchema,
    ...boardView(context, {
      kindsOf: () => ['perpetual'],
      write: (served, asOfMs) => JSON.stringify(fundingRowOf(served, asOfMs)),
      view: fundingRowOf
    })
  })
  return [basis, funding]
}

type BoardValues = Omit<Question<typeof basisParameters>['values'], 'kind'> & {
  readonly kind?: readonly string[] | undefined
}
type BoardQuestion = Omit<Question, 'values'> & { readonly values: BoardValues }

type BoardView = {
  /** Funding is asked for perpetuals only, whatever the question says. */
  readonly kindsOf: (values: BoardValues) => readonly string[] | undefined
  readonly write: (row: ServedRow, asOfMs: number) => string
  readonly view: (row: ServedRow, asOfMs: number) => unknown
}

/** One answer of one board: selected once, written once, compressed once, for all who ask the same. */
type Prepared = {
  readonly selected: ReturnType<typeof pageOf<ServedRow>>
  written?: { readonly etag: string; readonly bytes: Buffer; readonly packed: Map<Encoding, Promise<Buffer>> }
}

function boardView(context: ApiContext, { kindsOf, write, view }: BoardView) {
  const select = async (question: BoardQuestion) => {
    if (!context.board.isLoaded()) await context.board.refresh()
    const { values } = question
    const filter = await filterOf(context, values, kindsOf(values))
    const board = context.board.current()
    return { board, prepared: prepare(board, filter, question) }
  }
  return {
    read: async (question: BoardQuestion): Promise<Answer> => {
      const { board, prepared } = await select(question)
      const { page, ...paging } = prepared.selected
      return { data: page.map((row) => view(row, board.asOfMs)), ...paging, asOfMs: board.asOfMs }
    },
    send: async (question: BoardQuestion, request: FastifyRequest, reply: FastifyReply) => {
      const { board, prepared } = await select(question)
      prepared.written ??= writtenOf(board, prepared, write)
      return sendWritten(prepared.written, request, reply)
    }
  }
}

/** The rows that a question is about, found once for each board. */
function prepare(board: Board, filter: BoardFilter, { values, fingerprint }: BoardQuestion): Prepared {
  const answers = board.answers as Map<string, Prepared>
  const key = `${fingerprint} ${values.limit} ${values.cursor ?? ''}`
  const known = answers.get(key)
  if (known !== undefined) return known
  const order: BoardOrder | undefined = values.sort
  const rows = selectRows(board.rows, filter, order, cursorKeys({ values, fingerprint }, ['any', 'text']))
  const prepared: Prepared = { selected: pageOf(rows, values.limit, fingerprint, (row) => keysOf(row, order)) }
  if (bytesOf(answers.values()) < KEPT_BYTES) answers.set(key, prepared)
  return prepared
}

/** Of the answers of one board so much is kept, for the next who asks the same within its second. */
const KEPT_BYTES = 32_000_000

function bytesOf(answers: Iterable<Prepared>): number {
  let sum = 0
  // A small answer costs its keeping as well; this bounds their number.
  for (const { written } of answers) sum += Math.max(written?.bytes.length ?? 0, KEPT_BYTES / 100)
  return sum
}

async function filterOf(
  { catalogue }: ApiContext,
  values: BoardValues,
  kinds: readonly string[] | undefined
): Promise<BoardFilter> {
  const hasNames = values.venue !== undefined || values.asset !== undefined
  const names = hasNames ? namesOf(await catalogue.read(), values) : { venues: undefined, assets: undefined }
  const instruments =
    values.instrument && (await Promise.all(values.instrument.map((key) => catalogue.getInstrument(key))))
  return {
    ...names,
    kinds,
    quotes: values.quote,
    instruments: instruments && new Set(instruments.map(({ key }) => key)),
    minGrade: values.minGrade,
    minOpenInterestUsd: values.minOpenInterestUsd,
    minVolume24hUsd: values.minVolume24hUsd
  }
}

function writtenOf({ asOfMs }: Board, { selected }: Prepared, write: BoardView['write']) {
  const dataJson = `[${selected.page.map((row) => write(row, asOfMs)).join(',')}]`
  const { head, tail } = envelopeOf(dataJson, selected)
  return { etag: etagOf(head, tail), bytes: Buffer.from(joinEnvelope(head, asOfMs, tail)), packed: new Map() }
}

/** Below this many bytes compressing costs more than it saves. */
const COMPRESS_FROM = 1_024

async function sendWritten(
  { etag, bytes, packed }: NonNullable<Prepared['written']>,
  request: FastifyRequest,
  reply: FastifyReply
): Promise<FastifyReply> {
  reply.header('etag', etag).header('vary', 'accept-encoding').type(JSON_TYPE)
  const encoding = bytes.length < COMPRESS_FROM ? undefined : encodingFor(request.headers['accept-encoding'])
  if (encoding === undefined) return reply.send(bytes)
  const made = packed.get(encoding) ?? compress(bytes, encoding)
  packed.set(encoding, made)
  return reply.header('content-encoding', encoding).send(await made)
}

function fundingRowOf({ row }: ServedRow, asOfMs: number): FundingRow {
  const fields = Object.fromEntries(FUNDING_FIELDS.map((field) => [field, row[field]])) as Omit<
    FundingRow,
    'fundingAgeMs'
  >
  const absent = Object.fromEntries(Object.entries(row.absent).filter(([field]) => field in fields))
  const observedAt = row.fundingObservedAt
  return { ...fields, absent, fundingAgeMs: observedAt === null ? null : asOfMs - Date.parse(observedAt) }
}
