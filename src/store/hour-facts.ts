import type { PriceKind } from '../domain/board-row.ts'
import { numberOrNull } from '../domain/decimal.ts'
import type { FlowOfHour, HourFacts } from '../domain/driver-features.ts'
import { floorTo, HOUR, MINUTE } from '../domain/time.ts'
import type { Database } from './database.ts'
import { FACTS, type Fact } from './sealed/facts.ts'
import { countRows, listRows, type RowRange, type Series } from './sealed/rows.ts'

type Queryable = Pick<Database, 'query'>
/** A contract against one spot leg. */
type Pair = { readonly instrumentId: number; readonly spotId: number }

/** What an hour's row stands for has to reach into the hour's last ten minutes: it is to be of the hour's end. */
const REACH_MS = 50 * MINUTE
const AT_END = {
  test: (row: { tick_at: Date; span_ms: number }) => row.tick_at.getUTCMinutes() * MINUTE + row.span_ms >= REACH_MS,
  sql: `extract(minute from f.tick_at) * ${MINUTE} + f.span_ms >= ${REACH_MS}`
}
/** Open interest is asked for more rarely than rows are kept: the last of the hour. */
const HELD = {
  test: (row: { open_interest_usd: string | null }) => row.open_interest_usd !== null,
  sql: 'f.open_interest_usd is not null'
}

type Kept = { tick_at: Date; revision: number; span_ms: number }
type BasisRow = Kept & {
  basis_bps: number
  adjusted_basis_bps: number | null
  carry_entry_bps: number | null
  skew_ms: number
  contract_mid: string
  spot_mid: string
  price_kind: PriceKind
}
type DepthRow = Kept & { bid_depth_25: string | null; ask_depth_25: string | null }
type SizeRow = Kept & {
  open_interest_base: string | null
  open_interest_usd: string | null
  volume_24h_usd: string | null
}
type FlowRow = Kept & {
  long_short_ratio: string | null
  taker_buy: string | null
  taker_sell: string | null
  taker_at: Date | null
}

/** The state of a contract, its spot leg and its positions at the end of every hour of [fromMs, toMs), both full hours. */
export async function listHourFacts(
  db: Queryable,
  { instrumentId, spotId }: Pair,
  range: RowRange
): Promise<HourFacts[]> {
  const contract = { instrumentId }
  const [basis, depth, spotDepth, sizes, flow] = await Promise.all([
    lastOfHours<BasisRow>(db, FACTS.basis, { instrumentId, spotId }, range, BASIS),
    lastOfHours<DepthRow>(db, FACTS.depth, contract, range, DEPTH),
    lastOfHours<DepthRow>(db, FACTS.depth, { instrumentId: spotId }, range, DEPTH),
    lastOfHours<SizeRow>(db, FACTS.market, contract, range, SIZES, HELD),
    flowOfHours(db, contract, range)
  ])
  return Array.from({ length: (range.toMs - range.fromMs) / HOUR }, (_, index) => {
    const start = range.fromMs + index * HOUR
    return {
      basis: viewed(basis.get(start), basisOf),
      depth: viewed(depth.get(start), depthOf),
      spotDepth: viewed(spotDepth.get(start), depthOf),
      size: viewed(sizes.get(start), sizeOf),
      flow: flow.get(start) ?? null
    }
  })
}

/** How many stored rows the same would read at most; counting ends at `most`. */
export async function countHourFacts(
  db: Queryable,
  { instrumentId, spotId }: Pair,
  range: RowRange,
  most: number
): Promise<number> {
  const asked: readonly (readonly [Fact, Series])[] = [
    [FACTS.basis, { instrumentId, spotId }],
    [FACTS.depth, { instrumentId }],
    [FACTS.depth, { instrumentId: spotId }],
    [FACTS.market, { instrumentId }],
    [FACTS.flow, { instrumentId }]
  ]
  let rows = 0
  for (const [fact, series] of asked) rows += await countRows(db, fact, [series], range, most)
  return Math.min(rows, most)
}

const BASIS = [
  'basis_bps',
  'adjusted_basis_bps',
  'carry_entry_bps',
  'skew_ms',
  'contract_mid',
  'spot_mid',
  'price_kind'
] as const
const DEPTH = ['bid_depth_25', 'ask_depth_25'] as const
const SIZES = ['open_interest_base', 'open_interest_usd', 'volume_24h_usd'] as const
/** Read and let go of in pieces, so that two months of minutes are never held at once. */
const STRETCH_MS = 96 * HOUR

async function lastOfHours<Row extends Kept>(
  db: Queryable,
  fact: Fact,
  series: Series,
  range: RowRange,
  columns: readonly (keyof Row & string)[],
  keep: { readonly test: (row: Row) => boolean; readonly sql: string } = AT_END
): Promise<Map<number, Row>> {
  const last = new Map<number, Row>()
  for (const stretch of stretchesOf(range)) {
    const rows = await listRows<Row>(db, fact, series, {
      ...stretch,
      columns: [...columns, 'span_ms'],
      keep,
      lastOfMs: HOUR
    })
    for (const row of rows) last.set(floorTo(row.tick_at.getTime(), HOUR), row)
  }
  return last
}

/** Taker volume of the windows that were sampled within each hour, each once, and the last account ratio. */
async function flowOfHours(db: Queryable, series: Series, range: RowRange): Promise<Map<number, FlowOfHour>> {
  const hours = new Map<number, FlowOfHour>()
  const windows = new Set<number>()
  for (const stretch of stretchesOf(range)) {
    const columns = ['long_short_ratio', 'taker_buy', 'taker_sell', 'taker_at', 'span_ms'] as const
    for (const row of await listRows<FlowRow>(db, FACTS.flow, series, { ...stretch, columns })) {
      const start = floorTo(row.tick_at.getTime(), HOUR)
      const { bought, sold, longShortRatio } = hours.get(start) ?? { bought: null, sold: null, longShortRatio: null }
      const window = row.taker_at?.getTime()
      const isNew = window !== undefined && !windows.has(window)
      if (isNew) windows.add(window)
      hours.set(start, {
        bought: isNew ? sumOrNull(bought, row.taker_buy) : bought,
        sold: isNew ? sumOrNull(sold, row.taker_sell) : sold,
        longShortRatio: numberOrNull(row.long_short_ratio) ?? longShortRatio
      })
    }
  }
  return hours
}

function* stretchesOf({ fromMs, toMs, knownAtMs }: RowRange): Generator<RowRange> {
  for (let at = fromMs; at < toMs; at += STRETCH_MS) {
    yield { fromMs: at, toMs: Math.min(at + STRETCH_MS, toMs), knownAtMs }
  }
}

const viewed = <Row, View>(row: Row | undefined, view: (row: Row) => View) => (row === undefined ? null : view(row))
const sumOrNull = (sum: number | null, more: string | null) => (more === null ? sum : (sum ?? 0) + Number(more))

const basisOf = (row: BasisRow) => ({
  at: row.tick_at.getTime(),
  observedBps: row.basis_bps,
  adjustedBps: row.adjusted_basis_bps,
  crossCostBps: row.carry_entry_bps === null ? null : row.basis_bps - row.carry_entry_bps,
  skewMs: row.skew_ms,
  contractMid: row.contract_mid,
  spotMid: row.spot_mid,
  priceKind: row.price_kind
})

const depthOf = ({ bid_depth_25, ask_depth_25 }: DepthRow) => ({
  bids: numberOrNull(bid_depth_25),
  asks: numberOrNull(ask_depth_25)
})

const sizeOf = (row: SizeRow) => ({
  openInterestBase: numberOrNull(row.open_interest_base),
  openInterestUsd: numberOrNull(row.open_interest_usd),
  volume24hUsd: numberOrNull(row.volume_24h_usd)
})
