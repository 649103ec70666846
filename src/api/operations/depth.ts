import { depthParameters, depthSchema, depthView } from '../../contract/depth.ts'
import { DAY } from '../../domain/time.ts'
import { listLatestDepths } from '../../store/depth.ts'
import type { ApiContext } from '../context.ts'
import { contractsOf } from '../contracts.ts'
import { type Operation, operation, type Question } from './operation.ts'
import { pageByName } from './reference.ts'

/** Spread and depth are those of now for so many rounds. */
const ROUNDS = 3
/** A book of yesterday is not told at all, not even its age. */
const TOLD_FOR_MS = DAY

/** What may be traded at once, and what it costs, on both legs. */
export function depthOperation(context: ApiContext): Operation {
  return operation({
    name: 'depth',
    url: '/v1/depth',
    tag: 'sizes',
    summary: 'Quoted spread and depth of the contracts that matter and of their spot legs',
    description:
      'Within 10, 25 and 50 bps of mid, in quote and US dollars, each book with its own age. Books are asked for the largest ' +
      'contracts by open interest of each venue (`DEPTH_CONTRACTS`); a contract that is named is there in any case, and says so ' +
      'when its book is not asked. A book that ends inside a band leaves it null (`book_ends_in_band`): there may be more.',
    parameters: depthParameters,
    type: 'DepthRow',
    row: depthSchema,
    read: (question) => readDepth(context, question)
  })
}

async function readDepth(context: ApiContext, question: Question<typeof depthParameters>) {
  const { db, clock, config, catalogue } = context
  const contracts = await contractsOf(context, question.values)
  const { byId } = await catalogue.read()
  const spotOf = ({ spotId }: { readonly spotId: number | null }) => (spotId === null ? undefined : byId.get(spotId))
  const ids = contracts.flatMap((contract) => [contract.id, ...(contract.spotId === null ? [] : [contract.spotId])])
  const nowMs = clock.now()
  const depths = await listLatestDepths(db, [...new Set(ids)], nowMs - TOLD_FOR_MS)
  const moment = { nowMs, maxAgeMs: ROUNDS * config.depth.everyMs }
  const asked = contracts.filter(({ id }) => question.values.instrument !== undefined || depths.has(id))
  const { page, ...paging } = pageByName(asked, ({ key }) => key, question)
  return {
    data: page.map((contract) => depthView(contract, spotOf(contract), depths, moment)),
    ...paging,
    asOfMs: nowMs
  }
}
