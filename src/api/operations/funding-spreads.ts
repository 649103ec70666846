import {
  fundingSpreadParameters,
  fundingSpreadSchema,
  fundingSpreadView,
  inSides,
  type SpreadPerpetual,
  type SpreadWindow
} from '../../contract/funding-spreads.ts'
import { realisedOf } from '../../contract/realised.ts'
import { EXECUTION_COST, EXECUTIONS_MAX, withExecution } from '../../contract/spread-execution.ts'
import { wholeBlocks } from '../../domain/funding-spread.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { DAY, HOUR } from '../../domain/time.ts'
import { InvalidInputError } from '../../errors.ts'
import type { ApiContext } from '../context.ts'
import { contractsOf } from '../contracts.ts'
import { windowOf } from '../history.ts'
import { newBudget, takeServed } from '../row-budget.ts'
import { sortedPage } from '../sorted-pages.ts'
import { readSpreadBooks } from '../spread-books.ts'
import { type PastPerpetual, readBlocks, readPerpetuals } from '../spread-facts.ts'
import { mapInTurns } from '../turns.ts'
import { type Operation, operation, type Question } from './operation.ts'

type SpreadQuestion = Question<typeof fundingSpreadParameters>

const WINDOW_MS = 7 * DAY
/** A quarter of hourly settlements. */
const WINDOW_MAX_MS = 92 * DAY
/** Where funding is higher than elsewhere. */
export function fundingSpreadsOperation(context: ApiContext): Operation {
  return operation({
    name: 'fundingSpreads',
    url: '/v1/funding/spreads',
    tag: 'funding',
    summary: 'Every venue’s funding against every other’s, per year: now, or realised over a window',
    description:
      'One row for each two perpetuals of one asset on two venues: short where funding is higher, long where it is lower; ' +
      'one under quarantine is held against none. Earned is ' +
      'what settles on each venue’s own grid in (from, to]: a headline pays nothing where no settlement falls inside. With `from` or ' +
      '`to` what really settled, else the rates of now held for `horizonHours`, less fees and both quoted spreads. With `notional` the ' +
      'books of both legs are filled for it, in and out (`execution`); rows are sorted by their own numbers all the same. The widest spread ' +
      'first unless sorted otherwise.',
    parameters: fundingSpreadParameters,
    type: 'FundingSpreadRow',
    row: fundingSpreadSchema,
    read: (question) => readSpreads(context, question)
  })
}

async function readSpreads(context: ApiContext, question: SpreadQuestion) {
  const { values } = question
  const nowMs = context.clock.now()
  const window = spreadWindow(values, nowMs)
  if (window.kind === 'realised' && values.asset === undefined) throw invalid('asset', 'required with from or to')
  if (values.notional !== undefined) takeExecutions(question, window)
  const { venue, ...filter } = values
  // What has gone since has settled within the window all the same.
  const goneSinceMs = window.kind === 'now' ? null : window.fromMs
  const followed = await contractsOf(context, { asset: filter.asset, kind: ['perpetual'] }, goneSinceMs)
  // What is under quarantine may be another coin with this name: a spread of the two would be none.
  const contracts = followed.filter(({ quarantine }) => quarantine === null)
  // Names of venues are checked as everywhere; either leg may be there.
  const wanted =
    venue && new Set((await contractsOf(context, { venue }, goneSinceMs)).map((contract) => contract.venue))
  const budget = question.budget ?? newBudget(context)
  const perpetuals = await readPerpetuals(context, contracts, { window, nowMs, budget })
  const pairs = pairsOf(perpetuals).filter(
    ([a, b]) => wanted === undefined || [a, b].some(({ instrument }) => wanted.has(instrument.venue))
  )
  const view = ([a, b]: Pair) => viewOf(a, b, window, values.feeTier)
  const rows = await mapInTurns(pairs, (pair) => {
    const row = view(pair)
    const { aprSpread, netFrac, netApr } = row
    return { aprSpread, netFrac, netApr, instrument: `${row.short} ${row.long}`, row, pair }
  })
  const sort = values.sort ?? { field: 'aprSpread', isDescending: true }
  const { page, ...paging } = sortedPage(rows, { ...question, values: { ...values, sort } }, NO_DECIMALS)
  if (window.kind === 'realised') {
    return { data: page.map(({ row }) => withExecution(row, 'not_of_a_window')), ...paging, asOfMs: nowMs }
  }
  const shown = page.flatMap(({ pair }) => pair)
  const blocksOfShown = await readBlocks(context, shown, { nowMs, budget })
  const { notional, horizonHours, margin } = values
  const booksOf = notional && (await readSpreadBooks(context, shown, { nowMs, notional, horizonHours, margin }))
  const data = await mapInTurns(page, ({ pair: [a, b] }) => {
    const row = view([blocksOfShown(a), blocksOfShown(b)])
    return withExecution(row, booksOf ? booksOf(...inSides(row, a, b)) : 'notional_not_given')
  })
  return { data, ...paging, asOfMs: nowMs }
}

/** Sizes are filled on the books of now, and each row walks its own for many of them. */
function takeExecutions({ values, budget }: SpreadQuestion, { kind }: SpreadWindow): void {
  if (kind === 'realised') throw invalid('notional', 'only of spreads of now: without from and to')
  const rows = Math.min(values.limit, EXECUTIONS_MAX)
  if (rows < values.limit) throw invalid('limit', `at most ${EXECUTIONS_MAX} with notional`)
  if (budget) takeServed(budget, rows * (EXECUTION_COST - 1), 'first', `; each with a size counts as ${EXECUTION_COST}`)
}

const NO_DECIMALS: ReadonlySet<string> = new Set()

const invalid = (path: string, message: string) => new InvalidInputError([{ path, message }], 'invalid_parameter')

export function spreadWindow(
  values: Pick<SpreadQuestion['values'], 'from' | 'to' | 'horizonHours'>,
  nowMs: number
): SpreadWindow {
  if (values.from === undefined && values.to === undefined) {
    return { kind: 'now', fromMs: nowMs, toMs: nowMs + values.horizonHours * HOUR }
  }
  const window = windowOf({ from: values.from, to: Math.min(values.to ?? nowMs, nowMs) }, nowMs, WINDOW_MS)
  if (window.toMs - window.fromMs > WINDOW_MAX_MS) throw invalid('from', 'at most 92 days before to')
  return { kind: 'realised', ...window }
}

/** Of a window: what both settled while both were there. */
export function viewOf(a: PastPerpetual, b: PastPerpetual, window: SpreadWindow, tier: string) {
  if (window.kind === 'now') return fundingSpreadView(a, b, window, tier)
  const shared = commonLife(a.instrument, b.instrument, window)
  const common = shared ?? { ...window, toMs: window.fromMs }
  const [one, other] = [within(a, common), within(b, common)]
  return fundingSpreadView(one, other, shared ?? window, tier)
}

/** The part of a window in which both were there. */
export function commonLife(a: Instrument, b: Instrument, window: SpreadWindow): SpreadWindow | undefined {
  const shared = lifeOf(b, lifeOf(a, window))
  return shared.fromMs < shared.toMs ? shared : undefined
}

const lifeOf = ({ listedAt, delistedAt }: Instrument, window: SpreadWindow): SpreadWindow => ({
  ...window,
  fromMs: Math.max(window.fromMs, listedAt ?? window.fromMs),
  toMs: Math.min(window.toMs, delistedAt ?? window.toMs)
})

function within(perpetual: PastPerpetual, { fromMs, toMs }: SpreadWindow): SpreadPerpetual {
  const settled = perpetual.settled.filter(({ settledAt }) => fromMs < settledAt && settledAt <= toMs)
  const realised = realisedOf(settled, { fromMs, toMs }, null)
  const blocks = wholeBlocks(settled, { fromMs, toMs })
  return { ...perpetual, realised, blocks, absent: realised.absent.realisedApr ?? null }
}

type Pair = readonly [PastPerpetual, PastPerpetual]

/** Each two perpetuals of one asset on two venues, once. */
function pairsOf(perpetuals: readonly PastPerpetual[]): Pair[] {
  const byAsset = Map.groupBy(perpetuals, ({ instrument }) => instrument.asset)
  return [...byAsset.values()].flatMap((own) =>
    own.flatMap((a, index) =>
      own
        .slice(index + 1)
        .filter((b) => b.instrument.venue !== a.instrument.venue)
        .map((b): Pair => [a, b])
    )
  )
}
