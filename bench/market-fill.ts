import { DAY, floorTo, HOUR, MINUTE } from '../src/domain/time.ts'
import type { Database } from '../src/store/database.ts'
import { ensurePartitions } from '../src/store/partitions.ts'

const VENUES = ['binance', 'bybit', 'okx', 'kraken', 'deribit']
/** What analytics look back on: settlements every 8 h, days and hours of basis, depths hourly; minutes of observations. */
const PAST = { settlementDays: 90, basisDays: 60, hourDays: 30, depthDays: 7, minutes: 30 }
/** So many contracts have hours of basis: of more, no more are asked for. */
const WITH_HOURS = 5_000

/**
 * Contracts of numbers in (from, to]; contract n is instrument 2n + 1, its spot leg 2n. Five share an asset, one on each venue; every
 * tenth is a future of the asset of the perpetual five before it, on the same venue.
 */
export type Lot = { readonly from: number; readonly to: number }

/** Everything that carries, spreads, curves and signals of so many contracts are made of, as of now. */
export async function fillMarket(db: Database, { from, to }: Lot, nowMs: number): Promise<void> {
  const minute = floorTo(nowMs, MINUTE)
  const newest = floorTo(nowMs, 8 * HOUR)
  const times = (count: number, stepMs: number, last: number) =>
    Array.from({ length: count }, (_, index) => last - index * stepMs)
  const partitions: readonly (readonly [string, readonly number[]])[] = [
    ['settlement', times(PAST.settlementDays, DAY, newest)],
    ['basis_bucket', times(PAST.basisDays + 1, DAY, minute)],
    ['depth_snapshot', times(PAST.depthDays + 1, DAY, minute)],
    ['market_snapshot', times(2, DAY, minute)],
    ['basis_snapshot', times(2, DAY, minute)],
    ['funding_estimate', times(2, DAY, minute)]
  ]
  for (const [table, days] of partitions) await ensurePartitions(db, table as never, days, nowMs)
  await db.query(
    `insert into venue (id, name, state) select v, v, 'up' from unnest($1::text[]) v on conflict do nothing`,
    [VENUES]
  )
  await db.query('update bucket_head set closed_to = $1, built_to = $1', [new Date(floorTo(nowMs, DAY))])
  const of = `from generate_series(${from + 1}, ${to}) n`
  for (const sql of [...instruments(of, nowMs), ...facts(of, minute, nowMs), ...histories(of, newest, minute)])
    await db.query(sql)
  for (const [table] of partitions) await db.query(`analyze ${table}`)
  await db.query('analyze instrument')
  await db.query('analyze market_latest')
}

const stamp = (ms: number) => `'${new Date(ms).toISOString()}'::timestamptz`
const venueOf = `('{${VENUES.join(',')}}'::text[])[1 + n % 5]`
const kindOf = `case when n % 10 = 0 then 'future' else 'perpetual' end`
/** A price from 10 to 110, and how far the contract is above it. */
const spotOf = `(10 + n % 100)::numeric`
const contractOf = `round((10 + n % 100) * (1 + ((n * 7) % 100) / 20000.0), 4)`

function instruments(of: string, nowMs: number): string[] {
  const columns =
    'id, key, venue_id, symbol, kind, asset, base, quote, settle, inverse, multiplier, spot_id, expires_at, tracked'
  const asset = `'COIN' || (case when n % 10 = 0 then n - 1 else n + 4 end) / 5`
  const expires = stamp(floorTo(nowMs, DAY) + 40 * DAY)
  return [
    `insert into instrument (${columns})
     select 2 * n, v || ':' || a || tail || '/USDT', v, a || tail || '/USDT', 'spot', a, a, 'USDT', null, null, 1, null, null, true
     from (select n, ${venueOf} as v, ${asset} as a, case when n % 10 = 0 then 'X' else '' end as tail ${of}) c`,
    `insert into instrument (${columns})
     select 2 * n + 1, v || ':' || a || '/USDT:USDT' || tail, v, a || '/USDT:USDT' || tail, k, a, a, 'USDT', 'USDT', false, 1, 2 * n,
       case k when 'future' then ${expires} end, true
     from (select n, ${venueOf} as v, ${asset} as a, ${kindOf} as k, case when n % 10 = 0 then '-991231' else '' end as tail ${of}) c`
  ]
}

/** The newest of everything, and the last half hour of observations. */
function facts(of: string, minute: number, nowMs: number): string[] {
  const legs = `(select n, k, 2 * n + k as id, case k when 0 then ${spotOf} else ${contractOf} end as mid ${of}, generate_series(0, 1) k) c`
  const minutes = `generate_series(0, ${PAST.minutes - 1}) m`
  const at = `${stamp(minute)} - m * interval '1 minute'`
  const seen = stamp(nowMs)
  const depth = (times: string, step: string) =>
    `insert into depth_snapshot (instrument_id, tick_at, observed_at, venue_time, known_at, available_at, mid, spread_bps, bid_depth_10,
       ask_depth_10, bid_depth_25, ask_depth_25, bid_depth_50, ask_depth_50, span_ms, source, formula_version, adapter_version)
     select id, t, t, t, t, t, mid, 2, 90000 + m, 90000 + m, 300000, 300000, 900000, 900000, 60000, 'polled', 1, 1
     from ${legs}, ${times}, lateral (select ${stamp(minute)} - m * interval '${step}' as t) x on conflict do nothing`
  return [
    `insert into market_latest (instrument_id, tick_at, bid, ask, bid_size, ask_size, quote_observed_at, quote_changed_at,
       funding_rate, funding_interval_hours, funding_interval_source, funding_kind, next_settlement_at, funding_cap, funding_floor,
       funding_observed_at, open_interest_base, open_interest_usd, open_interest_unit, open_interest_sides, open_interest_observed_at,
       volume_24h_usd, volume_observed_at)
     select id, ${seen}, mid - 0.001, mid + 0.001, 500, 500, ${seen}, ${seen}, case k when 1 then (n % 9 - 2) / 20000.0 end, 8, 'declared',
       'indicative', ${stamp(floorTo(minute, 8 * HOUR) + 8 * HOUR)}, 0.003, -0.003, case k when 1 then ${seen} end, 1000000 + n, 50000000 + n,
       'base', 1, ${seen}, 90000000 + n, ${seen} from ${legs}`,
    depth(minutes, '1 minute'),
    depth(`generate_series(1, ${PAST.depthDays * 24}) m`, '1 hour'),
    `insert into market_snapshot (instrument_id, tick_at, observed_at, known_at, available_at, bid, ask, bid_size, ask_size,
       open_interest_base, open_interest_usd, open_interest_at, open_interest_sides, volume_24h_usd, span_ms, source, adapter_version)
     select id, t, t, t, t, mid - 0.001, mid + 0.001, 500, 500, 1000000 + m, 50000000, t, 1, 90000000, 60000, 'polled', 1
     from ${legs}, ${minutes}, generate_series(0, 1) d, lateral (select ${at} - d * interval '1 day' as t) x`,
    `insert into funding_estimate (instrument_id, tick_at, observed_at, known_at, available_at, rate, interval_hours, interval_source, kind,
       next_settlement_at, cap, floor, span_ms, source, formula_version, adapter_version)
     select id, t, t, t, t, (n % 9 - 2) / 20000.0, 8, 'declared', 'indicative', ${stamp(floorTo(minute, 8 * HOUR) + 8 * HOUR)}, 0.003, -0.003,
       60000, 'polled', 1, 1 from ${legs}, ${minutes}, lateral (select ${at} as t) x where k = 1 and n % 10 <> 0`,
    `insert into basis_snapshot (instrument_id, spot_id, tick_at, observed_at, known_at, available_at, contract_observed_at, spot_observed_at,
       skew_ms, contract_mid, spot_mid, multiplier, fx, basis_bps, adjusted_basis_bps, price_kind, grade, span_ms, source, formula_version,
       adapter_version)
     select id, 2 * n, t, t, t, t, t, t, 40, mid, mid, 1, 1, (n * 7) % 100 / 2.0, (n * 7) % 100 / 2.0, 'mid', 'signal', 60000, 'polled', 1, 1
     from ${legs}, ${minutes}, lateral (select ${at} as t) x where k = 1`
  ]
}

function histories(of: string, newest: number, minute: number): string[] {
  return [
    `insert into settlement (instrument_id, settled_at, venue_time, observed_at, known_at, available_at, rate, interval_hours,
       interval_source, source, formula_version, adapter_version)
     select 2 * n + 1, t, t, t, t, t, round((0.0001 * (1 + sin(n + s / 5.0)))::numeric, 8), 8, 'declared', 'polled', 1, 1
     ${of}, generate_series(0, ${PAST.settlementDays * 3 - 1}) s, lateral (select ${stamp(newest)} - s * interval '8 hours' as t) x
     where n % 10 <> 0`,
    `insert into funding_interval (instrument_id, effective_from, interval_hours, source, settled_from, known_at)
     select 2 * n + 1, t, 8, 'settled', t, t ${of}, lateral (select ${stamp(newest - PAST.settlementDays * DAY)} as t) x where n % 10 <> 0`,
    buckets(of, DAY, PAST.basisDays, floorTo(minute, DAY)),
    buckets(`${of} where n <= ${WITH_HOURS}`, HOUR, PAST.hourDays * 24, floorTo(minute, DAY))
  ]
}

/** So many of a length, one after the other until `toMs`. */
function buckets(of: string, lengthMs: number, count: number, toMs: number): string {
  return `insert into basis_bucket (instrument_id, spot_id, length_ms, start, grade, first_at, last_at, open, high, low, close, sum, count, span_ms)
     select 2 * n + 1, 2 * n, ${lengthMs}, t, 'signal', t, t + interval '59 minutes', b, b + 1, b - 1, b, b * m, m, ${lengthMs}
     from (select n ${of}) c, generate_series(1, ${count}) s,
       lateral (select ${stamp(toMs)} - s * (${lengthMs} * interval '1 millisecond') as t, ${lengthMs / MINUTE} as m,
         round((20 + 10 * sin(n + s / 3.0))::numeric, 4)::float8 as b) x`
}

/** Two months of minutes of one contract and its spot leg, books and positions with them: what its drivers are fitted to. */
export async function fillMonths(db: Database, n: number, nowMs: number): Promise<void> {
  const to = floorTo(nowMs, DAY)
  const days = 64
  const times = Array.from({ length: days }, (_, day) => to - (day + 1) * DAY)
  for (const table of ['basis_snapshot', 'depth_snapshot', 'market_snapshot', 'flow_snapshot'] as const)
    await ensurePartitions(db, table, times, nowMs)
  const start = stamp(to - days * DAY)
  // A price that walks, and takers before it.
  const at = `generate_series(0, ${days * 1_440 - 1}) g, lateral (select ${start} + g * interval '1 minute' as t,
    sin(g / 700.0) + 0.5 * sin(g / 97.0) as push, 100 + 5 * sin(g / 9000.0) + random() / 50 as spot) x`
  const ids = [2 * n + 1, 2 * n]
  await db.query(
    `insert into basis_snapshot (instrument_id, spot_id, tick_at, observed_at, known_at, available_at, contract_observed_at, spot_observed_at,
       skew_ms, contract_mid, spot_mid, multiplier, fx, basis_bps, adjusted_basis_bps, carry_entry_bps, price_kind, grade, span_ms, source,
       formula_version, adapter_version)
     select ${ids.join(', ')}, t, t, t, t, t, t, 40, round((spot * (1 + b / 1e4))::numeric, 4), round(spot::numeric, 4), 1, 1, b, b, b - 2 - abs(push),
       'mid', 'signal', 60000, 'polled', 1, 1 from ${at}, lateral (select 15 + 6 * push + random() as b) y on conflict do nothing`
  )
  await db.query(
    `insert into depth_snapshot (instrument_id, tick_at, observed_at, venue_time, known_at, available_at, mid, spread_bps, bid_depth_10,
       ask_depth_10, bid_depth_25, ask_depth_25, bid_depth_50, ask_depth_50, span_ms, source, formula_version, adapter_version)
     select i, t, t, t, t, t, round(spot::numeric, 4), 2, 90000, 90000, round((300000 + 50000 * push + 9000 * random())::numeric, 2), 300000, 900000,
       900000, 60000, 'polled', 1, 1 from unnest('{${ids.join(',')}}'::int[]) i, ${at} on conflict do nothing`
  )
  await db.query(
    `insert into market_snapshot (instrument_id, tick_at, observed_at, known_at, available_at, bid, ask, open_interest_base, open_interest_usd,
       open_interest_at, open_interest_sides, volume_24h_usd, span_ms, source, adapter_version)
     select ${ids[0]}, t, t, t, t, round(spot::numeric - 0.01, 4), round(spot::numeric, 4), case when g % 5 = 0 then round((1e6 + 1e5 * push)::numeric, 2) end, case when g % 5 = 0 then 5e7 end, t, 1, 9e7, 60000,
       'polled', 1 from ${at} on conflict do nothing`
  )
  await db.query(
    `insert into flow_snapshot (instrument_id, tick_at, observed_at, known_at, available_at, long_short_ratio, long_short_at, taker_buy, taker_sell,
       taker_at, window_ms, span_ms, source, adapter_version)
     select ${ids[0]}, t, t, t, t, round((1.5 + push / 4)::numeric, 4), t, round((100 + 30 * push)::numeric, 3), round((100 - 30 * push)::numeric, 3), t,
       300000, 300000, 'polled', 1 from ${at} where g % 5 = 0`
  )
}
