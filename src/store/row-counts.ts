import type { Database } from './database.ts'

type Queryable = Pick<Database, 'query'>
type Range = { readonly fromMs: number; readonly toMs: number }

/** How many stored rows the bases of these pairs have in [fromMs, toMs), revisions included; counting ends at `most`. */
export async function countBasisRows(
  db: Queryable,
  pairs: readonly { readonly instrumentId: number; readonly spotId: number }[],
  { fromMs, toMs }: Range,
  most: number
): Promise<number> {
  const ids = pairs.map(({ instrumentId }) => instrumentId)
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int from (
       select 1 from basis_snapshot join unnest($1::int[], $2::int[]) as p (instrument_id, spot_id) using (instrument_id, spot_id)
       where instrument_id = any ($1) and tick_at >= $3 and tick_at < $4 limit $5
     ) c`,
    [ids, pairs.map(({ spotId }) => spotId), new Date(fromMs), new Date(toMs), most]
  )
  return rows[0]!.count
}

/** The same of settlements. */
export async function countSettlementRows(
  db: Queryable,
  instrumentIds: readonly number[],
  { fromMs, toMs }: Range,
  most: number
): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int from (
       select 1 from settlement where instrument_id = any ($1) and settled_at >= $2 and settled_at < $3 limit $4
     ) c`,
    [instrumentIds, new Date(fromMs), new Date(toMs), most]
  )
  return rows[0]!.count
}
