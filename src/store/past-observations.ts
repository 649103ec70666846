import type { OpenInterestUnit } from '../domain/open-interest.ts'
import type { LegPrice } from '../domain/price-basis.ts'
import { MINUTE } from '../domain/time.ts'
import type { Database, Transaction } from './database.ts'
import type { SnapshotRow, Source } from './observations.ts'
import { FACTS } from './sealed/facts.ts'
import { listRows } from './sealed/rows.ts'

type PastPriceRow = {
  tick_at: Date
  observed_at: Date
  available_at: Date
  last: string | null
  mark: string | null
  index_price: string | null
  span_ms: number
  source: Source
  revision: number
}

const PRICE_COLUMNS = [
  'tick_at',
  'observed_at',
  'available_at',
  'last',
  'mark',
  'index_price',
  'span_ms',
  'source',
  'revision'
] as const

const isPastPrice = ({ source, last }: PastPriceRow) => source !== 'polled' && last !== null

/** Last prices that were fetched or imported for the past, oldest first, with the mark and the index of their time. */
export async function listPastPrices(
  client: Pick<Database, 'query'>,
  instrumentId: number,
  { from, to }: { readonly from: number; readonly to: number }
): Promise<(LegPrice & { readonly mark: string | null; readonly index: string | null; readonly revision: number })[]> {
  const keep = { test: isPastPrice, sql: `f.source <> 'polled' and f.last is not null` }
  const range = { fromMs: from, toMs: to + 1, knownAtMs: null }
  const question = { ...range, columns: PRICE_COLUMNS, keep }
  const rows = await listRows<PastPriceRow>(client, FACTS.market, { instrumentId }, question)
  return rows.map((row) => ({
    tickAt: row.tick_at.getTime(),
    observedAt: row.observed_at.getTime(),
    availableAt: row.available_at.getTime(),
    last: row.last!,
    mark: row.mark,
    index: row.index_price,
    spanMs: row.span_ms,
    revision: row.revision
  }))
}

/** What can be fetched of one moment of the past. Times in epoch milliseconds, amounts exact decimals. */
export type PastFacts = Pick<
  SnapshotRow,
  | 'last'
  | 'mark'
  | 'index'
  | 'premium'
  | 'openInterestBase'
  | 'openInterestQuote'
  | 'openInterestUsd'
  | 'openInterestSides'
  | 'openInterestUnit'
>

/** The newest word about a moment. */
export type StoredPast = PastFacts & {
  readonly tickAt: number
  readonly availableAt: number
  readonly spanMs: number
  readonly source: Source
  readonly revision: number
}

type PastRow = {
  tick_at: Date
  available_at: Date
  last: string | null
  mark: string | null
  index_price: string | null
  premium: string | null
  open_interest_base: string | null
  open_interest_quote: string | null
  open_interest_usd: string | null
  open_interest_sides: number | null
  open_interest_unit: OpenInterestUnit | null
  span_ms: number
  source: Source
  revision: number
}

/** What is stored for these full hours, newest revision; theirs to complete until the transaction ends. */
export async function openPast(
  client: Transaction,
  instrumentId: number,
  times: readonly number[]
): Promise<ReadonlyMap<number, StoredPast>> {
  await lockPast(client, instrumentId)
  const wanted = new Set(times)
  const [from, to] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))]
  // Polled minutes between the hours are left out where they lie: those of the hours themselves count.
  const keep = {
    test: ({ tick_at }: PastRow) => wanted.has(tick_at.getTime()),
    sql: `date_trunc('hour', f.tick_at, 'UTC') = f.tick_at`
  }
  const range = { fromMs: from, toMs: to + 1, knownAtMs: null }
  const rows = await listRows<PastRow>(
    client,
    FACTS.market,
    { instrumentId },
    { ...range, columns: PAST_COLUMNS, keep }
  )
  return new Map(rows.map((row) => [row.tick_at.getTime(), toStored(row)]))
}

const PAST_COLUMNS = [
  'tick_at',
  'available_at',
  'last',
  'mark',
  'index_price',
  'premium',
  'open_interest_base',
  'open_interest_quote',
  'open_interest_usd',
  'open_interest_sides',
  'open_interest_unit',
  'span_ms',
  'source',
  'revision'
] as const

/** Any number: this kind of advisory lock. Prices and open interest of one instrument may be in two hands. */
const LOCK = 7_266_829

/** Who adds to an instrument's past, or corrects it, does so alone until the transaction ends. */
export async function lockPast(client: Transaction, instrumentId: number): Promise<void> {
  await client.query('select pg_advisory_xact_lock($1, $2)', [LOCK, instrumentId])
}

function toStored(row: PastRow): StoredPast {
  return {
    tickAt: row.tick_at.getTime(),
    availableAt: row.available_at.getTime(),
    last: row.last,
    mark: row.mark,
    index: row.index_price,
    premium: row.premium,
    openInterestBase: row.open_interest_base,
    openInterestQuote: row.open_interest_quote,
    openInterestUsd: row.open_interest_usd,
    openInterestSides: row.open_interest_sides,
    openInterestUnit: row.open_interest_unit,
    spanMs: row.span_ms,
    source: row.source,
    revision: row.revision
  }
}

/** When a fact of the past counts as available: it was public when it happened; a minute later, to be sure. */
export const availableAfter = (happenedAt: number) => happenedAt + MINUTE

/** What is known of a moment of the past as an observation: no quote, no size. */
export function pastObservation(
  instrumentId: number,
  { at, spanMs, ...said }: Partial<PastFacts> & { readonly at: number; readonly spanMs: number }
): SnapshotRow {
  const isMarked = (said.mark ?? said.index ?? null) !== null
  const hasOpenInterest = (said.openInterestBase ?? said.openInterestQuote ?? said.openInterestUsd ?? null) !== null
  return {
    instrumentId,
    tickAt: at,
    observedAt: at,
    venueTime: null,
    availableAt: availableAfter(at),
    bid: null,
    ask: null,
    bidSize: null,
    askSize: null,
    last: said.last ?? null,
    mark: said.mark ?? null,
    index: said.index ?? null,
    markObservedAt: isMarked ? at : null,
    markVenueTime: null,
    premium: said.premium ?? null,
    openInterestBase: said.openInterestBase ?? null,
    openInterestQuote: said.openInterestQuote ?? null,
    openInterestUsd: said.openInterestUsd ?? null,
    openInterestSides: said.openInterestSides ?? null,
    openInterestUnit: said.openInterestUnit ?? null,
    openInterestAt: hasOpenInterest ? at : null,
    volume24hUsd: null,
    spanMs,
    reasons: []
  }
}
