import { aggregateParameters, aggregateSchema, aggregateView } from '../../contract/aggregates.ts'
import { type Instrument, isGone } from '../../domain/instrument.ts'
import { listStandings } from '../../store/funding-standing.ts'
import type { ApiContext } from '../context.ts'
import { contractsOf } from '../contracts.ts'
import { readMovements } from '../movements.ts'
import { type Operation, operation, type Question } from './operation.ts'
import { pageByName } from './reference.ts'

/** The perpetuals of an asset as one. */
export function aggregatesOperation(context: ApiContext): Operation {
  return operation({
    name: 'aggregates',
    url: '/v1/aggregates',
    tag: 'basis',
    summary:
      'Funding and basis of an asset over all its perpetuals: weighed, how they move, how many are rich or cheap',
    description:
      'Every number with how much of the market it is of: contracts counted, and open interest in it as a share of what is known. ' +
      'Contracts under quarantine are not in it, nor those that have gone or were only imported, nor is a basis graded `none`. Rich and cheap are beyond the bounds within which no trade ' +
      'pays at the best prices: both legs crossed twice, fees of `feeTier`, and for cheap ones what borrowing costs, `borrowApr`.',
    parameters: aggregateParameters,
    type: 'AggregateRow',
    row: aggregateSchema,
    read: (question) => readAggregates(context, question)
  })
}

/** Whether it counts in an aggregate of now: it is there, it is followed, and it is no other coin of the name. */
export function isCounted({ quarantine, source, status, delistedAt }: Instrument, nowMs: number): boolean {
  return quarantine === null && source !== 'import' && !isGone(status) && (delistedAt ?? nowMs + 1) > nowMs
}

async function readAggregates(context: ApiContext, question: Question<typeof aggregateParameters>) {
  // Before the board has been read its contracts are not unobserved: nobody has looked.
  if (!context.board.isLoaded()) await context.board.refresh()
  const nowMs = context.clock.now()
  const followed = await contractsOf(context, { ...question.values, kind: ['perpetual'] })
  const perpetuals = Map.groupBy(
    followed.filter((each) => isCounted(each, nowMs)),
    ({ asset }) => asset
  )
  const { page, ...paging } = pageByName([...perpetuals.keys()], (asset) => asset, question)
  const shown = page.flatMap((asset) => perpetuals.get(asset)!)
  const ids = shown.map(({ id }) => id)
  const [standings, movements] = await Promise.all([listStandings(context.db, ids), readMovements(context, shown)])
  const rows = new Map(context.board.current().rows.map(({ row }) => [row.instrument, row]))
  const { feeTier, borrowApr = null, quoteRate: rQuote, baseRate: rBase = null } = question.values
  const terms = { feeTier, borrowApr, rQuote, rBase }
  const { staleIntervals } = context.config.fundingRegime
  const known = { standings, movements, rows, terms, nowMs, staleIntervals }
  const data = page.map((asset) => aggregateView({ asset, perpetuals: perpetuals.get(asset)!, ...known }))
  return { data, ...paging, asOfMs: nowMs }
}
