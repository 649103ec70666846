import { DAY } from '../domain/time.ts'
import type { Database, Transaction } from './database.ts'

/** Notes in the transaction of its settlements that an instrument's sums have to be made again. */
export async function markRealised(client: Pick<Database, 'query'>, instrumentId: number): Promise<void> {
  await client.query(
    `insert into funding_realised as r (instrument_id) values ($1)
     on conflict (instrument_id) do update set is_due = true where not r.is_due`,
    [instrumentId]
  )
}

/** A settlement as it is summed: fraction per interval, exact. Times in epoch milliseconds. */
export type PaidRate = { readonly settledAt: number; readonly rate: string; readonly intervalHours: number | null }

export type DueRealised = {
  readonly instrumentId: number
  readonly listedAt: number | null
  readonly delistedAt: number | null
  /** Ascending, the newest revision of each. */
  readonly paid: readonly PaidRate[]
}

/**
 * Takes up to `limit` instruments that got settlements, or whose windows end before `rolledTo`, with their settlements of the days
 * before now. Their rows stay locked: what is marked meanwhile waits for us and is due again.
 */
export async function takeDueRealised(
  client: Transaction,
  { nowMs, rolledTo, days, limit }: { nowMs: number; rolledTo: number; days: number; limit: number }
): Promise<DueRealised[]> {
  const taken = await client.query<{ id: number; listed_at: Date | null; delisted_at: Date | null }>(
    `update funding_realised r set is_due = false from instrument i
     where i.id = r.instrument_id and r.instrument_id in (
       select instrument_id from funding_realised where is_due or to_at < $1
       order by is_due desc, to_at nulls first limit $2 for update skip locked)
     returning i.id, i.listed_at, i.delisted_at`,
    [new Date(rolledTo), limit]
  )
  if (taken.rows.length === 0) return []
  const { rows } = await client.query<{ id: number; settled_at: Date; rate: string; hours: number | null }>(
    `select distinct on (instrument_id, settled_at) instrument_id as id, settled_at, rate, interval_hours as hours
     from settlement where instrument_id = any ($1) and settled_at > $2 and settled_at <= $3
     order by instrument_id, settled_at, revision desc`,
    [taken.rows.map(({ id }) => id), new Date(nowMs - days * DAY), new Date(nowMs)]
  )
  const paid = Map.groupBy(rows, ({ id }) => id)
  return taken.rows.map(({ id, listed_at, delisted_at }) => ({
    instrumentId: id,
    listedAt: listed_at?.getTime() ?? null,
    delistedAt: delisted_at?.getTime() ?? null,
    paid: (paid.get(id) ?? []).map(({ settled_at, rate, hours }) => ({
      settledAt: settled_at.getTime(),
      rate,
      intervalHours: hours
    }))
  }))
}

/** `windows`: what is made of it, kept as it is. */
export type RealisedSums<Windows> = {
  readonly instrumentId: number
  readonly toMs: number
  readonly windows: Windows
}

export async function writeRealised<Windows>(
  client: Transaction,
  sums: readonly RealisedSums<Windows>[]
): Promise<void> {
  await client.query(
    `update funding_realised r set to_at = s.to_at, windows = s.windows::json
     from unnest($1::int[], $2::timestamptz[], $3::text[]) as s (id, to_at, windows) where r.instrument_id = s.id`,
    [
      sums.map(({ instrumentId }) => instrumentId),
      sums.map(({ toMs }) => new Date(toMs)),
      sums.map(({ windows }) => JSON.stringify(windows))
    ]
  )
}

/** The sums of instruments; what has never settled has none. */
export async function listRealised<Windows>(
  db: Pick<Database, 'query'>,
  instrumentIds: readonly number[]
): Promise<ReadonlyMap<number, RealisedSums<Windows>>> {
  const { rows } = await db.query<{ id: number; to_at: Date; windows: Windows }>(
    `select instrument_id as id, to_at, windows from funding_realised
     where instrument_id = any ($1) and to_at is not null`,
    [instrumentIds]
  )
  return new Map(rows.map(({ id, to_at, windows }) => [id, { instrumentId: id, toMs: to_at.getTime(), windows }]))
}
