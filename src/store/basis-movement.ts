import type { Movement, Observed } from '../domain/aggregates.ts'
import { HOUR } from '../domain/time.ts'
import type { BasisPair } from './basis-buckets.ts'
import type { Database, Transaction } from './database.ts'

/** One worker at a time: what it does not get to, it or another does next. */
const WORKING_LOCK = `hashtext('contango basis movement')`

/** Followed contracts whose movement does not reach to where hours are rolled up, or is of another spot leg; none while another works. */
export async function takeUnmoved(
  client: Transaction,
  { toMs, limit }: { readonly toMs: number; readonly limit: number }
): Promise<BasisPair[]> {
  const lock = await client.query<{ ours: boolean }>(`select pg_try_advisory_xact_lock(${WORKING_LOCK}) as ours`)
  if (!lock.rows[0]!.ours) return []
  const { rows } = await client.query<{ id: number; spot_id: number }>(
    `select i.id, i.spot_id from instrument i left join basis_movement m on m.instrument_id = i.id
     where i.tracked and i.kind <> 'spot' and i.spot_id is not null
       and (m.to_at is null or m.to_at < $1 or m.spot_id <> i.spot_id) order by i.id limit $2`,
    [new Date(toMs), limit]
  )
  return rows.map(({ id, spot_id }) => ({ instrumentId: id, spotId: spot_id }))
}

/**
 * The last basis of each rolled-up hour in [fromMs, toMs), bps before fx, stamped with the hour's beginning, ascending; by contract. What no
 * grade vouches for is a hole.
 */
export async function listHourlyBases(
  client: Pick<Database, 'query'>,
  pairs: readonly BasisPair[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }
): Promise<ReadonlyMap<number, Observed[]>> {
  const { rows } = await client.query<{ id: number; starts: number[]; closes: number[] }>(
    `select instrument_id as id, array_agg((extract(epoch from start) * 1000)::float8) as starts, array_agg(close) as closes
     from (
       select distinct on (b.instrument_id, b.start) b.instrument_id, b.start, b.close
       from basis_bucket b join unnest($1::int[], $2::int[]) as p (instrument_id, spot_id)
         on b.instrument_id = p.instrument_id and b.spot_id = p.spot_id
       where b.instrument_id = any ($1) and b.length_ms = ${HOUR} and b.start >= $3 and b.start < $4
         and b.grade = any ('{signal,display}')
       order by b.instrument_id, b.start, b.last_at desc
     ) h group by instrument_id`,
    [pairs.map(({ instrumentId }) => instrumentId), pairs.map(({ spotId }) => spotId), new Date(fromMs), new Date(toMs)]
  )
  return new Map(
    rows.map(({ id, starts, closes }) => {
      const observed = starts.map((at, index) => ({ at, value: closes[index]! }))
      return [id, observed.sort((a, b) => a.at - b.at)]
    })
  )
}

/** How a contract's basis has moved in the window that ended at `toMs`, of so many hours. Times in epoch ms. */
export type KeptMovement = {
  readonly spotId: number
  readonly toMs: number
  readonly computedAt: number
  readonly movement: Movement & { readonly hours: number }
}

export async function writeMovements(
  client: Transaction,
  movements: readonly (BasisPair & Pick<KeptMovement, 'movement'>)[],
  { toMs, nowMs }: { readonly toMs: number; readonly nowMs: number }
): Promise<void> {
  await client.query(
    `insert into basis_movement (instrument_id, spot_id, to_at, computed_at, movement)
     select id, spot_id, $4, $5, movement::json from unnest($1::int[], $2::int[], $3::text[]) as m (id, spot_id, movement)
     on conflict (instrument_id) do update
       set spot_id = excluded.spot_id, to_at = excluded.to_at, computed_at = excluded.computed_at, movement = excluded.movement`,
    [
      movements.map(({ instrumentId }) => instrumentId),
      movements.map(({ spotId }) => spotId),
      movements.map(({ movement }) => JSON.stringify(movement)),
      new Date(toMs),
      new Date(nowMs)
    ]
  )
}

/** Those of many contracts, each by its key. */
export async function listMovements(
  db: Pick<Database, 'query'>,
  instrumentIds: readonly number[]
): Promise<ReadonlyMap<number, KeptMovement>> {
  const { rows } = await db.query<{
    id: number
    spot_id: number
    to_at: Date
    computed_at: Date
    movement: KeptMovement['movement']
  }>(
    'select instrument_id as id, spot_id, to_at, computed_at, movement from basis_movement where instrument_id = any ($1)',
    [instrumentIds]
  )
  return new Map(
    rows.map(({ id, spot_id, to_at, computed_at, movement }) => [
      id,
      { spotId: spot_id, toMs: to_at.getTime(), computedAt: computed_at.getTime(), movement }
    ])
  )
}
