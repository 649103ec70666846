import type { Database } from './database.ts'

/**
 * What perpetuals settled, summed by blocks that begin at multiples of `blockMs` of [fromMs, toMs), both such multiples, by instrument and
 * the block's beginning. A settlement belongs to the block that it falls into or closes: (start, start + blockMs]. Only blocks that are
 * known whole, whose settlements' intervals come to `blockMs`.
 */
export async function listSettledBlocks(
  db: Pick<Database, 'query'>,
  instrumentIds: readonly number[],
  { fromMs, toMs, blockMs }: { readonly fromMs: number; readonly toMs: number; readonly blockMs: number }
): Promise<ReadonlyMap<number, ReadonlyMap<number, number>>> {
  const { rows } = await db.query<{ instrument_id: number; start: Date; sum: number }>(
    `select instrument_id, date_bin(make_interval(secs => $4 / 1000.0), settled_at - interval '1 ms', 'epoch'::timestamptz) as start,
       sum(rate)::float8 as sum
     from (
       select distinct on (instrument_id, settled_at) instrument_id, settled_at, rate, interval_hours from settlement
       where instrument_id = any ($1) and settled_at > $2 and settled_at <= $3 order by instrument_id, settled_at, revision desc
     ) s group by 1, 2
     having count(interval_hours) = count(*) and sum(interval_hours) = $4 / 3600000.0`,
    [instrumentIds, new Date(fromMs), new Date(toMs), blockMs]
  )
  return new Map(
    [...Map.groupBy(rows, ({ instrument_id }) => instrument_id)].map(([id, own]) => [
      id,
      new Map(own.map(({ start, sum }) => [start.getTime(), sum]))
    ])
  )
}
