import { flowParameters, flowSchema, flowView } from '../../contract/flow.ts'
import { DAY } from '../../domain/time.ts'
import { listLatestFlows } from '../../store/flow.ts'
import type { ApiContext } from '../context.ts'
import { contractsOf } from '../contracts.ts'
import { type Operation, operation, type Question } from './operation.ts'
import { pageByName } from './reference.ts'

const ROUNDS = 3
/** What was sampled yesterday is not told at all, not even its age. */
const TOLD_FOR_MS = DAY

/** Taker flow and account ratio, where venues publish them. */
export function flowOperation(context: ApiContext): Operation {
  return operation({
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
}

async function readFlow(context: ApiContext, question: Question<typeof flowParameters>) {
  const { db, clock, config } = context
  const perpetuals = await contractsOf(context, { ...question.values, kind: ['perpetual'] })
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
