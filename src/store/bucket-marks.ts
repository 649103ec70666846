import { DAY, floorTo } from '../domain/time.ts'
import { markTraded } from './carry-marks.ts'
import type { Database } from './database.ts'

/** Held shared by whoever writes bases, alone by whoever closes an hour: nobody writes into an hour while it closes. */
export const CLOSING_LOCK = `hashtext('contango buckets close')`

type Written = { readonly instrumentId: number; readonly spotId: number; readonly tickAt: number }

/** Notes in the transaction of the bases that days of closed hours are to be rolled up anew, and carries of these worked out. Before they are written. */
export async function markBuckets(client: Pick<Database, 'query'>, bases: readonly Written[]): Promise<void> {
  await client.query(`select pg_advisory_xact_lock_shared(${CLOSING_LOCK})`)
  const { rows } = await client.query<{ closed_to: Date }>('select closed_to from bucket_head')
  const closedTo = rows[0]!.closed_to.getTime()
  const days = new Map<string, readonly [number, number, number]>()
  for (const { instrumentId, spotId, tickAt } of bases) {
    if (tickAt >= closedTo) continue
    const dayMs = floorTo(tickAt, DAY)
    days.set(`${instrumentId} ${spotId} ${dayMs}`, [instrumentId, spotId, dayMs])
  }
  if (days.size === 0) return
  // In one order, so that two writers do not wait for each other.
  const due = [...days.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2])
  await client.query(
    `insert into bucket_due as d (instrument_id, spot_id, day, marks)
     select *, 1 from unnest($1::int[], $2::int[], $3::timestamptz[])
     on conflict (instrument_id, spot_id, day) do update set marks = d.marks + 1`,
    [due.map(([id]) => id), due.map(([, spotId]) => spotId), due.map(([, , dayMs]) => new Date(dayMs))]
  )
  await markTraded(
    client,
    due.map(([instrumentId, spotId, dayMs]) => ({ instrumentId, spotId, dayMs }))
  )
}
