import { LIMIT_MAX } from '../../contract/board-parameters.ts'
import {
  type RolledBucket,
  rolledMeta,
  rolledParameters,
  rolledSchema,
  rolledView
} from '../../contract/rolled-series.ts'
import { textOrNull, time } from '../../contract/schema.ts'
import { CLOSE_WITHIN_MS } from '../../domain/curve-history.ts'
import type { Instrument } from '../../domain/instrument.ts'
import {
  type DatedPrice,
  type DatedPrices,
  type Holding,
  type PriceWindow,
  walkHoldings
} from '../../domain/rolled-series.ts'
import { DAY, floorTo, isoOrNull } from '../../domain/time.ts'
import { InvalidInputError } from '../../errors.ts'
import { countDatedPrices, listDatedPrices } from '../../store/dated-prices.ts'
import type { ApiContext } from '../context.ts'
import { contractsOfCurve } from '../curve-contracts.ts'
import { type History, type OpenHistory, type Range, rangeOf, readHistory } from '../history.ts'
import { refuseGone, settleKnownAt } from '../known-at.ts'
import { newBudget, type RowBudget, takeStored } from '../row-budget.ts'
import { BUCKET_MS, keptResolution, refuseTooManyBuckets } from './basis-history.ts'
import { closedBuckets } from './curve-history.ts'
import { type Operation, operation, type Question } from './operation.ts'

type RolledQuestion = Question<typeof rolledParameters>

/** The price of dated contracts as if one followed on the other. */
export function rolledSeriesOperation(context: ApiContext): Operation {
  const open = (question: RolledQuestion) => openRolled(context, question)
  return operation({
    name: 'termStructureRolled',
    url: '/v1/term-structure/rolled',
    tag: 'carry',
    summary: 'The nearest dated contract over time, rolled before it expires, with every roll',
    description:
      'Ascending, [from, to): one row for each bucket that is over. A contract is held until two days before it expires and left for ' +
      'the nearest later one at the first moment at which both have a stored price, or before for a nearer one that has come since and ' +
      'has more than two days left; `rolls` has both prices, and `adjusted` no jump. What is held at a moment, and all prices until ' +
      'then, depend on nothing that happened later. A range begins with the nearest contract that is being priced: what ranges with ' +
      'another `from` hold may differ only until the two contracts have a price together; from then on they have the same contracts ' +
      'and prices, and in each stretch `adjusted` differs by one factor. Where two contracts never had a price together nothing is ' +
      'spliced: another `stretch` begins.',
    parameters: rolledParameters,
    type: 'TermStructureRolledRow',
    row: rolledSchema,
    meta: {
      ...rolledMeta,
      knownAt: textOrNull('Only what was stored by then'),
      from: time('Beginning of the range'),
      to: time('End of the range, not included')
    },
    open,
    read: async (question) => readHistory(question, await open(question))
  })
}

async function openRolled(context: ApiContext, question: RolledQuestion): Promise<OpenHistory> {
  const { values, budget = newBudget(context) } = question
  const nowMs = context.clock.now()
  const knownAtMs = await settleKnownAt(context, values.knownAt)
  const asked = rangeOf(question, nowMs, DAY)
  refuseGone(context, asked.fromMs, { path: 'from', instead: 'ask from then on' })
  const resolution = values.resolution === 'auto' ? keptResolution(context, asked, values.points) : values.resolution
  const bucketMs = BUCKET_MS[resolution]
  refuseTooManyBuckets(asked, bucketMs)
  const range = closedBuckets(asked, bucketMs, nowMs)
  const { asset, venue, contracts } = await contractsOfCurve(context, values, range.fromMs)
  const { settle, chain } = oneChain(contracts, values.settle)
  const opened = await openChain(context, { chain, range, knownAtMs, budget })
  const history: History<RolledBucket> = {
    rowSchema: rolledSchema,
    stretch: Math.max(1, Math.min(LIMIT_MAX, Math.floor((budget.storedMax * context.config.storeMs) / bucketMs / 2))),
    read: ({ fromMs, toMs, limit }) =>
      bucketsOfChain(opened, { fromMs, toMs: Math.min(toMs, fromMs + limit * bucketMs) }, bucketMs),
    timeOf: ({ start }) => start,
    stepMs: bucketMs,
    view: (bucket) => rolledView(bucket, { asset, venue, settle }),
    meta: { asset, venue, resolution, settle, knownAt: isoOrNull(knownAtMs) },
    ...(values.resolution === 'auto' ? { limit: Math.max(100, values.points) } : {})
  }
  return { history, range, asOfMs: nowMs }
}

type Chain = {
  readonly chain: readonly Instrument[]
  readonly range: Range
  readonly knownAtMs: number | null
  readonly budget: RowBudget
}
type OpenedChain = { readonly holdings: readonly Holding[]; readonly readPrices: ReadPrices }

/** What of a chain is held when, and the way to its prices. */
export async function openChain(context: ApiContext, { chain, range, knownAtMs, budget }: Chain): Promise<OpenedChain> {
  const ids = new Map(chain.map(({ key, id }) => [key, id]))
  const readPrices = async (window: PriceWindow) => {
    await takeStored(budget, {
      most: Math.ceil((window.toMs - window.fromMs) / context.config.storeMs) * window.instruments.length,
      count: (most) => countDatedPrices(context.db, ids, window, most),
      path: 'from',
      narrow: 'ask for a shorter range (`from`, `to`), or for fewer rows a page (`limit`; `first` in GraphQL)'
    })
    return listDatedPrices(context.db, ids, window, knownAtMs)
  }
  return { holdings: await readHoldings(chain, range, readPrices), readPrices }
}

/** Contracts that settle in one currency: others’ prices are of another kind of contract. */
function oneChain(contracts: readonly Instrument[], asked: string | undefined) {
  const chains = Map.groupBy(contracts, ({ quote, settle }) => `${quote}:${settle}`)
  const settles = [...chains.values()].map(([first]) => first!.settle ?? '')
  const wanted = asked?.toUpperCase() ?? (settles.length === 1 ? settles[0] : undefined)
  const [chain] = [...chains.values()].filter(([first]) => first!.settle === wanted)
  if (wanted !== undefined && chain !== undefined) return { settle: wanted, chain }
  const message = `these contracts settle in ${settles.sort().join(', ')}: name one`
  throw new InvalidInputError([{ path: 'settle', message }], 'invalid_parameter')
}

type ReadPrices = (window: PriceWindow) => Promise<DatedPrices>

async function readHoldings(chain: readonly Instrument[], range: Range, readPrices: ReadPrices): Promise<Holding[]> {
  const contracts = chain.map(({ key, expiresAt }) => ({ instrument: key, expiresAt: expiresAt! }))
  const walk = walkHoldings(contracts, range)
  let step = walk.next(new Map())
  while (!step.done) step = walk.next(await readPrices(step.value))
  return step.value
}

export async function bucketsOfChain(
  { holdings, readPrices }: OpenedChain,
  { fromMs, toMs }: Range,
  bucketMs: number
): Promise<RolledBucket[]> {
  const closes = new Map<number, DatedPrice>()
  for (const { instrument, ...held } of holdings) {
    const window = { fromMs: Math.max(fromMs, held.fromMs), toMs: Math.min(toMs, held.toMs) }
    if (window.fromMs >= window.toMs) continue
    const prices = (await readPrices({ instruments: [instrument], ...window })).get(instrument) ?? []
    // Of what was left within the bucket nothing is its close.
    if (floorTo(window.fromMs, bucketMs) < window.fromMs) closes.delete(floorTo(window.fromMs, bucketMs))
    for (const price of prices) closes.set(floorTo(price.at, bucketMs), price)
  }
  const starts = Array.from({ length: Math.round((toMs - fromMs) / bucketMs) }, (_, index) => fromMs + index * bucketMs)
  return starts.map((start) => {
    const at = start + bucketMs
    const holding = holdings.find((each) => each.fromMs < at && at <= each.toMs)
    const last = holding && closes.get(start)
    const price = last && last.at >= at - CLOSE_WITHIN_MS ? last : undefined
    const entered = holdings.flatMap((each, index) =>
      index > 0 && each.fromMs >= start && each.fromMs < at ? [{ holding: each, before: holdings[index - 1]! }] : []
    )
    const stretch = holdings.findLast((each) => each.fromMs < at)?.stretch ?? 0
    return { start, at, holding, price, entered, stretch }
  })
}
