import type { Database } from './database.ts'

type Queryable = Pick<Database, 'query'>
type Range = { readonly fromMs: number; readonly toMs: number }

/** How many stored rows the settlements of these instruments have in [fromMs, toMs), revisions included; counting ends at `most`. */
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

/** The same of looks for liquidations and what they showed. */
export async function countLiquidationRows(
  db: Queryable,
  instrumentIds: readonly number[],
  { fromMs, toMs }: Range,
  most: number
): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int from (
       (select 1 from liquidation_look where instrument_id = any ($1) and tick_at >= $2 and tick_at < $3 limit $4)
       union all
       (select 1 from liquidation where instrument_id = any ($1) and occurred_at >= $2 and occurred_at < $3 limit $4)
       limit $4
     ) c`,
    [instrumentIds, new Date(fromMs), new Date(toMs), most]
  )
  return rows[0]!.count
}
