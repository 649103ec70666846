import { flowParameters, flowSchema, flowView } from '../../contract/flow.ts'
import { flowPoint, flowPointSchema } from '../../contract/size-histories.ts'
import { DAY } from '../../domain/time.ts'
import { listFlows, listLatestFlows } from '../../store/flow.ts'
import type { ApiContext } from '../context.ts'
import { contractsOf } from '../contracts.ts'
import { newBudget, takeNewest } from '../row-budget.ts'
import { type Operation, operation, type Question } from './operation.ts'
import { pageByName } from './reference.ts'
import { tickHistoryOperation } from './tick-history.ts'

const ROUNDS = 3
/** What was sampled yesterday is not told at all, not even its age. */
const TOLD_FOR_MS = DAY

/** Taker flow and account ratio, where venues publish them. */
export function flowOperations(context: ApiContext): Operation[] {
  const current = operation({
    name: 'flow',
    url: '/v1/flow',
    tag: 'sizes',
    summary: 'Taker flow and long/short accounts of the largest perpetuals, as their venues sample them',
    description:
      'Of Binance, Bybit (accounts alone) and OKX, for the largest perpetuals by open interest (`FLOW_CONTRACTS`). Accounts are ' +
      'counted, not money: contracts long and short are always as many. Taker volume is of the last window that is over. A ' +
      'perpetual that is named is there in any case, with the reasons in `absent`.',
    parameters: flowParameters,
    type: 'FlowRow',
    row: flowSchema,
    read: (question) => readFlow(context, question)
  })
  const history = tickHistoryOperation(context, {
    name: 'flowHistory',
    url: '/v1/flow/history',
    tag: 'sizes',
    summary: 'Taker flow and long/short accounts of one perpetual over time, as stored',
    description:
      'Ascending, [from, to), a row an asking: rows of one sample repeat its stamps. `/v1/gaps` says where rounds are missing (fact `flow`).',
    type: 'FlowHistoryRow',
    row: flowPointSchema,
    kinds: ['perpetual'],
    what: 'flow',
    list: listFlows,
    view: flowPoint
  })
  return [current, history]
}

async function readFlow(context: ApiContext, question: Question<typeof flowParameters>) {
  const { db, clock, config } = context
  const perpetuals = await contractsOf(context, { ...question.values, kind: ['perpetual'] })
  await takeNewest(question.budget ?? newBudget(context), perpetuals)
  const nowMs = clock.now()
  const flows = await listLatestFlows(
    db,
    perpetuals.map(({ id }) => id),
    nowMs - TOLD_FOR_MS
  )
  const moment = { nowMs, maxAgeMs: ROUNDS * config.flow.everyMs }
  const told = perpetuals.filter(({ id }) => question.values.instrument !== undefined || flows.has(id))
  const { page, ...paging } = pageByName(told, ({ key }) => key, question)
  return {
    data: page.map((perpetual) => flowView(perpetual, flows.get(perpetual.id), moment)),
    ...paging,
    asOfMs: nowMs
  }
}
