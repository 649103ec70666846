import type { OpenInterestUnit } from '../domain/open-interest.ts'
import type { Database } from './database.ts'
import type { HistoryRange } from './funding-history.ts'
import { KEPT_COLUMNS, type Kept, type KeptRow, keptOfRow } from './kept-rows.ts'
import { FACTS } from './sealed/facts.ts'
import { listRows } from './sealed/rows.ts'

/** Open interest as it stood at a kept tick. Times in epoch milliseconds, amounts exact and of one side. */
export type StoredOpenInterest = Kept & {
  readonly observedAt: number
  readonly base: string | null
  readonly quote: string | null
  readonly usd: string | null
  readonly unit: OpenInterestUnit | null
  readonly sides: number | null
  readonly volume24hUsd: string | null
}

type Row = KeptRow & {
  open_interest_at: Date
  open_interest_base: string | null
  open_interest_quote: string | null
  open_interest_usd: string | null
  open_interest_unit: OpenInterestUnit | null
  open_interest_sides: number | null
  volume_24h_usd: string | null
}

const COLUMNS = [
  'open_interest_at',
  'open_interest_base',
  'open_interest_quote',
  'open_interest_usd',
  'open_interest_unit',
  'open_interest_sides',
  'volume_24h_usd',
  ...KEPT_COLUMNS
] as const satisfies readonly (keyof Row)[]

/** Most observations of a market bring no open interest. */
const OBSERVED = {
  test: (row: { open_interest_at: Date | null }) => row.open_interest_at !== null,
  sql: 'f.open_interest_at is not null'
}

/** Open interest of [fromMs, toMs), ascending. */
export async function listOpenInterest(
  db: Pick<Database, 'query'>,
  range: HistoryRange
): Promise<StoredOpenInterest[]> {
  const rows = await listRows<Row>(db, FACTS.market, range, { ...range, columns: COLUMNS, keep: OBSERVED })
  return rows.map((row) => ({
    ...keptOfRow(row),
    observedAt: row.open_interest_at.getTime(),
    base: row.open_interest_base,
    quote: row.open_interest_quote,
    usd: row.open_interest_usd,
    unit: row.open_interest_unit,
    sides: row.open_interest_sides,
    volume24hUsd: row.volume_24h_usd
  }))
}
