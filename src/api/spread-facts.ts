import { SPREAD_BLOCKS, type SpreadPerpetual, type SpreadWindow } from '../contract/funding-spreads.ts'
import { numberOrNull } from '../domain/decimal.ts'
import { lastsUntil, polledMaxAgeMs } from '../domain/expiry.ts'
import { BLOCK_MS } from '../domain/funding-spread.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { Latest } from '../domain/latest.ts'
import { floorTo, HOUR } from '../domain/time.ts'
import { listLatest } from '../store/latest.ts'
import type { PaidRate } from '../store/realised.ts'
import { countSettlementRows } from '../store/row-counts.ts'
import { listSettledBlocks } from '../store/settled-blocks.ts'
import { listSettledRates } from '../store/settled-rates.ts'
import type { ApiContext } from './context.ts'
import { type RowBudget, takeStored } from './row-budget.ts'
import { mapInTurns } from './turns.ts'

/** Of one perpetual: a quarter of hourly ones. */
const SETTLEMENTS_MAX = 2_300
/** How far back blocks are looked at, of spreads of now. */
const BLOCKS_MS = 10 * BLOCK_MS * SPREAD_BLOCKS

/** With what its rate or its window is made of. */
export type PastPerpetual = SpreadPerpetual & {
  readonly settled: readonly PaidRate[]
  /** Of now. */
  readonly latest: Latest | undefined
}
type Reading = { readonly window: SpreadWindow; readonly nowMs: number; readonly budget: RowBudget }

/** What a spread needs to know of each: its rate of now, or what it settled within the window. */
export async function readPerpetuals(
  { db, config }: ApiContext,
  contracts: readonly Instrument[],
  { window, nowMs, budget }: Reading
): Promise<PastPerpetual[]> {
  const ids = contracts.map(({ id }) => id)
  if (window.kind === 'realised') {
    const settled = await readSettled(db, ids, window, budget)
    return mapInTurns(contracts, (instrument) => pastPerpetual(instrument, settled.get(instrument.id) ?? []))
  }
  const latest = await listLatest(db, ids)
  const maxAgeMs = polledMaxAgeMs(config.pollMs)
  return mapInTurns(contracts, (instrument) => {
    const found = latest.get(instrument.id)
    const quoted = quoteOfNow(instrument, found, nowMs - maxAgeMs)
    // Blocks are read for what is shown.
    const shared = { instrument, latest: found, settled: [], blocks: NO_BLOCKS, realised: null }
    return { ...shared, ...quoted, ...rateOfNow(found, window, maxAgeMs) }
  })
}

/** Of a window: what was realised, and its blocks, depend on how long the other leg lived. */
export const pastPerpetual = (instrument: Instrument, settled: readonly PaidRate[]): PastPerpetual => ({
  instrument,
  settled,
  rate: null,
  intervalHours: settled.at(-1)?.intervalHours ?? null,
  due: null,
  mid: null,
  spreadFrac: null,
  unquoted: null,
  latest: undefined,
  blocks: NO_BLOCKS,
  realised: null,
  absent: null
})

async function readSettled(db: ApiContext['db'], ids: readonly number[], window: SpreadWindow, budget: RowBudget) {
  const range = { fromMs: window.fromMs + 1, toMs: window.toMs + 1 }
  await takeSettlements(db, ids, range, budget)
  return listSettledRates(db, ids, { ...range, limit: SETTLEMENTS_MAX })
}

const NO_BLOCKS: ReadonlyMap<number, number> = new Map()

/** Of spreads of now: the whole blocks that are looked at. */
export function blocksUntil(nowMs: number) {
  const toMs = floorTo(nowMs, BLOCK_MS)
  return { fromMs: toMs - BLOCKS_MS, toMs }
}

/** What these have settled lately, by blocks: of those that are shown, since no order depends on it. */
export async function readBlocks(
  { db }: ApiContext,
  shown: readonly PastPerpetual[],
  { nowMs, budget }: Omit<Reading, 'window'>
): Promise<(perpetual: PastPerpetual) => PastPerpetual> {
  const ids = [...new Set(shown.map(({ instrument }) => instrument.id))]
  const range = blocksUntil(nowMs)
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

/** The mid per unit of the asset, in the contract's currency, and the quoted spread of it; of quotes that are of now. */
function quoteOfNow({ multiplier }: Instrument, latest: Latest | undefined, sinceMs: number) {
  const quote = latest?.quote
  const [bid, ask, units] = [numberOrNull(quote?.bid), numberOrNull(quote?.ask), numberOrNull(multiplier)]
  const none = { mid: null, spreadFrac: null }
  if (!quote || !bid || !ask || bid >= ask) return { ...none, unquoted: 'missing_quote' }
  if (quote.observedAt < sinceMs) return { ...none, unquoted: 'stale' }
  const middle = (bid + ask) / 2
  const spreadFrac = (ask - bid) / middle
  return units
    ? { mid: middle / units, spreadFrac, unquoted: null }
    : { mid: null, spreadFrac, unquoted: 'multiplier_unresolved' }
}
