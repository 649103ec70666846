import { LIMIT_DEFAULT } from '../../contract/board-parameters.ts'
import { movementParameters, movementSchema, movementView } from '../../contract/movement.ts'
import type { ApiContext } from '../context.ts'
import { contractsOf } from '../contracts.ts'
import { readMovements } from '../movements.ts'
import { sortedPage } from '../sorted-pages.ts'
import { type Operation, operation, type Question } from './operation.ts'

/** How the basis of each contract moves, and how soon it comes back. */
export function basisMovementOperation(context: ApiContext): Operation {
  return operation({
    name: 'basisMovement',
    url: '/v1/basis/movement',
    tag: 'basis',
    summary:
      'Volatility of each contract’s basis before fx over 30 days, and the half-life of its distances from the mean',
    description:
      'Of the last basis of each hour, before fx, against the contract’s own spot leg; looked at again when an hour has been rolled up. ' +
      'A missing hour is jumped over, never bridged, and `coverage` says how many there are.',
    parameters: movementParameters,
    type: 'BasisMovement',
    row: movementSchema,
    isTable: true,
    read: (question) => readPage(context, question)
  })
}

const NO_DECIMALS: ReadonlySet<string> = new Set()

async function readPage(context: ApiContext, question: Question<typeof movementParameters>) {
  const nowMs = context.clock.now()
  const contracts = await contractsOf(context, question.values)
  const movements = await readMovements(context, contracts)
  const rows = contracts.map((contract) => movementView(contract, movements.get(contract.id), nowMs))
  const { limit = LIMIT_DEFAULT } = question.values
  const { page, ...paging } = sortedPage(rows, { ...question, values: { ...question.values, limit } }, NO_DECIMALS)
  return { data: page, ...paging, asOfMs: nowMs }
}
