import type { Database } from './database.ts'
import type { HistoryRange } from './funding-history.ts'
import type { PaidRate } from './realised.ts'

type Cells = readonly [settledAt: number, rate: string, intervalHours: number | null]

/**
 * The rates of many perpetuals in [fromMs, toMs), ascending, at most the first `limit` of each; each by its newest revision, with
 * `availableAtMs` by the newest that could be known then. One text for each perpetual: months of many are hundred thousands of rows,
 * and a row by itself costs more than all that is in it.
 */
export async function listSettledRates(
  db: Pick<Database, 'query'>,
  instrumentIds: readonly number[],
  {
    fromMs,
    toMs,
    availableAtMs,
    limit
  }: Pick<HistoryRange, 'fromMs' | 'toMs' | 'limit'> & { readonly availableAtMs?: number }
): Promise<ReadonlyMap<number, readonly PaidRate[]>> {
  const { rows } = await db.query<{ instrument_id: number; rates: readonly Cells[] }>(
    `select instrument_id, json_agg(json_build_array((extract(epoch from settled_at) * 1000)::int8, rate::text, interval_hours)
         order by settled_at) as rates
     from (
       select distinct on (instrument_id, settled_at) instrument_id, settled_at, rate, interval_hours
       from settlement where instrument_id = any ($1) and settled_at >= $2 and settled_at < $3
         and ($4::timestamptz is null or available_at <= $4::timestamptz)
       order by instrument_id, settled_at, revision desc
     ) s group by instrument_id`,
    [instrumentIds, new Date(fromMs), new Date(toMs), availableAtMs === undefined ? null : new Date(availableAtMs)]
  )
  return new Map(rows.map(({ instrument_id, rates }) => [instrument_id, rates.slice(0, limit).map(rateOf)]))
}

const rateOf = ([settledAt, rate, intervalHours]: Cells): PaidRate => ({ settledAt, rate, intervalHours })

/** A settlement's rate per 8 h; nothing where its interval is not known. */
export function rate8hOf({ settledAt, rate, intervalHours }: PaidRate) {
  return intervalHours === null ? [] : [{ at: settledAt, rate8h: (Number(rate) * 8) / intervalHours }]
}
