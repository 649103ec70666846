import type { FastifyReply, FastifyRequest } from 'fastify'
import { boardRowSchema, FUNDING_FIELDS, type FundingRow, fundingRowSchema } from '../../contract/board.ts'
import { basisParameters, fundingParameters } from '../../contract/board-parameters.ts'
import { type Answer, envelopeOf, joinEnvelope, pageOf } from '../answers.ts'
import { findAnswer, keepAnswer, sendWritten } from '../board-answers.ts'
import type { Board, ServedRow } from '../board-cache.ts'
import { type BoardFilter, type BoardOrder, keysOf, selectRows } from '../board-query.ts'
import { namesOf, quotesOf } from '../catalogue.ts'
import type { ApiContext } from '../context.ts'
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

function boardView(context: ApiContext, { kindsOf, write, view }: BoardView) {
  const select = async (question: BoardQuestion) => {
    if (!context.board.isLoaded()) await context.board.refresh()
    const filter = await filterOf(context, question.values, kindsOf(question.values))
    const board = context.board.current()
    return { board, selected: selectPage(board, filter, question) }
  }
  return {
    isOfBoard: true as const,
    read: async (question: BoardQuestion): Promise<Answer> => {
      const { board, selected } = await select(question)
      const { page, ...paging } = selected
      return { data: page.map((row) => view(row, board.asOfMs)), ...paging, asOfMs: board.asOfMs }
    },
    send: (ask: () => BoardQuestion, request: FastifyRequest, reply: FastifyReply) => {
      const known = findAnswer(context.board.current(), request.url)
      if (known !== undefined) return sendWritten(known, request, reply)
      return select(ask()).then(({ board, selected }) => {
        const { asOfMs } = board
        const { head, tail } = envelopeOf(`[${selected.page.map((row) => write(row, asOfMs)).join(',')}]`, selected)
        return sendWritten(keepAnswer(board, request.url, joinEnvelope(head, asOfMs, tail)), request, reply)
      })
    }
  }
}

function selectPage(board: Board, filter: BoardFilter, { values, fingerprint }: BoardQuestion) {
  const order: BoardOrder | undefined = values.sort
  const after = cursorKeys({ values, fingerprint }, ['any', 'text'])
  // One more than is shown: whether there is another page shows in it.
  const rows = selectRows(board, filter, { order, after, most: values.limit + 1 })
  return pageOf(rows, values.limit, fingerprint, (row) => keysOf(row, order))
}

async function filterOf(
  { catalogue }: ApiContext,
  values: BoardValues,
  kinds: readonly string[] | undefined
): Promise<BoardFilter> {
  const hasNames = values.venue !== undefined || values.asset !== undefined || values.quote !== undefined
  const known = hasNames ? await catalogue.read() : undefined
  const names = known ? namesOf(known, values) : { venues: undefined, assets: undefined }
  const instruments =
    values.instrument && (await Promise.all(values.instrument.map((key) => catalogue.getInstrument(key))))
  return {
    ...names,
    kinds,
    quotes: known && quotesOf(known, values.quote),
    instruments: instruments && new Set(instruments.map(({ key }) => key)),
    minGrade: values.minGrade,
    minOpenInterestUsd: values.minOpenInterestUsd,
    minVolume24hUsd: values.minVolume24hUsd
  }
}

function fundingRowOf({ row }: ServedRow, asOfMs: number): FundingRow {
  const fields = Object.fromEntries(FUNDING_FIELDS.map((field) => [field, row[field]])) as Omit<
    FundingRow,
    'fundingAgeMs'
  >
  const absent = Object.fromEntries(Object.entries(row.absent).filter(([field]) => field in fields))
  const observedAt = row.fundingObservedAt
  if (observedAt === null) return { ...fields, absent: { ...absent, fundingAgeMs: 'not_observed' }, fundingAgeMs: null }
  return { ...fields, absent, fundingAgeMs: asOfMs - Date.parse(observedAt) }
}
