import { provenanceView } from '../../contract/histories.ts'
import {
  OPEN_INTEREST_DECIMALS,
  openInterestHistoryParameters,
  openInterestParameters,
  openInterestPointSchema,
  openInterestSchema,
  openInterestView,
  reasonsOf
} from '../../contract/open-interest.ts'
import { text, textOrNull, time } from '../../contract/schema.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { DAY, isoOf, isoOrNull } from '../../domain/time.ts'
import { InvalidInputError } from '../../errors.ts'
import { listLatest } from '../../store/latest.ts'
import { listOpenInterest, type StoredOpenInterest } from '../../store/open-interest.ts'
import { reaches } from '../board-query.ts'
import type { ApiContext } from '../context.ts'
import { contractsOf } from '../contracts.ts'
import { type History, type OpenHistory, rangeOf, readHistory } from '../history.ts'
import { sortedPage } from '../sorted-pages.ts'
import { type Operation, operation, type Question } from './operation.ts'

/** What is held open, now and over time. */
export function openInterestOperations(context: ApiContext): Operation[] {
  const current = operation({
    name: 'openInterest',
    url: '/v1/open-interest',
    tag: 'sizes',
    summary: 'Open interest and 24 h volume of every followed contract, now',
    description:
      'In base, quote and US dollars, each contract counted once. `unit` and `sides` say what the venue’s own figure counts; what ' +
      'it does not say follows from the mark. What is too old to be of now is null, with the reason in `absent`.',
    parameters: openInterestParameters,
    type: 'OpenInterestRow',
    row: openInterestSchema,
    read: (question) => readOpenInterest(context, question)
  })
  const open = (question: Question<typeof openInterestHistoryParameters>) => openOpenInterest(context, question)
  const history = operation({
    name: 'openInterestHistory',
    url: '/v1/open-interest/history',
    tag: 'sizes',
    summary: 'Open interest over time, as stored',
    description: 'Ascending, [from, to). Each contract counted once.',
    parameters: openInterestHistoryParameters,
    type: 'OpenInterestHistoryRow',
    row: openInterestPointSchema,
    meta: {
      instrument: text('The contract'),
      knownAt: textOrNull('Only what was stored by then'),
      from: time('Beginning of the range'),
      to: time('End of the range, not included')
    },
    open,
    read: async (question) => readHistory(question, await open(question))
  })
  return [current, history]
}

async function readOpenInterest(context: ApiContext, question: Question<typeof openInterestParameters>) {
  const { db, clock, config } = context
  const contracts = await contractsOf(context, question.values)
  const latest = await listLatest(
    db,
    contracts.map(({ id }) => id)
  )
  const nowMs = clock.now()
  const at = { rhythm: config, nowMs }
  const rows = contracts
    .map((contract) => openInterestView(contract, latest.get(contract.id), at))
    .filter(
      ({ openInterestUsd, volume24hUsd }) =>
        reaches(openInterestUsd, question.values.minOpenInterestUsd) &&
        reaches(volume24hUsd, question.values.minVolume24hUsd)
    )
  const { page, ...paging } = sortedPage(rows, question, OPEN_INTEREST_DECIMALS)
  return { data: page, ...paging, asOfMs: nowMs }
}

async function openOpenInterest(
  { db, clock, catalogue }: ApiContext,
  question: Question<typeof openInterestHistoryParameters>
): Promise<OpenHistory> {
  const { values } = question
  const nowMs = clock.now()
  const instrument = await catalogue.getInstrument(values.instrument)
  if (instrument.kind === 'spot') {
    const message = `${instrument.key} is a spot; only contracts have open interest`
    throw new InvalidInputError([{ path: 'instrument', message }], 'invalid_parameter')
  }
  const meta = { instrument: instrument.key, knownAt: isoOrNull(values.knownAt) }
  const history: History<StoredOpenInterest> = {
    rowSchema: openInterestPointSchema,
    read: (range) => listOpenInterest(db, { instrumentId: instrument.id, knownAtMs: values.knownAt ?? null, ...range }),
    timeOf: ({ tickAt }) => tickAt,
    stepMs: 1,
    view: (row) => viewOf(row, instrument),
    meta
  }
  return { history, range: rangeOf(question, nowMs, DAY), asOfMs: nowMs }
}

function viewOf(row: StoredOpenInterest, { key }: Instrument) {
  return {
    instrument: key,
    observedAt: isoOf(row.observedAt),
    tickAt: isoOf(row.tickAt),
    openInterestBase: row.base,
    openInterestQuote: row.quote,
    openInterestUsd: row.usd,
    unit: row.unit,
    sides: row.sides,
    volume24hUsd: row.volume24hUsd,
    ...provenanceView({ ...row, reasons: reasonsOf(row.sides) })
  }
}
