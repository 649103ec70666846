import type { LiquidatedPosition, Liquidation, LiquidationSample } from '../domain/liquidation.ts'
import { type Columns, writeRows } from './copy.ts'
import type { Database, Transaction } from './database.ts'
import type { Stamp } from './observations.ts'

/** One look at a contract's liquidations, and what it showed. Times in epoch milliseconds. */
export type StoredLook = {
  readonly instrumentId: number
  readonly sampleOf: LiquidationSample
  readonly reachesFrom: number | null
  readonly observedAt: number
  readonly liquidations: readonly Liquidation[]
}

const LIQUIDATION: Columns = {
  instrument_id: 'int4',
  occurred_at: 'timestamptz',
  native_id: 'text',
  position: 'text',
  price: 'numeric',
  base: 'numeric',
  quote: 'numeric',
  observed_at: 'timestamptz',
  available_at: 'timestamptz',
  source: 'text',
  adapter_version: 'int2',
  epoch: 'int4'
}

const LOOK: Columns = {
  instrument_id: 'int4',
  tick_at: 'timestamptz',
  observed_at: 'timestamptz',
  reaches_from: 'timestamptz',
  sample_of: 'text',
  span_ms: 'int4',
  source: 'text',
  adapter_version: 'int2',
  epoch: 'int4'
}

/** Stores looks and what they showed; what an earlier look has shown stays as it is. Answers how many looks were written. */
export async function insertLooks(client: Transaction, looks: readonly StoredLook[], stamp: Stamp): Promise<number> {
  const stamped = [stamp.source, stamp.adapterVersion, stamp.epoch]
  await writeRows(client, {
    table: 'liquidation',
    columns: LIQUIDATION,
    rows: looks.flatMap(({ instrumentId, observedAt, liquidations }) =>
      liquidations.map(({ occurredAt, nativeId, position, price, base, quote }) => [
        ...[instrumentId, occurredAt, nativeId, position, price, base, quote, observedAt, observedAt],
        ...stamped
      ])
    ),
    computed: { known_at: 'now()' },
    onConflict: '(instrument_id, occurred_at, native_id, position) do nothing'
  })
  return await writeRows(client, {
    table: 'liquidation_look',
    columns: LOOK,
    rows: looks.map(({ instrumentId, observedAt, reachesFrom, sampleOf }) => [
      ...[instrumentId, stamp.tickAt, observedAt, reachesFrom, sampleOf, stamp.spanMs],
      ...stamped
    ]),
    computed: { known_at: 'now()' },
    onConflict: '(instrument_id, tick_at) do nothing'
  })
}

/** What the looks of a window showed of one contract. Amounts in base and in quote, exact. */
export type LiquidationSums = {
  readonly looks: number
  readonly firstLookAt: number
  readonly lastLookAt: number
  readonly sampleOf: LiquidationSample
  readonly count: number
  readonly base: Readonly<Record<LiquidatedPosition | 'total', string>>
  readonly quote: Readonly<Record<LiquidatedPosition | 'total', string>>
  /** Of these, how many whose position is not known. */
  readonly unknown: number
  readonly largestQuote: string | null
  readonly lastAt: number | null
}

type Row = {
  instrument_id: number
  looks: number
  first_look_at: Date
  last_look_at: Date
  sample_of: LiquidationSample
  count: number
  unknown: number
  long_base: string
  short_base: string
  unknown_base: string
  total_base: string
  long_quote: string
  short_quote: string
  unknown_quote: string
  total_quote: string
  largest_quote: string | null
  last_at: Date | null
}

const SUMS = ['base', 'quote'].flatMap((what) => [
  `trim_scale(coalesce(sum(${what}), 0)) as total_${what}`,
  ...['long', 'short', 'unknown'].map(
    (word) => `trim_scale(coalesce(sum(${what}) filter (where position = '${word}'), 0)) as ${word}_${what}`
  )
])

/** The contracts that were looked at within `[fromMs, toMs)`, with what was shown of the liquidations of that time. */
export async function sumLiquidations(
  db: Pick<Database, 'query'>,
  instrumentIds: readonly number[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }
): Promise<ReadonlyMap<number, LiquidationSums>> {
  const { rows } = await db.query<Row>(
    `with looked as (
       select instrument_id, count(*)::int4 as looks, min(observed_at) as first_look_at, max(observed_at) as last_look_at,
         (array_agg(sample_of order by tick_at desc))[1] as sample_of
       from liquidation_look where instrument_id = any($1) and tick_at >= $2 and tick_at < $3 group by instrument_id
     )
     select looked.*, shown.* from looked cross join lateral (
       select count(*)::int4 as count, (count(*) filter (where position = 'unknown'))::int4 as unknown, ${SUMS.join(', ')},
         trim_scale(max(quote)) as largest_quote, max(occurred_at) as last_at
       from liquidation l where l.instrument_id = looked.instrument_id and l.occurred_at >= $2 and l.occurred_at < $3
     ) shown`,
    [instrumentIds, new Date(fromMs), new Date(toMs)]
  )
  return new Map(rows.map((row) => [row.instrument_id, sumsOf(row)]))
}

function sumsOf(row: Row): LiquidationSums {
  return {
    looks: row.looks,
    firstLookAt: row.first_look_at.getTime(),
    lastLookAt: row.last_look_at.getTime(),
    sampleOf: row.sample_of,
    count: row.count,
    unknown: row.unknown,
    base: { long: row.long_base, short: row.short_base, unknown: row.unknown_base, total: row.total_base },
    quote: { long: row.long_quote, short: row.short_quote, unknown: row.unknown_quote, total: row.total_quote },
    largestQuote: row.largest_quote,
    lastAt: row.last_at?.getTime() ?? null
  }
}

export type ShownLook = { readonly tickAt: number; readonly observedAt: number; readonly sampleOf: LiquidationSample }
export type ShownLiquidation = Liquidation & { readonly observedAt: number; readonly source: string }
type Window = { readonly fromMs: number; readonly toMs: number }

/** The looks at one contract within [fromMs, toMs), ascending, at most so many. */
export async function listLooks(
  db: Pick<Database, 'query'>,
  instrumentId: number,
  { fromMs, toMs }: Window,
  limit: number
): Promise<ShownLook[]> {
  const { rows } = await db.query<{ tick_at: Date; observed_at: Date; sample_of: LiquidationSample }>(
    `select tick_at, observed_at, sample_of from liquidation_look
     where instrument_id = $1 and tick_at >= $2 and tick_at < $3 order by tick_at limit $4`,
    [instrumentId, new Date(fromMs), new Date(toMs), limit]
  )
  return rows.map(({ tick_at, observed_at, sample_of }) => {
    return { tickAt: tick_at.getTime(), observedAt: observed_at.getTime(), sampleOf: sample_of }
  })
}

/** What was shown of one contract's liquidations of [fromMs, toMs), ascending, at most so many. */
export async function listLiquidations(
  db: Pick<Database, 'query'>,
  instrumentId: number,
  { fromMs, toMs }: Window,
  limit: number
): Promise<ShownLiquidation[]> {
  type Shown = Pick<Liquidation, 'position' | 'price' | 'base' | 'quote'> & {
    occurred_at: Date
    native_id: string
    observed_at: Date
    source: string
  }
  const { rows } = await db.query<Shown>(
    `select occurred_at, native_id, position, price, base, quote, observed_at, source from liquidation
     where instrument_id = $1 and occurred_at >= $2 and occurred_at < $3 order by occurred_at, native_id, position limit $4`,
    [instrumentId, new Date(fromMs), new Date(toMs), limit]
  )
  return rows.map(({ occurred_at, native_id, observed_at, ...amounts }) => {
    return { ...amounts, nativeId: native_id, occurredAt: occurred_at.getTime(), observedAt: observed_at.getTime() }
  })
}
