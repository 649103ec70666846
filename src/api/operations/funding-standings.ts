import { LIMIT_DEFAULT } from '../../contract/board-parameters.ts'
import { standingParameters, standingSchema, standingView } from '../../contract/standings.ts'
import { listStandings } from '../../store/funding-standing.ts'
import type { ApiContext } from '../context.ts'
import { contractsOf } from '../contracts.ts'
import { newBudget, takeNewest } from '../row-budget.ts'
import { sortedPage } from '../sorted-pages.ts'
import { type Operation, operation, type Question } from './operation.ts'

/** Where the newest settlement of each perpetual stands in its own past. */
export function fundingStandingsOperation(context: ApiContext): Operation {
  return operation({
    name: 'fundingStandings',
    url: '/v1/funding/standings',
    tag: 'funding',
    summary: 'Where the newest funding of each perpetual stands among its own of 30, 90 and 365 days',
    description:
      'One row per followed perpetual, and per one that was only imported where its venue or asset is asked for, ranked anew with every settlement and every correction: mid-rank percentile and robust z per 8 h. ' +
      'Null, with the reason, before there are ninety settlements over thirty days, and as many in the window as it has days over a third ' +
      'of it, and once no other has come for as long as makes a regime stale. `coverage…` says how much of what was due is known.',
    parameters: standingParameters,
    type: 'FundingStanding',
    row: standingSchema,
    isTable: true,
    read: (question) => readStandings(context, question)
  })
}

const NO_DECIMALS: ReadonlySet<string> = new Set()

async function readStandings(context: ApiContext, question: Question<typeof standingParameters>) {
  const nowMs = context.clock.now()
  const perpetuals = await contractsOf(context, { ...question.values, kind: ['perpetual'] }, null, {
    isWithImported: true
  })
  await takeNewest(question.budget ?? newBudget(context), perpetuals)
  const standings = await listStandings(
    context.db,
    perpetuals.map(({ id }) => id)
  )
  const moment = { nowMs, staleIntervals: context.config.fundingRegime.staleIntervals }
  const rows = perpetuals.map((perpetual) => standingView(perpetual, standings.get(perpetual.id), moment))
  const { limit = LIMIT_DEFAULT } = question.values
  const { page, ...paging } = sortedPage(rows, { ...question, values: { ...question.values, limit } }, NO_DECIMALS)
  return { data: page, ...paging, asOfMs: nowMs }
}
