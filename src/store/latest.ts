import type { Facts, Latest } from '../domain/latest.ts'
import { type Columns, writeRows } from './copy.ts'
import type { Database, Transaction } from './database.ts'

// Each group overwrites only when it is not older than what is there, so that a late commit cannot turn time back.

/** Brings the newest facts up to date, group by group. */
export async function upsertLatest(client: Transaction, tickAt: number, facts: Facts): Promise<void> {
  // Groups are written one after the other: who writes others of the same rows meanwhile must meet them in one order.
  const ids = new Set(Object.values(facts).flatMap((rows) => rows.map(({ instrumentId }) => instrumentId)))
  await client.query('select 1 from market_latest where instrument_id = any ($1) order by instrument_id for update', [
    [...ids]
  ])
  await upsertGroup(
    client,
    'quote_observed_at',
    QUOTE,
    facts.quotes.map((row) => [
      row.instrumentId,
      tickAt,
      row.bid,
      row.ask,
      row.bidSize,
      row.askSize,
      row.observedAt,
      row.venueTime,
      row.observedAt
    ]),
    {
      quote_changed_at: `case when t.bid is distinct from excluded.bid or t.ask is distinct from excluded.ask
      or t.bid_size is distinct from excluded.bid_size or t.ask_size is distinct from excluded.ask_size
      then excluded.quote_changed_at else coalesce(t.quote_changed_at, excluded.quote_changed_at) end`
    }
  )
  await upsertGroup(
    client,
    'last_observed_at',
    LAST,
    facts.lasts.map((row) => [row.instrumentId, tickAt, row.last, row.observedAt])
  )
  await upsertGroup(
    client,
    'mark_observed_at',
    MARK,
    facts.marks.map((row) => [row.instrumentId, tickAt, row.mark, row.index, row.observedAt, row.venueTime])
  )
  await upsertGroup(
    client,
    'funding_observed_at',
    ESTIMATE,
    facts.estimates.map((row) => [
      row.instrumentId,
      tickAt,
      row.rate,
      row.intervalHours,
      row.intervalSource,
      row.kind,
      row.nextSettlementAt,
      row.nextSettlementVenueTime,
      row.cap,
      row.floor,
      row.determined,
      row.observedAt,
      row.venueTime
    ])
  )
  await upsertSizes(client, tickAt, facts)
}

async function upsertSizes(client: Transaction, tickAt: number, facts: Facts): Promise<void> {
  await upsertGroup(
    client,
    'open_interest_observed_at',
    OPEN_INTEREST,
    facts.openInterest.map((row) => [
      row.instrumentId,
      tickAt,
      row.base,
      row.quote,
      row.usd,
      row.unit,
      row.sides,
      row.observedAt,
      row.venueTime
    ])
  )
  await upsertGroup(
    client,
    'volume_observed_at',
    VOLUME,
    facts.volumes.map((row) => [row.instrumentId, tickAt, row.volume24hUsd, row.unit, row.observedAt])
  )
}

const KEY = { instrument_id: 'int4', tick_at: 'timestamptz' } as const
const QUOTE: Columns = {
  ...KEY,
  bid: 'numeric',
  ask: 'numeric',
  bid_size: 'numeric',
  ask_size: 'numeric',
  quote_observed_at: 'timestamptz',
  quote_venue_time: 'timestamptz',
  quote_changed_at: 'timestamptz'
}
const LAST: Columns = { ...KEY, last: 'numeric', last_observed_at: 'timestamptz' }
const MARK: Columns = {
  ...KEY,
  mark: 'numeric',
  index_price: 'numeric',
  mark_observed_at: 'timestamptz',
  mark_venue_time: 'timestamptz'
}
const ESTIMATE: Columns = {
  ...KEY,
  funding_rate: 'numeric',
  funding_interval_hours: 'float8',
  funding_interval_source: 'text',
  funding_kind: 'text',
  next_settlement_at: 'timestamptz',
  next_settlement_venue_time: 'timestamptz',
  funding_cap: 'numeric',
  funding_floor: 'numeric',
  funding_determined: 'float8',
  funding_observed_at: 'timestamptz',
  funding_venue_time: 'timestamptz'
}
const OPEN_INTEREST: Columns = {
  ...KEY,
  open_interest_base: 'numeric',
  open_interest_quote: 'numeric',
  open_interest_usd: 'numeric',
  open_interest_unit: 'text',
  open_interest_sides: 'int2',
  open_interest_observed_at: 'timestamptz',
  open_interest_venue_time: 'timestamptz'
}
const VOLUME: Columns = {
  ...KEY,
  volume_24h_usd: 'numeric',
  volume_unit: 'text',
  volume_observed_at: 'timestamptz'
}

async function upsertGroup(
  client: Transaction,
  age: string,
  columns: Columns,
  rows: Parameters<typeof writeRows>[1]['rows'],
  special: Readonly<Record<string, string>> = {}
): Promise<void> {
  const changes: Readonly<Record<string, string>> = { tick_at: 'greatest(t.tick_at, excluded.tick_at)', ...special }
  const sets = Object.keys(columns)
    .filter((name) => name !== 'instrument_id')
    .map((name) => `${name} = ${changes[name] ?? `excluded.${name}`}`)
  // No claim lasts long enough for a commit to be two minutes late: what is that far ahead came from a clock that was wrong.
  const guard = `t.${age} is null or t.${age} <= excluded.${age} or t.${age} > excluded.${age} + interval '2 minutes'`
  await writeRows(client, {
    table: 'market_latest',
    columns,
    rows,
    onConflict: `(instrument_id) do update set ${sets.join(', ')} where ${guard}`
  })
}

/** The newest facts of these instruments. */
export async function listLatest(
  db: Pick<Database, 'query'>,
  instrumentIds: readonly number[]
): Promise<Map<number, Latest>> {
  const { rows } = await db.query('select * from market_latest where instrument_id = any ($1)', [instrumentIds])
  return new Map(rows.map((row) => [row.instrument_id, toLatest(row)]))
}

// biome-ignore lint/suspicious/noExplicitAny: one row of one table, read field by field below.
function toLatest(row: any): Latest {
  const at = (value: Date | null): number | null => value?.getTime() ?? null
  return {
    instrumentId: row.instrument_id,
    quote:
      row.quote_observed_at === null
        ? null
        : {
            bid: row.bid,
            ask: row.ask,
            bidSize: row.bid_size,
            askSize: row.ask_size,
            tickAt: row.tick_at.getTime(),
            observedAt: row.quote_observed_at.getTime(),
            venueTime: at(row.quote_venue_time),
            changedAt: row.quote_changed_at?.getTime() ?? row.quote_observed_at.getTime()
          },
    last: row.last_observed_at === null ? null : { last: row.last, observedAt: row.last_observed_at.getTime() },
    mark:
      row.mark_observed_at === null
        ? null
        : {
            mark: row.mark,
            index: row.index_price,
            observedAt: row.mark_observed_at.getTime(),
            venueTime: at(row.mark_venue_time)
          },
    estimate:
      row.funding_observed_at === null
        ? null
        : {
            rate: row.funding_rate,
            intervalHours: row.funding_interval_hours,
            intervalSource: row.funding_interval_source,
            kind: row.funding_kind,
            nextSettlementAt: at(row.next_settlement_at),
            nextSettlementVenueTime: at(row.next_settlement_venue_time),
            cap: row.funding_cap,
            floor: row.funding_floor,
            determined: row.funding_determined,
            observedAt: row.funding_observed_at.getTime(),
            venueTime: at(row.funding_venue_time)
          },
    openInterest:
      row.open_interest_observed_at === null
        ? null
        : {
            base: row.open_interest_base,
            quote: row.open_interest_quote,
            usd: row.open_interest_usd,
            unit: row.open_interest_unit,
            sides: row.open_interest_sides,
            observedAt: row.open_interest_observed_at.getTime(),
            venueTime: at(row.open_interest_venue_time)
          },
    volume:
      row.volume_observed_at === null
        ? null
        : {
            volume24hUsd: row.volume_24h_usd,
            unit: row.volume_unit,
            observedAt: row.volume_observed_at.getTime()
          }
  }
}
