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
import { listSettlementsOfMany, type StoredSettlement } from '../../store/funding-history.ts'
import { listLatest } from '../../store/latest.ts'
import type { ApiContext } from '../context.ts'
import { contractsOf } from '../contracts.ts'
import { windowOf } from '../history.ts'
import { sortedPage } from '../sorted-pages.ts'
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
  const contracts = await contractsOf(context, { asset: filter.asset, kind: ['perpetual'] })
  // Names of venues are checked as everywhere; either leg may be there.
  const wanted = venue && new Set((await contractsOf(context, { venue })).map((contract) => contract.venue))
  const perpetuals = await readPerpetuals(context, contracts, window, nowMs)
  const rows = pairsOf(perpetuals)
    .filter(([a, b]) => wanted === undefined || [a, b].some(({ instrument }) => wanted.has(instrument.venue)))
    .map(([a, b]) => viewOf(a, b, window, values.feeTier))
    .map((row) => ({ ...pick(row), instrument: `${row.short} ${row.long}`, row }))
  const sort = values.sort ?? { field: 'aprSpread', isDescending: true }
  const { page, ...paging } = sortedPage(rows, { ...question, values: { ...values, sort } }, NO_DECIMALS)
  return { data: page.map(({ row }) => row), ...paging, asOfMs: nowMs }
}

type Row = ReturnType<typeof fundingSpreadView>
const pick = ({ aprSpread, netFrac, netApr }: Row) => ({ aprSpread, netFrac, netApr })
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

type PastPerpetual = SpreadPerpetual & { readonly settled: readonly StoredSettlement[] }

/** Each two perpetuals of one asset on two venues, once. */
function pairsOf(perpetuals: readonly PastPerpetual[]): [PastPerpetual, PastPerpetual][] {
  const byAsset = Map.groupBy(perpetuals, ({ instrument }) => instrument.asset)
  return [...byAsset.values()].flatMap((own) =>
    own.flatMap((a, index) =>
      own
        .slice(index + 1)
        .filter((b) => b.instrument.venue !== a.instrument.venue)
        .map((b): [PastPerpetual, PastPerpetual] => [a, b])
    )
  )
}

async function readPerpetuals(
  { db, config }: ApiContext,
  contracts: readonly Instrument[],
  window: SpreadWindow,
  nowMs: number
): Promise<PastPerpetual[]> {
  const ids = contracts.map(({ id }) => id)
  const past = window.kind === 'now' ? { fromMs: nowMs - BLOCKS_MS, toMs: nowMs } : window
  const [latest, settlements] = await Promise.all([
    listLatest(db, ids),
    listSettlementsOfMany(db, ids, {
      fromMs: past.fromMs + 1,
      toMs: past.toMs + 1,
      knownAtMs: null,
      limit: SETTLEMENTS_MAX
    })
  ])
  const maxAgeMs = polledMaxAgeMs(config.pollMs)
  return contracts.map((instrument) => {
    const settled = settlements.get(instrument.id) ?? []
    const found = latest.get(instrument.id)
    const mid = midOf(instrument, found, nowMs - maxAgeMs)
    const shared = { instrument, mid, settled, blocks: blocksOf(settled, past) }
    if (window.kind === 'now') return { ...shared, ...rateOfNow(found, window, maxAgeMs), realised: null }
    // What it realised depends on how long the other leg lived.
    const intervalHours = settled.at(-1)?.intervalHours ?? null
    return { ...shared, rate: null, intervalHours, settlements: null, realised: null, absent: null }
  })
}

/** The rate for the settlements to come, as long as it is of now. Deribit pays all the time: every hour settles an eighth. */
function rateOfNow(latest: Latest | undefined, { fromMs, toMs }: SpreadWindow, maxAgeMs: number) {
  const estimate = latest?.estimate
  const none = { rate: null, intervalHours: null, settlements: null }
  if (!estimate) return { ...none, absent: 'not_observed' }
  if (fromMs > lastsUntil(estimate.observedAt, maxAgeMs, estimate.nextSettlementAt)) return { ...none, absent: 'stale' }
  const isTrailing = estimate.kind === 'trailing'
  const intervalHours = isTrailing ? 1 : estimate.intervalHours
  const rate = Number(estimate.rate) / (isTrailing ? 8 : 1)
  if (intervalHours === null) return { ...none, rate, absent: 'interval_unknown' }
  return {
    rate,
    intervalHours,
    settlements: settlementsTo(estimate.nextSettlementAt, { fromMs, toMs, intervalHours }),
    absent: null
  }
}

/** On the venue's own clock where it says its next settlement; null: on the grid of its interval. */
function settlementsTo(
  next: number | null,
  { fromMs, toMs, intervalHours }: { fromMs: number; toMs: number; intervalHours: number }
): number[] | null {
  if (next === null || next <= fromMs) return null
  const times: number[] = []
  for (let at = next; at <= toMs; at += intervalHours * HOUR) times.push(at)
  return times
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
  settled: readonly StoredSettlement[],
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
