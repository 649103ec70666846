import {
  fundingSpreadParameters,
  fundingSpreadSchema,
  fundingSpreadView,
  SPREAD_BLOCKS,
  type SpreadPerpetual,
  type SpreadWindow
} from '../../contract/funding-spreads.ts'
import { realisedOf } from '../../contract/realised.ts'
import { numberOrNull } from '../../domain/decimal.ts'
import { lastsUntil, polledMaxAgeMs } from '../../domain/expiry.ts'
import type { Instrument } from '../../domain/instrument.ts'
import type { Latest } from '../../domain/latest.ts'
import { DAY, floorTo, HOUR } from '../../domain/time.ts'
import { InvalidInputError } from '../../errors.ts'
import { listLatest } from '../../store/latest.ts'
import type { PaidRate } from '../../store/realised.ts'
import { countSettlementRows } from '../../store/row-counts.ts'
import { listSettledBlocks } from '../../store/settled-blocks.ts'
import { listSettledRates } from '../../store/settled-rates.ts'
import type { ApiContext } from '../context.ts'
import { contractsOf } from '../contracts.ts'
import { windowOf } from '../history.ts'
import { newBudget, type RowBudget, takeStored } from '../row-budget.ts'
import { sortedPage } from '../sorted-pages.ts'
import { mapInTurns } from '../turns.ts'
import { type Operation, operation, type Question } from './operation.ts'

type SpreadQuestion = Question<typeof fundingSpreadParameters>

const WINDOW_MS = 7 * DAY
/** A quarter of hourly settlements. */
const WINDOW_MAX_MS = 92 * DAY
const SETTLEMENTS_MAX = 2_300
const BLOCK_MS = 8 * HOUR
/** How far back blocks are looked at, of spreads of now. */
const BLOCKS_MS = 10 * BLOCK_MS * SPREAD_BLOCKS

/** Where funding is higher than elsewhere. */
export function fundingSpreadsOperation(context: ApiContext): Operation {
  return operation({
    name: 'fundingSpreads',
    url: '/v1/funding/spreads',
    tag: 'funding',
    summary: 'Every venue’s funding against every other’s, per year: now, or realised over a window',
    description:
      'One row for each two perpetuals of one asset on two venues: short where funding is higher, long where it is lower. Earned is ' +
      'what settles on each venue’s own grid in (from, to]: a headline pays nothing where no settlement falls inside. With `from` or ' +
      '`to` what really settled, else the rates of now held for `horizonHours`. The widest spread first unless sorted otherwise.',
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
  const { venue, ...filter } = values
  // What has gone since has settled within the window all the same.
  const goneSinceMs = window.kind === 'now' ? null : window.fromMs
  const contracts = await contractsOf(context, { asset: filter.asset, kind: ['perpetual'] }, goneSinceMs)
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
  if (window.kind === 'realised') return { data: page.map(({ row }) => row), ...paging, asOfMs: nowMs }
  const blocksOfShown = await readBlocks(
    context,
    page.flatMap(({ pair }) => pair),
    { nowMs, budget }
  )
  const data = await mapInTurns(page, ({ pair: [a, b] }) => view([blocksOfShown(a), blocksOfShown(b)]))
  return { data, ...paging, asOfMs: nowMs }
}

const NO_DECIMALS: ReadonlySet<string> = new Set()

const invalid = (path: string, message: string) => new InvalidInputError([{ path, message }], 'invalid_parameter')

function spreadWindow(values: SpreadQuestion['values'], nowMs: number): SpreadWindow {
  if (values.from === undefined && values.to === undefined) {
    return { kind: 'now', fromMs: nowMs, toMs: nowMs + values.horizonHours * HOUR }
  }
  const window = windowOf({ from: values.from, to: Math.min(values.to ?? nowMs, nowMs) }, nowMs, WINDOW_MS)
  if (window.toMs - window.fromMs > WINDOW_MAX_MS) throw invalid('from', 'at most 92 days before to')
  return { kind: 'realised', ...window }
}

/** Of a window: what both settled while both were there. */
function viewOf(a: PastPerpetual, b: PastPerpetual, window: SpreadWindow, tier: string) {
  if (window.kind === 'now') return fundingSpreadView(a, b, window, tier)
  const shared = lifeOf(b.instrument, lifeOf(a.instrument, window))
  const common = shared.fromMs < shared.toMs ? shared : { ...window, toMs: window.fromMs }
  const [one, other] = [within(a, common), within(b, common)]
  return fundingSpreadView(one, other, shared.fromMs < shared.toMs ? common : window, tier)
}

const lifeOf = ({ listedAt, delistedAt }: Instrument, window: SpreadWindow): SpreadWindow => ({
  ...window,
  fromMs: Math.max(window.fromMs, listedAt ?? window.fromMs),
  toMs: Math.min(window.toMs, delistedAt ?? window.toMs)
})

function within(perpetual: PastPerpetual, { fromMs, toMs }: SpreadWindow): SpreadPerpetual {
  const settled = perpetual.settled.filter(({ settledAt }) => fromMs < settledAt && settledAt <= toMs)
  const realised = realisedOf(settled, { fromMs, toMs }, null)
  const blocks = blocksOf(settled, { fromMs, toMs })
  return { ...perpetual, realised, blocks, absent: realised.absent.realisedApr ?? null }
}

type PastPerpetual = SpreadPerpetual & { readonly settled: readonly PaidRate[] }
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

type Reading = { readonly window: SpreadWindow; readonly nowMs: number; readonly budget: RowBudget }

async function readPerpetuals(
  { db, config }: ApiContext,
  contracts: readonly Instrument[],
  { window, nowMs, budget }: Reading
): Promise<PastPerpetual[]> {
  const ids = contracts.map(({ id }) => id)
  const latest = await listLatest(db, ids)
  const settlements = window.kind === 'now' ? NOTHING_SETTLED : await readSettled(db, ids, window, budget)
  const maxAgeMs = polledMaxAgeMs(config.pollMs)
  return mapInTurns(contracts, (instrument) => {
    const settled = settlements.get(instrument.id) ?? []
    const found = latest.get(instrument.id)
    const mid = midOf(instrument, found, nowMs - maxAgeMs)
    // Blocks of now are read for what is shown; of the past they depend, as what was realised, on how long the other leg lived.
    const shared = { instrument, mid, settled, blocks: NO_BLOCKS, realised: null }
    if (window.kind === 'now') return { ...shared, ...rateOfNow(found, window, maxAgeMs) }
    return { ...shared, rate: null, intervalHours: settled.at(-1)?.intervalHours ?? null, due: null, absent: null }
  })
}

async function readSettled(db: ApiContext['db'], ids: readonly number[], window: SpreadWindow, budget: RowBudget) {
  const range = { fromMs: window.fromMs + 1, toMs: window.toMs + 1 }
  await takeSettlements(db, ids, range, budget)
  return listSettledRates(db, ids, { ...range, limit: SETTLEMENTS_MAX })
}

const NOTHING_SETTLED: ReadonlyMap<number, readonly PaidRate[]> = new Map()
const NO_BLOCKS: ReadonlyMap<number, number> = new Map()

/** What these have settled lately, by blocks: of those that are shown, since no order depends on it. */
async function readBlocks(
  { db }: ApiContext,
  shown: readonly PastPerpetual[],
  { nowMs, budget }: Omit<Reading, 'window'>
): Promise<(perpetual: PastPerpetual) => PastPerpetual> {
  const ids = [...new Set(shown.map(({ instrument }) => instrument.id))]
  const toMs = floorTo(nowMs, BLOCK_MS)
  const range = { fromMs: toMs - BLOCKS_MS, toMs }
  await takeSettlements(db, ids, range, budget)
  const blocks = await listSettledBlocks(db, ids, { ...range, blockMs: BLOCK_MS })
  return (perpetual) => ({ ...perpetual, blocks: blocks.get(perpetual.instrument.id) ?? NO_BLOCKS })
}

function takeSettlements(
  db: ApiContext['db'],
  ids: readonly number[],
  range: { readonly fromMs: number; readonly toMs: number },
  budget: RowBudget
): Promise<void> {
  return takeStored(budget, {
    // No venue settles more often than each hour.
    most: ids.length * Math.ceil((range.toMs - range.fromMs) / HOUR),
    count: (most) => countSettlementRows(db, ids, range, most),
    path: 'asset',
    narrow: 'name fewer assets, ask for fewer rows, or give a shorter range (`from`, `to`)'
  })
}

/** The rate for the settlements to come, as long as it is of now. Deribit pays all the time: every hour settles an eighth. */
function rateOfNow(latest: Latest | undefined, { fromMs, toMs }: SpreadWindow, maxAgeMs: number) {
  const estimate = latest?.estimate
  const none = { rate: null, intervalHours: null, due: null }
  if (!estimate) return { ...none, absent: 'not_observed' }
  if (fromMs > lastsUntil(estimate.observedAt, maxAgeMs, estimate.nextSettlementAt)) return { ...none, absent: 'stale' }
  const isTrailing = estimate.kind === 'trailing'
  const intervalHours = isTrailing ? 1 : estimate.intervalHours
  const rate = Number(estimate.rate) / (isTrailing ? 8 : 1)
  if (intervalHours === null) return { ...none, rate, absent: 'interval_unknown' }
  return {
    rate,
    intervalHours,
    due: dueBy(estimate.nextSettlementAt, { fromMs, toMs, intervalHours }),
    absent: null
  }
}

/** On the venue's own clock where it says its next settlement; null: by the grid of its interval. */
function dueBy(
  next: number | null,
  { fromMs, toMs, intervalHours }: { fromMs: number; toMs: number; intervalHours: number }
): number | null {
  if (next === null || next <= fromMs) return null
  return next > toMs ? 0 : 1 + Math.floor((toMs - next) / (intervalHours * HOUR))
}

/** Per unit of the asset, in the contract's currency; of quotes that are of now. */
function midOf({ multiplier }: Instrument, latest: Latest | undefined, sinceMs: number): number | null {
  const quote = latest?.quote
  const [bid, ask, units] = [numberOrNull(quote?.bid), numberOrNull(quote?.ask), numberOrNull(multiplier)]
  if (!quote || quote.observedAt < sinceMs || !bid || !ask || !units || bid >= ask) return null
  return (bid + ask) / 2 / units
}

/** By the beginning of the 8 h block of the UTC day that a settlement closes or falls into: (start, start + 8 h]. Only whole blocks of
 * (from, to]: of a part the leg that settles more often would have paid less. */
function blocksOf(
  settled: readonly PaidRate[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }
): ReadonlyMap<number, number> {
  const blocks = new Map<number, number>()
  for (const { settledAt, rate } of settled) {
    const start = floorTo(settledAt - 1, BLOCK_MS)
    if (start < fromMs || start + BLOCK_MS > toMs) continue
    blocks.set(start, (blocks.get(start) ?? 0) + Number(rate))
  }
  return blocks
}
