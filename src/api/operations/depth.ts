import { depthParameters, depthSchema, depthView } from '../../contract/depth.ts'
import { depthPoint, depthPointSchema } from '../../contract/size-histories.ts'
import { DAY } from '../../domain/time.ts'
import { listDepths, listLatestDepths } from '../../store/depth.ts'
import type { ApiContext } from '../context.ts'
import { contractsOf } from '../contracts.ts'
import { type Operation, operation, type Question } from './operation.ts'
import { pageByName } from './reference.ts'
import { tickHistoryOperation } from './tick-history.ts'

/** Spread and depth are those of now for so many rounds. */
const ROUNDS = 3
/** A book of yesterday is not told at all, not even its age. */
const TOLD_FOR_MS = DAY

/** What may be traded at once, and what it costs, on both legs. */
export function depthOperations(context: ApiContext): Operation[] {
  const current = operation({
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
  const history = tickHistoryOperation(context, {
    name: 'depthHistory',
    url: '/v1/depth/history',
    tag: 'sizes',
    summary: 'Quoted spread and depth of one book over time, as stored',
    description:
      'Ascending, [from, to). One book: of a contract or of a spot leg. `/v1/gaps` says where rounds are missing (fact `depth`).',
    type: 'DepthHistoryRow',
    row: depthPointSchema,
    kinds: ['spot', 'perpetual', 'future'],
    what: 'depth',
    list: listDepths,
    view: depthPoint
  })
  return [current, history]
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
