import { compare, decimalOrNull, decimalToString, isPositive, midOf } from '../domain/decimal.ts'
import type { DatedPrice, DatedPrices, PriceWindow } from '../domain/rolled-series.ts'
import type { Database } from './database.ts'
import { FACTS } from './sealed/facts.ts'
import { countRows, listRowsOfMany } from './sealed/rows.ts'

type Queryable = Pick<Database, 'query'>
/** Key and id of each contract. */
export type ContractIds = ReadonlyMap<string, number>

type MarketRow = {
  tick_at: Date
  revision: number
  bid: string | null
  ask: string | null
  last: string | null
  source: string
}

/** The stored prices of contracts in a window by their keys: mids of whole books, and last prices where the past was fetched or imported. */
export async function listDatedPrices(
  db: Queryable,
  ids: ContractIds,
  { instruments, fromMs, toMs }: PriceWindow,
  knownAtMs: number | null
): Promise<DatedPrices> {
  const series = instruments.map((key) => ({ instrumentId: ids.get(key)! }))
  const columns = ['tick_at', 'revision', 'bid', 'ask', 'last', 'source'] as const
  const rows = await listRowsOfMany<MarketRow>(db, FACTS.market, series, { fromMs, toMs, knownAtMs, columns })
  return new Map(instruments.map((key) => [key, (rows.get(ids.get(key)!) ?? []).flatMap(priceOf)]))
}

/** How many stored rows the same would read. Counting ends at `most`. */
export function countDatedPrices(
  db: Queryable,
  ids: ContractIds,
  { instruments, ...range }: PriceWindow,
  most: number
): Promise<number> {
  const series = instruments.map((key) => ({ instrumentId: ids.get(key)! }))
  return countRows(db, FACTS.market, series, range, most)
}

function priceOf({ tick_at, bid, ask, last, source }: MarketRow): DatedPrice[] {
  const at = tick_at.getTime()
  const [lower, upper] = [decimalOrNull(bid), decimalOrNull(ask)]
  if (lower && upper && isPositive(lower) && compare(lower, upper) < 0) {
    return [{ at, price: decimalToString(midOf(lower, upper)), kind: 'mid' }]
  }
  const traded = source === 'polled' ? null : decimalOrNull(last)
  return traded && isPositive(traded) ? [{ at, price: decimalToString(traded), kind: 'last' }] : []
}
