import { DAY } from '../domain/time.ts'
import { listSeriesSpots } from './basis-history.ts'
import type { Database } from './database.ts'
import { BASIS_COLUMNS, ESTIMATE_COLUMNS, MARKET_COLUMNS } from './fact-columns.ts'
import { listSettlements } from './funding-history.ts'
import { FACTS, type Fact } from './sealed/facts.ts'
import { listRows, type Series } from './sealed/rows.ts'

type Queryable = Pick<Database, 'query'>

/** A stored row with its public names; decimals exact, times in epoch milliseconds. */
export type StoredRow = Readonly<Record<string, unknown>>

/** No row stands for longer. */
const SPAN_MAX_MS = DAY

type Kept = { tick_at: Date; revision: number; span_ms: number }

/** The basis that stands for a moment: of the leg that has one then; where several do, of the given one. */
export async function findBasisAt(
  db: Queryable,
  { instrumentId, spotId }: { readonly instrumentId: number; readonly spotId: number | null },
  atMs: number
): Promise<StoredRow | undefined> {
  const spots = await listSeriesSpots(db, instrumentId)
  for (const leg of spots.sort((a, b) => Number(b === spotId) - Number(a === spotId))) {
    const row = await findRow(db, FACTS.basis, { instrumentId, spotId: leg }, keysOf(BASIS_COLUMNS), atMs)
    if (row !== undefined) return { ...row, spotId: leg }
  }
  return undefined
}

export function findMarketAt(db: Queryable, instrumentId: number, atMs: number): Promise<StoredRow | undefined> {
  return findRow(db, FACTS.market, { instrumentId }, keysOf(MARKET_COLUMNS), atMs)
}

export function findEstimateAt(db: Queryable, instrumentId: number, atMs: number): Promise<StoredRow | undefined> {
  return findRow(db, FACTS.fundingEstimate, { instrumentId }, keysOf(ESTIMATE_COLUMNS), atMs)
}

/** The last settlement at or before a moment, unless it is a day ago: the longest interval that venues have. */
export async function findSettlementAt(
  db: Queryable,
  instrumentId: number,
  atMs: number
): Promise<StoredRow | undefined> {
  const range = { instrumentId, fromMs: atMs - DAY, toMs: atMs + 1, knownAtMs: null, limit: SETTLEMENTS_MAX }
  return (await listSettlements(db, range)).at(-1)
}

/** A day of settlements by the minute. */
const SETTLEMENTS_MAX = 1_441

async function findRow(
  db: Queryable,
  fact: Fact,
  series: Series,
  columns: readonly string[],
  atMs: number
): Promise<StoredRow | undefined> {
  const rows = await listRows<Kept>(db, fact, series, {
    fromMs: atMs - SPAN_MAX_MS,
    toMs: atMs + 1,
    knownAtMs: null,
    columns: [...columns, 'known_at'] as (keyof Kept)[]
  })
  const row = rows.findLast(({ tick_at, span_ms }) => tick_at.getTime() + span_ms > atMs)
  return row && publicRow(row)
}

/** Not told: which of our claims wrote it. */
const HIDDEN: ReadonlySet<string> = new Set(['instrument_id', 'spot_id', 'epoch'])
const keysOf = (columns: object) => Object.keys(columns).filter((name) => !HIDDEN.has(name))

function publicRow(row: object): StoredRow {
  return Object.fromEntries(
    Object.entries(row)
      .filter(([name]) => !HIDDEN.has(name))
      .map(([name, value]) => [
        name === 'index_price' ? 'index' : name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
        value instanceof Date ? value.getTime() : value
      ])
  )
}
