import type { Database } from './database.ts'
import type { HistoryRange } from './funding-history.ts'
import type { PaidRate } from './realised.ts'
import { TOLD_AT } from './settlement-revisions.ts'

type Cells = readonly [settledAt: number, rate: string, intervalHours: number | null]

/**
 * The rates of many perpetuals in [fromMs, toMs), ascending, at most the first `limit` of each; each by its newest revision, with
 * `toldAtMs` by the newest that counted then. One text for each perpetual: months of many are hundred thousands of rows,
 * and a row by itself costs more than all that is in it.
 */
export async function listSettledRates(
  db: Pick<Database, 'query'>,
  instrumentIds: readonly number[],
  { fromMs, toMs, toldAtMs, limit }: Pick<HistoryRange, 'fromMs' | 'toMs' | 'limit'> & { readonly toldAtMs?: number }
): Promise<ReadonlyMap<number, readonly PaidRate[]>> {
  const { rows } = await db.query<{ instrument_id: number; rates: readonly Cells[] }>(
    `select instrument_id, json_agg(json_build_array((extract(epoch from settled_at) * 1000)::int8, rate::text, interval_hours)
         order by settled_at) as rates
     from (
       select distinct on (instrument_id, settled_at) instrument_id, settled_at, rate, interval_hours
       from settlement where instrument_id = any ($1) and settled_at >= $2 and settled_at < $3
         and ($4::timestamptz is null or ${TOLD_AT} < $4::timestamptz + interval '1 millisecond')
       order by instrument_id, settled_at, revision desc
     ) s group by instrument_id`,
    [instrumentIds, new Date(fromMs), new Date(toMs), toldAtMs === undefined ? null : new Date(toldAtMs)]
  )
  return new Map(rows.map(({ instrument_id, rates }) => [instrument_id, rates.slice(0, limit).map(rateOf)]))
}

/** What one perpetual settled in [fromMs, toMs). */
export type SettledWindow = { readonly instrumentId: number; readonly fromMs: number; readonly toMs: number }

/** The rates of each window, in the order of the windows; each rate by its newest revision. */
export async function listSettledRatesOfWindows(
  db: Pick<Database, 'query'>,
  windows: readonly SettledWindow[]
): Promise<(readonly PaidRate[])[]> {
  const { rows } = await db.query<{ place: string; rates: readonly Cells[] }>(
    `select w.place, json_agg(json_build_array((extract(epoch from settled_at) * 1000)::int8, rate::text, interval_hours)
         order by settled_at) as rates
     from ${WINDOWS} cross join lateral (
       select distinct on (settled_at) settled_at, rate, interval_hours
       from settlement s where s.instrument_id = w.instrument_id and s.settled_at >= w.from_at and s.settled_at < w.to_at
       order by settled_at, revision desc
     ) r group by w.place`,
    windowValues(windows)
  )
  const found = new Map(rows.map(({ place, rates }) => [Number(place) - 1, rates.map(rateOf)]))
  return windows.map((_, index) => found.get(index) ?? [])
}

const WINDOWS = `unnest($1::int[], $2::timestamptz[], $3::timestamptz[]) with ordinality as w (instrument_id, from_at, to_at, place)`

const windowValues = (windows: readonly SettledWindow[]) => [
  windows.map(({ instrumentId }) => instrumentId),
  windows.map(({ fromMs }) => new Date(fromMs)),
  windows.map(({ toMs }) => new Date(toMs))
]

const rateOf = ([settledAt, rate, intervalHours]: Cells): PaidRate => ({ settledAt, rate, intervalHours })

/** A settlement's rate per 8 h; nothing where its interval is not known. */
export function rate8hOf({ settledAt, rate, intervalHours }: PaidRate) {
  return intervalHours === null ? [] : [{ at: settledAt, rate8h: (Number(rate) * 8) / intervalHours }]
}
