import { LIMIT_DEFAULT } from '../../contract/board-parameters.ts'
import { type TrailingWindows, trailingParameters, trailingSchema, trailingView } from '../../contract/trailing.ts'
import { listRealised } from '../../store/realised.ts'
import type { ApiContext } from '../context.ts'
import { contractsOf } from '../contracts.ts'
import { newBudget, takeNewest } from '../row-budget.ts'
import { sortedPage } from '../sorted-pages.ts'
import { type Operation, operation, type Question } from './operation.ts'

/** What holding each perpetual has paid lately. */
export function fundingTrailingOperation(context: ApiContext): Operation {
  return operation({
    name: 'fundingTrailing',
    url: '/v1/funding/trailing',
    tag: 'funding',
    summary: 'What holding perpetuals really paid over the last 1, 7, 30 and 90 days',
    description:
      'One row per followed perpetual, and per one that was only imported where its venue or asset is asked for, summed anew with every settlement and every correction; the windows move on by the hour. ' +
      'Positive: shorts received. `…Coverage` says how much of what was due is known.',
    parameters: trailingParameters,
    type: 'FundingTrailing',
    row: trailingSchema,
    isTable: true,
    read: (question) => readTrailing(context, question)
  })
}

const NO_DECIMALS: ReadonlySet<string> = new Set()

async function readTrailing(context: ApiContext, question: Question<typeof trailingParameters>) {
  const nowMs = context.clock.now()
  const perpetuals = await contractsOf(context, { ...question.values, kind: ['perpetual'] }, null, {
    isWithImported: true
  })
  await takeNewest(question.budget ?? newBudget(context), perpetuals)
  const sums = await listRealised<TrailingWindows>(
    context.db,
    perpetuals.map(({ id }) => id)
  )
  const rows = perpetuals.map((perpetual) => trailingView(perpetual, sums.get(perpetual.id), nowMs))
  const { limit = LIMIT_DEFAULT } = question.values
  const { page, ...paging } = sortedPage(rows, { ...question, values: { ...question.values, limit } }, NO_DECIMALS)
  return { data: page, ...paging, asOfMs: nowMs }
}
