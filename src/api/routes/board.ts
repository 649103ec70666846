import type { FastifyInstance, FastifyReply } from 'fastify'
import { FUNDING_FIELDS, type FundingRow } from '../../contract/board.ts'
import { basisParameters, fundingParameters } from '../../contract/board-parameters.ts'
import { cursorOf } from '../../contract/cursor.ts'
import { listOf } from '../../contract/envelope.ts'
import type { FieldSchema } from '../../contract/schema.ts'
import { envelopeOf, JSON_TYPE, joinEnvelope } from '../answers.ts'
import type { Board, ServedRow } from '../board-cache.ts'
import { type BoardFilter, type BoardOrder, keysOf, selectRows } from '../board-query.ts'
import { namesOf } from '../catalogue.ts'
import type { ApiContext } from '../context.ts'
import { compress, type Encoding, encodingFor } from '../encoding.ts'
import { etagOf } from '../etag.ts'
import { type Asked, addGet, cursorKeys } from '../get-route.ts'

/** `/v1/basis` and `/v1/funding`: both are views of the board in memory. */
export function addBoardRoutes(app: FastifyInstance, context: ApiContext): void {
  addGet(app, {
    url: '/v1/basis',
    tag: 'basis',
    summary: 'The board: every contract against its spot leg, now',
    description:
      'One current row per contract. Basis is contract − spot: positive above spot. Rows age as they are served: ' +
      '`ageMs` is measured from `meta.asOf`, and `grade` falls with it.',
    parameters: basisParameters,
    answers: listOf({ $ref: 'BoardRow#' } as FieldSchema),
    compress: false,
    handle: (asked) => answerFromBoard(context, asked, ({ json }) => json)
  })
  addGet(app, {
    url: '/v1/funding',
    tag: 'funding',
    summary: 'The current funding rate of every perpetual',
    description: 'The board’s funding fields. Positive: longs pay shorts. Rates are fractions per their own interval.',
    parameters: fundingParameters,
    answers: listOf({ $ref: 'FundingRow#' } as FieldSchema),
    compress: false,
    handle: (asked) =>
      answerFromBoard(context, asked, (served, asOfMs) => JSON.stringify(fundingRowOf(served, asOfMs)), ['perpetual'])
  })
}

type BoardValues = Omit<Asked<typeof basisParameters>['values'], 'kind'> & {
  readonly kind?: readonly string[] | undefined
}
type AskedBoard = Omit<Asked<typeof fundingParameters>, 'values'> & { readonly values: BoardValues }

/** One answer of one board: made once, compressed once, sent to all who ask the same. */
type Prepared = { readonly etag: string; readonly bytes: Buffer; readonly packed: Map<Encoding, Promise<Buffer>> }

async function answerFromBoard(
  context: ApiContext,
  asked: AskedBoard,
  write: (row: ServedRow, asOfMs: number) => string,
  kinds: readonly string[] | undefined = asked.values.kind
): Promise<FastifyReply> {
  if (!context.board.isLoaded()) await context.board.refresh()
  const filter = await filterOf(context, asked.values, kinds)
  const board = context.board.current()
  const answers = board.answers as Map<string, Prepared>
  const key = `${asked.fingerprint} ${asked.values.limit} ${asked.values.cursor ?? ''}`
  const prepared = answers.get(key) ?? prepare(board, filter, asked, write)
  if (bytesOf(answers.values()) < KEPT_BYTES) answers.set(key, prepared)
  return sendPrepared(asked, prepared)
}

/** Of the answers of one board so much is kept, for the next who asks the same within its second. */
const KEPT_BYTES = 32_000_000

function bytesOf(answers: Iterable<Prepared>): number {
  let sum = 0
  // A small answer costs its keeping as well; this bounds their number.
  for (const { bytes } of answers) sum += Math.max(bytes.length, KEPT_BYTES / 100)
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

function prepare(
  board: Board,
  filter: BoardFilter,
  asked: AskedBoard,
  write: (row: ServedRow, asOfMs: number) => string
): Prepared {
  const { limit } = asked.values
  const order: BoardOrder | undefined = asked.values.sort
  const rows = selectRows(board.rows, filter, order, cursorKeys(asked, ['any', 'text']))
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  const next = rows.length > limit && last !== undefined ? cursorOf(asked.fingerprint, keysOf(last, order)) : null
  const dataJson = `[${page.map((row) => write(row, board.asOfMs)).join(',')}]`
  const { head, tail } = envelopeOf(dataJson, { next, asOfMs: board.asOfMs })
  return { etag: etagOf(head, tail), bytes: Buffer.from(joinEnvelope(head, board.asOfMs, tail)), packed: new Map() }
}

/** Below this many bytes compressing costs more than it saves. */
const COMPRESS_FROM = 1_024

async function sendPrepared({ request, reply }: AskedBoard, { etag, bytes, packed }: Prepared): Promise<FastifyReply> {
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
