import { provenanceView } from '../../contract/histories.ts'
import {
  OPEN_INTEREST_DECIMALS,
  openInterestParameters,
  openInterestPointSchema,
  openInterestSchema,
  openInterestView,
  reasonsOf
} from '../../contract/open-interest.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { isoOf } from '../../domain/time.ts'
import { listLatest } from '../../store/latest.ts'
import { listOpenInterest, type StoredOpenInterest } from '../../store/open-interest.ts'
import { reaches } from '../board-query.ts'
import type { ApiContext } from '../context.ts'
import { contractsOf } from '../contracts.ts'
import { newBudget, takeNewest } from '../row-budget.ts'
import { sortedPage } from '../sorted-pages.ts'
import { type Operation, operation, type Question } from './operation.ts'
import { tickHistoryOperation } from './tick-history.ts'

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
  const history = tickHistoryOperation<StoredOpenInterest>(context, {
    name: 'openInterestHistory',
    url: '/v1/open-interest/history',
    tag: 'sizes',
    summary: 'Open interest over time, as stored',
    description: 'Ascending, [from, to). Each contract counted once.',
    type: 'OpenInterestHistoryRow',
    row: openInterestPointSchema,
    kinds: ['perpetual', 'future'],
    what: 'open interest',
    list: listOpenInterest,
    view: viewOf
  })
  return [current, history]
}

async function readOpenInterest(context: ApiContext, question: Question<typeof openInterestParameters>) {
  const { db, clock, config } = context
  const contracts = await contractsOf(context, question.values)
  await takeNewest(question.budget ?? newBudget(context), contracts)
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

function viewOf(row: StoredOpenInterest, instrument: Instrument) {
  return {
    instrument: instrument.key,
    observedAt: isoOf(row.observedAt),
    tickAt: isoOf(row.tickAt),
    openInterestBase: row.base,
    openInterestQuote: row.quote,
    openInterestUsd: row.usd,
    unit: row.unit,
    sides: row.sides,
    volume24hUsd: row.volume24hUsd,
    ...provenanceView({ ...row, reasons: reasonsOf(row.sides) }, instrument)
  }
}
